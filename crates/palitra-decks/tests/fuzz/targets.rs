//! What is fuzzed: plain functions of bytes that somebody else may have made. Whatever they answer is right, as long as they answer, do not
//! panic, and keep the promises that are asserted here. The suite, `cargo xtask fuzz` and any other fuzzer call the same ones.

use crate::pptx::fuzz_pptx;
use palitra_decks::{
    anki::{Change, update},
    words::{self, Columns, WordList},
};
use palitra_domain::time::Timestamp;
use std::io::{Cursor, Write};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A name, and what it does with any bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

pub(crate) const TARGETS: &[Target] = &[
    ("table", table),
    ("list", list),
    ("package", package),
    ("collection", collection),
    ("pptx", fuzz_pptx),
];

/// Words are counted from 1 and none is blank.
fn check(list: &WordList) {
    for (number, word) in (1..).zip(&list.words) {
        assert_eq!(word.number, number);
        assert!(!word.word.trim().is_empty() && !word.word.contains('\n'));
    }
    assert!(list.words.len() + list.bad.len() + list.duplicates.len() <= words::WORDS_MAX);
    for double in &list.duplicates {
        assert!((1..=list.words.len()).contains(&double.number));
    }
}

/// A table that is written again is the same list.
fn table(file: &[u8]) {
    let Ok(list) = words::read(file, "a.csv", &Columns::default()) else { return };
    check(&list);
    let cell = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = list.words.iter().map(|word| [word.word.clone(), cell(&word.translation)]);
    let mut out = Vec::new();
    words::write_csv(&mut out, ';', &["word", "translation"], rows).expect("a list takes everything");
    let columns = Columns { delimiter: Some(';'), headers: Some(true), ..Columns::default() };
    let Ok(again) = words::read(&out, "a.csv", &columns) else { return assert!(list.words.is_empty()) };
    let words = |list: &WordList| -> Vec<(String, Option<String>)> {
        list.words.iter().map(|word| (word.word.clone(), word.translation.clone())).collect()
    };
    assert_eq!(words(&again), words(&list));
}

/// Whatever it is.
fn list(file: &[u8]) {
    for name in ["a", "a.txt", "a.json"] {
        if let Ok(list) = words::read(file, name, &Columns::default()) {
            check(&list);
        }
    }
}

/// A package that can be read takes a picture, and then has it.
fn package(file: &[u8]) {
    let Ok(list) = words::read(file, "a.apkg", &Columns::default()) else { return };
    check(&list);
    let Some(note) = list.words.first().and_then(|word| word.note.clone()) else { return };
    let change = Change { note: note.clone(), picture: Some("fuzz.png".to_owned()), sound: None };
    let mut out = Cursor::new(Vec::new());
    let now = Timestamp::from_micros(1_790_000_000_000_000);
    let written = update(Cursor::new(file), &[change], &Columns::default(), now, &mut out, &mut |_| {
        Ok(Box::new(Cursor::new(b"a picture".to_vec())))
    });
    if written.is_ok_and(|written| written.notes == 1) {
        let again =
            words::read(&out.into_inner(), "a.apkg", &Columns::default()).expect("what was written is read");
        let changed = again.words.iter().find(|word| word.note.as_ref() == Some(&note));
        assert!(changed.is_none_or(|word| word.has_image));
    }
}

/// The same for a database in a package without fault.
fn collection(database: &[u8]) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("collection.anki21", options).expect("a member");
    zip.write_all(database).expect("bytes");
    package(&zip.finish().expect("a zip").into_inner());
}
