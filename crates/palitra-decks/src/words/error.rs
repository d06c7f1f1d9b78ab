//! What can be wrong with a list as a whole, and with one of its rows, said to the person who made it.

use super::{CELL_BYTES_MAX, LIST_BYTES_MAX, Place, WORDS_MAX};
use crate::anki::AnkiError;
use std::fmt;

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    #[error("the list is empty")]
    Empty,
    #[error("the list has no words")]
    NoWords,
    #[error("the list has {bytes} bytes, more than {LIST_BYTES_MAX}")]
    TooLarge { bytes: usize },
    /// `place` is the first row too many.
    #[error("the list has more than {WORDS_MAX} rows: {place} is too many")]
    TooManyWords { place: Place },
    /// `kind` is how people call it: `Excel`, `PDF`.
    #[error("{kind} files cannot be read as a list of words")]
    Unsupported { kind: &'static str },
    #[error("the list is not text: character {offset} on line {line} is zero")]
    Binary { offset: usize, line: usize },
    /// `encoding` was named by a byte order mark, or is the likeliest one.
    #[error("the list is not text: it is no {encoding} either")]
    NotText { encoding: &'static str },
    /// The text is not JSON. `reason` is the parser's.
    #[error("bad JSON on line {line}, column {column}: {reason}")]
    BadJson { line: usize, column: usize, reason: String },
    /// The JSON is not a list of words.
    #[error("{place} {reason}")]
    BadField { place: Place, reason: &'static str },
    #[error("there is no column `{name}`; there are {}", list(.have))]
    NoColumn { name: String, have: Vec<String> },
    #[error("there is no column {number}; there are {count}")]
    NoColumnNumber { number: usize, count: usize },
    #[error("`{0}` cannot separate cells")]
    BadDelimiter(char),
    #[error(transparent)]
    Anki(#[from] AnkiError),
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl WordsError {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            WordsError::Empty => "words_empty",
            WordsError::NoWords => "words_no_words",
            WordsError::TooLarge { .. } => "words_too_large",
            WordsError::TooManyWords { .. } => "words_too_many",
            WordsError::Unsupported { .. } => "words_unsupported",
            WordsError::Binary { .. } | WordsError::NotText { .. } => "words_not_text",
            WordsError::BadJson { .. } | WordsError::BadField { .. } => "words_bad_json",
            WordsError::NoColumn { .. } | WordsError::NoColumnNumber { .. } | WordsError::BadDelimiter(_) => {
                "words_no_column"
            }
            WordsError::Anki(error) => error.code(),
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            WordsError::Empty | WordsError::NoWords => {
                "write one word on a line, or a table with a column `word`"
            }
            WordsError::TooLarge { .. } | WordsError::TooManyWords { .. } => {
                "split the list into several files"
            }
            WordsError::Unsupported { kind: "Excel" | "OpenDocument" } => "save the sheet as CSV",
            WordsError::Unsupported { .. } | WordsError::Binary { .. } => {
                "give a CSV, TSV, text or JSON file or an Anki package"
            }
            WordsError::NotText { .. } => "save the file as UTF-8",
            WordsError::BadJson { .. } => "check the file with a JSON validator",
            WordsError::BadField { .. } => {
                "a word is `\"cat\"` or `{\"word\": \"cat\", \"translation\": \"кошка\", \"generate_audio\": false}`; only `word` must be there"
            }
            WordsError::NoColumn { .. } | WordsError::NoColumnNumber { .. } => {
                "name a column by what stands at its top, or by its number from 1"
            }
            WordsError::BadDelimiter(_) => "use `,`, `;`, a tab or another ASCII character that is no quote",
            WordsError::Anki(error) => error.hint(),
        }
    }
}

/// Why a row gives no word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadReason {
    /// Other cells have something, the word is missing.
    NoWord,
    /// The cell at the place has so many bytes.
    CellTooLarge { bytes: usize },
    /// The cell at the place should say yes or no, or name a file.
    NoFlag { text: String },
    /// A quote is opened in this row and never closed; what follows is read as if it were not there.
    OpenQuote,
    /// So many quotes are never closed that the rest of the table cannot be read.
    OpenQuotes,
    /// The note's type is not in the package.
    NoNoteType,
}

impl fmt::Display for BadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadReason::NoWord => write!(f, "the word is missing"),
            BadReason::CellTooLarge { bytes } => {
                write!(f, "the cell has {bytes} bytes, more than {CELL_BYTES_MAX}")
            }
            BadReason::NoFlag { text } => write!(f, "`{text}` is neither yes or no nor the name of a file"),
            BadReason::OpenQuote => write!(f, "a quote is opened and never closed"),
            BadReason::OpenQuotes => {
                write!(f, "too many quotes are never closed; nothing from here on was read")
            }
            BadReason::NoNoteType => write!(f, "the type of the note is missing"),
        }
    }
}
