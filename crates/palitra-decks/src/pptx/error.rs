//! What can be wrong with a presentation, and with putting pictures into one.

use super::PPTX_BYTES_MAX;
use super::package::{PARTS_MAX, UNPACKED_MAX};
use super::xml::PART_BYTES_MAX;
use crate::DeckError;
use std::io;

/// Why a presentation cannot be read. `part` is a file inside of it, as in `ppt/slides/slide3.xml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PptxError {
    #[error("the presentation has {bytes} bytes, more than {PPTX_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("the presentation is protected with a password")]
    Encrypted,
    #[error("the presentation is in the old format of PowerPoint 97 to 2003")]
    OldFormat,
    /// Not a zip, or not whole. `reason` is the reader's.
    #[error("the presentation is damaged: {reason}")]
    Damaged { reason: String },
    #[error("the file is a zip archive without a presentation in it")]
    NoPresentation,
    #[error("the presentation has {count} parts, more than {PARTS_MAX}")]
    TooManyParts { count: usize },
    /// Unpacked, and only this one.
    #[error("`{part}` in the presentation has more than {PART_BYTES_MAX} bytes")]
    PartTooLarge { part: String },
    #[error("the presentation unpacks to more than {UNPACKED_MAX} bytes of text: `{part}` is too much")]
    UnpacksTooLarge { part: String },
    #[error("`{part}` is missing in the presentation")]
    MissingPart { part: String },
    #[error("`{part}` in the presentation is bad XML on line {line}, column {column}: {reason}")]
    BadXml { part: String, line: u32, column: u32, reason: String },
    #[error("`{part}` in the presentation has a document type declaration")]
    Doctype { part: String },
    #[error("`{part}` in the presentation {reason}")]
    BadPart { part: String, reason: &'static str },
    #[error("the presentation has no slides")]
    NoSlides,
    #[error("no slide of the presentation has text or a ready prompt")]
    NothingSaid,
}

impl PptxError {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            PptxError::TooLarge { .. } => "deck_too_large",
            PptxError::Encrypted => "deck_encrypted",
            PptxError::OldFormat | PptxError::NoPresentation => "deck_unsupported",
            PptxError::TooManyParts { .. }
            | PptxError::PartTooLarge { .. }
            | PptxError::UnpacksTooLarge { .. } => "deck_unpacks_too_large",
            PptxError::Damaged { .. }
            | PptxError::MissingPart { .. }
            | PptxError::BadXml { .. }
            | PptxError::Doctype { .. }
            | PptxError::BadPart { .. } => "deck_damaged",
            PptxError::NoSlides | PptxError::NothingSaid => "deck_no_slides",
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            PptxError::TooLarge { .. } => "compress the pictures in PowerPoint, or split the presentation",
            PptxError::Encrypted => "open it in PowerPoint, remove the password and save it again",
            PptxError::OldFormat => "open it in PowerPoint or LibreOffice and save it as .pptx",
            PptxError::NoPresentation => "give a .pptx file, Markdown (Marp, reveal.js, plain) or JSON",
            PptxError::Damaged { .. } => {
                "copy or download the file again, or let PowerPoint repair it and save it"
            }
            PptxError::TooManyParts { .. }
            | PptxError::PartTooLarge { .. }
            | PptxError::UnpacksTooLarge { .. } => "split the presentation into several files",
            PptxError::MissingPart { .. }
            | PptxError::BadXml { .. }
            | PptxError::Doctype { .. }
            | PptxError::BadPart { .. } => "open it in PowerPoint or LibreOffice and save it again",
            PptxError::NoSlides => "add slides to the presentation",
            PptxError::NothingSaid => {
                "write text on the slides, or a ready prompt into their notes after `Prompt:`"
            }
        }
    }
}

/// Why pictures could not be put into a presentation. What was written of it by then is of no use.
#[derive(Debug, thiserror::Error)]
pub enum IllustrateError {
    #[error("the presentation cannot be read")]
    Deck(#[from] DeckError),
    #[error("the presentation has no slide {slide}")]
    NoSuchSlide { slide: u32 },
    /// PowerPoint reads PNG and JPEG; anything else is for the caller to convert.
    #[error("the picture for slide {slide} is neither PNG nor JPEG")]
    NotPngOrJpeg { slide: u32 },
    #[error("the picture for slide {slide} has no size")]
    NoSize { slide: u32 },
    #[error("the picture for slide {slide} cannot be read")]
    Picture {
        slide: u32,
        #[source]
        error: io::Error,
    },
    #[error("the presentation cannot be written")]
    Write(#[source] io::Error),
}

impl From<PptxError> for IllustrateError {
    fn from(error: PptxError) -> IllustrateError {
        IllustrateError::Deck(error.into())
    }
}
