//! The call for a request. The input is the market's own already (`prompt`, `system`, `max_tokens`, `temperature`, …); added are the model
//! and the message around the prompt.
//!
//! Fields: `anthropics/anthropic-sdk-python` (2026-08), `providers.md` §5. There is no `system` among the messages.

use crate::in_call::{Body, Order, TEXT_BYTES_MAX};
use palitra_domain::market::{ErrorClass, MarketError, Request};
use serde_json::{Value, json};

/// The call wants a bound where OpenAI's does not: the most that every model of the API writes.
const TOKENS_MAX: u32 = 4096;

pub(super) fn of(request: &Request) -> Result<Order, MarketError> {
    if !matches!(request.mode.as_str(), "write" | "translate" | "compose" | "check") {
        let message = format!("no call is known here for the mode `{}`", request.mode);
        return Err(MarketError::new(ErrorClass::UnknownModel, message));
    }
    let invalid = |message: &str| MarketError::new(ErrorClass::InvalidInput, message);
    let Value::Object(input) = &request.input else { return Err(invalid("the input is not an object")) };
    let mut body = input.clone();
    let prompt = body.shift_remove("prompt").filter(is_said).ok_or_else(|| invalid("`prompt` is empty"))?;
    // An empty one is refused as a block without text.
    if body.get("system").is_some_and(|system| !is_said(system)) {
        body.shift_remove("system");
    }
    body.entry("max_tokens").or_insert(json!(TOKENS_MAX));
    body.insert("messages".into(), json!([{"role": "user", "content": prompt}]));
    body.insert("model".into(), json!(request.model));
    Ok(Order { path: &["v1", "messages"], body: Body::Json(Value::Object(body)), bytes_max: TEXT_BYTES_MAX })
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}
