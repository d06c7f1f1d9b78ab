//! Our input as the input of each model: only fields that are in its schema.
//!
//! Schemas: WaveSpeedAI documentation, page of each model (`wavespeed.ai/docs/docs-api`, `wavespeed.ai/models/…/llms.txt`).
//! Every result is PNG, the one format of all these models that loses nothing (S2-035, S2-069, S2-074); links, not base64, and
//! no sync mode: it holds the connection, and its time-out leaves work that runs and is billed (`providers.md` §3.3, trap 14).

use palitra_domain::market::{ErrorClass, MarketError, Request};
use reqwest::Url;
use serde_json::{Map, Value, json};

/// S2-031: at most so many pictures go into one edit; the model itself takes ten.
const EDIT_IMAGES_MAX: usize = 4;

/// The body of a submission.
pub(super) fn body(request: &Request) -> Result<Value, MarketError> {
    let input = &request.input;
    match (request.model.as_str(), request.mode.as_str()) {
        ("wavespeed-ai/flux-dev", "create") => flux(input),
        ("google/nano-banana/edit", "edit") => edit(input),
        ("wavespeed-ai/image-upscaler", "upscale") => upscale(input),
        ("wavespeed-ai/image-face-swap", "swap_face") => swap_face(input),
        (model, mode) => {
            let message = format!("WaveSpeed's `{model}` is not known here for `{mode}`");
            Err(MarketError::new(ErrorClass::UnknownModel, message))
        }
    }
}

/// `{prompt, width?, height?, seed?}`.
fn flux(input: &Value) -> Result<Value, MarketError> {
    let mut body = Map::new();
    body.insert("prompt".into(), json!(prompt(input)?));
    if let (Some(width), Some(height)) = (input["width"].as_u64(), input["height"].as_u64()) {
        body.insert("size".into(), json!(format!("{width}*{height}")));
    }
    body.insert("num_images".into(), json!(1));
    if let Some(seed) = input["seed"].as_i64() {
        body.insert("seed".into(), json!(seed));
    }
    png(body)
}

/// `{prompt, images}`: one to four links.
fn edit(input: &Value) -> Result<Value, MarketError> {
    let links = input["images"].as_array().map(Vec::as_slice).unwrap_or_default();
    if links.is_empty() || links.len() > EDIT_IMAGES_MAX {
        let message =
            format!("an edit takes 1 to {EDIT_IMAGES_MAX} pictures in `images`, not {}", links.len());
        return Err(invalid(message));
    }
    let links: Vec<&str> = links.iter().map(|link| picture(link, "images")).collect::<Result<_, _>>()?;
    let mut body = Map::new();
    body.insert("prompt".into(), json!(prompt(input)?));
    body.insert("images".into(), json!(links));
    png(body)
}

/// `{image, target_resolution?}`: `2k`, `4k` or `8k`; the market's default is `4k`.
fn upscale(input: &Value) -> Result<Value, MarketError> {
    let mut body = Map::new();
    body.insert("image".into(), json!(picture(&input["image"], "image")?));
    if let Some(resolution) = input["target_resolution"].as_str() {
        body.insert("target_resolution".into(), json!(resolution));
    }
    png(body)
}

/// `{image, face_image, target_index?, target_gender?}`: the picture to change, and the portrait whose face goes into it.
/// S2-065, S2-068: the index is always sent; 0 is the largest face.
fn swap_face(input: &Value) -> Result<Value, MarketError> {
    let mut body = Map::new();
    body.insert("image".into(), json!(picture(&input["image"], "image")?));
    body.insert("face_image".into(), json!(picture(&input["face_image"], "face_image")?));
    body.insert("target_index".into(), json!(input["target_index"].as_u64().unwrap_or(0)));
    if let Some(gender) = input["target_gender"].as_str() {
        body.insert("target_gender".into(), json!(gender));
    }
    png(body)
}

fn png(mut body: Map<String, Value>) -> Result<Value, MarketError> {
    body.insert("output_format".into(), json!("png"));
    Ok(Value::Object(body))
}

fn prompt(input: &Value) -> Result<&str, MarketError> {
    let prompt = input["prompt"].as_str().filter(|prompt| !prompt.trim().is_empty());
    prompt.ok_or_else(|| invalid("there is no prompt".into()))
}

/// A link that WaveSpeedAI can open: one of its own uploads, or a public one.
fn picture<'a>(value: &'a Value, field: &str) -> Result<&'a str, MarketError> {
    let is_web = |link: &&str| Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let link = value.as_str().filter(is_web);
    link.ok_or_else(|| invalid(format!("`{field}` is not a link to a picture")))
}

fn invalid(message: String) -> MarketError {
    MarketError::new(ErrorClass::InvalidInput, message)
}
