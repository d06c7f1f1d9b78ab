//! The presentation itself with its pictures placed.

use super::files::{Output, part_of};
use crate::{commands::batch::Files, failure::Failure, wiring::io_failure};
use palitra_decks::{IllustrateError, Placement, PptxPicture, illustrated_pptx};
use palitra_domain::{ErrorCode, i18n::Arg, media_type::FileFormat};
use palitra_engine::batches::Report;
use palitra_media::{
    decode,
    export::{self, Export},
};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufWriter, Cursor, Read},
    path::Path,
};
use tokio::runtime::Handle;

/// Appears whole or not at all. Slides that are too full for a picture stay as they are, and are named.
pub(super) async fn write(output: &Output<'_>, report: &Report, file: &Path) -> Result<(), Failure> {
    let mut keys = HashMap::new();
    let mut pictures = Vec::new();
    for slide in &report.items {
        let Some(key) = &slide.object_key else { continue };
        let whole = output.files.whole(key).await.map_err(|error| io_failure(file, error))?;
        let Ok(header) = decode::header(&whole) else { continue };
        let is_kept = matches!(header.format, FileFormat::Png | FileFormat::Jpeg);
        let title = if slide.title.trim().is_empty() {
            slide.clean_prompt.clone()
        } else {
            Some(slide.title.clone())
        };
        keys.insert(slide.number, key.clone());
        pictures.push(PptxPicture {
            slide: slide.number,
            format: if is_kept { header.format } else { FileFormat::Png },
            width: header.width,
            height: header.height,
            alt: title.unwrap_or_default(),
        });
    }
    let (files, runtime, source) = (output.files.clone(), Handle::current(), output.source.to_vec());
    let (part, place) = (part_of(file), file.to_owned());
    let written = tokio::task::spawn_blocking(move || {
        let open =
            |picture: &PptxPicture| picture_of(&files, &runtime, keys.get(&picture.slide), picture.format);
        let out = BufWriter::new(File::create(&part).map_err(IllustrateError::Write)?);
        let placed = illustrated_pptx(&source, &pictures, open, out);
        let moved = placed
            .and_then(|placed| fs::rename(&part, &place).map(|()| placed).map_err(IllustrateError::Write));
        if moved.is_err() {
            drop(fs::remove_file(&part));
        }
        moved
    });
    let broken = |error: String| Failure::new(ErrorCode::Internal).with("why", error);
    let placed = written.await.map_err(|error| broken(error.to_string()))?;
    let placed = placed.map_err(|error| match error {
        IllustrateError::Write(error) => io_failure(file, error),
        error => broken(error.to_string()),
    })?;
    let full: Vec<String> = placed
        .iter()
        .filter(|(_, place)| *place == Placement::NoRoom)
        .map(|(slide, _)| slide.to_string())
        .collect();
    if !full.is_empty() {
        let console = &output.console;
        console.note(&console.text("slides-no-room", &[("slides", Arg::from(&full.join(", ")))]));
    }
    Ok(())
}

/// PowerPoint reads PNG and JPEG; anything else becomes PNG.
fn picture_of(
    files: &Files,
    runtime: &Handle,
    key: Option<&String>,
    format: FileFormat,
) -> io::Result<Box<dyn Read>> {
    let key = key.ok_or(io::ErrorKind::NotFound)?;
    let whole = runtime.block_on(files.whole(key))?;
    let export = Export { format: Some(format), ..Export::default() };
    let made = export::export(&whole, &export).map_err(io::Error::other)?.into_owned();
    Ok(Box::new(Cursor::new(made)))
}
