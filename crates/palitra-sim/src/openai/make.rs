//! What good calls give: pictures in base64 or behind links, a sound, a text.

use super::{
    models::{self, Family},
    pictures, stream,
};
use crate::{
    in_call::{Asked, Ending, Made, Tools, text_of},
    market::{answer::Answer, tokens},
    voice, writer,
};
use axum::{body::Bytes, http::StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

pub(super) const REFUSAL: &str = "I'm sorry, but I can't help with that.";

pub(super) fn make(asked: &Asked, ending: &Ending, tools: &Tools) -> Made {
    match asked.path.as_str() {
        "audio/speech" => speech(asked).into(),
        "chat/completions" => ok(&chat(asked, ending, tools)).into(),
        _ if stream::is_asked(asked) => stream::images(asked, ending, tools).into(),
        _ => images(asked, ending, tools),
    }
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body)
}

fn images(asked: &Asked, ending: &Ending, tools: &Tools) -> Made {
    let family = models::find(asked.text("model"));
    let is_dall_e = matches!(family, Some(Family::DallE2 | Family::DallE3));
    let mut body = json!({"created": tools.now.micros() / 1_000_000, "data": []});
    let drawn = match ending {
        Ending::Refused => {
            body["message"] = json!(REFUSAL);
            Vec::new()
        }
        Ending::Nothing => Vec::new(),
        _ => pictures::draw(asked, tools),
    };
    let mut files = Vec::new();
    let mut data = Vec::new();
    for (index, png) in drawn.into_iter().enumerate() {
        let mut entry = json!({});
        if is_dall_e && asked.text("response_format") != "b64_json" {
            let name = format!("{}-{index}.png", tools.id);
            let root = if let Ending::Elsewhere(base) = ending { base } else { &tools.root };
            entry["url"] = json!(format!("{root}/files/{name}"));
            files.push((name, png));
        } else {
            entry["b64_json"] = json!(BASE64_STANDARD.encode(&png));
        }
        if family == Some(Family::DallE3) {
            entry["revised_prompt"] = json!(format!("{}, in detail", asked.text("prompt")));
        }
        data.push(entry);
    }
    body["data"] = data.into();
    if !is_dall_e {
        let (width, height) = pictures::size(asked);
        body["size"] = json!(format!("{width}x{height}"));
        body["output_format"] = json!("png");
        body["usage"] = usage(asked, pictures::tokens(asked));
    }
    Made { answer: ok(&body), files }
}

/// Of a call that took so many tokens to draw.
pub(super) fn usage(asked: &Asked, made: u64) -> Value {
    let read = tokens::count(asked.text("prompt"));
    json!({
        "input_tokens": read,
        "input_tokens_details": {"text_tokens": read, "image_tokens": 0},
        "output_tokens": made,
        "total_tokens": u64::try_from(read).unwrap_or(u64::MAX).saturating_add(made),
    })
}

/// Always WAV, whatever format is asked for.
fn speech(asked: &Asked) -> Answer {
    Answer::bytes("audio/wav", Bytes::from(voice::speak(asked.text("input"), asked.text("voice"), 0)))
}

/// What the conversation begins with.
fn instructions(asked: &Asked) -> String {
    let messages = asked.input["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let first = messages.iter().filter(|message| message["role"] != "user" && message["role"] != "assistant");
    first.map(|message| text_of(&message["content"])).collect()
}

fn chat(asked: &Asked, ending: &Ending, tools: &Tools) -> Value {
    let prompt = asked.prompt();
    let (mut text, mut finish) = match ending {
        Ending::Refused | Ending::Nothing => (String::new(), "stop"),
        Ending::Says(text) => (text.clone(), "stop"),
        _ => {
            let told = writer::as_told(&instructions(asked), &prompt);
            (told.unwrap_or_else(|| writer::write_prompt(&prompt, "", 0)), "stop")
        }
    };
    let bound = ["max_completion_tokens", "max_tokens"].iter().find_map(|name| asked.input[name].as_u64());
    let chars_max = bound.and_then(|tokens| usize::try_from(tokens.saturating_mul(4)).ok());
    if let Some((at, _)) = chars_max.and_then(|chars| text.char_indices().nth(chars)) {
        text.truncate(at);
        finish = "length";
    }
    let messages = asked.input["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read: usize = messages.iter().map(|message| tokens::count(&text_of(&message["content"]))).sum();
    let refusal = (*ending == Ending::Refused).then_some(REFUSAL);
    let content = if refusal.is_some() { Value::Null } else { json!(text) };
    json!({
        "id": format!("chatcmpl-{}", tools.id),
        "object": "chat.completion",
        "created": tools.now.micros() / 1_000_000,
        "model": asked.text("model"),
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": content, "refusal": refusal, "annotations": []},
            "logprobs": null,
            "finish_reason": finish,
        }],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": tokens::count(&text),
            "total_tokens": read + tokens::count(&text),
        },
        "service_tier": "default",
        "system_fingerprint": null,
    })
}
