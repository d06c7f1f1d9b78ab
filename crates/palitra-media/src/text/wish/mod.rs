//! Style wishes in free Russian and English (S2-055 … S2-061, S2-064): what the rules understand becomes a [`Style`], what they
//! do not is handed back in the user's own words, never an error.
//!
//! [`words`] says what each word may mean, [`reading`] what it means beside the others. Whoever has a language model asks it
//! about the rest with [`prompt_for_leftovers`] and lets [`accept_json`] check and merge what it says; without one, or when
//! it talks nonsense, what the rules understood stands.

mod answer;
mod clause;
mod places;
mod reading;
mod token;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use super::style::Style;

pub use self::answer::{ANSWER_BYTES_MAX, AnswerError, accept_json, prompt_for_leftovers};

/// Wishes are read up to here; what follows is handed back as not understood.
pub const WISH_CHARS_MAX: usize = 2_000;

/// What a wish comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    pub style: Style,
    /// What the wish decided, as paths in the style's JSON (`plate.opacity_percent`), also where it is what it was before.
    pub decided: BTreeSet<&'static str>,
    /// What was not understood, as it was written, in order.
    pub left_over: Vec<String>,
}

/// Reads a wish over the default style. `/skip`, an empty wish and "по умолчанию" are the defaults.
#[must_use]
pub fn parse(wish: &str) -> Parsed {
    parse_over(&Style::default(), wish)
}

/// Reads a wish over a style: what it does not speak of stays, and "покрупнее" is one size above.
#[must_use]
pub fn parse_over(style: &Style, wish: &str) -> Parsed {
    let end = wish.char_indices().nth(WISH_CHARS_MAX).map_or(wish.len(), |(end, _)| end);
    let mut parsed = reading::read(style, &wish[..end]);
    if !wish[end..].trim().is_empty() {
        let rest: String = wish[end..].trim().chars().take(WISH_CHARS_MAX).collect();
        parsed.left_over.push(rest);
    }
    parsed
}

impl Parsed {
    /// What the wish decided as JSON: the parts of the style named in `decided` and nothing else.
    #[must_use]
    pub fn changes(&self) -> Value {
        let whole = serde_json::to_value(&self.style).unwrap_or_default();
        let mut changes = Value::Object(serde_json::Map::new());
        for path in &self.decided {
            let pointer = format!("/{}", path.replace('.', "/"));
            let value = whole.pointer(&pointer).cloned().unwrap_or_default();
            match path.split_once('.') {
                Some((part, field)) => changes[part][field] = value,
                None => changes[*path] = value,
            }
        }
        changes
    }
}
