//! Files in and out of a command.

use super::name_of;
use crate::{
    commands::Session,
    control::{Service, query},
    failure::Failure,
    wiring::{App, io_failure},
};
use bytes::Bytes;
use palitra_domain::{ErrorCode, Livemode, media_type::FileFormat};
use palitra_engine::{
    generations::{Asset, Generation},
    uploads::UPLOAD_BYTES_MAX,
};
use palitra_media::{
    export::{self, Export},
    recipe::Recipe,
};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// A file that was brought along.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Brought {
    pub(in crate::commands) id: String,
    /// Of a picture.
    size: Option<(u32, u32)>,
}

/// What an input says of them: one as an id, several as a list of them. With the size of the first picture.
pub(super) fn as_input(brought: Vec<Brought>) -> (Value, Option<(u32, u32)>) {
    let size = brought.iter().find_map(|file| file.size);
    let mut ids: Vec<Value> = brought.into_iter().map(|file| json!(file.id)).collect();
    (if ids.len() == 1 { ids.remove(0) } else { Value::Array(ids) }, size)
}

/// Takes files into the house's own storage.
pub(in crate::commands) async fn upload_here(
    app: &App,
    livemode: Livemode,
    paths: &[PathBuf],
) -> Result<Vec<Brought>, Failure> {
    let mut brought = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read(path).await?;
        let kept = app.engine.upload(&app.engine.house.id, livemode, &name_of(path), bytes).await?;
        brought.push(Brought { id: kept.id.to_string(), size: kept.width.zip(kept.height) });
    }
    Ok(brought)
}

/// Brings files to a service.
pub(in crate::commands) async fn upload_there(
    session: &Session,
    service: &Service,
    paths: &[PathBuf],
) -> Result<Vec<Brought>, Failure> {
    let mut brought = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read(path).await?;
        let to = format!("/v1/uploads{}", query(&json!({ "name": name_of(path) })));
        let kept = service.put(session, "POST", &to, ("application/octet-stream", bytes)).await?;
        let side = |name: &str| kept[name].as_u64().and_then(|side| u32::try_from(side).ok());
        let id = kept["id"].as_str().unwrap_or_default().to_owned();
        brought.push(Brought { id, size: side("width").zip(side("height")) });
    }
    Ok(brought)
}

/// What is too large is not read to say so.
async fn read(path: &Path) -> Result<Bytes, Failure> {
    let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", path.display()));
    let about = tokio::fs::metadata(path).await.map_err(|_| missing())?;
    if !about.is_file() {
        return Err(missing());
    }
    if about.len() > u64::try_from(UPLOAD_BYTES_MAX).unwrap_or(u64::MAX) {
        return Err(palitra_engine::uploads::too_large(&name_of(path)).into());
    }
    let bytes = tokio::fs::read(path).await.map_err(|error| io_failure(path, error))?;
    Ok(bytes.into())
}

/// Copies the results of a generation to where they were asked for; several get numbers.
pub(super) async fn write_results(
    app: &App,
    generation: &Generation,
    out: &Path,
    with_recipe: bool,
) -> Result<Vec<PathBuf>, Failure> {
    let assets = app.engine.assets(&generation.id).await?;
    if assets.is_empty() {
        return Err(Failure::new(ErrorCode::ResultExpired).with("value", generation.market.as_str()));
    }
    let mut files = Vec::with_capacity(assets.len());
    for (n, asset) in assets.iter().enumerate() {
        let extension = Path::new(&asset.object_key)
            .extension()
            .map_or("bin".into(), |extension| extension.to_string_lossy());
        let number = (assets.len() > 1).then_some(n + 1);
        let file = place(out, generation.id.as_str(), number, &extension);
        leave(app, generation, asset, &file, with_recipe).await?;
        files.push(file);
    }
    Ok(files)
}

/// Where a result goes; several get numbers.
pub(super) fn place(out: &Path, id: &str, number: Option<usize>, extension: &str) -> PathBuf {
    let number = number.map(|number| format!("-{number}")).unwrap_or_default();
    if is_folder(out) {
        out.join(format!("{id}{number}.{extension}"))
    } else if number.is_empty() {
        out.to_owned()
    } else {
        let stem = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let own = out.extension().map_or(extension.into(), |own| own.to_string_lossy());
        out.with_file_name(format!("{stem}{number}.{own}"))
    }
}

/// A picture leaves as it was asked for: in the format that the file's name says, in the size of the wish, with how it was made in it. What
/// cannot leave like that leaves as it is; so does everything that is no picture.
async fn leave(
    app: &App,
    generation: &Generation,
    asset: &Asset,
    file: &Path,
    with_recipe: bool,
) -> Result<(), Failure> {
    if !asset.mime.starts_with("image/") {
        return crate::commands::slides::copy_object(&app.engine, &asset.object_key, file).await;
    }
    let whole = app.engine.whole(&asset.object_key).await.map_err(|error| io_failure(file, error))?;
    let input: Value = serde_json::from_str(&generation.input).unwrap_or_default();
    let of = (generation.market.as_str(), generation.model.as_str());
    let export = export_of(of, input.as_object().unwrap_or(&Map::new()), file, with_recipe);
    leave_bytes(whole.to_vec(), &asset.mime, export, file).await
}

/// The same of bytes that are here already.
pub(super) async fn leave_bytes(
    whole: Vec<u8>,
    mime: &str,
    export: Export,
    file: &Path,
) -> Result<(), Failure> {
    if !mime.starts_with("image/") {
        return crate::commands::slides::write(file, &whole);
    }
    let made = tokio::task::spawn_blocking(move || {
        let made = export::export(&whole, &export).map(std::borrow::Cow::into_owned);
        made.map_err(|error| (error.to_string(), whole))
    });
    match made.await {
        Ok(Ok(bytes)) => crate::commands::slides::write(file, &bytes),
        Ok(Err((error, whole))) => {
            tracing::warn!(error, file = %file.display(), "a picture leaves as it is");
            crate::commands::slides::write(file, &whole)
        }
        Err(error) => Err(Failure::new(ErrorCode::Internal).with("why", error.to_string())),
    }
}

pub(super) fn export_of(
    (market, model): (&str, &str),
    input: &Map<String, Value>,
    file: &Path,
    with_recipe: bool,
) -> Export {
    let of = |name: &str| input.get(name).cloned().unwrap_or_default();
    let number = |name: &str| of(name).as_u64().and_then(|number| u32::try_from(number).ok());
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let format = match extension.as_deref() {
        Some("png") => Some(FileFormat::Png),
        Some("jpg" | "jpeg") => Some(FileFormat::Jpeg),
        Some("webp") => Some(FileFormat::WebP),
        _ => None,
    };
    let size = number("width").zip(number("height"));
    // What this machine has done to a picture is no picture of a model.
    let is_generated = market != "local";
    let settings = [
        ("Seed", of("seed").as_u64().map(|seed| seed.to_string())),
        ("Size", size.map(|(width, height)| format!("{width}x{height}"))),
        ("Model", Some(model.to_owned())),
    ];
    let recipe = (is_generated && with_recipe).then(|| Recipe {
        prompt: of("prompt").as_str().unwrap_or_default().to_owned(),
        negative: of("negative").as_str().map(str::to_owned),
        settings: settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    });
    Export { format, size: size.filter(|_| is_generated), recipe }
}

/// A path without an extension, or one that is there as a folder, is a folder.
fn is_folder(out: &Path) -> bool {
    out.is_dir() || out.extension().is_none()
}

pub(super) fn folder_of(out: &Path) -> &Path {
    if is_folder(out) {
        out
    } else {
        out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}
