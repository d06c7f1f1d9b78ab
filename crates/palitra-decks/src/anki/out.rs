//! Members of a package on their way out: media are streamed and stored, whatever else there is is small.

use super::{
    AnkiError, OpenMedia,
    media_map::{self, MediaFile},
    package::{Kind, filled},
    zstd::{BLOCK_BYTES, Wrapper},
};
use crate::words;
use sha1::{Digest, Sha1};
use std::io::{self, Seek, Write};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// The longest name of a media file, in bytes, that Anki takes (`rslib/src/media/files.rs`).
const NAME_BYTES_MAX: usize = 120;

/// A file name that needs no second thought in HTML, in `[sound:…]` and on any disk.
pub(super) fn check_name(name: &str) -> Result<(), AnkiError> {
    let bad = |c: char| c.is_control() || "/\\:*?\"<>|[]{}&'%#".contains(c);
    let odd_ends = name.starts_with([' ', '.']) || name.ends_with([' ', '.']);
    if name.is_empty()
        || name.len() > NAME_BYTES_MAX
        || name.contains(bad)
        || odd_ends
        || words::composed(name) != name
    {
        return Err(AnkiError::BadMediaName { name: name.to_owned() });
    }
    Ok(())
}

/// Nothing in a package has a time of its own, so the same content is the same bytes.
pub(super) fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method)
}

pub(super) fn failed(error: ZipError) -> AnkiError {
    AnkiError::Write(match error {
        ZipError::Io(error) => error,
        error => io::Error::other(error.to_string()),
    })
}

pub(super) fn put_member<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    name: &str,
    bytes: &[u8],
    method: CompressionMethod,
) -> Result<(), AnkiError> {
    zip.start_file(name, options(method)).map_err(failed)?;
    zip.write_all(bytes).map_err(AnkiError::Write)
}

/// Copies a media file into the member of that number under a name. `from` is what the caller calls it.
pub(super) fn put_media<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    kind: Kind,
    member: u64,
    (from, name): (&str, &str),
    open: &mut OpenMedia<'_>,
) -> Result<MediaFile, AnkiError> {
    let unreadable = |source| AnkiError::Media { name: from.to_owned(), source };
    let mut reader = open(from).map_err(unreadable)?;
    let member = member.to_string();
    zip.start_file(&member, options(CompressionMethod::Stored)).map_err(failed)?;
    let mut buffer = vec![0; BLOCK_BYTES];
    if kind != Kind::Compressed {
        loop {
            let length = filled(&mut reader, &mut buffer).map_err(unreadable)?;
            if length == 0 {
                return Ok(MediaFile { member, name: name.to_owned(), entry: Vec::new() });
            }
            zip.write_all(&buffer[..length]).map_err(AnkiError::Write)?;
        }
    }
    let (mut sha1, mut size) = (Sha1::new(), 0_u64);
    let mut wrapper = Wrapper::new(zip).map_err(AnkiError::Write)?;
    loop {
        let length = filled(&mut reader, &mut buffer).map_err(unreadable)?;
        if length == 0 {
            wrapper.finish().map_err(AnkiError::Write)?;
            let entry = media_map::entry(name, size, &sha1.finalize());
            return Ok(MediaFile { member, name: name.to_owned(), entry });
        }
        sha1.update(&buffer[..length]);
        size += length as u64;
        wrapper.block(&buffer[..length]).map_err(AnkiError::Write)?;
    }
}
