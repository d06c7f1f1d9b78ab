//! Packages that are refused: broken, locked, too large, with code in them.

use super::{bytes, database, error, package, zipped};
use crate::anki::{AnkiError, MEMBERS_MAX, package::Package, zstd};
use crate::words::WordsError;
use std::io::Cursor;

#[track_caller]
fn says(package: &[u8], code: &str, message: &str) {
    let error = error(package);
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(error.code(), code, "{error}");
    for text in [error.to_string(), error.hint().to_owned()] {
        assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
    }
}

#[test]
fn s1_33_what_is_no_package_is_told_apart() {
    says(b"no zip at all", "anki_not_a_package", "no Anki package");
    says(&zipped(&[("notes.txt", b"cat")]), "anki_not_a_package", "it has no collection");
    says(&zipped(&[("xl/workbook.xml", b"")]), "anki_not_a_package", "the file is an Excel sheet");
    says(&zipped(&[("word/document.xml", b"")]), "anki_not_a_package", "a Word document");
    says(&zipped(&[("ppt/presentation.xml", b"")]), "anki_not_a_package", "a PowerPoint presentation");
    says(&zipped(&[("meta", &[8, 4]), ("collection.anki21b", b"")]), "anki_too_new", "version 4");
    let whole = package(database(&[(1, 1, &["cat", "кошка"])]));
    for length in [whole.len() - 1, whole.len() - 30, whole.len() / 2, 30, 4] {
        let error = error(&whole[..length]);
        assert!(matches!(error, WordsError::Anki(AnkiError::NotAPackage { .. })), "{length}: {error}");
    }
}

#[test]
fn s1_33_a_password_is_named() {
    let mut locked = package(database(&[(1, 1, &["cat", "кошка"])]));
    // Bit 0 of the flags, in the headers of the members and in the directory (APPNOTE 4.3.7, 4.3.12).
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<usize> =
            locked.windows(4).enumerate().filter(|(_, part)| part == signature).map(|(at, _)| at).collect();
        assert_eq!(places.len(), 2);
        for at in places {
            locked[at + flags] |= 1;
        }
    }
    says(&locked, "anki_encrypted", "`collection.anki2` in the package is protected by a password");
}

#[test]
fn s1_33_broken_databases_are_refused() {
    let whole = bytes(database(&[(1, 1, &["cat", "кошка"])]));
    let of = |database: &[u8]| zipped(&[("collection.anki2", database)]);
    says(&of(b""), "anki_damaged", "it is no SQLite database");
    says(&of(b"SQLite format 3\0"), "anki_damaged", "it is no SQLite database");
    says(&of(&whole[..whole.len() / 2]), "anki_damaged", "`collection.anki2` in the package is damaged");
    let mut spoilt = whole.clone();
    spoilt[100..4096].fill(0xa5);
    says(&of(&spoilt), "anki_damaged", "damaged");
    let no_tables = rusqlite::Connection::open_in_memory().expect("a database");
    no_tables.execute_batch("create table cats (name text)").expect("a table");
    says(&package(no_tables), "anki_damaged", "no such table");
    let broken_models = database(&[(1, 1, &["cat"])]);
    broken_models.execute("update col set models = '{\"1\": []}'", []).expect("changed");
    says(&package(broken_models), "anki_damaged", "its note types cannot be read");
    says(
        &zipped(&[("collection.anki2", &whole), ("media", b"{\"0\": 7}")]),
        "anki_damaged",
        "`media` in the package is damaged",
    );
    says(&zipped(&[("collection.anki21b", &whole)]), "anki_damaged", "`collection.anki21b`");
    let compressed = zstd::compressed(&whole);
    says(&zipped(&[("collection.anki21b", &compressed[..compressed.len() / 2])]), "anki_damaged", "damaged");
    let fine = zipped(&[("collection.anki21b", &compressed), ("media", &zstd::compressed(&[0x0a, 0x7f]))]);
    says(&fine, "anki_damaged", "the map of media is cut off");
}

#[test]
fn s1_33_databases_with_code_are_refused() {
    let cases = [
        ("create trigger t after update on notes begin delete from notes; end", "a trigger `t`"),
        ("create view v as select * from notes", "a view `v`"),
        ("alter table notes rename to n; create view notes as select * from n", "a view `notes`"),
        ("create virtual table f using fts5(a)", "a virtual table `f`"),
        ("alter table notes add column big text as (hex(zeroblob(30000000)))", "a generated column `big`"),
        ("create index i on notes (length(hex(zeroblob(id))))", "a computed index `i`"),
        ("create index i on notes (mid) where length(flds) > 1", "a partial index `i`"),
    ];
    for (sql, what) in cases {
        let database = database(&[(1, 1, &["cat", "кошка"])]);
        database.execute_batch(sql).expect("code");
        says(&package(database), "anki_unsafe", what);
    }
}

#[test]
fn s1_33_bombs_are_stopped_at_their_bounds() {
    let zeros = vec![0; 5_000_000];
    let plain = zipped(&[("collection.anki2", &zeros), ("media", b"{}")]);
    assert!(plain.len() < 20_000);
    let wrapped = zipped(&[("collection.anki21b", &zstd::compressed(&zeros))]);
    for (bomb, name) in [(&plain, "collection.anki2"), (&wrapped, "collection.anki21b")] {
        let mut package = Package::open(Cursor::new(bomb)).expect("a package");
        let error = package.read(name, 1_000_000).expect_err("too large");
        assert_eq!(
            error.to_string(),
            format!("`{name}` in the package has more than 1000000 bytes uncompressed")
        );
        assert_eq!(package.read(name, 5_000_000).map(|bytes| bytes.len()).ok(), Some(5_000_000));
    }
    let many = zipped(&[("collection.anki2", b""), ("0", b""), ("1", b"")]);
    let refused = Package::open_within(Cursor::new(&many), 2).err().map(|error| error.to_string());
    assert_eq!(refused, Some(format!("the package has 3 members, more than {MEMBERS_MAX}")));
    assert!(Package::open_within(Cursor::new(&many), 3).is_ok());
}

/// One member's bytes under many names: carried over, a small file would become a large one.
#[test]
fn s1_33_members_over_each_other_are_refused() {
    let noise: Vec<u8> =
        (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let whole = zipped(&[("collection.anki2", &noise), ("0", b"")]);
    let directory = whole.windows(4).position(|part| part == b"PK\x01\x02").expect("a directory");
    let end = whole.windows(4).position(|part| part == b"PK\x05\x06").expect("an end");
    let first = 46 + "collection.anki2".len();
    let mut bomb = whole[..end].to_vec();
    for copy in 0..9_u8 {
        let mut entry = whole[directory..directory + first].to_vec();
        entry[46] = b'0' + copy;
        bomb.extend(entry);
    }
    let size = u32::try_from(bomb.len() - directory).expect("small");
    let mut tail = whole[end..].to_vec();
    tail[8..10].copy_from_slice(&11_u16.to_le_bytes());
    tail[10..12].copy_from_slice(&11_u16.to_le_bytes());
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    bomb.extend(tail);
    let error = error(&bomb);
    assert_eq!(error.to_string(), "the members of the package lie over each other");
}

/// Found by fuzzing: a member whose data begin behind the end was carried over as one without any.
#[test]
fn s1_33_a_member_that_is_not_there_is_refused() {
    let whole = bytes(database(&[(1, 1, &["cat", "кошка"])]));
    let mut package =
        zipped(&[("collection.anki2", &whole), ("0", b"a picture"), ("media", b"{\"0\": \"a.png\"}")]);
    let second = package.windows(4).enumerate().filter(|(_, part)| part == b"PK\x03\x04").nth(1);
    let at = second.map(|(at, _)| at).expect("a header");
    package[at + 28..at + 30].copy_from_slice(&[0xff, 0xff]); // the length of its extra field
    says(&package, "anki_damaged", "`0` in the package is damaged: it is cut off");
}
