//! `POST /openai/v1/audio/speech`: the answer is the sound, or, as `sse`, its parts.

use super::{
    images::whole,
    waiting::{self, Call},
};
use crate::{caller::Maker, door::Door, input::Json, once, problem::Problem};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use palitra_domain::ErrorCode;
use palitra_engine::failure::Failure;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Debug, Deserialize)]
pub(super) struct Request {
    input: String,
    model: Option<String>,
    /// A name, or `{"id": …}`.
    voice: Option<Value>,
    response_format: Option<String>,
    /// 1 is the usual.
    speed: Option<f64>,
    stream_format: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

pub(super) async fn speak(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<Request>,
) -> Result<Response, Problem> {
    let Request { input: text, model, voice, response_format, speed, stream_format, rest } = value;
    let model = model.unwrap_or_else(|| door.settings.words.speech_model.clone());
    let mut input = rest;
    input.insert("text".to_owned(), Value::from(text));
    let voice = voice.as_ref().and_then(|voice| voice["id"].as_str().or(voice.as_str()));
    // `alloy` and the like are voices of OpenAI's: of another model they mean its own.
    if let Some(voice) = voice.filter(|voice| !is_openais(voice) || model.contains("tts")) {
        input.insert("voice".to_owned(), Value::from(voice));
    }
    if let Some(format) = response_format {
        let format = if format == "opus" { "ogg".to_owned() } else { format };
        input.insert("output_format".to_owned(), Value::from(format));
    }
    if let Some(speed) = speed {
        input.insert("speed".to_owned(), json!(percent(speed)?));
    }
    let once = once::repeated(&door, &caller, &headers, "/openai/v1/audio/speech", &sha256)?;
    let call = Call { model, mode: "speak", input, count: 1, once: once.clone() };
    let ids = waiting::create(&door, &caller, call).await?;
    let views = waiting::wait(&door, &caller, &once, &ids).await?;
    let made = views[0].assets.first().ok_or_else(|| Failure::new(ErrorCode::BadResult))?;
    let length = u64::try_from(made.bytes).unwrap_or(0);
    let response = if stream_format.as_deref() == Some("sse") {
        let audio = BASE64_STANDARD.encode(whole(&door, made).await?);
        let delta = json!({ "type": "speech.audio.delta", "audio": audio });
        let none = json!({ "input_tokens": 0, "output_tokens": 0, "total_tokens": 0 });
        let done = json!({ "type": "speech.audio.done", "usage": none });
        let body = Bytes::from(format!("data: {delta}\n\ndata: {done}\n\n"));
        ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
    } else {
        let sound = door.engine.content(&made.object_key, 0, length).await?;
        let mut response = Body::from_stream(sound).into_response();
        let kind = HeaderValue::from_str(&made.mime).unwrap_or(HeaderValue::from_static("audio/mpeg"));
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        response
    };
    Ok(once::told(&door, &caller, &once, ids, response))
}

fn is_openais(voice: &str) -> bool {
    const VOICES: &[&str] = &[
        "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
        "marin", "cedar",
    ];
    VOICES.contains(&voice)
}

/// In per cent of the usual speed, as our models take it.
#[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a speed; no money here")]
fn percent(speed: f64) -> Result<i64, Failure> {
    if (0.25..=4.0).contains(&speed) {
        Ok((speed * 100.0).round() as i64)
    } else {
        Err(crate::input::wrong("speed", "0.25 to 4"))
    }
}
