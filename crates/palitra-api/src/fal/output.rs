//! What a model made, as fal's models answer: `images`, `video`, `audio` or `output`.

use crate::{documents::asset, door::Door, fal, signed::Until};
use axum::http::StatusCode;
use palitra_domain::{ErrorCode, catalogue::Lane, i18n::Lang};
use palitra_engine::{
    generations::{Asset, Generation},
    market_failure,
    views::GenerationView,
};
use serde_json::{Map, Value, json};

/// `{url, content_type, file_name, file_size, width?, height?}`.
fn file(door: &Door, made: &Asset, until: Until) -> Value {
    let extension = made.object_key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
    let mut file = json!({
        "url": asset::content_url(door, &made.id, until), "content_type": made.mime,
        "file_name": format!("{}.{extension}", made.id.as_str()), "file_size": made.bytes,
    });
    if let Some((width, height)) = made.width.zip(made.height) {
        (file["width"], file["height"]) = (json!(width), json!(height));
    }
    file
}

/// Of one that succeeded, with links for so long.
pub(super) fn output(door: &Door, view: &GenerationView, until: Until) -> Value {
    let files: Vec<Value> = view.assets.iter().map(|made| file(door, made, until)).collect();
    let input: Value = serde_json::from_str(&view.generation.input).unwrap_or_default();
    let first = files.first().cloned().unwrap_or_default();
    let mut out = Map::new();
    match view.generation.lane {
        Lane::Image => {
            let nsfw = vec![false; files.len()];
            out.insert("images".to_owned(), Value::from(files));
            out.insert("image".to_owned(), first);
            out.insert("has_nsfw_concepts".to_owned(), json!(nsfw));
            out.insert("prompt".to_owned(), input["prompt"].clone());
            if input["seed"].is_number() {
                out.insert("seed".to_owned(), input["seed"].clone());
            }
        }
        Lane::Video => drop(out.insert("video".to_owned(), first)),
        Lane::Audio => drop(out.insert("audio".to_owned(), first)),
        Lane::Text => drop(out.insert("output".to_owned(), Value::from(view.generation.output.clone()))),
    }
    Value::Object(out)
}

/// Status and body for one that ended otherwise.
pub(super) fn failed(generation: &Generation, lang: Lang) -> (StatusCode, &'static str, Value) {
    let code = generation.error_code.unwrap_or(ErrorCode::Internal);
    let of = (generation.market.as_str(), generation.model.as_str());
    let message = market_failure::failure(code, of, generation.error_text.as_deref()).message(lang);
    let (status, kind) = fal::meaning(code);
    let detail = if status == StatusCode::UNPROCESSABLE_ENTITY {
        json!([{ "loc": ["body"], "msg": message, "type": kind }])
    } else {
        Value::from(message)
    };
    (status, kind, json!({ "detail": detail, "error_type": kind }))
}
