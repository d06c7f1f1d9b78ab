//! Reading decks: what a person meant by each, and what is said when it is none. The modules below have a table each.

mod examples;
mod hostile;
mod json;
mod markdown;
mod prompts;
mod refused;
mod writing;

use crate::{Deck, Slide, read};

/// The deck a text is, with Unix and with Windows line endings, which must not matter.
#[track_caller]
fn deck(text: &str) -> Deck {
    let unix = read(text.as_bytes(), "deck.md").unwrap_or_else(|error| panic!("{error}: {text:?}"));
    let windows = text.replace('\n', "\r\n");
    let windows = read(windows.as_bytes(), "deck.md").unwrap_or_else(|error| panic!("{error}: {windows:?}"));
    assert_eq!(unix, windows, "line endings changed the deck: {text:?}");
    unix
}

/// Numbers and titles of a deck, as in `1 Layers`.
#[track_caller]
fn titles(text: &str) -> Vec<String> {
    deck(text).slides.iter().map(|slide| format!("{} {}", slide.number, slide.title)).collect()
}

#[track_caller]
fn only(text: &str) -> Slide {
    let mut slides = deck(text).slides;
    assert_eq!(slides.len(), 1, "slides of {text:?}");
    slides.remove(0)
}
