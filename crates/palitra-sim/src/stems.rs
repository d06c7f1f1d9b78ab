//! Finds known words in free Russian or English text by their stems.
//!
//! A stem is a lower-case beginning of a word (`сет` would match `сетью`); with `=` in front it is the whole word.
//! Nothing here knows what a word means: the tables live with their users, the artist and the writer.

/// Words looked at in one text; the rest of a very long prompt does not steer anything.
const WORDS_MAX: usize = 240;

/// The lower-case words of a text in order, without punctuation; at most [`WORDS_MAX`] of them.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(|word| word.chars().take(40).flat_map(char::to_lowercase).map(unaccented).collect())
        .collect()
}

/// `ё` is often written `е`; tables hold `е` only.
fn unaccented(c: char) -> char {
    if c == 'ё' { 'е' } else { c }
}

/// Whether a lower-case word has one of the stems, which are separated by spaces.
pub(crate) fn has_stem(word: &str, stems: &str) -> bool {
    stems.split(' ').any(|stem| match stem.strip_prefix('=') {
        Some(whole) => word == whole,
        None => word.starts_with(stem),
    })
}
