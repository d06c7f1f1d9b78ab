//! What of a text is drawn: pieces, each a grapheme a font has or an emoji there is a picture of, and what was left out.
//!
//! Text is composed (NFC); controls that are not seen, among them those that turn the direction of writing, go; line ends of
//! every kind are `\n`; graphemes keep a few combining marks and no more. What no font has is named, not drawn as a box.

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_segmentation::UnicodeSegmentation;

use super::Error;
use super::emoji::{self, Shown};
use super::faces::Stack;

/// Longer texts are refused.
pub const TEXT_CHARS_MAX: usize = 100_000;

/// Pieces that are ever drawn; a page of a book has two thousand.
const PIECES_MAX: usize = 3_000;

/// Graphemes that are looked at for them: most of a text may be of what no font has.
const LOOKED_AT_MAX: usize = 10_000;

/// Combining marks a letter keeps; the languages of the bundled fonts need two.
const MARKS_MAX: usize = 4;

/// Missing characters that are named.
const MISSING_MAX: usize = 64;

/// What text that is cut ends in.
pub(super) const ELLIPSIS: &str = "…";

/// One thing that is never broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A grapheme, or `\n`.
    Text(String),
    /// The SVG of an emoji.
    Emoji(&'static str),
}

impl Piece {
    pub(super) fn is_space(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

/// Text that can be drawn.
#[derive(Debug)]
pub(super) struct Clean {
    pub(super) pieces: Vec<Piece>,
    pub(super) missing: Vec<char>,
    /// There was more than is ever drawn.
    pub(super) cut: bool,
}

/// Cleans a text for a stack of fonts.
///
/// # Errors
/// [`Error::TooLong`], [`Error::Empty`], and [`Error::NoGlyphs`] when nothing of it can be drawn.
pub(super) fn clean(text: &str, stack: &Stack) -> Result<Clean, Error> {
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(Error::TooLong { max: TEXT_CHARS_MAX });
    }
    let text = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let mut clean = Clean { pieces: Vec::new(), missing: Vec::new(), cut: false };
    for (looked_at, grapheme) in text.graphemes(true).enumerate() {
        if clean.pieces.len() >= PIECES_MAX || looked_at >= LOOKED_AT_MAX {
            clean.cut = true;
            break;
        }
        clean.take(grapheme, stack);
    }
    let seen = clean.pieces.iter().rposition(|piece| !piece.is_space());
    clean.pieces.truncate(seen.map_or(0, |last| last + 1));
    // Empty lines above go; spaces that indent the first line stay.
    let first = clean.pieces.iter().position(|piece| !piece.is_space()).unwrap_or(0);
    let line = clean.pieces[..first].iter().rposition(|piece| *piece == Piece::Text("\n".to_owned()));
    clean.pieces.drain(..line.map_or(0, |line| line + 1));
    clean.tie_short_words();
    if clean.cut && !clean.pieces.is_empty() {
        clean.pieces.push(Piece::Text(ELLIPSIS.to_owned()));
    }
    match (clean.pieces.is_empty(), clean.missing.is_empty()) {
        (true, true) => Err(Error::Empty),
        (true, false) => Err(Error::NoGlyphs { missing: clean.missing }),
        (false, _) => Ok(clean),
    }
}

impl Clean {
    fn take(&mut self, grapheme: &str, stack: &Stack) {
        match emoji::shown(grapheme, stack) {
            Shown::Pictures(pictures) => self.pieces.extend(pictures.into_iter().map(Piece::Emoji)),
            Shown::Text => self.take_text(grapheme, stack),
        }
    }

    fn take_text(&mut self, grapheme: &str, stack: &Stack) {
        let mut chars = grapheme.chars().filter(|char| !unseen(*char));
        let Some(base) = chars.next() else { return };
        match base {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                return self.pieces.push(Piece::Text("\n".to_owned()));
            }
            '\t' => return self.pieces.push(Piece::Text("    ".to_owned())),
            control if control.is_control() => return,
            _ => {}
        }
        let Some(face) = stack.face_with(base) else {
            self.miss(base);
            return chars.for_each(|char| self.miss(char));
        };
        let mut kept = String::from(base);
        let mut marks = 0;
        for mark in chars {
            if face.has(mark) {
                marks += 1;
                if marks <= MARKS_MAX {
                    kept.push(mark);
                }
            } else {
                self.miss(mark);
            }
        }
        self.pieces.push(Piece::Text(kept));
    }

    /// Words of one letter ("в", "и", "a") stay with the word behind them, as they should in Russian typesetting.
    fn tie_short_words(&mut self) {
        let letter =
            |piece: &Piece| matches!(piece, Piece::Text(text) if text.chars().all(char::is_alphabetic));
        for at in 1..self.pieces.len().saturating_sub(1) {
            let alone = letter(&self.pieces[at - 1]) && (at < 2 || self.pieces[at - 2].is_space());
            if alone && self.pieces[at] == Piece::Text(" ".to_owned()) && !self.pieces[at + 1].is_space() {
                self.pieces[at] = Piece::Text("\u{a0}".to_owned());
            }
        }
    }

    fn miss(&mut self, char: char) {
        if self.missing.len() < MISSING_MAX && !self.missing.contains(&char) && !unseen(char) {
            self.missing.push(char);
        }
    }
}

/// Format characters, joiners, variation selectors, tags, and what turns the direction of writing.
fn unseen(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
