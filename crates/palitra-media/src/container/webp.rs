//! WebP as RIFF chunks (Google, "WebP Container Specification").

use super::{Broken, PARTS_MAX, le32};

/// Bits of the first byte of `VP8X`.
pub(crate) const HAS_ICC: u8 = 0x20;
pub(crate) const HAS_ALPHA: u8 = 0x10;
pub(crate) const HAS_EXIF: u8 = 0x08;
pub(crate) const HAS_XMP: u8 = 0x04;

/// Name, length and data of a chunk, with the byte that makes it even.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'a> {
    pub(crate) name: [u8; 4],
    /// Where it starts in the file.
    pub(crate) at: usize,
    pub(crate) whole: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Its data, without the byte that makes it even.
    pub(crate) fn data(&self) -> &'a [u8] {
        let length = le32(self.whole, 4).unwrap_or(0);
        self.whole.get(8..8 + length).unwrap_or_default()
    }
}

/// Name, length and kind of the file.
pub(crate) const HEAD_BYTES: usize = 12;

/// How long the file says that it is.
pub(crate) fn stated_bytes(file: &[u8]) -> Option<usize> {
    le32(file, 4)?.checked_add(8)
}

/// All chunks inside the length that the file states; what stands behind is no part of the picture.
pub(crate) fn chunks(file: &[u8]) -> Result<Vec<Chunk<'_>>, Broken> {
    let short = Broken("the WebP ends before it is whole");
    if !(file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP")) {
        return Err(Broken("no start of a WebP"));
    }
    let stated = stated_bytes(file).ok_or(short)?;
    // Some writers leave out the last even byte.
    let body = file.get(..stated).or_else(|| (stated == file.len() + 1).then_some(file)).ok_or(short)?;
    let mut chunks = Vec::new();
    let mut at = HEAD_BYTES;
    while at < body.len() {
        let name = *body.get(at..).and_then(<[u8]>::first_chunk).ok_or(short)?;
        let length = le32(body, at + 4).ok_or(short)?;
        let end = at.checked_add(8).and_then(|start| start.checked_add(length)).ok_or(short)?;
        if end > body.len() {
            return Err(short);
        }
        let even = (end + length % 2).min(body.len());
        if chunks.len() == PARTS_MAX {
            return Err(Broken("the WebP has too many parts"));
        }
        chunks.push(Chunk { name, at, whole: &body[at..even] });
        at = even;
    }
    if chunks.is_empty() { Err(short) } else { Ok(chunks) }
}

/// Puts chunks together again under a length of their own; `None` above 4 GiB.
pub(crate) fn file<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
    for chunk in chunks {
        file.extend_from_slice(chunk);
        if chunk.len() % 2 == 1 {
            file.push(0);
        }
    }
    let length = u32::try_from(file.len() - 8).ok()?;
    file[4..8].copy_from_slice(&length.to_le_bytes());
    Some(file)
}

/// A chunk of its own.
pub(crate) fn chunk(name: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let mut chunk = name.to_vec();
    chunk.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
    chunk.extend_from_slice(data);
    Some(chunk)
}
