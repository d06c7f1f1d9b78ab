//! The key of a recording in a cache: equal keys are equal sounds.

use super::{Format, Request};
use sha2::{Digest, Sha256};

/// Changes whenever the same request would sound different.
const VERSION: &str = "speech/1";

/// SHA-256 over text, voice and parameters (S1-35), in hexadecimal.
///
/// Whose recording it is stays with the caller: it must never look one up across accounts.
pub fn cache_key(request: &Request, format: Format) -> String {
    let Request { text, voice, language, speed, pitch } = request;
    let engine = format!("{:?}", voice.engine);
    let fields = [
        VERSION,
        text,
        &engine,
        voice.name.as_deref().unwrap_or_default(),
        language.map_or("", super::Language::code),
        &speed.to_string(),
        &pitch.to_string(),
        format.mime(),
    ];
    let mut hash = Sha256::new();
    for field in fields {
        // Lengths first, so that no two lists of fields are one text.
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
