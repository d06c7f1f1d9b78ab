//! Pictures and sounds into the package that a list came from. Note types, decks, cards, scheduling, ids and guids stay; so does
//! every media file it has.

use super::{
    AnkiError, NoteRef, OpenMedia, Written, checksum,
    database::{self, Access},
    error::of_database,
    fill::{self, Medium},
    media_map::{self, MediaFile},
    note_types, out,
    package::{Kind, Package},
    zstd,
};
use crate::words::Columns;
use palitra_domain::time::Timestamp;
use rusqlite::{Connection, MAIN_DB, params};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Seek, Write},
};
use zip::{CompressionMethod, ZipWriter};

/// What a note gets; the names are those that the media are opened by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub note: NoteRef,
    pub picture: Option<String>,
    pub sound: Option<String>,
}

/// Writes the package again with what its notes get. `columns` is what the list was read with: fields that it names for
/// [`crate::words::Role::Image`] and `Audio` take the media, else those whose names say so; without one a medium is appended to
/// the back of the note.
///
/// The package is written as the kind that it was. A `.colpkg` becomes an `.apkg` with all decks of the collection: it is
/// imported beside what is there instead of over it. `mod` of a changed note is `now`, and later than it was, so that an import
/// takes it for newer. A medium of a name that the package has already is the same file or gets the name with a number.
pub fn update<W: Write + Seek>(
    source: impl Read + Seek,
    changes: &[Change],
    columns: &Columns,
    now: Timestamp,
    out: W,
    media: &mut OpenMedia<'_>,
) -> Result<Written, AnkiError> {
    let mut package = Package::open(source)?;
    let member = package.kind.collection();
    let mut database = database::open(package.collection()?, member, Access::Write)?;
    let names = names(&mut package, changes, media)?;
    let notes = change(&mut database, member, changes, columns, now, &names.given)?;

    let mut zip = ZipWriter::new(out);
    for at in 0..package.zip.len() {
        let file = package.zip.by_index_raw(at).map_err(out::failed)?;
        let replaced = matches!(file.name_raw(), b"media") || file.name_raw() == member.as_bytes();
        if !replaced {
            zip.raw_copy_file(file).map_err(out::failed)?;
        }
    }
    let mut files = std::mem::take(&mut package.media);
    let numbers = files.iter().filter_map(|file| file.member.parse::<u64>().ok());
    // The new kind knows a file by its place in the map.
    let mut next = match package.kind {
        Kind::Compressed => files.len() as u64,
        Kind::Plain { .. } => numbers.max().map_or(0, |number| number.saturating_add(1)),
    };
    for (from, name) in &names.new {
        while package.zip.index_for_name(&next.to_string()).is_some() {
            if package.kind == Kind::Compressed {
                let reason = format!("member {next} is in no map");
                return Err(AnkiError::Damaged { member: "media".to_owned(), reason });
            }
            next += 1;
        }
        files.push(out::put_media(&mut zip, package.kind, next, (from, name), media)?);
        next += 1;
    }
    let database = database.serialize(MAIN_DB).map_err(of_database(member))?;
    match package.kind {
        Kind::Plain { .. } => {
            out::put_member(&mut zip, member, &database, CompressionMethod::Deflated)?;
            out::put_member(&mut zip, "media", &media_map::write_json(&files), CompressionMethod::Deflated)?;
        }
        Kind::Compressed => {
            let map = zstd::compressed(&media_map::write_proto(&files));
            out::put_member(&mut zip, member, &zstd::compressed(&database), CompressionMethod::Stored)?;
            out::put_member(&mut zip, "media", &map, CompressionMethod::Stored)?;
        }
    }
    zip.finish().map_err(out::failed)?.flush().map_err(AnkiError::Write)?;
    Ok(Written { notes, media: names.new.len() })
}

/// Under which names media go into the package.
struct Names {
    /// By what the caller calls them.
    given: BTreeMap<String, String>,
    /// Those that the package does not have yet: the caller's name and ours.
    new: Vec<(String, String)>,
}

fn names<R: Read + Seek>(
    package: &mut Package<R>,
    changes: &[Change],
    media: &mut OpenMedia<'_>,
) -> Result<Names, AnkiError> {
    let mut names = Names { given: BTreeMap::new(), new: Vec::new() };
    // Disks of many people do not tell `Cat.png` and `cat.png` apart.
    let known: BTreeMap<String, MediaFile> =
        package.media.iter().map(|file| (file.name.to_lowercase(), file.clone())).collect();
    let mut taken: BTreeSet<String> = known.keys().cloned().collect();
    for from in changes.iter().flat_map(|change| [&change.picture, &change.sound]).flatten() {
        if names.given.contains_key(from) {
            continue;
        }
        out::check_name(from)?;
        let mut name = from.clone();
        if let Some(file) = known.get(&from.to_lowercase()) {
            let unreadable = |source| AnkiError::Media { name: from.clone(), source };
            let mut other = media(from).map_err(unreadable)?;
            if package.has_same(file, &mut other).map_err(unreadable)? {
                names.given.insert(from.clone(), file.name.clone());
                continue;
            }
        }
        for number in 2.. {
            if taken.insert(name.to_lowercase()) {
                break;
            }
            let (stem, ending) = from.rsplit_once('.').unwrap_or((from, ""));
            let dot = if ending.is_empty() { "" } else { "." };
            name = format!("{stem}-{number}{dot}{ending}");
        }
        names.new.push((from.clone(), name.clone()));
        names.given.insert(from.clone(), name);
    }
    Ok(names)
}

/// How many notes were changed.
fn change(
    database: &mut Connection,
    member: &str,
    changes: &[Change],
    columns: &Columns,
    now: Timestamp,
    names: &BTreeMap<String, String>,
) -> Result<usize, AnkiError> {
    let failed = of_database(member);
    let types = note_types::all(database, member)?;
    note_types::check(&types, columns)?;
    let (seconds, milliseconds) = (now.micros() / 1_000_000, now.micros() / 1_000);
    let transaction = database.transaction().map_err(&failed)?;
    let mut count = 0;
    {
        let mut select = transaction
            .prepare("select mid, mod, flds from notes where id = ?1 and guid = ?2")
            .map_err(&failed)?;
        let sql = "update notes set flds = ?2, sfld = ?3, csum = ?4, mod = ?5, usn = -1 where id = ?1";
        let mut update = transaction.prepare(sql).map_err(&failed)?;
        for change in changes {
            let id = change.note.id;
            let note = select.query_row(params![id, change.note.guid], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
            });
            let (type_id, modified, fields) = match note {
                Err(rusqlite::Error::QueryReturnedNoRows) => return Err(AnkiError::NoNote { id }),
                note => note.map_err(&failed)?,
            };
            let note_type = types.get(&type_id).ok_or(AnkiError::NoNote { id })?;
            let roles = note_types::roles(note_type, columns);
            let mut fields: Vec<String> = fields.split('\u{1f}').map(str::to_owned).collect();
            let name = |from: &Option<String>| from.as_ref().and_then(|from| names.get(from)).cloned();
            let (picture, sound) = (name(&change.picture), name(&change.sound));
            let media = [picture.as_deref().map(Medium::Picture), sound.as_deref().map(Medium::Sound)];
            let before = fields.clone();
            for medium in media.into_iter().flatten() {
                fill::put(&mut fields, note_type, &roles, medium);
            }
            if fields == before {
                continue;
            }
            let first = fields.first().map(String::as_str).unwrap_or_default();
            let sort = fields.get(note_type.sort).map_or(first, String::as_str);
            let (sort, sum) = (checksum::stripped(sort), checksum::of_field(first));
            let later = seconds.max(modified.saturating_add(1));
            update.execute(params![id, fields.join("\u{1f}"), sort, sum, later]).map_err(&failed)?;
            count += 1;
        }
        transaction
            .execute("update col set mod = max(mod + 1, ?1)", params![milliseconds])
            .map_err(&failed)?;
    }
    transaction.commit().map_err(&failed)?;
    Ok(count)
}
