//! The database of a new deck: schema 11, in which everything but notes and cards is JSON.

use super::{
    super::{AnkiError, checksum},
    NewDeck, NewNote,
};
use crate::words::{self, markup};
use rusqlite::{Connection, MAIN_DB, params};
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("schema.sql");
const STYLE: &str = include_str!("style.css");

/// Of the note type; another one would be another note type beside the old one. Fields and cards must not change under it.
const NOTE_TYPE: i64 = 1_764_500_000_001;

/// When style or cards changed last, in seconds: an import takes over what is newer.
const NOTE_TYPE_CHANGED: i64 = 1_764_500_000;

/// Between the fields of a note.
const SEPARATOR: &str = "\u{1f}";

const FIELDS: [&str; 5] = ["Word", "Translation", "Example", "Picture", "Sound"];

pub(super) fn of(deck: &NewDeck<'_>) -> Result<Vec<u8>, AnkiError> {
    let mut database = Connection::open_in_memory()?;
    database.execute_batch(SCHEMA)?;
    let transaction = database.transaction()?;
    let milliseconds = deck.now.micros() / 1_000;
    let deck_id = deck_id(deck.name);
    transaction.execute(
        "insert into col values (1, ?1, ?2, ?2, 11, 0, 0, 0, ?3, ?4, ?5, ?6, '{}')",
        params![
            milliseconds / 1_000,
            milliseconds,
            settings().to_string(),
            json!({ NOTE_TYPE.to_string(): note_type(deck_id) }).to_string(),
            json!({ "1": deck_json(1, "Default", 0), deck_id.to_string(): deck_json(deck_id, deck.name, milliseconds / 1_000) })
                .to_string(),
            json!({ "1": options() }).to_string(),
        ],
    )?;
    {
        let mut insert_note =
            transaction.prepare("insert into notes values (?1, ?2, ?3, ?4, -1, '', ?5, ?6, ?7, 0, '')")?;
        let mut insert_card = transaction.prepare(
            "insert into cards values (?1, ?2, ?3, ?4, ?5, -1, 0, 0, ?6, 0, 0, 0, 0, 0, 0, 0, 0, '')",
        )?;
        let mut card_id = milliseconds;
        for (at, note) in (0_i64..).zip(deck.notes) {
            let fields = fields(note);
            let word = words::composed(&note.word);
            let translation = words::composed(note.translation.as_deref().unwrap_or_default());
            let id = milliseconds + at;
            insert_note.execute(params![
                id,
                checksum::guid(&["palitra", deck.name, &word, &translation]),
                NOTE_TYPE,
                milliseconds / 1_000,
                fields.join(SEPARATOR),
                checksum::stripped(&fields[0]),
                checksum::of_field(&fields[0]),
            ])?;
            let asks = note.translation.is_some() || note.picture.is_some();
            for ord in 0..=i64::from(asks) {
                insert_card.execute(params![card_id, id, deck_id, ord, milliseconds / 1_000, at + 1])?;
                card_id += 1;
            }
        }
    }
    transaction.commit()?;
    Ok(database.serialize(MAIN_DB)?.to_vec())
}

/// In the order of [`FIELDS`].
fn fields(note: &NewNote) -> [String; 5] {
    let text = |text: &str| markup::html(&words::composed(text)).replace(SEPARATOR, " ");
    let html = |words: &Option<String>| words.as_deref().map(text).unwrap_or_default();
    [
        text(&note.word),
        html(&note.translation),
        html(&note.example),
        note.picture.as_ref().map(|name| format!("<img src=\"{name}\">")).unwrap_or_default(),
        note.sound.as_ref().map(|name| format!("[sound:{name}]")).unwrap_or_default(),
    ]
}

/// Stable, and where Anki's own ids (milliseconds since 1970) never are.
fn deck_id(name: &str) -> i64 {
    let bits = checksum::number_of(&["palitra deck", name]) & 0x3fff_ffff;
    i64::try_from(1 << 30 | bits).unwrap_or(1 << 30)
}

fn note_type(deck_id: i64) -> Value {
    let field = |(ord, name): (usize, &&str)| json!({ "name": name, "ord": ord, "sticky": false, "rtl": false, "font": "Arial", "size": 20, "media": [] });
    let card = |ord: usize, name: &str, front: &str, back: &str| json!({ "name": name, "ord": ord, "qfmt": front.trim_end(), "afmt": back.trim_end(), "bqfmt": "", "bafmt": "", "did": null });
    json!({
        "id": NOTE_TYPE,
        "name": "Palitra: Word, Picture, Sound",
        "type": 0,
        "mod": NOTE_TYPE_CHANGED,
        "usn": -1,
        "sortf": 0,
        "did": deck_id,
        "tmpls": [
            card(0, "Recognise", include_str!("recognise.front.html"), include_str!("recognise.back.html")),
            card(1, "Recall", include_str!("recall.front.html"), include_str!("recall.back.html")),
        ],
        "flds": FIELDS.iter().enumerate().map(field).collect::<Vec<Value>>(),
        "css": STYLE,
        "latexPre": "\\documentclass[12pt]{article}\n\\special{papersize=3in,5in}\n\\usepackage{amssymb,amsmath}\n\\pagestyle{empty}\n\\setlength{\\parindent}{0in}\n\\begin{document}\n",
        "latexPost": "\\end{document}",
        "latexsvg": false,
        "req": [[0, "any", [0, 4]], [1, "any", [1, 3]]],
        "tags": [],
        "vers": [],
    })
}

fn deck_json(id: i64, name: &str, changed: i64) -> Value {
    json!({
        "id": id, "name": name, "mod": changed, "usn": -1, "conf": 1, "dyn": 0, "desc": "", "collapsed": false,
        "browserCollapsed": false, "extendNew": 0, "extendRev": 0,
        "newToday": [0, 0], "revToday": [0, 0], "lrnToday": [0, 0], "timeToday": [0, 0],
    })
}

fn settings() -> Value {
    json!({
        "activeDecks": [1], "curDeck": 1, "curModel": NOTE_TYPE.to_string(), "nextPos": 1, "sortType": "noteFld",
        "sortBackwards": false, "addToCur": true, "collapseTime": 1200, "dueCounts": true, "estTimes": true,
        "newSpread": 0, "timeLim": 0, "schedVer": 2,
    })
}

/// Anki's own options for a new deck; an import of notes leaves those of the collection alone.
fn options() -> Value {
    json!({
        "id": 1, "name": "Default", "mod": 0, "usn": 0, "maxTaken": 60, "autoplay": true, "timer": 0, "replayq": true, "dyn": false,
        "new": { "bury": false, "delays": [1.0, 10.0], "initialFactor": 2500, "ints": [1, 4, 0], "order": 1, "perDay": 20 },
        "rev": { "bury": false, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": 36500, "perDay": 200, "hardFactor": 1.2 },
        "lapse": { "delays": [10.0], "leechAction": 1, "leechFails": 8, "minInt": 1, "mult": 0.0 },
    })
}
