//! zstd in packages of the new kind: databases and maps are compressed, media are only wrapped, for they are compressed already.

use std::io::{self, Read, Write};

/// Of a block and of the window; RFC 8878, 3.1.1.2.4.
pub(super) const BLOCK_BYTES: usize = 128 * 1024;

/// Magic number, a header without content size and checksum, a window of [`BLOCK_BYTES`] (RFC 8878, 3.1.1.1).
const FRAME: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 7 << 3];

/// Reads what is in a frame. The window of a frame from elsewhere is bounded by the decoder (128 MiB).
pub(super) fn reader<R: Read>(source: R) -> io::Result<impl Read> {
    ruzstd::decoding::StreamingDecoder::new(source)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

pub(super) fn compressed(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A frame of raw blocks.
pub(super) struct Wrapper<W: Write> {
    out: W,
}

impl<W: Write> Wrapper<W> {
    pub(super) fn new(mut out: W) -> io::Result<Wrapper<W>> {
        out.write_all(&FRAME)?;
        Ok(Wrapper { out })
    }

    /// At most [`BLOCK_BYTES`].
    pub(super) fn block(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put(bytes, 0)
    }

    /// An empty block ends the frame.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.put(&[], 1)
    }

    fn put(&mut self, bytes: &[u8], last: u32) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= BLOCK_BYTES);
        let length = length.ok_or(io::ErrorKind::InvalidInput)?;
        self.out.write_all(&(length << 3 | last).to_le_bytes()[..3])?;
        self.out.write_all(bytes)
    }
}
