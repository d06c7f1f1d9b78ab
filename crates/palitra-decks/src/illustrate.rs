//! Writes a deck with its pictures: the same Markdown, a picture on each slide that has one.
//!
//! Our pictures are known by their title, `![…](01.png "palitra")`, so that a deck can be illustrated again: its pictures are
//! replaced and not doubled. A title needs no comment, which Marp and Slidev would show the speaker as a note.

mod escape;
mod from_json;

use crate::markdown::{self, Document, Part};
use crate::text::{lines, without_bom};
use crate::{Deck, Format};
use escape::{alternative, destination};
use std::collections::BTreeMap;
use std::ops::Range;

/// The end of every picture line we write.
const MARK: &str = " \"palitra\")";

/// The deck with pictures.
///
/// `source` is the text `deck` was read from, `pictures` has file names relative to the new deck by slide number. Everything
/// but these stays byte for byte:
/// - a slide's picture stands after its heading, or first on a slide without one: in Marp as a background on the right (or in
///   the text when the slide has a background of its own), elsewhere as an ordinary image with the title as its description;
/// - a picture of ours whose slide is not in `pictures` any more is taken out;
/// - a ready prompt that was visible on its slide moves into a comment, where it is found again; in the rare deck where that
///   would change what is a slide or a title, visible prompts stay;
/// - with `link_base` (`../` when the new deck lies one folder deeper) relative links and pictures of Markdown get that prefix,
///   so that they still resolve; those inside HTML and front matter do not. It is applied at each call.
///
/// A deck of JSON or PowerPoint becomes a new Marp deck, and `source` is not looked at. Numbers and titles survive: reading the result gives the same slides.
pub fn illustrated_markdown(
    source: &str,
    deck: &Deck,
    pictures: &BTreeMap<u32, String>,
    link_base: Option<&str>,
) -> String {
    if matches!(deck.format, Format::Json | Format::Pptx) {
        return from_json::markdown(deck, pictures);
    }
    let text = without_bom(source);
    let bom = &source[..source.len() - text.len()];
    let mut written = written_once(text, pictures, link_base);
    for _ in 0..PASSES_MAX {
        let again = written_once(&written, pictures, None);
        if again == written {
            break;
        }
        written = again;
    }
    format!("{bom}{written}")
}

/// The blank line before a picture can end a block of HTML and so make room for a prompt's comment on the next pass. Written
/// again and again until nothing changes, a deck illustrated twice is the deck illustrated once; two passes do in practice.
const PASSES_MAX: usize = 4;

fn written_once(text: &str, pictures: &BTreeMap<u32, String>, link_base: Option<&str>) -> String {
    let Ok(document) = markdown::parse(text) else {
        return text.to_owned(); // not the text the deck was read from
    };
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let pictures: Vec<Edit> = parts(&document)
        .flat_map(|(part, number)| {
            let picture = pictures.get(&number).map(|file| picture(text, part, document.format, file));
            place_picture(text, part, picture, eol)
        })
        .collect();
    let prompts = parts(&document)
        .flat_map(|(part, _)| &part.body_prompts)
        .map(|prompt| hide_prompt(text, prompt, eol));
    let all: Vec<Edit> = pictures.iter().cloned().chain(prompts).collect();
    let links =
        |edits: &[Edit]| link_base.map(|base| rebase_links(text, &document, base, edits)).unwrap_or_default();
    let written = [all, pictures].into_iter().map(|mut edits| {
        let links = links(&edits);
        edits.extend(links);
        apply(text, edits)
    });
    let unharmed =
        |result: &String| markdown::parse(result).is_ok_and(|result| same_slides(&document, &result));
    written.into_iter().find(unharmed).unwrap_or_else(|| text.to_owned())
}

fn parts(document: &Document) -> impl Iterator<Item = (&Part, u32)> {
    document.parts.iter().zip(document.numbers.iter().copied())
}

/// A comment in the middle of a paragraph or a list can change what Markdown makes of the lines after it. A deck is never
/// harmed for its pictures' sake, so what was written is read again.
fn same_slides(one: &Document, other: &Document) -> bool {
    let same = |((one, number), (other, again)): ((&Part, u32), (&Part, u32))| {
        number == again
            && one.title == other.title
            && one.content == other.content
            && one.prompt.is_some() == other.prompt.is_some()
    };
    one.format == other.format
        && one.parts.len() == other.parts.len()
        && parts(one).zip(parts(other)).all(same)
}

/// What to put in place of a range.
pub(crate) type Edit = (Range<usize>, String);

/// The line of a picture without its line ending.
fn picture(text: &str, part: &Part, format: Format, file: &str) -> String {
    let file = destination(file);
    if format != Format::Marp {
        return format!("![{}]({file}{MARK}", alternative(&part.title));
    }
    let mut lines = lines(text, part.range.start, part.range.end).into_iter().map(|line| line.of(text));
    let has_background = lines.any(|line| line.contains("![bg") && !is_ours(line));
    let size = if has_background { "h:280" } else { "bg right:40%" };
    format!("![{size}]({file}{MARK}")
}

fn is_ours(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("![") && line.ends_with(MARK)
}

fn place_picture(text: &str, part: &Part, picture: Option<String>, eol: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut unplaced = picture;
    for line in
        lines(text, part.range.start, part.range.end).into_iter().filter(|line| is_ours(line.of(text)))
    {
        match unplaced.take() {
            Some(picture) => edits.push((line.start..line.end, picture)),
            None => edits.push((line.start..line.next, String::new())),
        }
    }
    if let Some(picture) = unplaced.filter(|_| edits.is_empty()) {
        let at = part.picture_at;
        let above = text[..at].strip_suffix('\n').map(|above| above.rsplit('\n').next().unwrap_or_default());
        let before = match above {
            _ if at == 0 => String::new(),
            None => eol.repeat(2), // the file ends without a line ending
            Some(line) if line.trim().is_empty() => String::new(),
            Some(_) => eol.to_owned(),
        };
        let below = text[at..].lines().next();
        let after = if below.is_none_or(|line| line.trim().is_empty()) { "" } else { eol };
        edits.push((at..at, format!("{before}{picture}{eol}{after}")));
    }
    edits
}

/// The prompt's lines inside a comment; a comment's end within them loses its meaning.
fn hide_prompt(text: &str, prompt: &Range<usize>, eol: &str) -> Edit {
    let block = &text[prompt.clone()];
    let lines = block.trim_end_matches(['\n', '\r']);
    let ending = &block[lines.len()..];
    let hidden = lines.replace("-->", "-- >");
    (prompt.clone(), format!("<!--{eol}{hidden}{eol}-->{ending}"))
}

/// The prefix before every relative link, those in `edits` and of our own pictures left alone.
fn rebase_links(text: &str, document: &Document, base: &str, edits: &[Edit]) -> Vec<Edit> {
    let mut replaced: Vec<&Range<usize>> =
        edits.iter().map(|(range, _)| range).filter(|range| !range.is_empty()).collect();
    replaced.sort_by_key(|range| range.start);
    let taken = |at: usize| {
        let next = replaced.partition_point(|range| range.end <= at);
        replaced.get(next).is_some_and(|range| range.start <= at)
    };
    let relative = |link: &str| {
        let scheme = link.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
        !scheme && !link.starts_with(['/', '#', '\\'])
    };
    let links =
        document.destinations.iter().filter(|link| relative(&text[(*link).clone()]) && !taken(link.start));
    links.map(|link| (link.start..link.start, base.to_owned())).collect()
}

/// Edits never overlap; those at the same place keep their order.
pub(crate) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let mut result = String::with_capacity(text.len() + 64 * edits.len());
    let mut at = 0;
    for (range, new) in edits {
        result.push_str(&text[at..range.start]);
        result.push_str(&new);
        at = range.end;
    }
    result.push_str(&text[at..]);
    result
}
