//! The words of a page: a headline from the beginning of the prompt, the rest in small type, clipped at whole words.

use super::lettering::{Face, Lettering, Lines};

/// Characters of a prompt that can reach the page.
const TEXT_MAX: usize = 420;
/// A beginning up to this many characters can stand alone as a headline.
const HEADLINE_MAX: usize = 64;
/// A prompt up to this long is one headline, commas and all.
const WHOLE_MAX: usize = 40;
/// A headline without a natural end is clipped here.
const HEADLINE_CLIP: usize = 110;
const REST_CLIP: usize = 220;

/// A prompt divided for setting; both parts hold only what the faces can draw.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caption {
    pub(super) headline: String,
    pub(super) rest: Option<String>,
}

impl Caption {
    /// `None` when the prompt has nothing a face can draw (empty, emoji alone, other scripts).
    pub(super) fn new(prompt: &str, face: Face) -> Option<Self> {
        let start: String = prompt.trim_start().chars().take(TEXT_MAX).collect();
        let cut_short = prompt.trim_start().chars().nth(TEXT_MAX).is_some();
        let (head, tail) = divide(&start);
        let headline = capitalized(&face.drawable(head)?);
        let rest =
            Face::Text.drawable(tail).map(|text| capitalized(text.trim_start_matches(is_stop).trim_start()));
        let rest = rest.filter(|text| !text.is_empty()).map(|text| {
            let text = text.trim_end_matches([',', ';', ':', '.', ' ']).trim_end();
            if cut_short { clipped(&format!("{text} …"), REST_CLIP) } else { clipped(text, REST_CLIP) }
        });
        Some(Self { headline: clipped(&headline, HEADLINE_CLIP), rest })
    }
}

fn is_stop(c: char) -> bool {
    !c.is_alphanumeric() && !matches!(c, '«' | '"' | '“' | '(' | '#' | '№' | '+' | '−' | '$' | '€' | '₽')
}

/// Divides at the first stop that leaves a headline of fair length; without one, or when all is short, everything is
/// headline.
fn divide(text: &str) -> (&str, &str) {
    let whole = text.trim_end_matches(['.', ',', ';', ':', ' ', '\n']);
    let short = whole.chars().count() <= WHOLE_MAX && !whole.contains(['\n', '|', ':', '.']);
    if short {
        return (whole, "");
    }
    let mut places = text.char_indices().enumerate().peekable();
    while let Some((count, (at, c))) = places.next() {
        if count > HEADLINE_MAX {
            break;
        }
        let next = places.peek().map(|(_, (_, next))| *next);
        let before_space = next.is_none_or(char::is_whitespace);
        let after_space = text[..at].ends_with(char::is_whitespace);
        let (stops, kept) = match c {
            '\n' | '|' | ';' => (true, false),
            ',' => (before_space && count >= 8, false),
            '.' | ':' => (before_space, false),
            '!' | '?' | '…' => (before_space, true),
            '—' | '–' | '-' => (before_space && after_space, false),
            '(' | '[' => (after_space, false),
            _ => (false, false),
        };
        if stops && count >= 2 && next.is_some() {
            let end = at + if kept { c.len_utf8() } else { 0 };
            return (&text[..end], &text[at + c.len_utf8()..]);
        }
    }
    (whole, "")
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// At most `most` characters, ending at a whole word with an ellipsis when something is left out.
fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => shortened(&text[..end]),
    }
}

/// One word less, with an ellipsis.
fn shortened(text: &str) -> String {
    let text = text.trim_end_matches(|c: char| c == '…' || c.is_whitespace());
    // A single word too long for the space loses letters instead.
    let end = match text.rfind(' ') {
        Some(space) if space * 2 > text.len() || text.len() < 24 => space,
        _ => text.char_indices().rev().nth(2).map_or(0, |(at, _)| at),
    };
    format!("{}…", text[..end].trim_end_matches(|c: char| !c.is_alphanumeric()))
}

/// The room for a piece of text.
pub(super) struct Room {
    pub(super) width: f32,
    /// Lines while the type is still large, and at most.
    pub(super) lines: (usize, usize),
    /// The largest and the smallest size of type, in pixels.
    pub(super) sizes: (f32, f32),
}

/// Sets text as large as the room allows; clips it word by word when even the smallest size does not fit.
pub(super) fn fitted(lettering: &mut Lettering, text: &str, face: Face, room: &Room) -> Lines {
    let (largest, smallest) = room.sizes;
    let mut size = largest;
    loop {
        let lines = lettering.set(text, face, size, room.width);
        let broken = longest_word(lettering, text, face, size) > room.width;
        let allowed = if size > largest * 0.55 { room.lines.0 } else { room.lines.1 };
        if lines.count() <= allowed && !broken {
            return balanced(lettering, text, face, room.width, lines);
        }
        if size <= smallest {
            return clip_to(lettering, text, face, room, lines);
        }
        size = (size * 0.9).max(smallest);
    }
}

/// Narrows the measure while the number of lines stays, so that no last line is a lonely word.
fn balanced(lettering: &mut Lettering, text: &str, face: Face, width: f32, mut lines: Lines) -> Lines {
    let least = longest_word(lettering, text, face, lines.size);
    for percent in [90.0, 80.0, 72.0, 64.0, 56.0] {
        let narrower = width * percent / 100.0;
        if lines.count() < 2 || narrower < least {
            break;
        }
        let again = lettering.set(text, face, lines.size, narrower);
        if again.count() > lines.count() {
            break;
        }
        lines = again;
    }
    lines
}

fn longest_word(lettering: &mut Lettering, text: &str, face: Face, size: f32) -> f32 {
    let longest = text.split(' ').max_by_key(|word| word.chars().count()).unwrap_or("");
    lettering.set(longest, face, size, f32::MAX).width()
}

fn clip_to(lettering: &mut Lettering, text: &str, face: Face, room: &Room, mut lines: Lines) -> Lines {
    let mut text = text.to_owned();
    while lines.count() > room.lines.1 {
        let end = lines.end_of_line(room.lines.1 - 1);
        let shorter = shortened(&text[..end]);
        if shorter.len() >= text.len() {
            break;
        }
        text = shorter;
        lines = lettering.set(&text, face, lines.size, room.width);
    }
    lines
}
