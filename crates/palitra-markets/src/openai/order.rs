//! The call for a request. The input is the market's own already; added are the model and what a call of its kind is wrapped in.
//!
//! Fields: `openai/openai-openapi` (2026-08), `providers.md` §4.

use super::streamed;
use crate::{
    http::Multipart,
    in_call::{Body, Order, TEXT_BYTES_MAX},
};
use palitra_domain::{
    early,
    market::{ErrorClass, InputFile, MarketError, Request},
};
use serde_json::{Map, Value, json};

/// Pictures in base64, or a sound.
const MEDIA_BYTES_MAX: usize = 100 * 1024 * 1024;

/// What a call makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    Pictures,
    Speech,
    Text,
}

impl Makes {
    pub(super) fn of(mode: &str) -> Option<Makes> {
        match mode {
            "create" | "edit" | "retouch" => Some(Makes::Pictures),
            "speak" => Some(Makes::Speech),
            "write" | "translate" | "compose" | "check" => Some(Makes::Text),
            _ => None,
        }
    }
}

pub(super) fn of(request: &Request) -> Result<Order, MarketError> {
    let Some(makes) = Makes::of(&request.mode) else {
        let message = format!("no call is known here for the mode `{}`", request.mode);
        return Err(MarketError::new(ErrorClass::UnknownModel, message));
    };
    let Value::Object(input) = &request.input else { return Err(invalid("the input is not an object")) };
    let told = if makes == Makes::Speech { "input" } else { "prompt" };
    if input.get(told).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Err(invalid(format!("`{told}` is empty")));
    }
    let (path, body, bytes_max): (&[&str], _, _) = match makes {
        Makes::Pictures if request.mode == "create" => {
            (&["images", "generations"], Body::Json(picture(request, input)), MEDIA_BYTES_MAX)
        }
        Makes::Pictures => (&["images", "edits"], Body::Form(edit(request, input)?), MEDIA_BYTES_MAX),
        Makes::Speech => {
            (&["audio", "speech"], Body::Json(of_model(request, input.clone())), MEDIA_BYTES_MAX)
        }
        Makes::Text => (&["chat", "completions"], Body::Json(chat(request, input)), TEXT_BYTES_MAX),
    };
    Ok(Order { path, body, bytes_max })
}

fn of_model(request: &Request, mut body: Map<String, Value>) -> Value {
    body.insert("model".into(), json!(request.model));
    Value::Object(body)
}

/// DALL·E answers with links that live for an hour unless it is asked for the picture itself; GPT image models always send it, and
/// refuse the question.
fn wants_base64(request: &Request) -> bool {
    request.model.starts_with("dall-e")
}

fn picture(request: &Request, input: &Map<String, Value>) -> Value {
    let mut body = input.clone();
    if streamed::is_asked(request) {
        body.insert("stream".into(), json!(true));
    } else {
        body.shift_remove(early::ASKED);
    }
    if wants_base64(request) {
        body.entry("response_format").or_insert(json!("b64_json"));
    }
    of_model(request, body)
}

/// The messages of a conversation that has just begun.
fn chat(request: &Request, input: &Map<String, Value>) -> Value {
    let mut body = input.clone();
    let (system, prompt) = (body.shift_remove("system"), body.shift_remove("prompt"));
    let system = system.filter(|system| system.as_str().is_some_and(|text| !text.trim().is_empty()));
    let messages = [("system", system), ("user", prompt)].into_iter();
    let messages = messages.filter_map(|(role, content)| Some(json!({"role": role, "content": content?})));
    body.insert("messages".into(), messages.collect());
    of_model(request, body)
}

/// Pictures and their mask as files, everything else as text.
fn edit(request: &Request, input: &Map<String, Value>) -> Result<Multipart, MarketError> {
    let mut form = Multipart::default();
    form.text("model", &request.model);
    let is_streamed = streamed::is_asked(request);
    let is_text = |name: &str| match name {
        "images" | "image" | "mask" => false,
        early::ASKED => is_streamed,
        _ => true,
    };
    for (name, value) in input.iter().filter(|(name, _)| is_text(name)) {
        match value {
            Value::String(text) => form.text(name, text),
            other => form.text(name, &other.to_string()),
        }
    }
    if is_streamed {
        form.text("stream", "true");
    }
    if wants_base64(request) && !input.contains_key("response_format") {
        form.text("response_format", "b64_json");
    }
    let named: Vec<&Value> = match (input.get("images"), input.get("image")) {
        (Some(Value::Array(images)), _) => images.iter().collect(),
        (Some(image), _) | (None, Some(image)) => vec![image],
        (None, None) => Vec::new(),
    };
    if named.is_empty() {
        return Err(invalid("an edit takes pictures in `images`"));
    }
    // As the market's own clients name them (`openai-python`): DALL·E 2 knows no `image[]`.
    let name = if named.len() == 1 { "image" } else { "image[]" };
    for (index, id) in named.into_iter().enumerate() {
        let file = file(request, id, "images")?;
        form.file(name, &format!("image-{}.{}", index + 1, file.extension), &file.mime, file.bytes.clone());
    }
    if let Some(mask) = input.get("mask") {
        let file = file(request, mask, "mask")?;
        form.file("mask", &format!("mask.{}", file.extension), &file.mime, file.bytes.clone());
    }
    Ok(form)
}

/// The call takes bytes, so a link is no picture here.
fn file<'a>(request: &'a Request, id: &Value, field: &str) -> Result<&'a InputFile, MarketError> {
    let found = request.files.iter().find(|file| id.as_str() == Some(file.id.as_str()));
    found.ok_or_else(|| invalid(format!("`{field}` names something that is no file of the request")))
}

fn invalid(message: impl Into<String>) -> MarketError {
    MarketError::new(ErrorClass::InvalidInput, message)
}
