//! What can be wrong with a deck, said to the person who wrote it: what, where, and what to do about it.

use crate::{DECK_BYTES_MAX, PptxError, SLIDES_MAX};
use std::fmt;

/// Where in a deck something is: a line counted from 1, or the JSON path of a value, as in `slides[2].title`, or a slide of a
/// presentation, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Line(usize),
    Path(String),
    Slide(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Path(path) => write!(f, "`{path}`"),
            Place::Slide(number) => write!(f, "slide {number}"),
        }
    }
}

/// Why a deck cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeckError {
    #[error("the deck is empty")]
    Empty,
    #[error("the deck has {bytes} bytes, more than {DECK_BYTES_MAX}")]
    TooLarge { bytes: usize },
    /// `kind` is how people call it: `PowerPoint`, `PDF`.
    #[error("{kind} decks cannot be read")]
    Unsupported { kind: &'static str },
    #[error("the deck is UTF-16 text, not UTF-8")]
    Utf16,
    /// A NUL byte: no text at all.
    #[error("the deck is not text: byte {offset} on line {line} is zero")]
    Binary { offset: usize, line: usize },
    #[error("the deck is not UTF-8 text: bad byte {offset} on line {line}")]
    NotUtf8 { offset: usize, line: usize },
    #[error("the deck has no slides")]
    NoSlides,
    /// `place` is where the first slide too many begins.
    #[error("the deck has {count} slides, more than {SLIDES_MAX}: {place} is too many")]
    TooManySlides { count: usize, place: Place },
    #[error("slide number {number} is used twice: {first} and {second}")]
    DuplicateNumber { number: u32, first: Place, second: Place },
    /// The text is not JSON. `reason` is the parser's.
    #[error("bad JSON on line {line}, column {column}: {reason}")]
    BadJson { line: usize, column: usize, reason: String },
    /// The JSON is not a deck.
    #[error("{place} {reason}")]
    BadField { place: Place, reason: &'static str },
    #[error(transparent)]
    Pptx(#[from] PptxError),
}

impl DeckError {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            DeckError::Empty => "deck_empty",
            DeckError::TooLarge { .. } => "deck_too_large",
            DeckError::Unsupported { .. } => "deck_unsupported",
            DeckError::Utf16 | DeckError::Binary { .. } | DeckError::NotUtf8 { .. } => "deck_not_text",
            DeckError::NoSlides => "deck_no_slides",
            DeckError::TooManySlides { .. } => "deck_too_many_slides",
            DeckError::DuplicateNumber { .. } => "deck_duplicate_number",
            DeckError::BadJson { .. } | DeckError::BadField { .. } => "deck_bad_json",
            DeckError::Pptx(error) => error.code(),
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            DeckError::Empty | DeckError::NoSlides => {
                "separate slides by `---` lines or start each with a heading"
            }
            DeckError::TooLarge { .. } => {
                "keep pictures beside the deck and link them instead of embedding them"
            }
            DeckError::Unsupported { .. } => {
                "save the slides as PowerPoint (.pptx), Markdown (Marp, reveal.js, plain) or JSON"
            }
            DeckError::Utf16 | DeckError::NotUtf8 { .. } => "save the file as UTF-8",
            DeckError::Binary { .. } => "give a PowerPoint (.pptx), Markdown or JSON file",
            DeckError::TooManySlides { .. } => "split the deck into several files",
            DeckError::DuplicateNumber { .. } => {
                "give each slide its own number, or drop the numbers to count from 1"
            }
            DeckError::BadJson { .. } => "check the file with a JSON validator",
            DeckError::BadField { .. } => {
                "a slide is `{\"number\": 1, \"title\": \"…\", \"content\": \"…\", \"prompt\": \"…\"}`; only `title` must be there"
            }
            DeckError::Pptx(error) => error.hint(),
        }
    }
}
