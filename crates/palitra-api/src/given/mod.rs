//! Files that batches are made of: decks, lists of words, lines. `palitra-decks` reads them; what becomes of them in a request, and what is said
//! about them, is the same for whoever brings them.

pub mod deck;
mod lines;
pub mod list;

use crate::v1::{BatchRequest, Kind, SlideRequest, WordRequest};
use palitra_decks::words::{self, Columns, Word};
use palitra_engine::failure::{Failure, Phrase};

/// What a file came to, beside the items.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// What was assumed, which rows are bad.
    pub(crate) notices: Vec<Phrase>,
    /// Of `each_alone`: lines that cannot be read, by their numbers.
    pub(crate) left_out: Vec<(u32, Failure)>,
}

/// Puts what stands in the file into the request. It blocks.
pub(crate) fn read(request: &mut BatchRequest, name: &str, bytes: &[u8]) -> Result<Read, Failure> {
    match request.kind {
        Kind::Run => lines::read(request, bytes),
        Kind::Slides => {
            let deck = palitra_decks::read(bytes, name).map_err(|error| deck::failure(name, &error))?;
            if request.title.is_empty() {
                request.title = deck.title.chars().take(500).collect();
            }
            let drawable = deck.slides.into_iter().filter(|slide| !slide.is_blank());
            request.slides = drawable
                .map(|slide| SlideRequest {
                    number: Some(slide.number),
                    title: slide.title,
                    content: slide.content,
                    prompt: slide.prompt,
                })
                .collect();
            Ok(Read::default())
        }
        Kind::Words => {
            let list = words::read(bytes, name, &Columns::default());
            let list = list.map_err(|error| list::failure(name, &error))?;
            let notices = list::notices(&list);
            request.words = list.words.iter().filter_map(wanted).collect();
            Ok(Read { notices, left_out: Vec::new() })
        }
    }
}

/// A word with what it does not have yet; one that has everything is asked for nothing.
fn wanted(listed: &Word) -> Option<WordRequest> {
    let image = listed.image.unwrap_or(true) && !listed.has_image;
    let audio = listed.audio.unwrap_or(true) && !listed.has_audio;
    (image || audio).then(|| WordRequest {
        number: u32::try_from(listed.number).ok(),
        word: listed.word.clone(),
        translation: listed.translation.clone(),
        example: listed.example.clone(),
        language: listed.language.as_deref().map(list::language_code),
        prompt: listed.prompt.clone(),
        image: Some(image),
        audio: Some(audio),
    })
}
