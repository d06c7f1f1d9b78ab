//! Pictures as a stream of events (`providers.md` §4.2): early ones, each a hundred tokens more (OpenAI's guide *image generation*), then the
//! picture. A refusal comes as an `error` event after the early ones; where nothing was made the stream just ends.

use super::{
    make::{REFUSAL, usage},
    pictures,
};
use crate::{
    in_call::{Asked, Ending, Tools},
    market::answer::Answer,
};
use axum::body::Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

const EARLY_TOKENS: u64 = 100;

/// A form holds texts.
pub(super) fn is_asked(asked: &Asked) -> bool {
    let stream = &asked.input["stream"];
    stream == true || stream == "true"
}

pub(super) fn images(asked: &Asked, ending: &Ending, tools: &Tools) -> Answer {
    let event = if asked.path == "images/edits" { "image_edit" } else { "image_generation" };
    let early = pictures::number(asked, "partial_images").unwrap_or(0);
    let (width, height) = pictures::size(asked);
    let about = |kind: &str, png: &Bytes| {
        json!({
            "type": format!("{event}.{kind}"),
            "b64_json": BASE64_STANDARD.encode(png),
            "created_at": tools.now.micros() / 1_000_000,
            "size": format!("{width}x{height}"),
            "quality": "auto",
            "background": "auto",
            "output_format": "png",
        })
    };
    let mut events = Vec::new();
    for png in pictures::draw_early(asked, tools).iter().filter(|_| early > 0) {
        for index in 0..early {
            let mut partial = about("partial_image", png);
            partial["partial_image_index"] = json!(index);
            events.push(partial);
        }
    }
    match ending {
        Ending::Refused => events.push(json!({"type": "error", "error": {
            "type": "image_generation_user_error", "code": "moderation_blocked", "message": REFUSAL, "param": null,
        }})),
        Ending::Nothing => {}
        _ => {
            let drawn = pictures::draw(asked, tools);
            let count = u64::try_from(drawn.len().max(1)).unwrap_or(1);
            let tokens = pictures::tokens(asked) / count + EARLY_TOKENS * u64::from(early);
            for png in &drawn {
                let mut completed = about("completed", png);
                completed["usage"] = usage(asked, tokens);
                events.push(completed);
            }
        }
    }
    Answer::bytes("text/event-stream", Bytes::from(events.iter().map(text).collect::<String>()))
}

fn text(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}
