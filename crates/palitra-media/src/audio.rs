//! How long a sound lasts, from its headers: WAV, MP3, Ogg (Opus and Vorbis).

use crate::container::{Broken, be32, le32};
use palitra_domain::media_type::FileFormat;

/// Milliseconds, rounded down. An MP3 without a header of its own is as long as its bytes at the bit rate of its first frame.
pub fn duration_ms(file: &[u8], format: FileFormat) -> Result<u64, Broken> {
    match format {
        FileFormat::Wav => wav(file).ok_or(Broken("the WAV has no sound")),
        FileFormat::Mp3 => mp3(file).ok_or(Broken("the MP3 has no frames")),
        FileFormat::Ogg => ogg(file).ok_or(Broken("the Ogg has no sound that is known")),
        _ => Err(Broken("the file is no sound")),
    }
}

fn ms(units: usize, units_a_second: usize) -> Option<u64> {
    let ms = (wide(units) * 1000).checked_div(wide(units_a_second))?;
    u64::try_from(ms).ok()
}

fn wide(number: usize) -> u128 {
    number.try_into().unwrap_or(u128::MAX >> 64)
}

/// Bytes of sound by bytes a second. A stream's length may be unknown (all ones) or zero: then the sound goes to the end of the file.
fn wav(file: &[u8]) -> Option<u64> {
    let mut bytes_a_second = None;
    let mut at = 12;
    loop {
        let name = file.get(at..at + 4)?;
        let length = le32(file, at + 4)?;
        let body = at + 8;
        match name {
            b"fmt " => bytes_a_second = le32(file, body + 8),
            b"data" => {
                let there = file.len().saturating_sub(body);
                let length = if length == 0 { there } else { length.min(there) };
                return ms(length, bytes_a_second?);
            }
            _ => {}
        }
        at = body.checked_add(length)?.checked_add(length % 2)?;
    }
}

/// The last page's position, in samples.
fn ogg(file: &[u8]) -> Option<u64> {
    const PAGE: &[u8] = b"OggS";
    let segments = usize::from(*file.get(26)?);
    let first = file.get(27 + segments..)?;
    let (rate, skipped) = if first.starts_with(b"OpusHead") {
        let skipped = u16::from_le_bytes(*first.get(10..)?.first_chunk()?);
        (48_000, usize::from(skipped))
    } else if first.starts_with(b"\x01vorbis") {
        (le32(first, 12)?, 0)
    } else {
        return None;
    };
    let last = file.windows(PAGE.len()).enumerate().rev().filter(|(_, bytes)| *bytes == PAGE);
    let position = last.filter_map(|(at, _)| {
        let position = u64::from_le_bytes(*file.get(at + 6..)?.first_chunk()?);
        // A page on which no packet ends has none.
        (position != u64::MAX).then_some(position)
    });
    let position = usize::try_from(position.take(1).next()?).ok()?;
    ms(position.saturating_sub(skipped), rate)
}

/// Every page of an Ogg is there to its end (RFC 3533, section 6).
pub fn is_whole_ogg(file: &[u8]) -> Result<(), Broken> {
    const SHORT: Broken = Broken("the Ogg ends before it is whole");
    let mut at = 0;
    while at < file.len() {
        let page = file.get(at..at + 27).filter(|page| page.starts_with(b"OggS")).ok_or(SHORT)?;
        let lengths = file.get(at + 27..at + 27 + usize::from(page[26])).ok_or(SHORT)?;
        at += 27 + lengths.len() + lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
    }
    if at == file.len() { Ok(()) } else { Err(SHORT) }
}

/// The frames of an MP3 follow each other to its end, but for a tag there, and are as many as its header says.
pub fn is_whole_mp3(file: &[u8]) -> Result<(), Broken> {
    const SHORT: Broken = Broken("the MP3 ends before it is whole");
    let start = after_id3(file);
    let found = (start..file.len().min(start.saturating_add(65_536))).find(|at| frame(file, *at).is_some());
    let mut at = found.ok_or(Broken("the MP3 has no frames"))?;
    let first = at;
    let mut frames = 0_usize;
    while let Some(frame) = frame(file, at) {
        let end = at + frame.bytes;
        if end > file.len() {
            return Err(SHORT);
        }
        (at, frames) = (end, frames + 1);
    }
    let rest = file.get(at..).unwrap_or_default();
    let is_tag =
        rest.starts_with(b"TAG") || rest.starts_with(b"APETAGEX") || rest.iter().all(|byte| *byte == 0);
    // The rest of a header or of a frame's first bytes.
    if rest.len() < 4 && !rest.is_empty() && !is_tag {
        return Err(SHORT);
    }
    match stated_frames(file, first) {
        // The header is a frame of its own; a frame or two may not be counted.
        Some(stated) if frames + 2 < stated => Err(SHORT),
        _ => Ok(()),
    }
}

/// A frame header of layer III.
struct Frame {
    rate: usize,
    samples: usize,
    bits_a_second: usize,
    /// With its header.
    bytes: usize,
    /// Where an encoder's own header would stand.
    header_at: usize,
}

fn mp3(file: &[u8]) -> Option<u64> {
    let start = after_id3(file);
    let at = (start..file.len().min(start.saturating_add(65_536))).find(|at| frame(file, *at).is_some())?;
    let frame = frame(file, at)?;
    match stated_frames(file, at) {
        Some(frames) => ms(frames.checked_mul(frame.samples)?, frame.rate),
        None => ms((file.len() - at).checked_mul(8)?, frame.bits_a_second),
    }
}

/// Two kinds of header in the first frame know how many frames follow.
fn stated_frames(file: &[u8], at: usize) -> Option<usize> {
    let header = at + frame(file, at)?.header_at;
    match file.get(header..header + 4) {
        Some(b"Xing" | b"Info") if be32(file, header + 4)? & 1 == 1 => be32(file, header + 8),
        _ if file.get(at + 36..at + 40) == Some(b"VBRI") => be32(file, at + 50),
        _ => None,
    }
}

/// An ID3v2 tag in front carries its length in four bytes of seven bits.
fn after_id3(file: &[u8]) -> usize {
    let Some(tag) = file.get(..10).filter(|tag| tag.starts_with(b"ID3")) else { return 0 };
    10 + tag[6..].iter().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f))
}

fn frame(file: &[u8], at: usize) -> Option<Frame> {
    const MPEG1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const MPEG2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let [first, second, third, fourth] = *file.get(at..)?.first_chunk()?;
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    if first != 0xff || second >> 5 != 7 || version == 1 || layer != 1 {
        return None;
    }
    let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
    let is_mono = fourth >> 6 == 3;
    let (rate, samples, rates, header_at) = match version {
        3 => (*rate, 1152, MPEG1, if is_mono { 21 } else { 36 }),
        2 => (rate / 2, 576, MPEG2, if is_mono { 13 } else { 21 }),
        _ => (rate / 4, 576, MPEG2, if is_mono { 13 } else { 21 }),
    };
    let bits = rates.get(usize::from(third >> 4)).filter(|bits| **bits > 0)?;
    let padding = usize::from(third >> 1 & 1);
    let bytes = samples / 8 * bits * 1000 / rate + padding;
    Some(Frame { rate, samples, bits_a_second: bits * 1000, bytes, header_at })
}
