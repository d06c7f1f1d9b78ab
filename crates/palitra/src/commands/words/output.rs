//! What a run leaves behind: a folder of pictures and sounds with the table of the words, or an Anki deck with both in its fields.

use super::list::Read;
use crate::{
    args::Words,
    commands::{
        batch::Files,
        slides::{end_waiting, part_of, write},
    },
    failure::Failure,
    wiring::io_failure,
};
use palitra_decks::{
    anki::{self, Change, NewDeck, NewNote},
    words::{Word, write_csv},
};
use palitra_domain::{ErrorCode, Timestamp, state::StepKind};
use palitra_engine::batches::{ItemReport, Report};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, BufWriter, Cursor},
    path::Path,
};

/// The file is a deck of Anki, not a folder.
pub(super) fn is_package(out: &Path) -> bool {
    out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("apkg"))
}

pub(super) fn folder_of(out: &Path) -> &Path {
    out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `images/0007-маяк.png`, `audio/0007-маяк.mp3`: the number of the word, the word as far as a file can be called it, the true type.
pub(super) fn file_name(word: &Word, kind: StepKind, object_key: &str) -> String {
    let folder = if kind == StepKind::Speech { "audio" } else { "images" };
    let extension = object_key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
    format!("{folder}/{:04}-{}.{extension}", word.number, slug(&word.word))
}

/// Letters and digits of any script, in lower case; everything between them is one hyphen.
fn slug(word: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut slug = String::new();
    for letter in word.to_lowercase().chars() {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.chars().count() >= CHARS_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "word".to_owned() } else { slug.to_owned() }
}

/// Unique in any collection of Anki, and the same as long as the file is.
fn media_name(object_key: &str) -> String {
    format!("palitra-{}", object_key.rsplit_once('/').map_or(object_key, |(_, name)| name))
}

pub(super) struct Output<'a> {
    pub(super) files: Files,
    pub(super) now: Timestamp,
    pub(super) read: &'a Read,
    pub(super) args: &'a Words,
}

impl Output<'_> {
    /// Writes everything and answers the report with its files named.
    pub(super) async fn write(&self, report: Report) -> Result<Report, Failure> {
        if is_package(&self.args.out) { self.package(report).await } else { self.folder(report).await }
    }

    async fn folder(&self, mut report: Report) -> Result<Report, Failure> {
        let out = &self.args.out;
        for item in &mut report.items {
            let Some(word) = self.read.word(item.number) else { continue };
            for step in &mut item.steps {
                let Some(key) = &step.object_key else { continue };
                let name = file_name(word, step.step, key);
                self.files.copy(key, &out.join(&name)).await?;
                step.file = Some(name);
            }
            item.file = item.steps.iter().find_map(|step| step.file.clone());
        }
        end_waiting(&mut report);
        write(&out.join("words.csv"), self.table(&report)?)?;
        let document = serde_json::to_string_pretty(&report)
            .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
        write(&out.join("report.json"), &document)?;
        Ok(report)
    }

    /// Every word of the list, also those that nothing was asked for.
    fn table(&self, report: &Report) -> Result<Vec<u8>, Failure> {
        let items: HashMap<u32, &ItemReport> = report.items.iter().map(|item| (item.number, item)).collect();
        let row = |word: &Word| {
            let item = u32::try_from(word.number).ok().and_then(|number| items.get(&number));
            let file = |kind: StepKind| {
                let step = item.and_then(|item| item.steps.iter().find(|step| step.step == kind));
                step.and_then(|step| step.file.clone()).unwrap_or_default()
            };
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let error = item.and_then(|item| item.error.as_ref()).map(|error| error.message.clone());
            [
                word.number.to_string(),
                word.word.clone(),
                text(&word.translation),
                text(&word.example),
                file(StepKind::Picture),
                file(StepKind::Speech),
                item.map_or("", |item| item.status.as_str()).to_owned(),
                error.unwrap_or_default(),
            ]
        };
        let names = ["number", "word", "translation", "example", "image", "audio", "status", "error"];
        let mut table = Vec::new();
        let written = write_csv(&mut table, ',', &names, self.read.list.words.iter().map(row));
        written.map_err(|error| io_failure(&self.args.out, error))?;
        Ok(table)
    }

    /// The deck appears whole or not at all.
    async fn package(&self, mut report: Report) -> Result<Report, Failure> {
        let mut keys = HashMap::new();
        for item in &mut report.items {
            for step in &mut item.steps {
                let Some(key) = &step.object_key else { continue };
                let name = media_name(key);
                keys.insert(name.clone(), key.clone());
                step.file = Some(name);
            }
            item.file = item.steps.iter().find_map(|step| step.file.clone());
        }
        end_waiting(&mut report);
        let package = Package::of(self, &report);
        let (files, runtime) = (self.files.clone(), tokio::runtime::Handle::current());
        let (list, columns, out) = (self.args.list.clone(), self.read.columns.clone(), self.args.out.clone());
        let now = self.now;
        let written = tokio::task::spawn_blocking(move || {
            let mut open = |name: &str| -> std::io::Result<Box<dyn std::io::Read>> {
                let key = keys.get(name).ok_or(std::io::ErrorKind::NotFound)?;
                Ok(Box::new(Cursor::new(runtime.block_on(files.whole(key))?)))
            };
            let part = part_of(&out);
            let file = BufWriter::new(File::create(&part)?);
            let written = match &package {
                Package::Same(changes) => {
                    let source = BufReader::new(File::open(&list)?);
                    anki::update(source, changes, &columns, now, file, &mut open)
                }
                Package::New { name, notes } => anki::write(&NewDeck { name, notes, now }, file, &mut open),
            };
            let written = written.map_err(std::io::Error::other);
            let moved = written.and_then(|written| std::fs::rename(&part, &out).map(|()| written));
            if moved.is_err() {
                drop(std::fs::remove_file(&part));
            }
            moved
        });
        let broken =
            |error: tokio::task::JoinError| Failure::new(ErrorCode::Internal).with("why", error.to_string());
        written.await.map_err(broken)?.map_err(|error| io_failure(&self.args.out, error))?;
        Ok(report)
    }
}

enum Package {
    /// The deck that the list came from, with more in it.
    Same(Vec<Change>),
    New {
        name: String,
        notes: Vec<NewNote>,
    },
}

impl Package {
    fn of(output: &Output<'_>, report: &Report) -> Package {
        let items: HashMap<u32, &ItemReport> = report.items.iter().map(|item| (item.number, item)).collect();
        let file = |word: &Word, kind: StepKind| {
            let item = items.get(&u32::try_from(word.number).ok()?)?;
            item.steps.iter().find(|step| step.step == kind)?.file.clone()
        };
        let words = output.read.list.words.iter();
        if output.read.is_package() {
            let change = |word: &Word| {
                let (picture, sound) = (file(word, StepKind::Picture), file(word, StepKind::Speech));
                let note = word.note.clone().filter(|_| picture.is_some() || sound.is_some())?;
                Some(Change { note, picture, sound })
            };
            return Package::Same(words.filter_map(change).collect());
        }
        let name = match &output.args.deck {
            Some(name) => name.clone(),
            None => output.args.list.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let note = |word: &Word| NewNote {
            word: word.word.clone(),
            translation: word.translation.clone(),
            example: word.example.clone(),
            picture: file(word, StepKind::Picture),
            sound: file(word, StepKind::Speech),
        };
        Package::New { name, notes: words.map(note).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_like_its_word_as_far_as_it_can_be() {
        for (word, name) in [
            ("Маяк", "маяк"),
            ("to look up", "to-look-up"),
            ("../../etc/passwd", "etc-passwd"),
            ("?!", "word"),
            ("что-нибудь…", "что-нибудь"),
            (&"о".repeat(200), &"о".repeat(40)),
        ] {
            assert_eq!(slug(word), name);
        }
    }
}
