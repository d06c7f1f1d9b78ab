//! `palitra text` and `palitra convert`: what this machine does by itself.

use super::{Job, format, make, put_format, words};
use crate::{
    args::{Convert, Text},
    commands::{Session, Stop},
};
use palitra_media::text::wish;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What is not understood of a wish is said, and the rest is done.
pub(in crate::commands) async fn text(session: &Session, args: Text) -> Result<(), Stop> {
    let Text { image, text, wish, making } = args;
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
    let to = to.or_else(|| making.out.as_deref().and_then(format_of).map(str::to_owned));
    let mut input = Map::new();
    input.insert("output_format".to_owned(), json!(to.as_deref().unwrap_or("png")));
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

/// What the name of a file promises.
fn format_of(out: &Path) -> Option<&'static str> {
    match out.extension()?.to_str()?.to_lowercase().as_str() {
        "png" => Some("png"),
        "jpg" | "jpeg" => Some("jpeg"),
        "webp" => Some("webp"),
        _ => None,
    }
}
