//! What good calls give: a message, written by the sandbox's writer.

use crate::{
    in_call::{Asked, Ending, Tools, text_of},
    market::{answer::Answer, tokens},
    writer,
};
use axum::http::StatusCode;
use serde_json::{Value, json};

pub(super) fn make(asked: &Asked, ending: &Ending, tools: &Tools) -> Answer {
    let (mut text, mut reason) = match ending {
        Ending::Refused => (String::new(), "refusal"),
        Ending::Nothing => (String::new(), "end_turn"),
        Ending::Says(text) => (text.clone(), "end_turn"),
        _ => {
            let told = writer::as_told(&text_of(&asked.input["system"]), &asked.prompt());
            (told.unwrap_or_else(|| writer::write_prompt(&asked.prompt(), "", 0)), "end_turn")
        }
    };
    let bound =
        asked.input["max_tokens"].as_u64().and_then(|tokens| usize::try_from(tokens.saturating_mul(4)).ok());
    if let Some((at, _)) = bound.and_then(|chars| text.char_indices().nth(chars)) {
        text.truncate(at);
        reason = "max_tokens";
    }
    let messages = asked.input["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said: usize = messages.iter().map(|message| tokens::count(&text_of(&message["content"]))).sum();
    let mut content: Vec<Value> = Vec::new();
    if !asked.input["thinking"].is_null() {
        content.push(json!({"type": "thinking", "thinking": "It should be short.", "signature": "sim"}));
    }
    if !text.is_empty() {
        content.push(json!({"type": "text", "text": text, "citations": null}));
    }
    let body = json!({
        "id": format!("msg_{}", tools.id),
        "type": "message",
        "role": "assistant",
        "model": asked.text("model"),
        "content": content,
        "stop_reason": reason,
        "stop_sequence": null,
        "usage": {
            "input_tokens": said + tokens::count(asked.text("system")),
            "output_tokens": tokens::count(&text),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": "standard",
        },
    });
    Answer::json(StatusCode::OK, &body)
}
