//! Our input as the input of each model: only fields that are in its schema (`providers.md` §1.13, R-02).

use palitra_domain::market::{ErrorClass, MarketError, Request};
use serde_json::{Map, Value, json};

/// The body of a submission.
pub(super) fn body(request: &Request, writer_model: &str) -> Result<Value, MarketError> {
    match (request.model.as_str(), request.mode.as_str()) {
        ("fal-ai/flux/dev", "create") => flux(&request.input),
        ("openrouter/router", "write") => router(&request.input, writer_model),
        (model, mode) => {
            let message = format!("fal's `{model}` is not known here for `{mode}`");
            Err(MarketError::new(ErrorClass::UnknownModel, message))
        }
    }
}

/// `{prompt, width, height, seed?}`. PNG, because it is the one format of this model that loses nothing.
fn flux(input: &Value) -> Result<Value, MarketError> {
    let mut body = Map::new();
    body.insert("prompt".into(), json!(prompt(input)?));
    if let (Some(width), Some(height)) = (input["width"].as_u64(), input["height"].as_u64()) {
        body.insert("image_size".into(), json!({"width": width, "height": height}));
    }
    body.insert("num_images".into(), json!(1));
    body.insert("output_format".into(), json!("png"));
    if let Some(seed) = input["seed"].as_i64() {
        body.insert("seed".into(), json!(seed));
    }
    Ok(Value::Object(body))
}

/// `{prompt, system?}`.
fn router(input: &Value, writer_model: &str) -> Result<Value, MarketError> {
    let mut body = Map::new();
    body.insert("prompt".into(), json!(prompt(input)?));
    if let Some(system) = input["system"].as_str().filter(|system| !system.is_empty()) {
        body.insert("system_prompt".into(), json!(system));
    }
    body.insert("model".into(), json!(writer_model));
    Ok(Value::Object(body))
}

fn prompt(input: &Value) -> Result<&str, MarketError> {
    let prompt = input["prompt"].as_str().filter(|prompt| !prompt.trim().is_empty());
    prompt.ok_or_else(|| MarketError::new(ErrorClass::InvalidInput, "there is no prompt"))
}
