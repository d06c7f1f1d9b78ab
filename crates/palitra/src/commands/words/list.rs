//! The list as it is read from its file.

use crate::{args::Words, failure::Failure};
use palitra_api::given::list as given;
use palitra_decks::{
    anki,
    words::{self, Column, Columns, LIST_BYTES_MAX, Word, WordList, WordsError},
};
use palitra_domain::ErrorCode;
use std::{collections::HashMap, fs::File, io::BufReader, path::Path};

/// A list and where its words are found.
pub(super) struct Read {
    pub(super) list: WordList,
    pub(super) columns: Columns,
    by_number: HashMap<u32, usize>,
}

impl Read {
    pub(super) fn word(&self, number: u32) -> Option<&Word> {
        self.list.words.get(*self.by_number.get(&number)?)
    }

    /// Came from Anki, and can be written back.
    pub(super) fn is_package(&self) -> bool {
        self.list.format == words::Format::Anki
    }
}

pub(super) async fn read(args: &Words) -> Result<Read, Failure> {
    let columns = Columns {
        named: args.column.iter().map(|(role, column)| (*role, Column::from(column.as_str()))).collect(),
        headers: args.headers,
        delimiter: args.delimiter,
    };
    let (path, known) = (args.list.clone(), columns.clone());
    let read = tokio::task::spawn_blocking(move || read_file(&path, &known));
    let broken =
        |error: tokio::task::JoinError| Failure::new(ErrorCode::Internal).with("why", error.to_string());
    let list = read.await.map_err(broken)??;
    let number = |word: &Word| u32::try_from(word.number).unwrap_or(u32::MAX);
    let by_number = list.words.iter().enumerate().map(|(at, word)| (number(word), at)).collect();
    Ok(Read { list, columns, by_number })
}

fn read_file(path: &Path, columns: &Columns) -> Result<WordList, Failure> {
    let name = path.display().to_string();
    let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{name}`"));
    let about = std::fs::metadata(path).map_err(|error| missing().caused_by(error))?;
    if !about.is_file() {
        return Err(missing());
    }
    let bad = |error: &WordsError| given::failure(&name, error);
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    // A package is read where it lies: its media may be many gigabytes.
    if matches!(extension.as_deref(), Some("apkg" | "colpkg")) {
        let file = File::open(path).map_err(|error| missing().caused_by(error))?;
        return anki::read(BufReader::new(file), columns).map_err(|error| bad(&error));
    }
    let bytes = usize::try_from(about.len()).unwrap_or(usize::MAX);
    if bytes > LIST_BYTES_MAX {
        return Err(bad(&WordsError::TooLarge { bytes }));
    }
    let bytes = std::fs::read(path).map_err(|error| missing().caused_by(error))?;
    words::read(&bytes, &name, columns).map_err(|error| bad(&error))
}
