//! Takes secrets out of texts that are kept or shown, and shortens them.

use palitra_domain::secret::Secret;

/// The secrets of one market.
#[derive(Clone)]
pub(crate) struct Mask(Vec<String>);

/// Shorter parts of a key are left alone: masking them would eat ordinary words.
const PART_CHARS_MIN: usize = 8;

impl Mask {
    /// Masks each secret and, of `id:secret`, each half.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Mask {
        let mut parts: Vec<String> = secrets
            .into_iter()
            .flat_map(|secret| std::iter::once(secret.reveal()).chain(secret.reveal().split(':')))
            .filter(|part| part.chars().count() >= PART_CHARS_MIN)
            .map(str::to_owned)
            .collect();
        // Longest first, so that a whole key leaves one mark, not two.
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        parts.dedup();
        Mask(parts)
    }

    /// At most `bytes_max` bytes of the text without secrets; masked before it is cut, so no half of a secret is left.
    pub(crate) fn apply(&self, text: &str, bytes_max: usize) -> String {
        let mut masked = text.to_owned();
        for part in &self.0 {
            if masked.contains(part.as_str()) {
                masked = masked.replace(part.as_str(), "[redacted]");
            }
        }
        masked.truncate(masked.floor_char_boundary(bytes_max));
        masked
    }
}
