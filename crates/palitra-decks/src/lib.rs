//! Decks: bytes of a presentation in, slides out; slides and pictures in, an illustrated deck out (S0-40).
//!
//! Markdown (Marp, reveal.js, Slidev, plain), JSON and PowerPoint. Lists of words have a module of their own, [`words`], and so have
//! packages of Anki, [`anki`]. No file system, no network, no engine: a caller brings bytes and takes
//! text. What a prompt is and how it is cleaned is `palitra_domain::prompt`'s; here prompts are only found.

pub mod anki;
pub mod words;

mod error;
mod illustrate;
mod json;
mod kind;
mod markdown;
mod number;
mod pptx;
mod text;

#[cfg(test)]
mod tests;

pub use error::{DeckError, Place};
pub use illustrate::illustrated_markdown;
pub use pptx::{IllustrateError, PPTX_BYTES_MAX, Placement, PptxError, PptxPicture, illustrated_pptx};

/// The largest deck of text that is read: 500 slides of 20 KiB each. Pictures inside a Markdown deck are links, so real ones are far
/// smaller.
pub const DECK_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The most slides a deck may have; each may cost a picture.
pub const SLIDES_MAX: usize = 500;

/// One slide, in the order of the deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slide {
    /// Unique in its deck. `Слайд N:`, `Slide N:` or JSON `number` where given, otherwise counted from 1.
    pub number: u32,
    /// The first heading, or the first line of text; empty for a slide without text. One line.
    pub title: String,
    /// Visible text without the heading, as plain text: no markup, comments, notes or ready prompts.
    pub content: String,
    /// The prompt its author wrote ready, in any language: in Markdown and PowerPoint what follows its label, without outer
    /// quotes; in JSON as given. `palitra_domain::prompt::clean_prompt` makes the English instruction of it.
    pub prompt: Option<String>,
    /// Where the slide begins.
    pub place: Place,
}

impl Slide {
    /// Nothing to draw from: an empty slide, or one that is a picture already. It keeps its number so that numbers agree with
    /// what the presenter sees.
    pub fn is_blank(&self) -> bool {
        self.title.is_empty() && self.content.is_empty() && self.prompt.is_none()
    }
}

/// What kind of deck was read; it decides how slides are separated and what a picture looks like in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Marp,
    Reveal,
    Slidev,
    /// Markdown of no known tool.
    Plain,
    Json,
    /// PowerPoint.
    Pptx,
}

/// A deck as read: at least one slide that is not blank, at most [`SLIDES_MAX`], numbers unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deck {
    pub format: Format,
    /// `title` of the front matter or of the JSON object, else the first slide's title; may be empty.
    pub title: String,
    pub slides: Vec<Slide>,
}

/// Reads a deck. `name` is the file name (or anything like it): its extension says the format, and without a known one the
/// content does. A zip or an old Office file is read as what it is, whatever its name.
pub fn read(bytes: &[u8], name: &str) -> Result<Deck, DeckError> {
    let kind = kind::of_name(name)?;
    if kind::of_bytes(bytes).or(kind) == Some(kind::Kind::Pptx) {
        return pptx::read(bytes);
    }
    let text = text::decode(bytes)?;
    let deck = match kind.unwrap_or_else(|| kind::of_content(text)) {
        kind::Kind::Json => json::read(text)?,
        kind::Kind::Markdown => markdown::read(text)?,
        kind::Kind::Pptx => return pptx::read(bytes),
    };
    if deck.slides.iter().all(Slide::is_blank) {
        return Err(DeckError::NoSlides);
    }
    Ok(deck)
}
