//! Port: where media is stored. Implementations live in `palitra-objects`.

use crate::{BoxFuture, Timestamp};
use bytes::Bytes;
use futures_core::Stream;
use std::{io, pin::Pin};

/// A body on its way, never held whole.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// A failure of the storage; `io::ErrorKind` says whether the disk is full, the object is missing or the rest.
#[derive(Debug, thiserror::Error)]
#[error("object `{key}` cannot be {doing}")]
pub struct ObjectError {
    pub key: String,
    /// `written`, `read`, `deleted` or `listed`.
    pub doing: &'static str,
    #[source]
    pub source: io::Error,
}

/// What a list says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    pub bytes: u64,
    pub written_at: Timestamp,
}

/// Objects appear whole or not at all, and never change under one key.
pub trait Objects: Send + Sync {
    /// Writes the stream atomically and durably. An object that is there already is replaced by the same content.
    fn put<'a>(&'a self, key: &'a str, body: ByteStream) -> BoxFuture<'a, Result<Stored, ObjectError>>;
    fn read<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ByteStream, ObjectError>>;
    /// A part of it, `bytes` long from the byte `from` on; less where it ends before.
    fn read_part<'a>(
        &'a self,
        key: &'a str,
        from: u64,
        bytes: u64,
    ) -> BoxFuture<'a, Result<ByteStream, ObjectError>>;
    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, ObjectError>>;
    /// How long it is; `None` when it is not there.
    fn bytes<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<u64>, ObjectError>>;
    /// Deleting what is not there is not an error.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), ObjectError>>;
    /// What lies in a folder and the folders in it, by key: at most `max`, from the first after `after` on. A folder that is not there is
    /// empty.
    fn list<'a>(
        &'a self,
        folder: &'a str,
        after: &'a str,
        max: usize,
    ) -> BoxFuture<'a, Result<Vec<Listed>, ObjectError>>;
}

/// What an object is for; the first part of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    Images,
    Edits,
    Audio,
    Video,
    Uploads,
    Templates,
}

/// `images/2026/11/20/{id}.png`: UTC date, extension by true type (S4-33, R-26).
pub fn object_key(folder: Folder, now: Timestamp, id: &str, extension: &str) -> String {
    let folder = match folder {
        Folder::Images => "images",
        Folder::Edits => "edits",
        Folder::Audio => "audio",
        Folder::Video => "video",
        Folder::Uploads => "uploads",
        Folder::Templates => "templates",
    };
    let (year, month, day) = now.date();
    format!("{folder}/{year:04}/{month:02}/{day:02}/{id}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_33_keys_are_filed_by_utc_date() {
        let evening = Timestamp::from_micros(1_795_132_799_000_000);
        assert_eq!(object_key(Folder::Images, evening, "ast_1", "png"), "images/2026/11/19/ast_1.png");
    }
}
