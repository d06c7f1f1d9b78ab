//! What a text model says when its instructions ask for JSON or for English: told by the words that it is asked for.

use super::{Language, Order, Purpose, compose, contradictions, translate};
use serde_json::json;

/// `None`: nothing of this kind was asked for.
pub(crate) fn as_told(instructions: &str, prompt: &str) -> Option<String> {
    let asks = |words: &str| instructions.contains(words);
    if asks("\"contradictions\"") {
        return Some(json!({"contradictions": contradictions(prompt)}).to_string());
    }
    if asks("\"surroundings\"") {
        let written = compose(&Order {
            wish: prompt,
            language: if asks("in English") { Language::English } else { Language::Russian },
            purpose: if asks("changes pictures that are given") { Purpose::Edit } else { Purpose::Create },
            settle: asks("contradicted itself"),
            seed: 0,
        });
        return Some(json!(written).to_string());
    }
    asks("into English").then(|| translate(prompt))
}
