//! PNG as chunks (W3C PNG, third edition, section 5).

use super::{Broken, PARTS_MAX, be32};

pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Length, name, data and checksum of a chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'a> {
    pub(crate) name: [u8; 4],
    /// Where it starts in the file.
    pub(crate) at: usize,
    pub(crate) whole: &'a [u8],
}

impl<'a> Chunk<'a> {
    pub(crate) fn data(&self) -> &'a [u8] {
        self.whole.get(8..self.whole.len().saturating_sub(4)).unwrap_or_default()
    }
}

/// All chunks up to and with the end; what stands behind it is no part of the picture.
pub(crate) fn chunks(file: &[u8]) -> Result<Vec<Chunk<'_>>, Broken> {
    let short = Broken("the PNG ends before it is whole");
    if !file.starts_with(SIGNATURE) {
        return Err(Broken("no start of a PNG"));
    }
    let mut chunks = Vec::new();
    let mut at = SIGNATURE.len();
    loop {
        let length = be32(file, at).ok_or(short)?;
        let name = *file.get(at + 4..).and_then(<[u8]>::first_chunk).ok_or(short)?;
        let end = at.checked_add(length).and_then(|end| end.checked_add(12)).ok_or(short)?;
        let whole = file.get(at..end).ok_or(short)?;
        if chunks.len() == PARTS_MAX {
            return Err(Broken("the PNG has too many parts"));
        }
        chunks.push(Chunk { name, at, whole });
        if &name == b"IEND" {
            return Ok(chunks);
        }
        at = end;
    }
}

/// Puts chunks together again.
pub(crate) fn file<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut file = SIGNATURE.to_vec();
    chunks.for_each(|chunk| file.extend_from_slice(chunk));
    file
}

/// A chunk of its own, with its checksum; `None` above 2 GiB.
pub(crate) fn chunk(name: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(data.len()).ok().filter(|length| *length < 1 << 31)?;
    let mut chunk = length.to_be_bytes().to_vec();
    chunk.extend_from_slice(&name);
    chunk.extend_from_slice(data);
    let checksum = crc32(&chunk[4..]);
    chunk.extend(checksum.to_be_bytes());
    Some(chunk)
}

/// CRC-32 (ISO 3309), bit by bit: only for the short texts that we add.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}
