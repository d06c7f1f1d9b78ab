//! A new deck out of a list that never was in Anki: a note type of ours with two cards, ids that stay the same.

mod collection;

use super::{AnkiError, OpenMedia, Written, media_map, out, package::Kind};
use palitra_domain::time::Timestamp;
use std::{
    collections::BTreeSet,
    io::{Seek, Write},
};
use zip::{CompressionMethod, ZipWriter};

/// A deck to be made. The same name is the same deck, and the same word with the same translation in it the same note, whenever
/// it is written: importing again brings what has changed and doubles nothing.
#[derive(Debug, Clone, Copy)]
pub struct NewDeck<'a> {
    /// `::` between the names of a deck and a deck inside it.
    pub name: &'a str,
    pub notes: &'a [NewNote],
    /// When it is made; a package that is made later brings newer notes.
    pub now: Timestamp,
}

/// A word in a new deck, as plain text; names of media are those that they are opened by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewNote {
    pub word: String,
    pub translation: Option<String>,
    pub example: Option<String>,
    pub picture: Option<String>,
    pub sound: Option<String>,
}

/// Writes a package that every Anki reads (`collection.anki2`, schema 11). Media are copied one after the other; what is held in
/// memory is the notes.
///
/// A note has the fields Word, Translation, Example, Picture and Sound, and one card from the word; a second one to the word, where
/// there is a translation or a picture to ask by.
pub fn write<W: Write + Seek>(
    deck: &NewDeck<'_>,
    out: W,
    media: &mut OpenMedia<'_>,
) -> Result<Written, AnkiError> {
    let mut names = BTreeSet::new();
    let mut in_order = Vec::new();
    for name in deck.notes.iter().flat_map(|note| [&note.picture, &note.sound]).flatten() {
        if names.insert(name) {
            out::check_name(name)?;
            in_order.push(name);
        }
    }
    let kind = Kind::Plain { newer: false };
    let mut zip = ZipWriter::new(out);
    out::put_member(&mut zip, kind.collection(), &collection::of(deck)?, CompressionMethod::Deflated)?;
    let mut files = Vec::new();
    for (number, name) in in_order.into_iter().enumerate() {
        files.push(out::put_media(&mut zip, kind, number as u64, (name, name), media)?);
    }
    out::put_member(&mut zip, "media", &media_map::write_json(&files), CompressionMethod::Deflated)?;
    zip.finish().map_err(out::failed)?.flush().map_err(AnkiError::Write)?;
    Ok(Written { notes: deck.notes.len(), media: files.len() })
}
