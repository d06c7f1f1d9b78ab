//! Pictures as a stream of events, where early ones are asked for: `….partial_image` none or several times, then `….completed`, or an
//! `error` after the 200 (`openai/openai-openapi`, `providers.md` §4.2).
//!
//! Only what has been completed counts for the outcome; early pictures are handed on while the body comes, and that is all.

use super::{order::Makes, wire};
use crate::{
    http::{Ear, Event, Events, Unreadable, decode_base64},
    in_call::Shape,
};
use palitra_domain::{
    early::{self, EarlyPicture, EarlySink},
    market::Request,
};
use serde_json::{Value, json};

/// Whether the call asks for a stream.
pub(super) fn is_asked(request: &Request) -> bool {
    Makes::of(&request.mode) == Some(Makes::Pictures) && early::is_asked(&request.input)
}

/// Compatible servers that know no streams answer with one JSON all the same.
pub(super) fn is_stream(request: &Request, body: &[u8]) -> bool {
    is_asked(request) && !body.trim_ascii_start().starts_with(b"{")
}

/// What one event tells.
enum Told {
    Early(u64, String),
    Completed(wire::Picture, Value),
    Error,
    /// Something of tomorrow, or nothing that can be read.
    Nothing,
}

fn told(event: &Event) -> Told {
    let Ok(data) = serde_json::from_slice::<wire::Told>(&event.data) else {
        return if event.name == "error" { Told::Error } else { Told::Nothing };
    };
    let kind = if data.kind.is_empty() { &event.name } else { &data.kind };
    match kind.as_str() {
        "image_generation.partial_image" | "image_edit.partial_image" => Told::Early(
            data.partial_image_index.as_u64().unwrap_or(0),
            data.picture.b64_json.unwrap_or_default(),
        ),
        "image_generation.completed" | "image_edit.completed" => Told::Completed(data.picture, data.usage),
        "error" => Told::Error,
        _ if event.name == "error" || !data.error.is_null() => Told::Error,
        _ => Told::Nothing,
    }
}

/// The same as the one JSON would say. A stream without a completed picture has broken off, however it ended.
pub(super) fn read(body: &[u8]) -> Result<wire::Pictures, Shape> {
    let (mut completed, mut usages, mut error, mut has_begun) = (Vec::new(), Vec::new(), None, false);
    let mut events = Events::default();
    let whole = std::iter::from_fn(|| events.next(body)).collect::<Vec<_>>();
    for event in whole.into_iter().chain(events.last(body)) {
        match told(&event) {
            Told::Completed(picture, usage) => {
                completed.push(picture);
                usages.push(usage);
            }
            Told::Error => error = error.or(Some(event.data)),
            Told::Early(..) => has_begun = true,
            Told::Nothing => {}
        }
    }
    let tokens = usages.iter().try_fold(0_i64, |sum, usage| sum.checked_add(usage["total_tokens"].as_i64()?));
    match error {
        Some(data) if completed.is_empty() => Err(Shape::ErrorEvent { data: data.into(), has_begun }),
        None if completed.is_empty() => {
            let why = "the events ended before the picture was completed";
            Err(Shape::Unreadable(Unreadable::NotJson(why.to_owned())))
        }
        _ => Ok(wire::Pictures {
            data: Some(completed),
            usage: tokens.map_or(Value::Null, |tokens| json!({ "total_tokens": tokens })),
            error: Value::Null,
        }),
    }
}

/// Hands on each early picture as soon as it is there whole.
pub(super) fn ear(sink: EarlySink) -> Ear {
    let mut events = Events::default();
    Box::new(move |body| {
        while let Some(event) = events.next(body) {
            if let Told::Early(index, base64) = told(&event)
                && let Some(picture) = decode_base64(&base64).and_then(|bytes| EarlyPicture::of(index, bytes))
            {
                sink.show(picture);
            }
        }
    })
}
