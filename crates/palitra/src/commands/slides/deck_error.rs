//! What is wrong with a deck, in the reader's language: the texts are `deck-…` of the catalogues, the facts are the reader's.

use crate::failure::{Failure, Phrase, Value};
use palitra_decks::{DECK_BYTES_MAX, DeckError, Place, SLIDES_MAX};
use palitra_domain::ErrorCode;

/// Names the file, the place in it and what to do.
pub(super) fn failure(file: &str, error: &DeckError) -> Failure {
    Failure::new(ErrorCode::BadDeck)
        .with("place", file)
        .with("why", why(error))
        .with("hint", Phrase::new(hint(error)))
}

/// A folder instead of a file.
pub(super) fn folder(file: &str) -> Failure {
    said(file, "deck-folder", "deck-hint-text")
}

/// A deck in the place of the report.
pub(super) fn overwritten(file: &str) -> Failure {
    said(file, "deck-overwritten", "deck-hint-out")
}

fn said(file: &str, why: &str, hint: &str) -> Failure {
    let failure = Failure::new(ErrorCode::BadDeck).with("place", file);
    failure.with("why", Phrase::new(why)).with("hint", Phrase::new(hint))
}

fn why(error: &DeckError) -> Phrase {
    match error {
        DeckError::Empty => Phrase::new("deck-empty"),
        DeckError::TooLarge { bytes } => {
            Phrase::new("deck-too-large").with("bytes", number(*bytes)).with("max", number(DECK_BYTES_MAX))
        }
        DeckError::Unsupported { kind } => Phrase::new("deck-unsupported").with("kind", *kind),
        DeckError::Utf16 => Phrase::new("deck-utf16"),
        DeckError::Binary { offset, line } => {
            Phrase::new("deck-binary").with("offset", number(*offset)).with("line", number(*line))
        }
        DeckError::NotUtf8 { offset, line } => {
            Phrase::new("deck-not-utf8").with("offset", number(*offset)).with("line", number(*line))
        }
        DeckError::NoSlides => Phrase::new("deck-no-slides"),
        DeckError::TooManySlides { count, place } => Phrase::new("deck-too-many-slides")
            .with("count", number(*count))
            .with("max", number(SLIDES_MAX))
            .with("place", where_(place)),
        DeckError::DuplicateNumber { number, first, second } => Phrase::new("deck-duplicate-number")
            .with("number", *number)
            .with("first", where_(first))
            .with("second", where_(second)),
        DeckError::BadJson { line, column, reason } => Phrase::new("deck-bad-json")
            .with("line", number(*line))
            .with("column", number(*column))
            .with("reason", reason.as_str()),
        DeckError::BadField { place, reason } => {
            Phrase::new("deck-bad-field").with("place", where_(place)).with("reason", *reason)
        }
    }
}

fn hint(error: &DeckError) -> &'static str {
    match error {
        DeckError::Empty | DeckError::NoSlides => "deck-hint-slides",
        DeckError::TooLarge { .. } => "deck-hint-links",
        DeckError::Unsupported { .. } => "deck-hint-format",
        DeckError::Utf16 | DeckError::NotUtf8 { .. } => "deck-hint-utf8",
        DeckError::Binary { .. } => "deck-hint-text",
        DeckError::TooManySlides { .. } => "deck-hint-split",
        DeckError::DuplicateNumber { .. } => "deck-hint-numbers",
        DeckError::BadJson { .. } => "deck-hint-json",
        DeckError::BadField { .. } => "deck-hint-field",
    }
}

fn where_(place: &Place) -> Value {
    match place {
        Place::Line(line) => Phrase::new("deck-line").with("line", number(*line)).into(),
        Place::Path(path) => format!("`{path}`").into(),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
