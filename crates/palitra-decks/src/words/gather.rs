//! Where readers bring their rows: bounds, bad rows, duplicates and numbers are the same for every kind of list.

use super::{
    Assumption, BadReason, BadRow, CELL_BYTES_MAX, Duplicate, Format, Place, WORDS_MAX, Word, WordList,
    WordsError, cell,
};
use crate::anki::NoteRef;
use std::collections::HashMap;

/// A row as read, cells as they are.
#[derive(Debug, Default)]
pub(crate) struct Candidate {
    pub(crate) word: String,
    pub(crate) translation: String,
    pub(crate) example: String,
    pub(crate) language: String,
    pub(crate) prompt: String,
    pub(crate) image: Option<bool>,
    pub(crate) audio: Option<bool>,
    pub(crate) has_image: bool,
    pub(crate) has_audio: bool,
    pub(crate) note: Option<NoteRef>,
}

#[derive(Debug)]
pub(crate) struct Gather {
    format: Format,
    words: Vec<Word>,
    bad: Vec<BadRow>,
    duplicates: Vec<Duplicate>,
    pub(crate) assumed: Vec<Assumption>,
    /// Word and translation in small letters, and the number of the word.
    seen: HashMap<(String, String), usize>,
}

impl Gather {
    pub(crate) fn new(format: Format) -> Gather {
        Gather {
            format,
            words: Vec::new(),
            bad: Vec::new(),
            duplicates: Vec::new(),
            assumed: Vec::new(),
            seen: HashMap::new(),
        }
    }

    /// A row that has something in it.
    pub(crate) fn add(&mut self, row: Candidate, place: Place) -> Result<(), WordsError> {
        self.bound(&place)?;
        let cells = [&row.word, &row.translation, &row.example, &row.language, &row.prompt];
        if let Some(cell) = cells.into_iter().find(|cell| cell.len() > CELL_BYTES_MAX) {
            return self.bad(place, BadReason::CellTooLarge { bytes: cell.len() });
        }
        let Some(word) = cell::one_line(&row.word) else {
            return self.bad(place, BadReason::NoWord);
        };
        let translation = cell::one_line(&row.translation);
        let number = self.words.len() + 1;
        if self.format != Format::Anki {
            let key =
                (word.to_lowercase(), translation.as_deref().map(str::to_lowercase).unwrap_or_default());
            if let Some(&number) = self.seen.get(&key) {
                self.duplicates.push(Duplicate { place, number });
                return Ok(());
            }
            self.seen.insert(key, number);
        }
        self.words.push(Word {
            number,
            word,
            translation,
            example: cell::lines(&row.example),
            language: cell::one_line(&row.language),
            prompt: cell::lines(&row.prompt),
            image: row.image,
            audio: row.audio,
            has_image: row.has_image,
            has_audio: row.has_audio,
            place,
            note: row.note,
        });
        Ok(())
    }

    /// A row that gives no word.
    pub(crate) fn bad(&mut self, place: Place, reason: BadReason) -> Result<(), WordsError> {
        self.bound(&place)?;
        self.bad.push(BadRow { place, reason });
        Ok(())
    }

    fn bound(&self, place: &Place) -> Result<(), WordsError> {
        if self.words.len() + self.bad.len() + self.duplicates.len() >= WORDS_MAX {
            return Err(WordsError::TooManyWords { place: place.clone() });
        }
        Ok(())
    }

    pub(crate) fn list(self) -> WordList {
        let Gather { format, words, bad, duplicates, assumed, seen: _ } = self;
        WordList { format, words, bad, duplicates, assumed }
    }
}
