//! The zip file round a presentation: its parts by name, unpacked within bounds.

use super::PPTX_BYTES_MAX;
use super::error::PptxError;
use super::xml::PART_BYTES_MAX;
use crate::DeckError;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// 500 slides with layouts, notes, relationships, charts and a dozen media files each.
pub(super) const PARTS_MAX: usize = 20_000;

/// All text of a presentation together. Real ones have a few megabytes; media do not count, as they are never unpacked.
pub(super) const UNPACKED_MAX: usize = 256 * 1024 * 1024;

pub(super) const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// The Compound File Binary format ([MS-CFB] 2.2): old Office files, and new ones under a password.
pub(super) const CFB_MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Where each part is in the archive, by its name in lower case: names of parts differ in more than case (ECMA-376-2, 6.2.2.3).
    parts: BTreeMap<String, usize>,
    unpacked: usize,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Package<'a>, DeckError> {
        if bytes.is_empty() {
            return Err(DeckError::Empty);
        }
        if bytes.len() > PPTX_BYTES_MAX {
            return Err(PptxError::TooLarge { bytes: bytes.len() }.into());
        }
        if bytes.starts_with(CFB_MAGIC) {
            return Err(compound(bytes));
        }
        // The reader believes the number of parts before it has seen them, so they are counted by their headers first.
        let count = bytes.windows(4).filter(|window| *window == b"PK\x01\x02").count();
        if count > PARTS_MAX {
            return Err(PptxError::TooManyParts { count }.into());
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        let mut parts = BTreeMap::new();
        for at in 0..archive.len() {
            let file = archive.by_index_raw(at).map_err(|error| damaged(&error))?;
            if file.encrypted() {
                return Err(PptxError::Encrypted.into());
            }
            let name = file.name().map_err(|error| damaged(&error))?;
            parts.insert(key(&name), at);
        }
        Ok(Package { archive, parts, unpacked: 0 })
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.parts.contains_key(&key(part))
    }

    /// Where a part is in the archive.
    pub(super) fn index(&self, part: &str) -> Option<usize> {
        self.parts.get(&key(part)).copied()
    }

    /// The parts whose lower-case names end so.
    pub(super) fn ending(&self, end: &str) -> Vec<String> {
        self.parts.keys().filter(|name| name.ends_with(end)).cloned().collect()
    }

    pub(super) fn archive(&mut self) -> &mut ZipArchive<Cursor<&'a [u8]>> {
        &mut self.archive
    }

    /// A part that must be there, as text.
    pub(super) fn text(&mut self, part: &str) -> Result<String, PptxError> {
        let at = self.index(part).ok_or_else(|| PptxError::MissingPart { part: part.to_owned() })?;
        let left = UNPACKED_MAX.saturating_sub(self.unpacked);
        let file = self.archive.by_index(at).map_err(|error| damaged(&error))?;
        let mut bytes = Vec::new();
        let bound = u64::try_from(left.min(PART_BYTES_MAX) + 1).unwrap_or(u64::MAX);
        file.take(bound).read_to_end(&mut bytes).map_err(|error| damaged(&ZipError::Io(error)))?;
        if bytes.len() > PART_BYTES_MAX {
            return Err(PptxError::PartTooLarge { part: part.to_owned() });
        }
        if bytes.len() > left {
            return Err(PptxError::UnpacksTooLarge { part: part.to_owned() });
        }
        self.unpacked += bytes.len();
        String::from_utf8(bytes)
            .map_err(|_| PptxError::BadPart { part: part.to_owned(), reason: "is not UTF-8 text" })
    }
}

fn key(part: &str) -> String {
    part.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

fn damaged(error: &ZipError) -> PptxError {
    PptxError::Damaged { reason: error.to_string().trim_end_matches('.').to_lowercase() }
}

/// What a compound file is, by the names of its streams, which are UTF-16.
fn compound(bytes: &[u8]) -> DeckError {
    let has = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(name.len()).any(|window| window == name)
    };
    if has("EncryptedPackage") {
        PptxError::Encrypted.into()
    } else if has("PowerPoint Document") {
        PptxError::OldFormat.into()
    } else if has("WordDocument") {
        DeckError::Unsupported { kind: "Word" }
    } else {
        PptxError::Damaged { reason: "an old Office file without a presentation in it".to_owned() }.into()
    }
}
