//! Reading the deck, and writing what a run leaves behind: pictures, report, contact sheet, illustrated deck. Every file appears whole.

use super::presentation;
use crate::{
    commands::batch::Files,
    console::Console,
    failure::Failure,
    sheet::{About, contact_sheet},
    wiring::io_failure,
};
use palitra_api::given::deck as given;
use palitra_decks::{Deck, DeckError, Format, PPTX_BYTES_MAX, illustrated_markdown};
use palitra_domain::{ErrorCode, state::StepStatus};
use palitra_engine::{Engine, batches::Report};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Component, Path, PathBuf},
};
use tokio::io::AsyncWriteExt;

pub(super) const REPORT: &str = "report.json";

/// The bytes of the deck and its slides.
pub(super) fn read_deck(path: &Path) -> Result<(Vec<u8>, Deck), Failure> {
    let name = path.display().to_string();
    let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{name}`"));
    let metadata = fs::metadata(path).map_err(|error| missing().caused_by(error))?;
    if metadata.is_dir() {
        return Err(given::folder(&name));
    }
    let bad = |error: &DeckError| given::failure(&name, error);
    // A file that is far too large is not even opened. What kind it is decides what is too large, and is seen when it is.
    let bytes = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if bytes > PPTX_BYTES_MAX {
        return Err(bad(&DeckError::TooLarge { bytes }));
    }
    let bytes = fs::read(path).map_err(|error| missing().caused_by(error))?;
    let deck = palitra_decks::read(&bytes, &name).map_err(|error| bad(&error))?;
    Ok((bytes, deck))
}

/// Creates the folder and proves that a file can be written there, before any money moves.
pub(in crate::commands) fn check_writable(folder: &Path) -> Result<(), Failure> {
    let probe = folder.join(format!(".palitra-{}", std::process::id()));
    let tried = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe));
    tried.map_err(|error| io_failure(folder, error))
}

/// What was given may be called as what is written is: it is not written over.
pub(in crate::commands) fn check_stays(given: &Path, written: &Path) -> Result<(), Failure> {
    let is_same = fs::canonicalize(written)
        .is_ok_and(|written| fs::canonicalize(given).is_ok_and(|given| given == written));
    if is_same { Err(given::overwritten(&given.display().to_string())) } else { Ok(()) }
}

/// Copies our stored object to a file of the user.
pub(in crate::commands) async fn copy_object(engine: &Engine, key: &str, file: &Path) -> Result<(), Failure> {
    let mut body = engine.objects.read(key).await.map_err(palitra_engine::Error::from)?;
    let part = part_of(file);
    let copied = async {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await?;
        }
        let mut out = tokio::fs::File::create(&part).await?;
        while let Some(chunk) = std::future::poll_fn(|context| body.as_mut().poll_next(context)).await {
            out.write_all(&chunk?).await?;
        }
        out.flush().await?;
        tokio::fs::rename(&part, file).await
    };
    copied.await.map_err(|error| {
        drop(fs::remove_file(&part));
        io_failure(file, error)
    })
}

/// Where a file is written until it is whole.
pub(in crate::commands) fn part_of(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.part"))
}

/// Writes a file whole or not at all.
pub(in crate::commands) fn write(file: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let part = part_of(file);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, file));
    written.map_err(|error| {
        drop(fs::remove_file(&part));
        io_failure(file, error)
    })
}

/// `07.png`: the number of the slide, and the true type of the picture.
pub(super) fn picture_name(number: u32, object_key: &str) -> String {
    let extension = Path::new(object_key).extension().and_then(OsStr::to_str).unwrap_or("png");
    format!("{number:02}.{extension}")
}

/// The name of the deck with pictures in it; never that of the deck itself.
pub(super) fn illustrated_name(path: &Path, deck: &Deck) -> String {
    let ending = if deck.format == Format::Pptx { "pptx" } else { "md" };
    format!("{}.illustrated.{ending}", path.file_stem().unwrap_or_default().to_string_lossy())
}

/// What a finished run is written from.
pub(super) struct Output<'a> {
    pub(super) files: Files,
    pub(super) deck: &'a Deck,
    pub(super) source: &'a [u8],
    pub(super) deck_path: &'a Path,
    pub(super) out: &'a Path,
    pub(super) console: Console,
}

impl Output<'_> {
    /// Writes everything and answers the report with its files named.
    pub(super) async fn write(&self, mut report: Report) -> Result<Report, Failure> {
        let mut pictures = BTreeMap::new();
        for slide in &mut report.items {
            if let Some(key) = &slide.object_key {
                let name = picture_name(slide.number, key);
                self.files.copy(key, &self.out.join(&name)).await?;
                pictures.insert(slide.number, name.clone());
                slide.file = Some(name);
            }
        }
        let illustrated = illustrated_name(self.deck_path, self.deck);
        if self.deck.format == Format::Pptx {
            presentation::write(self, &report, &self.out.join(&illustrated)).await?;
        } else {
            let base = relative(self.out, self.deck_path.parent().unwrap_or(Path::new("")));
            let source = String::from_utf8_lossy(self.source);
            let text = illustrated_markdown(&source, self.deck, &pictures, base.as_deref());
            write(&self.out.join(&illustrated), &text)?;
        }
        let deck_file = self.deck_path.file_name().unwrap_or_default().to_string_lossy();
        let about = About { title: &self.deck.title, deck_file: &deck_file, illustrated: Some(&illustrated) };
        write(&self.out.join("index.html"), contact_sheet(&report, &about, self.console.lang))?;
        end_waiting(&mut report);
        let document = serde_json::to_string_pretty(&report)
            .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
        write(&self.out.join(REPORT), &document)?;
        Ok(report)
    }
}

/// In a report of an interrupted run what still waits was not reached: programs are promised four words (design §8), people see the
/// fifth on the contact sheet.
pub(in crate::commands) fn end_waiting(report: &mut Report) {
    for item in report.items.iter_mut().filter(|item| item.status == StepStatus::Waiting) {
        item.status = StepStatus::Skipped;
        report.totals.skipped += 1;
    }
}

/// The way from one folder to another, with `/`, so that the deck's own relative links still lead where they led. `None` when they are
/// the same folder, or cannot be compared.
fn relative(from: &Path, to: &Path) -> Option<String> {
    let absolute = |path: &Path| -> io::Result<PathBuf> {
        fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path })
    };
    let (from, to) = (absolute(from).ok()?, absolute(to).ok()?);
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = to
        .components()
        .skip(shared)
        .map(|part: Component<'_>| part.as_os_str().to_string_lossy().into_owned());
    let way: Vec<String> = up.chain(down).collect();
    (!way.is_empty()).then(|| way.join("/"))
}
