//! Bytes to text, with the reason and the place when they are none; lines of a text.

use crate::{DECK_BYTES_MAX, DeckError};

/// The text of a deck without its byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, DeckError> {
    if bytes.len() > DECK_BYTES_MAX {
        return Err(DeckError::TooLarge { bytes: bytes.len() });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(DeckError::Utf16);
    }
    if bytes.starts_with(b"%PDF-") {
        return Err(DeckError::Unsupported { kind: "PDF" });
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(DeckError::Binary { offset, line: line_at(bytes, offset) });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        DeckError::NotUtf8 { offset, line: line_at(bytes, offset) }
    })?;
    let text = without_bom(text);
    if text.trim().is_empty() { Err(DeckError::Empty) } else { Ok(text) }
}

pub(crate) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The line of a byte, counted from 1.
pub(crate) fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes[..offset.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// Where `needle` is, whatever the case of its ASCII letters.
pub(crate) fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    let needle = needle.as_bytes();
    text.as_bytes().windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

/// One line of a text: bytes `start..end` without its line ending, `next` where the following line starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) next: usize,
}

impl Line {
    pub(crate) fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

/// The lines of `text[from..to]`, offsets in `text`. The last has no line ending; an empty one after it does not count.
pub(crate) fn lines(text: &str, from: usize, to: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = from;
    while start < to {
        let next = text[start..to].find('\n').map_or(to, |at| start + at + 1);
        let end = start + text[start..next].trim_end_matches(['\n', '\r']).len();
        lines.push(Line { start, end, next });
        start = next;
    }
    lines
}
