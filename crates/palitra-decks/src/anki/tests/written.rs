//! Packages out: names of media, places in fields, what stays as it was.

use super::{database, fields, list, member, package, zipped};
use crate::{
    anki::{AnkiError, Change, NewDeck, NewNote, NoteRef, update, write},
    words::Columns,
};
use palitra_domain::time::Timestamp;
use std::io::{self, Cursor, Read};

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_500_000);

fn open(name: &str) -> io::Result<Box<dyn Read>> {
    match name {
        "gone.png" => Err(io::ErrorKind::NotFound.into()),
        name => Ok(Box::new(Cursor::new(format!("bytes of {name}").into_bytes()))),
    }
}

fn change(id: i64, picture: &str, sound: &str) -> Change {
    let name = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Change { note: NoteRef { id, guid: format!("guid-{id}") }, picture: name(picture), sound: name(sound) }
}

fn updated(package: &[u8], changes: &[Change]) -> Result<Vec<u8>, AnkiError> {
    let mut out = Cursor::new(Vec::new());
    update(Cursor::new(package), changes, &Columns::default(), NOW, &mut out, &mut open)?;
    Ok(out.into_inner())
}

#[test]
fn s1_33_media_take_their_places_and_the_rest_stays() {
    let package = package(database(&[
        (10, 1, &["cat", "кошка"]),
        (
            11,
            2,
            &[
                "7",
                "pear",
                "груша",
                "",
                "old: [sound:old.mp3] <i>ok</i>",
                "<IMG src='a.png'> text <img src=b.png>",
            ],
        ),
        (12, 3, &["dog", ""]),
        (13, 1, &["owl", "сова"]),
    ]));
    let changes = [change(10, "a.png", "a.mp3"), change(11, "n.png", "n.mp3"), change(12, "", "d.mp3")];
    let once = updated(&package, &changes).expect("written");
    assert_eq!(
        fields(&once),
        [
            "1790000000 -1 cat|кошка<div class=\"palitra-picture\"><img src=\"a.png\"></div><div class=\"palitra-sound\">[sound:a.mp3]</div>",
            "1790000000 -1 7|pear|груша||old: [sound:n.mp3] <i>ok</i>|<img src=\"n.png\"> text ",
            "1790000000 -1 dog|<div class=\"palitra-sound\">[sound:d.mp3]</div>",
            "100 5 owl|сова",
        ]
    );
    // Another picture for the first takes the place of ours; the time never goes back; what changes nothing is no change.
    let twice = updated(&once, &[change(10, "z.png", ""), change(11, "n.png", "n.mp3")]).expect("written");
    assert_eq!(
        fields(&twice)[..2],
        [
            "1790000001 -1 cat|кошка<div class=\"palitra-picture\"><img src=\"z.png\"></div><div class=\"palitra-sound\">[sound:a.mp3]</div>",
            "1790000000 -1 7|pear|груша||old: [sound:n.mp3] <i>ok</i>|<img src=\"n.png\"> text ",
        ]
    );
    assert!(
        list(&twice, &Columns::default()).words.iter().take(2).all(|word| word.has_image && word.has_audio)
    );
}

#[test]
fn s1_33_a_name_that_is_taken_is_the_same_file_or_gets_a_number() {
    let bytes = super::bytes(database(&[(10, 1, &["cat", ""]), (11, 1, &["dog", ""])]));
    let map = br#"{"3": "same.png", "7": "Other.png", "8": "other-2.png"}"#;
    let package = zipped(&[
        ("collection.anki2", &bytes),
        ("3", b"bytes of same.png"),
        ("7", b"what its owner has"),
        ("8", b"and this"),
        ("media", map),
        ("9", b"in no map"),
    ]);
    let out = updated(&package, &[change(10, "same.png", ""), change(11, "other.png", "")]).expect("written");
    assert!(fields(&out)[0].contains("src=\"same.png\""));
    assert!(fields(&out)[1].contains("src=\"other-3.png\""), "{:?}", fields(&out));
    let map: serde_json::Value = serde_json::from_slice(&member(&out, "media")).expect("JSON");
    let expected = serde_json::json!({
        "3": "same.png", "7": "Other.png", "8": "other-2.png", "10": "other-3.png"
    });
    assert_eq!(map, expected);
    for (name, content) in [
        ("3", "bytes of same.png"),
        ("7", "what its owner has"),
        ("9", "in no map"),
        ("10", "bytes of other.png"),
    ] {
        assert_eq!(member(&out, name), content.as_bytes(), "{name}");
    }
}

#[test]
fn s1_33_what_cannot_be_written_is_said() {
    let package = package(database(&[(10, 1, &["cat", ""])]));
    let refused = |change: Change| updated(&package, &[change]).expect_err("refused").to_string();
    assert_eq!(refused(change(99, "a.png", "")), "the package has no note 99");
    let other = Change { note: NoteRef { id: 10, guid: "another".to_owned() }, ..change(10, "a.png", "") };
    assert_eq!(refused(other), "the package has no note 10");
    assert_eq!(refused(change(10, "gone.png", "")), "cannot read the media file `gone.png`");
    for name in [
        "a/b.png",
        "..",
        ".png",
        "a\"b.png",
        "a]b.mp3",
        "a\nb.png",
        "a b.png ",
        "и\u{306}.png",
        &"x".repeat(121),
    ] {
        let error = updated(&package, &[change(10, name, "")]).expect_err("refused");
        assert!(matches!(error, AnkiError::BadMediaName { .. }), "{name}: {error}");
    }
}

#[test]
fn s1_33_a_new_deck_is_read_as_the_list_it_was() {
    let notes = [
        NewNote {
            word: "a < b & \"и\u{306}\"".to_owned(),
            translation: Some("а и\u{306}".to_owned()),
            example: Some("Two\nlines".to_owned()),
            picture: Some("a.png".to_owned()),
            sound: None,
        },
        NewNote { word: "cat".to_owned(), sound: Some("cat.mp3".to_owned()), ..NewNote::default() },
        NewNote { word: "dog".to_owned(), picture: Some("a.png".to_owned()), ..NewNote::default() },
    ];
    let deck = NewDeck { name: "Words", notes: &notes, now: NOW };
    let mut out = Cursor::new(Vec::new());
    let written = write(&deck, &mut out, &mut open).expect("written");
    assert_eq!((written.notes, written.media), (3, 2), "a picture of two notes is one file");
    let bytes = out.into_inner();
    let list = list(&bytes, &Columns::default());
    let words: Vec<_> = list
        .words
        .iter()
        .map(|word| {
            (
                word.word.as_str(),
                word.translation.as_deref(),
                word.example.as_deref(),
                word.has_image,
                word.has_audio,
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            ("a < b & \"й\"", Some("а й"), Some("Two\nlines"), true, false),
            ("cat", None, None, false, true),
            ("dog", None, None, true, false),
        ]
    );
    // The same list gives the same bytes, and another one the same note for the same word.
    let mut again = Cursor::new(Vec::new());
    write(&deck, &mut again, &mut open).expect("written");
    assert_eq!(bytes, again.into_inner());
    let only = [NewNote {
        word: "a < b & \"й\"".to_owned(),
        translation: Some("а й".to_owned()),
        ..NewNote::default()
    }];
    let mut other = Cursor::new(Vec::new());
    write(&NewDeck { notes: &only, ..deck }, &mut other, &mut open).expect("written");
    let other = super::list(&other.into_inner(), &Columns::default());
    assert_eq!(
        other.words[0].note.as_ref().map(|note| &note.guid),
        list.words[0].note.as_ref().map(|note| &note.guid)
    );
}
