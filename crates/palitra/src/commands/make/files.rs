//! Files in and out of a command.

use super::name_of;
use crate::{
    failure::Failure,
    wiring::{App, io_failure},
};
use palitra_domain::{ErrorCode, Livemode};
use palitra_engine::{generations::Generation, uploads::UPLOAD_BYTES_MAX};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Takes files into the house's own storage: one as an id, several as a list of them. With the size of the first picture.
pub(super) async fn upload(
    app: &App,
    livemode: Livemode,
    paths: &[PathBuf],
) -> Result<(Value, Option<(u32, u32)>), Failure> {
    let mut size = None;
    let mut ids = Vec::with_capacity(paths.len());
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
        let uploaded =
            app.engine.upload(&app.engine.house.id, livemode, &name_of(path), bytes.into()).await?;
        size = size.or(uploaded.width.zip(uploaded.height));
        ids.push(json!(uploaded.id));
    }
    Ok((if ids.len() == 1 { ids.remove(0) } else { Value::Array(ids) }, size))
}

/// Copies the results of a generation to where they were asked for; several get numbers.
pub(super) async fn write_results(
    app: &App,
    generation: &Generation,
    out: &Path,
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
        crate::commands::slides::copy_object(&app.engine, &asset.object_key, &file).await?;
        files.push(file);
    }
    Ok(files)
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
