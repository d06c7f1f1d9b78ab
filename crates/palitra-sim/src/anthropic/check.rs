//! What is wrong with a call, if anything is (`anthropics/anthropic-sdk-python`, 2026-08; `providers.md` §5).

use crate::in_call::{
    Asked, Refusal,
    fields::{self, Field, Kind, Wrong, field, required},
    text_of,
};
use serde_json::Value;

const MODELS: &[&str] = &["claude-haiku-4-5", "claude-sonnet-5", "claude-opus-5"];

const VERSIONS: &[&str] = &["2023-06-01", "2023-01-01"];

const FIELDS: &[Field] = &[
    required("model", Kind::Anything),
    required("max_tokens", Kind::Int { min: 1, max: 128_000 }),
    required("messages", Kind::Anything),
    field("system", Kind::Text { chars_max: 1_000_000 }),
    field("temperature", Kind::Number { min: 0.0, max: 1.0 }),
    field("top_p", Kind::Number { min: 0.0, max: 1.0 }),
    field("top_k", Kind::Int { min: 0, max: 500 }),
    field("stop_sequences", Kind::Anything),
    field("metadata", Kind::Anything),
    field("thinking", Kind::Anything),
];

pub(super) fn check(asked: &Asked) -> Result<(), Refusal> {
    if asked.method != "POST" || asked.path != "v1/messages" {
        return Err(Refusal::UnknownPath(asked.path.clone()));
    }
    let version = asked.headers.get("anthropic-version").and_then(|version| version.to_str().ok());
    match version {
        None => return Err(Refusal::Request("anthropic-version: header is required")),
        Some(version) if !VERSIONS.contains(&version) => {
            return Err(Refusal::Request("anthropic-version: is not a valid version"));
        }
        Some(_) => {}
    }
    let Value::Object(given) = &asked.input else {
        return Err(Refusal::Request("The request body is not valid JSON"));
    };
    fields::check(FIELDS, given, false).map_err(Refusal::Input)?;
    if !MODELS.contains(&asked.text("model")) {
        return Err(Refusal::UnknownModel(asked.text("model").to_owned()));
    }
    messages(&asked.input["messages"]).map_err(Refusal::Input)
}

/// There is no `system` among them.
fn messages(messages: &Value) -> Result<(), Wrong> {
    let messages = messages.as_array().map(Vec::as_slice).unwrap_or_default();
    if messages.is_empty() {
        return Err(Wrong::is("messages", "a list with at least one message"));
    }
    for (index, message) in messages.iter().enumerate() {
        if !["user", "assistant"].contains(&message["role"].as_str().unwrap_or_default()) {
            return Err(Wrong::is(&format!("messages.{index}.role"), "'user' or 'assistant'"));
        }
        if text_of(&message["content"]).trim().is_empty() {
            return Err(Wrong::is(&format!("messages.{index}.content"), "a text that is not empty"));
        }
        let extra = message
            .as_object()
            .and_then(|message| message.keys().find(|name| !["role", "content"].contains(&name.as_str())));
        if let Some(extra) = extra {
            return Err(Wrong::unknown(&format!("messages.{index}.{extra}")));
        }
    }
    Ok(())
}
