//! `palitra text`, `palitra convert` and `palitra contact-sheet`: what this machine does by itself.

use super::{Job, format, make, put_format, words};
use crate::{
    args::{Captions, ContactSheet, Convert, Text},
    commands::{Session, Stop},
    failure::{Failure, Phrase},
};
use palitra_domain::ErrorCode;
use palitra_media::text::wish;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// What is not understood of a wish is said, and the rest is done.
pub(in crate::commands) async fn text(session: &Session, args: Text) -> Result<(), Stop> {
    let Text { image, text, wish, making } = args;
    written_as(making.out.as_deref(), "png")?;
    let parsed = wish::parse(&wish);
    if !parsed.left_over.is_empty() {
        let words = parsed.left_over.iter().map(|words| format!("`{words}`")).collect::<Vec<_>>().join(", ");
        session.console.note(&session.console.text("wish-left-over", &[("words", (&words).into())]));
    }
    let style = parsed.changes();
    let mut input = Map::from_iter([("text".to_owned(), json!(words(text).await?))]);
    if style.as_object().is_some_and(|style| !style.is_empty()) {
        input.insert("style".to_owned(), style);
    }
    let job = Job { mode: "text", model: "local/text", input, files: vec![("images", vec![image])], making };
    make(session, job).await
}

pub(in crate::commands) async fn convert(session: &Session, args: Convert) -> Result<(), Stop> {
    let Convert { image, to, size, quality, crop, turn, mirror, filters, making } = args;
    let mut steps: Vec<Value> = Vec::new();
    if let Some([left, top, width, height]) = crop {
        steps.push(json!({ "crop": { "left": left, "top": top, "width": width, "height": height } }));
    }
    let quarters = turn.map(|turn| match turn.as_str() {
        "right" => 1,
        "around" => 2,
        _ => 3,
    });
    steps.extend(quarters.map(|quarters| json!({ "turn": { "quarters": quarters } })));
    steps.extend(mirror.then(|| json!("mirror")));
    for (name, amount) in filters {
        let of = if name == "blur" { "radius" } else { "amount" };
        steps.push(json!({ name: { of: amount } }));
    }
    let named = making.out.as_deref().and_then(format_of);
    let to = to.as_deref().or(named).unwrap_or("png");
    written_as(making.out.as_deref(), to)?;
    let mut input = Map::from_iter([("output_format".to_owned(), json!(to))]);
    if !steps.is_empty() {
        input.insert("steps".to_owned(), json!(steps));
    }
    input.extend(quality.map(|quality| ("quality".to_owned(), json!(quality))));
    if let Some(size) = format(size.as_deref())? {
        put_format(&mut input, size);
    }
    let files = vec![("images", vec![image])];
    make(session, Job { mode: "convert", model: "local/convert", input, files, making }).await
}

pub(in crate::commands) async fn contact_sheet(session: &Session, args: ContactSheet) -> Result<(), Stop> {
    let ContactSheet { images, title, captions, making } = args;
    written_as(making.out.as_deref(), "png")?;
    let mut input = Map::new();
    if captions == Captions::Names {
        let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        input.insert("captions".to_owned(), images.iter().map(stem).collect());
    }
    input.extend(title.map(|title| ("title".to_owned(), json!(title))));
    let files = vec![("images", images)];
    make(session, Job { mode: "contact_sheet", model: "local/sheet", input, files, making }).await
}

/// A name must not promise another format than is written.
fn written_as(out: Option<&Path>, format: &str) -> Result<(), Failure> {
    let Some(out) = out.filter(|out| out.extension().is_some() && !out.is_dir()) else { return Ok(()) };
    if format_of(out) == Some(format) {
        return Ok(());
    }
    let hint = Phrase::new("hint-ending").with("ending", format!("`.{format}`"));
    let value = format!("`{}`", out.display());
    Err(Failure::new(ErrorCode::InvalidInput).with("value", value).with("hint", hint))
}

/// What the name of a file promises.
fn format_of(out: &Path) -> Option<&'static str> {
    match out.extension()?.to_str()?.to_lowercase().as_str() {
        "png" => Some("png"),
        "jpg" | "jpeg" => Some("jpeg"),
        "webp" => Some("webp"),
        _ => None,
    }
}
