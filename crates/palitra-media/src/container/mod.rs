//! Files as their parts: segments of JPEG, chunks of PNG and WebP, boxes of MP4. Readers borrow, copy no pixels, and say when a
//! file ends before it is whole.

pub(crate) mod gif;
pub(crate) mod isobmff;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod webp;

/// A file that is not what its first bytes promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub(crate) &'static str);

/// The most parts of one file: a real one has dozens, a film's chunk table is one part.
pub(crate) const PARTS_MAX: usize = 65_536;

pub(crate) fn be32(bytes: &[u8], offset: usize) -> Option<usize> {
    let four = bytes.get(offset..)?.first_chunk()?;
    usize::try_from(u32::from_be_bytes(*four)).ok()
}

pub(crate) fn le32(bytes: &[u8], offset: usize) -> Option<usize> {
    let four = bytes.get(offset..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*four)).ok()
}
