//! Packages: what is read out of them, what goes into them, what is refused. What Anki itself makes of them is tested in `tests/anki`.

mod notes;
mod refused;
mod sums;
mod written;

use super::package::{Kind, Package};
use crate::words::{Columns, WordList, WordsError, read};
use rusqlite::{Connection, MAIN_DB};
use std::io::{Cursor, Read, Write};
use zip::{CompressionMethod, ZipWriter};

const SCHEMA: &str = include_str!("own/schema.sql");

/// Two note types as an old Anki keeps them.
const MODELS: &str = r#"{
    "1": {"id": 1, "name": "Basic", "sortf": 0, "flds": [{"name": "Back", "ord": 1}, {"name": "Front", "ord": 0}]},
    "2": {"id": 2, "name": "Слова", "sortf": 1, "flds": [{"name": "Id", "ord": 0}, {"name": "Слово", "ord": 1},
          {"name": "Перевод", "ord": 2}, {"name": "Example sentence", "ord": 3}, {"name": "Word audio", "ord": 4},
          {"name": "Картинка", "ord": 5}]},
    "3": {"id": 3, "name": "Cloze", "sortf": 0, "flds": [{"name": "Text", "ord": 0}, {"name": "Back Extra", "ord": 1}]}
}"#;

/// A database of schema 11 with such notes: id, note type, fields.
fn database(notes: &[(i64, i64, &[&str])]) -> Connection {
    let database = Connection::open_in_memory().expect("a database");
    database.execute_batch(SCHEMA).expect("a schema");
    let sql = "insert into col values (1, 0, 0, 0, 11, 0, 0, 0, '{}', ?1, '{}', '{}', '{}')";
    database.execute(sql, [MODELS]).expect("a row");
    for (id, note_type, fields) in notes {
        let sql = "insert into notes values (?1, ?2, ?3, 100, 5, '', ?4, '', 0, 0, '')";
        database.execute(sql, (id, format!("guid-{id}"), note_type, fields.join("\u{1f}"))).expect("a row");
    }
    database
}

fn bytes(mut database: Connection) -> Vec<u8> {
    database.serialize(MAIN_DB).expect("bytes").to_vec()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, super::out::options(CompressionMethod::Deflated)).expect("a member");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("a zip").into_inner()
}

/// A package of the first kind.
fn package(database: Connection) -> Vec<u8> {
    zipped(&[("collection.anki2", &bytes(database)), ("media", b"{}")])
}

#[track_caller]
fn list(package: &[u8], columns: &Columns) -> WordList {
    read(package, "a.apkg", columns).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn error(package: &[u8]) -> WordsError {
    match read(package, "a.apkg", &Columns::default()) {
        Ok(list) => panic!("it was read: {list:?}"),
        Err(error) => error,
    }
}

/// Fields of the notes in a package, in the order of their ids, behind `mod` and `usn`.
fn fields(package: &[u8]) -> Vec<String> {
    let mut package = Package::open(Cursor::new(package)).expect("a package");
    let bytes = package.collection().expect("a collection");
    let database = super::database::open(bytes, "a", super::database::Access::Read).expect("a database");
    let mut notes = database.prepare("select mod, usn, flds from notes order by id").expect("a query");
    let row = |row: &rusqlite::Row<'_>| {
        let (changed, usn, fields): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{changed} {usn} {}", fields.replace('\u{1f}', "|")))
    };
    notes.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
}

fn member(package: &[u8], name: &str) -> Vec<u8> {
    let mut package = Package::open(Cursor::new(package)).expect("a package");
    let plain = package.kind != Kind::Compressed;
    if !plain {
        return package.read(name, u64::MAX - 1).expect("a member");
    }
    let mut bytes = Vec::new();
    package.zip.by_name(name).expect("a member").read_to_end(&mut bytes).expect("bytes");
    bytes
}
