//! The zip of a package: which kind it is, its members within bounds.

use super::{
    AnkiError, COLLECTION_BYTES_MAX, MEMBERS_MAX,
    media_map::{self, MediaFile},
    proto, zstd,
};
use std::io::{Read, Seek};
use zip::{ZipArchive, result::ZipError};

/// Of the map of media, uncompressed: a hundred bytes for each of the most members, and room.
const MAP_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How a package keeps its database, map and media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `collection.anki2`, or with `newer` `collection.anki21`: as they are, the map is JSON.
    Plain { newer: bool },
    /// `collection.anki21b`: all compressed with zstd.
    Compressed,
}

impl Kind {
    pub(super) fn collection(self) -> &'static str {
        match self {
            Kind::Plain { newer: false } => "collection.anki2",
            Kind::Plain { newer: true } => "collection.anki21",
            Kind::Compressed => "collection.anki21b",
        }
    }
}

pub(super) struct Package<R> {
    pub(super) zip: ZipArchive<R>,
    pub(super) kind: Kind,
    pub(super) media: Vec<MediaFile>,
}

impl<R: Read + Seek> Package<R> {
    pub(super) fn open(source: R) -> Result<Package<R>, AnkiError> {
        Package::open_within(source, MEMBERS_MAX)
    }

    pub(super) fn open_within(source: R, members_max: usize) -> Result<Package<R>, AnkiError> {
        let mut zip = ZipArchive::new(source).map_err(not_a_package)?;
        if zip.len() > members_max {
            return Err(AnkiError::TooManyMembers { count: zip.len() });
        }
        check_members(&mut zip)?;
        let kind = kind(&mut zip)?;
        let mut package = Package { zip, kind, media: Vec::new() };
        package.media = package.map()?;
        Ok(package)
    }

    /// The database, uncompressed.
    pub(super) fn collection(&mut self) -> Result<Vec<u8>, AnkiError> {
        self.collection_within(COLLECTION_BYTES_MAX)
    }

    pub(super) fn collection_within(&mut self, bytes_max: u64) -> Result<Vec<u8>, AnkiError> {
        self.read(self.kind.collection(), bytes_max)
    }

    fn map(&mut self) -> Result<Vec<MediaFile>, AnkiError> {
        if self.zip.index_for_name("media").is_none() {
            return Ok(Vec::new());
        }
        let map = self.read("media", MAP_BYTES_MAX)?;
        let files = match self.kind {
            Kind::Plain { .. } => media_map::read_json(&map),
            Kind::Compressed => media_map::read_proto(&map),
        };
        files.map_err(|reason| AnkiError::Damaged { member: "media".to_owned(), reason })
    }

    pub(super) fn read(&mut self, name: &str, max: u64) -> Result<Vec<u8>, AnkiError> {
        let compressed = self.kind == Kind::Compressed;
        let damaged = |reason: String| AnkiError::Damaged { member: name.to_owned(), reason };
        let member = self.zip.by_name(name).map_err(|error| damaged(error.to_string()))?;
        let mut bytes = Vec::new();
        let mut read = |reader: &mut dyn Read| reader.take(max + 1).read_to_end(&mut bytes);
        let read = if compressed {
            zstd::reader(member).and_then(|mut reader| read(&mut reader))
        } else {
            let mut member = member;
            read(&mut member)
        };
        read.map_err(|error| damaged(error.to_string()))?;
        if bytes.len() as u64 > max {
            return Err(AnkiError::TooLarge { member: name.to_owned(), max });
        }
        Ok(bytes)
    }

    /// Whether a media file of the package has exactly the bytes of another one.
    pub(super) fn has_same(
        &mut self,
        file: &MediaFile,
        other: &mut dyn Read,
    ) -> Result<bool, std::io::Error> {
        let compressed = self.kind == Kind::Compressed;
        let Ok(member) = self.zip.by_name(&file.member) else { return Ok(false) };
        // A member that cannot be read is not the same; only trouble with the other file is trouble.
        if compressed {
            zstd::reader(member).map_or(Ok(false), |mut reader| same(&mut reader, other))
        } else {
            let mut member = member;
            same(&mut member, other)
        }
    }
}

/// Members are carried over as they are, so each has to be there, alone in its place: of members over each other a small file could become
/// one of any size.
fn check_members<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<(), AnkiError> {
    let end = zip.central_directory_start();
    let mut places = Vec::with_capacity(zip.len());
    for at in 0..zip.len() {
        let member = zip.by_index_raw(at).map_err(not_a_package)?;
        let name = || member.name().map(|name| name.into_owned()).unwrap_or_default();
        if member.encrypted() {
            return Err(AnkiError::Encrypted { member: name() });
        }
        let begins = member.data_start().unwrap_or(u64::MAX);
        let ends = begins.saturating_add(member.compressed_size());
        if ends > end {
            return Err(AnkiError::Damaged { member: name(), reason: "it is cut off".to_owned() });
        }
        places.push((begins, ends));
    }
    places.sort_unstable();
    if places.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(AnkiError::Overlapping);
    }
    Ok(())
}

fn same(one: &mut dyn Read, other: &mut dyn Read) -> Result<bool, std::io::Error> {
    let (mut ours, mut theirs) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let length = filled(other, &mut theirs)?;
        let Ok(known) = filled(one, &mut ours) else { return Ok(false) };
        if ours[..known] != theirs[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or nothing is left; how many bytes it has.
pub(super) fn filled(reader: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn not_a_package(error: ZipError) -> AnkiError {
    match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => AnkiError::Read(error),
        error => AnkiError::NotAPackage { reason: error.to_string() },
    }
}

/// `meta` is a message with a version; older packages have none, and what they have tells them apart.
fn kind<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<Kind, AnkiError> {
    let mut meta = Vec::new();
    if let Ok(member) = zip.by_name("meta") {
        member.take(1024).read_to_end(&mut meta).ok();
    }
    let version = proto::fields(&meta).flatten().find_map(|field| match field {
        (1, proto::Value::Number(version)) => Some(version),
        _ => None,
    });
    if let Some(version) = version.filter(|version| *version > 3) {
        return Err(AnkiError::TooNew { version });
    }
    let has = |name: &str| zip.index_for_name(name).is_some();
    if has("collection.anki21b") {
        Ok(Kind::Compressed)
    } else if has("collection.anki21") || has("collection.anki2") {
        Ok(Kind::Plain { newer: has("collection.anki21") })
    } else if has("xl/workbook.xml") {
        Err(AnkiError::Other { kind: "an Excel sheet" })
    } else if has("word/document.xml") {
        Err(AnkiError::Other { kind: "a Word document" })
    } else if has("ppt/presentation.xml") {
        Err(AnkiError::Other { kind: "a PowerPoint presentation" })
    } else {
        Err(AnkiError::NotAPackage { reason: "it has no collection".to_owned() })
    }
}
