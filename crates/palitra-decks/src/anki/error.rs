//! What can be wrong with a package of Anki, said to the person whose file it is.

use super::{COLLECTION_BYTES_MAX, MEMBERS_MAX};

/// Why a package cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AnkiError {
    #[error("the file is no Anki package: {reason}")]
    NotAPackage { reason: String },
    /// It is a zip of something else: `an Excel sheet`.
    #[error("the file is {kind}, not an Anki package")]
    Other { kind: &'static str },
    #[error("`{member}` in the package is protected by a password")]
    Encrypted { member: String },
    #[error("the package has {count} members, more than {MEMBERS_MAX}")]
    TooManyMembers { count: usize },
    #[error("`{member}` in the package has more than {max} bytes uncompressed")]
    TooLarge { member: String, max: u64 },
    #[error("the members of the package lie over each other")]
    Overlapping,
    #[error("`{member}` in the package is damaged: {reason}")]
    Damaged { member: String, reason: String },
    /// A newer Anki than is known.
    #[error("the package is of version {version}, newer than 3")]
    TooNew { version: u64 },
    /// Triggers, views, virtual tables: a deck has none.
    #[error("the database in the package has {what}; a deck has none")]
    UnsafeDatabase { what: String },
    #[error("the database in the package takes too long to read")]
    TooSlow,
    #[error("no note has a field `{name}`; there are {}", .have.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    NoField { name: String, have: Vec<String> },
    #[error("the package has no note {id}")]
    NoNote { id: i64 },
    #[error("`{name}` cannot be the name of a media file in Anki")]
    BadMediaName { name: String },
    #[error("cannot read the media file `{name}`")]
    Media {
        name: String,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot read the package")]
    Read(#[source] std::io::Error),
    #[error("cannot write the package")]
    Write(#[source] std::io::Error),
    /// A database of our own making: nothing that a file can cause.
    #[error("cannot make the database of the package: {reason}")]
    Make { reason: String },
}

impl AnkiError {
    /// A stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            AnkiError::NotAPackage { .. } | AnkiError::Other { .. } => "anki_not_a_package",
            AnkiError::Encrypted { .. } => "anki_encrypted",
            AnkiError::TooManyMembers { .. } | AnkiError::TooLarge { .. } | AnkiError::TooSlow => {
                "anki_too_large"
            }
            AnkiError::Overlapping | AnkiError::Damaged { .. } => "anki_damaged",
            AnkiError::TooNew { .. } => "anki_too_new",
            AnkiError::UnsafeDatabase { .. } => "anki_unsafe",
            AnkiError::NoField { .. } => "anki_no_field",
            AnkiError::NoNote { .. } => "anki_no_note",
            AnkiError::BadMediaName { .. } | AnkiError::Media { .. } => "anki_media",
            AnkiError::Read(_) => "anki_read",
            AnkiError::Write(_) | AnkiError::Make { .. } => "anki_write",
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            AnkiError::NotAPackage { .. } | AnkiError::Other { .. } => {
                "export the deck from Anki as `.apkg`, or give a CSV, text or JSON file"
            }
            AnkiError::Encrypted { .. } => "unpack it with its password and export the deck from Anki again",
            AnkiError::TooManyMembers { .. } | AnkiError::TooLarge { .. } | AnkiError::TooSlow => {
                "export fewer decks at once"
            }
            AnkiError::Overlapping | AnkiError::Damaged { .. } | AnkiError::UnsafeDatabase { .. } => {
                "export the deck from Anki again; in Anki, Tools, Check Database may repair it"
            }
            AnkiError::TooNew { .. } => "in Anki, choose *Support older Anki versions* when you export",
            AnkiError::NoField { .. } => "name a field of the notes, as Anki shows it in the editor",
            AnkiError::NoNote { .. } => "give the same package that the list was read from",
            AnkiError::BadMediaName { .. } => "use letters, digits, `-`, `_` and one ending",
            AnkiError::Media { .. } | AnkiError::Read(_) => "see that the file is there and can be read",
            AnkiError::Write(_) | AnkiError::Make { .. } => "see that there is room on the disk",
        }
    }
}

/// What SQLite says of a database of our own; one of others goes through [`of_database`].
impl From<rusqlite::Error> for AnkiError {
    fn from(error: rusqlite::Error) -> AnkiError {
        AnkiError::Make { reason: error.to_string() }
    }
}

/// What SQLite says of a database of others.
pub(super) fn of_database(member: &str) -> impl Fn(rusqlite::Error) -> AnkiError + '_ {
    move |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => AnkiError::TooSlow,
        Some(rusqlite::ErrorCode::TooBig) => {
            AnkiError::TooLarge { member: member.to_owned(), max: COLLECTION_BYTES_MAX }
        }
        _ => AnkiError::Damaged { member: member.to_owned(), reason: error.to_string() },
    }
}
