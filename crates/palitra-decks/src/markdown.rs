//! Decks in Markdown: which tool's deck it is, where its slides are, and what is on them.

mod flavour;
mod front_matter;
mod html;
mod outline;
mod part;
mod split;
mod visible;

use crate::text::{Line, lines};
use crate::{Deck, DeckError, Format, Place, SLIDES_MAX, Slide, number};
use front_matter::FrontMatter;
pub(crate) use part::{Part, prompt_in_notes};
use std::ops::Range;
pub(crate) use visible::{one_line, without_content_label};

/// A Markdown deck with the source ranges its writer needs. `parts` and `numbers` go together.
pub(crate) struct Document {
    pub(crate) format: Format,
    pub(crate) title: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) numbers: Vec<u32>,
    /// Where links and pictures lead, in order.
    pub(crate) destinations: Vec<Range<usize>>,
}

pub(crate) fn read(text: &str) -> Result<Deck, DeckError> {
    let document = parse(text)?;
    let slides = document.parts.into_iter().zip(document.numbers).map(|(part, number)| Slide {
        number,
        place: part.place,
        title: part.title,
        content: part.content,
        prompt: part.prompt,
    });
    Ok(Deck { format: document.format, title: document.title, slides: slides.collect() })
}

/// `text` has no byte order mark.
pub(crate) fn parse(text: &str) -> Result<Document, DeckError> {
    let front = FrontMatter::of(text);
    let lines = lines(text, 0, text.len());
    let outline = outline::outline(text, front.end);
    let format = flavour::flavour(text, &lines, &front, &outline);
    let pieces = split::split(text, &lines, &front, &outline, format);
    let count = pieces.len();
    let parts: Vec<Part> = pieces
        .into_iter()
        .take(SLIDES_MAX + 1)
        .map(|piece| {
            let place = place(text, &lines, &piece);
            part::part(text, piece, place, &outline, format)
        })
        .collect();
    if let Some(extra) = parts.get(SLIDES_MAX) {
        return Err(DeckError::TooManySlides { count, place: extra.place.clone() });
    }
    let given: Vec<Option<u32>> = parts.iter().map(|part| part.number).collect();
    let numbers = number::assign(&given).map_err(|(first, second)| DeckError::DuplicateNumber {
        number: parts[second].number.unwrap_or_default(),
        first: parts[first].place.clone(),
        second: parts[second].place.clone(),
    })?;
    let first_title = parts.first().map(|part| part.title.clone());
    let title = front.get("title").filter(|title| !title.is_empty() && !title.starts_with(['|', '>']));
    let title = title.map(str::to_owned).or(first_title).unwrap_or_default();
    Ok(Document { format, title, parts, numbers, destinations: outline.destinations })
}

/// The line a slide's text begins on; of an empty slide, the line after its separator or the last line.
fn place(text: &str, lines: &[Line], range: &Range<usize>) -> Place {
    let source = &text[range.clone()];
    let indent = source.len() - source.trim_start().len();
    let at = if indent == source.len() { range.start } else { range.start + indent };
    let line = lines.partition_point(|line| line.next <= at) + 1;
    Place::Line(line.min(lines.len()))
}
