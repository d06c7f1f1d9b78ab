//! The text model of the simulated market: one English prompt for a picture, the same for the same request.

use sha2::{Digest, Sha256};

const LOOKS: [&str; 4] = [
    "soft morning light, muted colours, calm composition",
    "bold flat shapes, two warm accents, plenty of empty space",
    "fine ink lines over watercolour, paper grain",
    "isometric view, clean edges, gentle shadows",
];

/// Names what the request is about by its Latin words; the mark is there for every request, whatever its language.
pub(super) fn answer(prompt: &str) -> String {
    let digest = Sha256::digest(prompt.as_bytes());
    let mark: String = digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    let words: Vec<&str> =
        prompt.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 2).take(8).collect();
    let subject = if words.is_empty() { "an idea".to_owned() } else { words.join(" ") };
    let look = LOOKS[usize::from(digest[0]) % LOOKS.len()];
    format!("An editorial illustration of {subject}, request {mark}, {look}")
}
