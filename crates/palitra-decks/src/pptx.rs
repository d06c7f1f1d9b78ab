//! PowerPoint presentations (`.pptx`): slides out of one, and pictures into it.
//!
//! A presentation is a zip of XML parts that name each other by relationships. Here are the bounds of what is unpacked (`package`, `xml`), the
//! order of the slides (`presentation`), what is said on them (`words`), and where a picture goes (`frame`, `backdrop`, `shape`, `free`, `beside`,
//! `spot`); `write` puts it there. Text that is not understood is never written again: parts are changed by inserting at byte offsets.

mod backdrop;
mod beside;
mod edit;
mod error;
mod frame;
mod free;
mod package;
mod picture;
mod presentation;
mod relations;
mod shape;
mod spot;
mod words;
mod write;
mod xml;

use crate::{Deck, DeckError, Format, Place, SLIDES_MAX, Slide};
pub use error::{IllustrateError, PptxError};
use package::Package;
pub use write::{Placement, PptxPicture, illustrated_pptx};

/// The largest presentation that is read. Pictures and films inside are never unpacked, so they may be large.
pub const PPTX_BYTES_MAX: usize = 200 * 1024 * 1024;

/// Reads a presentation. A slide's number is its place in it, as PowerPoint shows it: hidden slides are slides and count, and `Слайд 7:` in a
/// title is a label that goes, but does not renumber. Titles are those of title placeholders, else the first line of text.
pub(crate) fn read(bytes: &[u8]) -> Result<Deck, DeckError> {
    let mut package = Package::open(bytes)?;
    let presentation = presentation::presentation(&mut package)?;
    let mut slides = Vec::with_capacity(presentation.slides.len());
    for (part, number) in presentation.slides.iter().zip(1..) {
        let words = words::of_slide(&mut package, part)?;
        slides.push(Slide {
            number,
            title: words.title,
            content: words.content,
            prompt: words.prompt,
            place: Place::Slide(number),
        });
    }
    if slides.iter().all(Slide::is_blank) {
        return Err(PptxError::NothingSaid.into());
    }
    let title = slides.first().map(|slide| slide.title.clone()).unwrap_or_default();
    Ok(Deck { format: Format::Pptx, title, slides })
}

/// A zip, or a file of an older Office.
pub(crate) fn is_office_file(bytes: &[u8]) -> bool {
    bytes.starts_with(package::ZIP_MAGIC) || bytes.starts_with(package::CFB_MAGIC)
}

/// `count` slides are too many.
fn too_many(count: usize) -> DeckError {
    let place = Place::Slide(u32::try_from(SLIDES_MAX + 1).unwrap_or(u32::MAX));
    DeckError::TooManySlides { count, place }
}
