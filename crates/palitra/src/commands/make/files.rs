//! Files in and out of a command.

use super::name_of;
use crate::{
    failure::Failure,
    wiring::{App, io_failure},
};
use palitra_domain::{AssetId, ErrorCode, Livemode, media_type::FileFormat};
use palitra_engine::{
    generations::{Asset, Generation},
    uploads::{UPLOAD_BYTES_MAX, Uploaded},
};
use palitra_media::{
    export::{self, Export},
    recipe::Recipe,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Takes files into the house's own storage: one as an id, several as a list of them. With the size of the first picture.
pub(super) async fn upload_as_input(
    app: &App,
    livemode: Livemode,
    paths: &[PathBuf],
) -> Result<(Value, Option<(u32, u32)>), Failure> {
    let uploaded = uploads(app, livemode, paths).await?;
    let size = uploaded.iter().find_map(|upload| upload.width.zip(upload.height));
    let mut ids: Vec<Value> = uploaded.iter().map(|upload| json!(upload.id)).collect();
    Ok((if ids.len() == 1 { ids.remove(0) } else { Value::Array(ids) }, size))
}

/// Their ids.
pub(in crate::commands) async fn upload(
    app: &App,
    livemode: Livemode,
    paths: &[PathBuf],
) -> Result<Vec<AssetId>, Failure> {
    Ok(uploads(app, livemode, paths).await?.into_iter().map(|upload| upload.id).collect())
}

async fn uploads(app: &App, livemode: Livemode, paths: &[PathBuf]) -> Result<Vec<Uploaded>, Failure> {
    let mut uploaded = Vec::with_capacity(paths.len());
    for path in paths {
        let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", path.display()));
        let about = tokio::fs::metadata(path).await.map_err(|_| missing())?;
        if !about.is_file() {
            return Err(missing());
        }
        // What is too large is not read to say so.
        let too_large = about.len() > u64::try_from(UPLOAD_BYTES_MAX).unwrap_or(u64::MAX);
        if too_large {
            return Err(palitra_engine::uploads::too_large(&name_of(path)).into());
        }
        let bytes = tokio::fs::read(path).await.map_err(|error| io_failure(path, error))?;
        let house = &app.engine.house.id;
        uploaded.push(app.engine.upload(house, livemode, &name_of(path), bytes.into()).await?);
    }
    Ok(uploaded)
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
        let number = if assets.len() > 1 { format!("-{}", n + 1) } else { String::new() };
        let file = if is_folder(out) {
            out.join(format!("{}{number}.{extension}", generation.id))
        } else if number.is_empty() {
            out.to_owned()
        } else {
            let stem = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let own = out.extension().map_or(extension, |own| own.to_string_lossy());
            out.with_file_name(format!("{stem}{number}.{own}"))
        };
        leave(app, generation, asset, &file, with_recipe).await?;
        files.push(file);
    }
    Ok(files)
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
    if asset.mime.starts_with("image/") {
        let whole = app.engine.whole(&asset.object_key).await.map_err(|error| io_failure(file, error))?;
        let export = export_of(generation, file, with_recipe);
        let made = tokio::task::spawn_blocking(move || {
            export::export(&whole, &export).map(std::borrow::Cow::into_owned)
        });
        match made.await {
            Ok(Ok(bytes)) => return crate::commands::slides::write(file, &bytes),
            Ok(Err(error)) => tracing::warn!(%error, file = %file.display(), "a picture leaves as it is"),
            Err(error) => tracing::warn!(%error, file = %file.display(), "a picture leaves as it is"),
        }
    }
    crate::commands::slides::copy_object(&app.engine, &asset.object_key, file).await
}

fn export_of(generation: &Generation, file: &Path, with_recipe: bool) -> Export {
    let input: Value = serde_json::from_str(&generation.input).unwrap_or_default();
    let number = |name: &str| input[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let format = match extension.as_deref() {
        Some("png") => Some(FileFormat::Png),
        Some("jpg" | "jpeg") => Some(FileFormat::Jpeg),
        Some("webp") => Some(FileFormat::WebP),
        _ => None,
    };
    let size = number("width").zip(number("height"));
    // What this machine has done to a picture is no picture of a model.
    let is_generated = generation.market != "local";
    let settings = [
        ("Seed", input["seed"].as_u64().map(|seed| seed.to_string())),
        ("Size", size.map(|(width, height)| format!("{width}x{height}"))),
        ("Model", Some(generation.model.clone())),
    ];
    let recipe = (is_generated && with_recipe).then(|| Recipe {
        prompt: input["prompt"].as_str().unwrap_or_default().to_owned(),
        negative: input["negative"].as_str().map(str::to_owned),
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
