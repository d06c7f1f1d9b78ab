//! What is wrong with a deck, in the reader's language: the texts are `deck-…` of the catalogues, the facts are the reader's.

use palitra_decks::{DECK_BYTES_MAX, DeckError, PPTX_BYTES_MAX, Place, PptxError, SLIDES_MAX};
use palitra_domain::ErrorCode;
use palitra_engine::failure::{Failure, Phrase, Value};

/// Names the file, the place in it and what to do.
pub fn failure(file: &str, error: &DeckError) -> Failure {
    Failure::new(ErrorCode::BadDeck)
        .with("place", file)
        .with("why", why(error))
        .with("hint", Phrase::new(hint(error)))
}

/// A folder instead of a file.
pub fn folder(file: &str) -> Failure {
    said(file, "deck-folder", "deck-hint-text")
}

/// A deck in the place of the report.
pub fn overwritten(file: &str) -> Failure {
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
        DeckError::Pptx(error) => why_pptx(error),
    }
}

fn why_pptx(error: &PptxError) -> Phrase {
    let part = |name: &str, part: &String| Phrase::new(name).with("part", format!("`{part}`"));
    match error {
        PptxError::TooLarge { bytes } => {
            Phrase::new("deck-too-large").with("bytes", number(*bytes)).with("max", number(PPTX_BYTES_MAX))
        }
        PptxError::Encrypted => Phrase::new("deck-pptx-encrypted"),
        PptxError::OldFormat => Phrase::new("deck-pptx-old"),
        PptxError::Damaged { reason } => Phrase::new("deck-pptx-damaged").with("reason", reason.as_str()),
        PptxError::NoPresentation => Phrase::new("deck-pptx-none"),
        PptxError::TooManyParts { count } => Phrase::new("deck-pptx-parts").with("count", number(*count)),
        PptxError::PartTooLarge { part: name } | PptxError::UnpacksTooLarge { part: name } => {
            part("deck-pptx-unpacks", name)
        }
        PptxError::MissingPart { part: name } => part("deck-pptx-missing", name),
        PptxError::BadXml { part: name, line, column, reason } => part("deck-pptx-xml", name)
            .with("line", *line)
            .with("column", *column)
            .with("reason", reason.as_str()),
        PptxError::Doctype { part: name } => part("deck-pptx-doctype", name),
        PptxError::BadPart { part: name, reason } => {
            Phrase::new("deck-bad-field").with("place", format!("`{name}`")).with("reason", *reason)
        }
        PptxError::NoSlides => Phrase::new("deck-no-slides"),
        PptxError::NothingSaid => Phrase::new("deck-pptx-silent"),
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
        DeckError::Pptx(error) => hint_pptx(error),
    }
}

fn hint_pptx(error: &PptxError) -> &'static str {
    match error {
        PptxError::TooLarge { .. } => "deck-pptx-hint-compress",
        PptxError::Encrypted => "deck-pptx-hint-password",
        PptxError::OldFormat => "deck-pptx-hint-save",
        PptxError::NoPresentation => "deck-hint-format",
        PptxError::Damaged { .. } => "deck-pptx-hint-copy",
        PptxError::TooManyParts { .. }
        | PptxError::PartTooLarge { .. }
        | PptxError::UnpacksTooLarge { .. } => "deck-hint-split",
        PptxError::MissingPart { .. }
        | PptxError::BadXml { .. }
        | PptxError::Doctype { .. }
        | PptxError::BadPart { .. } => "deck-pptx-hint-again",
        PptxError::NoSlides => "deck-pptx-hint-slides",
        PptxError::NothingSaid => "deck-pptx-hint-words",
    }
}

fn where_(place: &Place) -> Value {
    match place {
        Place::Line(line) => Phrase::new("deck-line").with("line", number(*line)).into(),
        Place::Path(path) => format!("`{path}`").into(),
        Place::Slide(at) => Phrase::new("deck-slide").with("number", *at).into(),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
