//! Packages of Anki (`.apkg`, `.colpkg`): notes out of them as a list of words, pictures and sounds into them.
//!
//! A package is a zip of a SQLite database, a map of media and the media under numbers. Three kinds are read: `collection.anki2`,
//! `collection.anki21`, and since Anki 2.1.50 `collection.anki21b`, where database, map and media are compressed with zstd. A
//! package that was read is written again as the kind it was, its database changed in place, so that nothing in it is lost:
//! note types, decks, scheduling, history. A list that never was in Anki becomes a package of the first kind, which every Anki
//! reads.
//!
//! What others made is not trusted: members, sizes and the work of the database are bounded, a database with code in it is refused.

mod checksum;
mod database;
mod error;
mod fill;
mod media_map;
mod note_types;
mod out;
mod own;
mod package;
mod proto;
mod read;
mod update;
mod zstd;

#[cfg(test)]
mod tests;

pub use error::AnkiError;
pub use own::{NewDeck, NewNote, write};
pub use read::{read, read_within};
pub use update::{Change, update};

/// The largest database of a package, uncompressed.
pub const COLLECTION_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most members of a package: two media files for each of a hundred thousand notes, and room.
pub const MEMBERS_MAX: usize = 250_000;

/// A note of a package. The id is of that package; the guid is the same wherever the note is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRef {
    pub id: i64,
    pub guid: String,
}

/// Opens a media file by the name it has in the notes; called when its turn comes to be copied, and once more when the package
/// has a file of that name already.
pub type OpenMedia<'a> = dyn FnMut(&str) -> std::io::Result<Box<dyn std::io::Read>> + 'a;

/// What a package that was written has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Notes that are new or changed.
    pub notes: usize,
    /// Media files that were added.
    pub media: usize,
}
