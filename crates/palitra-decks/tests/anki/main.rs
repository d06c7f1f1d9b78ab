//! Packages of Anki against Anki itself: its own library (PyPI `anki`) imports what we write and exports what we read.

mod itself;

use itself::Anki;
use palitra_decks::{
    anki::{Change, NewDeck, NewNote, update, write},
    words::{self, Columns, Role, WordList},
};
use palitra_domain::time::Timestamp;
use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
};

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const LATER: Timestamp = Timestamp::from_micros(1_790_000_060_000_000);

/// Bytes that are their own name; what Anki makes of media depends on their names alone.
fn media(name: &str) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(Cursor::new(content(name))))
}

/// Larger than a block, so that it takes several.
fn content(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(300_000 + name.len()).collect()
}

fn note(word: &str, translation: &str, picture: &str) -> NewNote {
    NewNote {
        word: word.to_owned(),
        translation: Some(translation.to_owned()).filter(|text| !text.is_empty()),
        example: Some(format!("{word} & <{translation}>")),
        picture: Some(picture.to_owned()).filter(|name| !name.is_empty()),
        sound: Some(format!("{word}.mp3")),
    }
}

fn package(notes: &[NewNote], now: Timestamp) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let written = write(&NewDeck { name: "Палитра::Кухня", notes, now }, &mut out, &mut media);
    assert_eq!(written.expect("written").notes, notes.len());
    out.into_inner()
}

fn read(bytes: &[u8]) -> WordList {
    words::read(bytes, "deck.apkg", &Columns::default()).expect("a package")
}

#[test]
fn s1_a_new_deck_is_opened_by_anki_and_importing_again_updates_it() {
    let notes =
        [note("apple", "яблоко", "apple.png"), note("spoon", "ложка", "spoon.png"), note("um", "", "")];
    // One field and one picture are others later.
    let mut changed = notes.clone();
    changed[0].example = Some("An apple a day".to_owned());
    changed[1].picture = Some("spoon-new.png".to_owned());
    let [first, again] = Anki::import([&package(&notes, NOW), &package(&changed, LATER)]);
    first.is_sound();
    assert_eq!(first.notes(), 3);
    let apple = first.note("apple");
    assert_eq!(apple["fields"]["Translation"], "яблоко");
    assert_eq!(apple["fields"]["Example"], "apple &amp; &lt;яблоко&gt;");
    assert_eq!(apple["fields"]["Picture"], "<img src=\"apple.png\">");
    assert_eq!(apple["fields"]["Sound"], "[sound:apple.mp3]");
    assert_eq!(apple["cards"].as_array().map(Vec::len), Some(2));
    assert_eq!(first.note("um")["cards"].as_array().map(Vec::len), Some(1), "nothing to ask by");
    assert_eq!(apple["cards"][0]["deck"], "Палитра::Кухня");
    assert!(apple["cards"][1]["question"].as_str().is_some_and(|html| html.contains("apple.png")));
    let names: Vec<&str> = first.media().map(|(name, _)| name).collect();
    assert_eq!(names, ["apple.mp3", "apple.png", "spoon.mp3", "spoon.png", "um.mp3"]);
    for (name, sha1) in first.media() {
        assert_eq!(sha1, itself::sha1(&content(name)), "{name}");
    }

    // The same notes, changed.
    assert_eq!(again.notes(), 3, "nothing is doubled");
    for word in ["apple", "spoon", "um"] {
        for key in ["guid", "note_type", "id"] {
            assert_eq!(again.note(word)[key], first.note(word)[key], "{word}: {key}");
        }
    }
    assert_eq!(again.note("apple")["fields"]["Example"], "An apple a day");
    assert_eq!(again.note("spoon")["fields"]["Picture"], "<img src=\"spoon-new.png\">");
    assert!(again.note("apple")["mod"].as_i64() > first.note("apple")["mod"].as_i64());
    assert_eq!(again.text("/note_types"), first.text("/note_types"));
    again.is_sound();
}

#[test]
fn s1_sums_and_guids_are_those_that_anki_works_out() {
    let words =
        ["plain", "a & b", "<i>", "quote \" and '", "ёлка", "  spaces  ", "7", "a\u{a0}b", "e\u{301}"];
    let notes: Vec<NewNote> =
        words.iter().map(|word| NewNote { word: (*word).to_owned(), ..NewNote::default() }).collect();
    let bytes = package(&notes, NOW);
    let ours = itself::sums(&bytes);
    let [theirs] = Anki::import([&bytes]);
    assert_eq!(theirs.notes(), words.len());
    assert_eq!(theirs.sums(), ours);
}

#[test]
fn s1_packages_of_every_kind_that_anki_exports_are_read() {
    let exported = Anki::export();
    let mut lists = BTreeMap::new();
    for (name, bytes) in &exported.packages {
        let list =
            words::read(bytes, name, &Columns::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(list.bad, [], "{name}");
        let rows: Vec<(&str, Option<&str>, bool, bool)> = list
            .words
            .iter()
            .map(|word| (word.word.as_str(), word.translation.as_deref(), word.has_image, word.has_audio))
            .collect();
        assert_eq!(
            rows,
            [
                ("apple", Some("яблоко"), true, true),
                ("pear & co", Some("груша"), false, false),
                ("kitchen", Some("кухня"), false, false)
            ],
            "{name}"
        );
        for word in &list.words {
            let note = word.note.as_ref().expect("a note");
            let known = exported
                .state
                .pointer("/notes")
                .and_then(|notes| notes.as_array()?.iter().find(|known| known["id"] == note.id));
            assert_eq!(known.map(|known| &known["guid"]), Some(&serde_json::json!(note.guid)), "{name}");
        }
        lists.insert(name.clone(), list);
    }
    let names: Vec<&str> = lists.keys().map(String::as_str).collect();
    assert_eq!(names, ["new.apkg", "new.colpkg", "old.apkg", "old.colpkg"]);
    let first = &lists["old.apkg"];
    for (name, list) in &lists {
        assert_eq!(list.words, first.words, "{name}");
    }
}

#[test]
fn s1_pictures_and_sounds_go_into_the_deck_they_came_from() {
    let exported = Anki::export();
    for (name, bytes) in &exported.packages {
        let list = words::read(bytes, name, &Columns::default()).expect("a list");
        let changes: Vec<Change> = list
            .words
            .iter()
            .filter(|word| !word.has_image)
            .map(|word| Change {
                note: word.note.clone().expect("a note"),
                picture: Some(format!("{}.png", word.number)),
                sound: Some("apple.jpg.mp3".to_owned()),
            })
            .collect();
        assert_eq!(changes.len(), 2);
        let mut out = Cursor::new(Vec::new());
        let written = update(Cursor::new(bytes), &changes, &Columns::default(), NOW, &mut out, &mut media)
            .expect("written");
        assert_eq!((written.notes, written.media), (2, 3), "{name}");
        let updated = out.into_inner();

        // What was written is read again, and another picture takes the place of ours.
        let again = read(&updated);
        assert!(again.words.iter().all(|word| word.has_image && word.has_audio), "{name}");
        let redo = [Change { picture: Some("new.png".to_owned()), sound: None, ..changes[1].clone() }];
        let mut out = Cursor::new(Vec::new());
        update(Cursor::new(&updated), &redo, &Columns::default(), NOW, &mut out, &mut media)
            .expect("written");

        // Into a collection that has the deck already, as its owner has.
        let [before, after, redone] = Anki::import([bytes, &updated, &out.into_inner()]);
        after.is_sound();
        assert_eq!((before.notes(), after.notes()), (3, 3), "{name}");
        assert_eq!(
            after.text("/note_types"),
            before.text("/note_types"),
            "{name}: no note type beside the old one"
        );
        assert_eq!(after.text("/decks"), before.text("/decks"), "{name}");
        assert_eq!(after.note("apple"), before.note("apple"), "{name}: untouched, with its scheduling");
        assert_eq!(after.note("apple")["cards"][0]["interval"], 30, "{name}");
        let pear = after.note("pear &amp; co");
        assert_eq!(pear["fields"]["Картинка"], "<img src=\"2.png\">", "{name}");
        assert_eq!(pear["fields"]["Звук"], "[sound:apple.jpg.mp3]", "{name}");
        assert_eq!(pear["guid"], before.note("pear &amp; co")["guid"], "{name}");
        let kitchen = after.note("<div>kitchen</div>");
        let back = "кухня<div class=\"palitra-picture\"><img src=\"3.png\"></div>\
                    <div class=\"palitra-sound\">[sound:apple.jpg.mp3]</div>";
        assert_eq!(kitchen["fields"]["Back"], back, "{name}: without fields of their own");
        let there: BTreeMap<&str, &str> = after.media().collect();
        for new in ["2.png", "3.png", "apple.jpg.mp3"] {
            assert_eq!(there[new], itself::sha1(&content(new)), "{name}: {new}");
        }
        for (old, sha1) in before.media() {
            assert_eq!(there.get(old), Some(&sha1), "{name}: {old}");
        }
        let kitchen = redone.note("<div>kitchen</div>");
        assert_eq!(kitchen["fields"]["Back"], back.replace("3.png", "new.png"), "{name}");
    }
}

#[test]
fn s1_named_fields_take_the_media_and_the_first_field_gets_its_sum_anew() {
    let exported = Anki::export();
    let bytes = &exported.packages["new.apkg"];
    let columns = Columns {
        named: vec![(Role::Image, "Перевод".into()), (Role::Audio, "Слово".into())],
        ..Columns::default()
    };
    let list = words::read(bytes, "new.apkg", &columns).expect("a list");
    let pear = list.words.iter().find(|word| word.word == "pear & co").expect("a pear");
    let change = Change {
        note: pear.note.clone().expect("a note"),
        picture: Some("p.png".to_owned()),
        sound: Some("p.mp3".to_owned()),
    };
    let mut out = Cursor::new(Vec::new());
    update(Cursor::new(bytes), &[change], &columns, NOW, &mut out, &mut media).expect("written");
    let [after] = Anki::import([&out.into_inner()]);
    let pear = after.note("pear &amp; co[sound:p.mp3]");
    assert_eq!(pear["fields"]["Перевод"], "<b>груша</b><img src=\"p.png\">");
    after.is_sound();
}
