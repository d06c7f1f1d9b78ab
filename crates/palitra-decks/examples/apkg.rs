//! Packages of Anki from the command line; `cargo xtask bench decks` runs it.
//!
//! `apkg media FOLDER NOTES` makes media for so many notes, `apkg write FOLDER NOTES OUT` writes a deck with them, `apkg update FOLDER IN OUT`
//! gives every note of a package another picture, `apkg read IN` prints how many words a package has.

use palitra_decks::{
    anki::{self, Change, NewDeck, NewNote},
    words::Columns,
};
use palitra_domain::time::Timestamp;
use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// A picture and a sound as they come from markets: already compressed, so that nothing can make them smaller.
const PICTURE_BYTES: usize = 100_000;
const SOUND_BYTES: usize = 20_000;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["media", folder, notes] => media(Path::new(folder), notes.parse()?),
        ["write", folder, notes, out] => write(Path::new(folder), notes.parse()?, out),
        ["update", folder, from, out] => update(Path::new(folder), from, out),
        ["read", from] => {
            let list = anki::read(File::open(from)?, &Columns::default())?;
            Ok(writeln!(std::io::stdout(), "{} words", list.words.len())?)
        }
        _ => Err("apkg media FOLDER NOTES | write FOLDER NOTES OUT | update FOLDER IN OUT | read IN".into()),
    }
}

fn media(folder: &Path, notes: usize) -> Result<(), Box<dyn Error>> {
    let mut state = 1_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend(state.to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    };
    for number in 0..notes {
        std::fs::write(folder.join(format!("{number}.png")), noise(PICTURE_BYTES))?;
        std::fs::write(folder.join(format!("{number}.mp3")), noise(SOUND_BYTES))?;
    }
    Ok(())
}

fn write(folder: &Path, notes: usize, out: &str) -> Result<(), Box<dyn Error>> {
    let notes: Vec<NewNote> = (0..notes)
        .map(|number| NewNote {
            word: format!("word {number}"),
            translation: Some(format!("слово {number}")),
            example: Some(format!("An example of word {number}.")),
            picture: Some(format!("{number}.png")),
            sound: Some(format!("{number}.mp3")),
        })
        .collect();
    let deck = NewDeck { name: "Bench", notes: &notes, now: NOW };
    anki::write(&deck, BufWriter::new(File::create(out)?), &mut |name| {
        Ok(Box::new(File::open(folder.join(name))?))
    })?;
    Ok(())
}

/// The new pictures are the first ones of the folder, under names that the package does not have.
fn update(folder: &Path, from: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let list = anki::read(File::open(from)?, &Columns::default())?;
    let change = |word: palitra_decks::words::Word| {
        Some(Change { picture: Some(format!("new-{}.png", word.number - 1)), sound: None, note: word.note? })
    };
    let changes: Vec<Change> = list.words.into_iter().filter_map(change).collect();
    let out = BufWriter::new(File::create(out)?);
    anki::update(File::open(from)?, &changes, &Columns::default(), NOW, out, &mut |name| {
        Ok(Box::new(File::open(folder.join(name.trim_start_matches("new-")))?))
    })?;
    Ok(())
}
