//! JPEG as segments (ITU-T T.81, annex B).

use super::{Broken, PARTS_MAX};

/// Markers that are looked at.
pub(crate) const APP0: u8 = 0xe0;
pub(crate) const APP1: u8 = 0xe1;
pub(crate) const APP14: u8 = 0xee;
pub(crate) const APP15: u8 = 0xef;
pub(crate) const COMMENT: u8 = 0xfe;
pub(crate) const SCAN: u8 = 0xda;
const START: u8 = 0xd8;
const END: u8 = 0xd9;

/// A marker with all that belongs to it: its length and payload, and for a scan the compressed pixels after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    /// Where it starts in the file.
    pub(crate) at: usize,
    pub(crate) whole: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Without marker and length.
    pub(crate) fn payload(&self) -> &'a [u8] {
        self.whole.get(4..).unwrap_or_default()
    }

    /// Of a frame header that sends the picture in several scans.
    pub(crate) fn is_progressive(&self) -> bool {
        matches!(self.marker, 0xc2 | 0xc6 | 0xca | 0xce)
    }

    /// Channels of a frame header.
    pub(crate) fn channels(&self) -> Option<u8> {
        let is_frame = matches!(self.marker, 0xc0..=0xcf) && !matches!(self.marker, 0xc4 | 0xc8 | 0xcc);
        is_frame.then(|| self.payload().get(5).copied()).flatten()
    }
}

/// All segments between start and end of the first picture; what stands behind its end (previews, films of "live" photos) is no
/// part of it. Fails when the end is missing.
pub(crate) fn segments(file: &[u8]) -> Result<Vec<Segment<'_>>, Broken> {
    if !file.starts_with(&[0xff, START]) {
        return Err(Broken("no start of a JPEG"));
    }
    let mut segments = Vec::new();
    let mut at = 2;
    loop {
        let (Some(0xff), Some(&marker)) = (file.get(at), file.get(at + 1)) else {
            return Err(Broken("the JPEG ends before it is whole"));
        };
        match marker {
            0xff => {
                at += 1;
                continue;
            }
            END => return Ok(segments),
            // A second start or a stray restart: neither has a length.
            0 | 1 | 0xd0..=START => return Err(Broken("a marker of the JPEG is out of place")),
            _ => {}
        }
        let length =
            file.get(at + 2..).and_then(|rest| rest.first_chunk()).map(|two| u16::from_be_bytes(*two));
        let length = length.filter(|length| *length >= 2).ok_or(Broken("a length of the JPEG is wrong"))?;
        let mut end = at + 2 + usize::from(length);
        if marker == SCAN {
            end = scan_end(file, end).ok_or(Broken("the JPEG ends before it is whole"))?;
        }
        let whole = file.get(at..end).ok_or(Broken("the JPEG ends before it is whole"))?;
        if segments.len() == PARTS_MAX {
            return Err(Broken("the JPEG has too many parts"));
        }
        segments.push(Segment { marker, at, whole });
        at = end;
    }
}

/// Puts segments together again.
pub(crate) fn file<'a>(segments: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut file = vec![0xff, START];
    segments.for_each(|segment| file.extend_from_slice(segment));
    file.extend_from_slice(&[0xff, END]);
    file
}

/// A segment of its own; `None` when the payload does not fit one (65,533 bytes).
pub(crate) fn segment(marker: u8, payload: &[&[u8]]) -> Option<Vec<u8>> {
    let length = u16::try_from(2 + payload.iter().map(|part| part.len()).sum::<usize>()).ok()?;
    let mut segment = vec![0xff, marker];
    segment.extend(length.to_be_bytes());
    payload.iter().for_each(|part| segment.extend_from_slice(part));
    Some(segment)
}

/// Where compressed pixels end: at the next marker that is neither a stuffed zero nor a restart.
fn scan_end(file: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += file.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match file.get(at + 1)? {
            0 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}
