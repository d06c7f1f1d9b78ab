//! Notes as words: fields found by their names, markup read, media seen.

use super::{bytes, database, list, package, zipped};
use crate::words::{BadReason, Columns, Place, Role, WordsError, read};

#[test]
fn s1_33_fields_are_found_and_notes_with_media_say_so() {
    let package = package(database(&[
        (10, 1, &["cat", "<b>кошка</b><br>кот"]),
        (11, 2, &["7", "pear &amp; co", "груша", "A <i>pear</i>.", "[sound:pear.mp3]", "<img src=pear.png>"]),
        (12, 3, &["The {{c1::dog::animal}} {{c2::barks}}", "Собака лает<IMG src='dog.png'>"]),
        (13, 1, &["<img src=\"only.png\">", "картинка"]),
        (14, 9, &["lost", "потеряно"]),
        (15, 1, &["cat", "кошка кот"]),
    ]));
    let list = list(&package, &Columns::default());
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, bool, bool);
    let rows: Vec<Row<'_>> = list
        .words
        .iter()
        .map(|word| {
            let example = word.example.as_deref();
            (word.word.as_str(), word.translation.as_deref(), example, word.has_image, word.has_audio)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("cat", Some("кошка кот"), None, false, false),
            ("pear & co", Some("груша"), Some("A pear."), true, true),
            ("The dog barks", Some("Собака лает"), None, true, false),
            ("cat", Some("кошка кот"), None, false, false),
        ],
        "two notes with the same word are two notes"
    );
    let note = list.words[1].note.as_ref().expect("a note");
    assert_eq!((note.id, note.guid.as_str(), &list.words[1].place), (11, "guid-11", &Place::Note(11)));
    let bad: Vec<(Place, BadReason)> =
        list.bad.iter().map(|bad| (bad.place.clone(), bad.reason.clone())).collect();
    assert_eq!(bad, [(Place::Note(13), BadReason::NoWord), (Place::Note(14), BadReason::NoNoteType)]);
    let assumed: Vec<String> = list.assumed.iter().map(ToString::to_string).collect();
    assert!(assumed.contains(&"field `Word audio` of notes `Слова` is the audio".to_owned()), "{assumed:?}");
    assert!(assumed.contains(&"field `Text` of notes `Cloze` is the word".to_owned()), "{assumed:?}");
}

#[test]
fn s1_33_the_caller_names_fields() {
    let package = package(database(&[(10, 1, &["cat", "кошка"]), (11, 2, &["7", "a", "b", "c", "", ""])]));
    let columns = Columns {
        named: vec![(Role::Word, "back".into()), (Role::Translation, "1".into())],
        ..Columns::default()
    };
    let list = list(&package, &columns);
    assert_eq!((list.words[0].word.as_str(), list.words[0].translation.as_deref()), ("кошка", Some("cat")));
    assert_eq!(list.words[1].word, "a", "a note type without that field goes by its names");
    let columns = Columns { named: vec![(Role::Audio, "Ton".into())], ..Columns::default() };
    let error = read(&package, "a.apkg", &columns).expect_err("no such field");
    assert_eq!(error.code(), "anki_no_field");
    assert!(error.to_string().starts_with("no note has a field `Ton`; there are `Back`, "), "{error}");
}

#[test]
fn s1_33_a_database_that_was_in_use_is_read() {
    let mut database = bytes(database(&[(10, 1, &["cat", "кошка"])]));
    database[18..20].copy_from_slice(&[2, 2]); // write-ahead log
    let package = zipped(&[("collection.anki2", &database)]);
    assert_eq!(list(&package, &Columns::default()).words.len(), 1, "and it has no media");
}

#[test]
fn s1_33_a_deck_without_notes_has_no_words() {
    let package = package(database(&[]));
    assert!(matches!(read(&package, "a.apkg", &Columns::default()), Err(WordsError::NoWords)));
}

#[test]
fn s1_33_a_field_of_a_megabyte_is_a_bad_row() {
    let large = "<b>x</b>".repeat(150_000);
    let package = package(database(&[(10, 1, &[&large, "x"]), (11, 1, &["cat", "кошка"])]));
    let list = list(&package, &Columns::default());
    assert_eq!((list.words.len(), &list.bad[0].reason), (1, &BadReason::CellTooLarge { bytes: 1_200_000 }));
}
