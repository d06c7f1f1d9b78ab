//! Word lists: bytes of a table, a text, JSON or an Anki package in, words out (S1-06).
//!
//! A list that people made by hand is never quite right, so a bad row fails alone ([`WordList::bad`]), a word that stands there
//! twice is kept once ([`WordList::duplicates`]), and whatever had to be guessed is told ([`WordList::assumed`]). Only a file
//! that is no list at all is an error. What becomes of the words is the caller's; how they come back is `write_csv` and
//! `crate::anki`.

mod cell;
mod decode;
mod delimiter;
mod error;
mod gather;
mod headers;
mod json;
mod kind;
mod lines;
mod quotes;
mod table;
mod write;

pub(crate) mod markup;
pub(crate) use cell::{composed, has_picture, has_sound};
pub(crate) use gather::{Candidate, Gather};
pub(crate) use headers::role_of;

#[cfg(test)]
mod tests;

pub use error::{BadReason, WordsError};
pub use write::write_csv;

use crate::anki::NoteRef;
use std::{fmt, io::Cursor};

/// The most words of a list; each may cost a picture and a sound.
pub const WORDS_MAX: usize = 100_000;

/// The largest table, text or JSON that is read: a hundred thousand rows of some 600 bytes. An Anki package has bounds of its own.
pub const LIST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The largest cell, in bytes of UTF-8; a row with a larger one is bad. No prompt that a market takes is longer.
pub const CELL_BYTES_MAX: usize = 16 * 1024;

/// One word, in the order of its list. Texts are trimmed and never empty; `word` and `translation` are one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// 1, 2, 3 … over the words that are kept.
    pub number: usize,
    pub word: String,
    pub translation: Option<String>,
    pub example: Option<String>,
    /// Of the word, as the list says it: `en`, `English`, `английский`. Names at the top of two columns (`English;Русский`)
    /// say it for all words, as a code.
    pub language: Option<String>,
    /// The prompt for the picture that its author wrote ready.
    pub prompt: Option<String>,
    /// Whether the list asks for a picture; `None` where it says nothing.
    pub image: Option<bool>,
    /// Whether the list asks for speech; `None` where it says nothing.
    pub audio: Option<bool>,
    /// It already has a picture: a file in the column of pictures, `<img …>` in a field of the note.
    pub has_image: bool,
    /// It already has a sound: a file in the column of sounds, `[sound:…]` in a field of the note.
    pub has_audio: bool,
    pub place: Place,
    /// The note it is, in a list that came from Anki.
    pub note: Option<NoteRef>,
}

/// Where in a list something is. Everything but ids of notes is counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A row of a table as a spreadsheet counts it: the row of names is one, and a cell of several lines is still in one.
    Row { row: usize, column: Option<usize> },
    /// A line of a text.
    Line(usize),
    /// A value in JSON, as in `words[2].word`.
    Path(String),
    /// A note of Anki, by its id.
    Note(i64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Row { row, column: None } => write!(f, "row {row}"),
            Place::Row { row, column: Some(column) } => write!(f, "row {row}, column {column}"),
            Place::Line(line) => write!(f, "line {line}"),
            Place::Path(path) => write!(f, "`{path}`"),
            Place::Note(id) => write!(f, "note {id}"),
        }
    }
}

/// What a column of a table or a field of a note is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Word,
    Translation,
    Example,
    Language,
    Prompt,
    Image,
    Audio,
}

impl Role {
    pub const ALL: [Role; 7] = [
        Role::Word,
        Role::Translation,
        Role::Example,
        Role::Language,
        Role::Prompt,
        Role::Image,
        Role::Audio,
    ];

    /// As it is called in messages and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Role::Word => "word",
            Role::Translation => "translation",
            Role::Example => "example",
            Role::Language => "language",
            Role::Prompt => "prompt",
            Role::Image => "image",
            Role::Audio => "audio",
        }
    }
}

/// A column as a person names it: by what stands at its top, or by its number from 1. In Anki: a field of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    Name(String),
    Number(usize),
}

impl From<&str> for Column {
    /// `3` is a number, anything else a name.
    fn from(text: &str) -> Column {
        match text.trim().parse() {
            Ok(number) if number > 0 => Column::Number(number),
            _ => Column::Name(text.trim().to_owned()),
        }
    }
}

/// What the caller knows about a list; the default knows nothing, and everything is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Each role at most once; a role that is not named is looked for.
    pub named: Vec<(Role, Column)>,
    /// Whether the first row has the names of the columns.
    pub headers: Option<bool>,
    /// What stands between cells; ASCII.
    pub delimiter: Option<char>,
}

impl Columns {
    pub(crate) fn of(&self, role: Role) -> Option<&Column> {
        self.named.iter().find(|(named, _)| *named == role).map(|(_, column)| column)
    }
}

/// What kind of list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Text,
    Json,
    Anki,
}

/// What was guessed; each is told, for a wrong guess costs money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assumption {
    /// The text is not UTF-8; its encoding by the name of the Encoding Standard: `windows-1251`, `UTF-16LE`.
    Encoding(&'static str),
    Delimiter(char),
    /// Whether the first row has the names of the columns.
    Headers(bool),
    /// The column of a role, from 1, and what stands at its top.
    Column {
        role: Role,
        column: usize,
        name: Option<String>,
    },
    /// The language of all words, from the name of their column.
    Language(&'static str),
    /// The field of a note type that has a role, by names of both.
    Field {
        note_type: String,
        role: Role,
        field: String,
    },
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Assumption::Encoding(name) => write!(f, "the text is {name}"),
            Assumption::Delimiter('\t') => write!(f, "cells are separated by tabs"),
            Assumption::Delimiter(delimiter) => write!(f, "cells are separated by `{delimiter}`"),
            Assumption::Headers(true) => write!(f, "the first row has the names of the columns"),
            Assumption::Headers(false) => write!(f, "the first row is a word, not the names of the columns"),
            Assumption::Column { role, column, name: None } => {
                write!(f, "column {column} is the {}", role.name())
            }
            Assumption::Column { role, column, name: Some(name) } => {
                write!(f, "column {column}, `{name}`, is the {}", role.name())
            }
            Assumption::Language(code) => write!(f, "the language of the words is `{code}`"),
            Assumption::Field { note_type, role, field } => {
                write!(f, "field `{field}` of notes `{note_type}` is the {}", role.name())
            }
        }
    }
}

/// A row that gives no word; the others are not touched by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    pub place: Place,
    pub reason: BadReason,
}

/// A word that stood there before with the same translation; it was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    pub place: Place,
    /// [`Word::number`] of the one that is kept.
    pub number: usize,
}

/// A list as read: at least one word or one bad row, at most [`WORDS_MAX`] of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList {
    pub format: Format,
    pub words: Vec<Word>,
    pub bad: Vec<BadRow>,
    /// Same word and same translation, whatever the case of their letters. The first is kept as it is: an example or a prompt
    /// that only a later one has is not taken over. Notes of Anki are never duplicates: each has fields of its own to fill.
    pub duplicates: Vec<Duplicate>,
    pub assumed: Vec<Assumption>,
}

/// Of an Anki package that is held in memory: its database, uncompressed.
const HELD_COLLECTION_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads a list. `name` is the file name (or anything like it): its extension says the format, and without a known one the
/// content does. For a large Anki package in a file, `anki::read` needs no copy in memory, and takes a larger one.
pub fn read(bytes: &[u8], name: &str, columns: &Columns) -> Result<WordList, WordsError> {
    let kind = match kind::of_name(name)? {
        Some(kind) => kind,
        None => kind::of_content(bytes)?,
    };
    if kind == kind::Kind::Anki {
        return crate::anki::read_within(Cursor::new(bytes), columns, HELD_COLLECTION_BYTES_MAX);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(WordsError::Unsupported { kind: "zipped" });
    }
    let decoded = decode::decode(bytes)?;
    let text = decoded.text.as_ref();
    let mut list = match kind {
        kind::Kind::Json => json::read(text)?,
        kind::Kind::Text if *columns == Columns::default() && !table::is_one(text) => lines::read(text)?,
        kind::Kind::Unknown if !table::is_of_anki(text) => match kind::of_text(text) {
            kind::Kind::Json => json::read(text)?,
            kind::Kind::Text => lines::read(text)?,
            _ => table::read(text, name, columns)?,
        },
        _ => table::read(text, name, columns)?,
    };
    list.assumed.splice(0..0, decoded.assumed);
    if list.words.is_empty() && list.bad.is_empty() {
        return Err(WordsError::NoWords);
    }
    Ok(list)
}
