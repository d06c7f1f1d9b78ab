//! `POST /openai/v1/images/generations`, and how pictures are answered, whole or streamed.

use super::{
    shape,
    waiting::{self, Call, WAIT_MAX},
};
use crate::{
    caller::Maker,
    documents::asset,
    door::Door,
    edge::Told,
    input::Json,
    once,
    problem::{self, Problem},
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, stream};
use palitra_domain::{ErrorCode, GenerationId, i18n::Lang};
use palitra_engine::{
    Caller,
    failure::Failure,
    generations::{Asset, Once},
    views::GenerationView,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Pictures of one call.
pub(super) const COUNT_MAX: usize = 10;

/// The field names are OpenAI's. What is not known is left to the model's own input.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    prompt: String,
    model: Option<String>,
    n: Option<usize>,
    size: Option<String>,
    response_format: Option<String>,
    stream: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// How pictures are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Base64,
    Url,
}

impl Form {
    /// Where nothing is said, models of OpenAI's that are called GPT answer with bytes, and everything else with an address.
    pub(super) fn of(asked: Option<&str>, model: &str) -> Result<Form, Problem> {
        match asked {
            Some("b64_json") => Ok(Form::Base64),
            Some("url") => Ok(Form::Url),
            Some(_) => Err(crate::input::wrong("response_format", "`url` or `b64_json`").into()),
            None if model.contains("gpt-image") => Ok(Form::Base64),
            None => Ok(Form::Url),
        }
    }
}

/// Fields that are for OpenAI alone, and mean nothing to a model.
const IGNORED: &[&str] = &["user", "moderation", "partial_images"];

pub(super) async fn generate(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<Request>,
) -> Result<Response, Problem> {
    let Request { prompt, model, n, size, response_format, stream, rest } = value;
    let model = model.unwrap_or_else(|| door.settings.words.image_model.clone());
    let form = Form::of(response_format.as_deref(), &model)?;
    let mut input = rest;
    input.retain(|name, value| !IGNORED.contains(&name.as_str()) && !value.is_null());
    input.insert("prompt".to_owned(), Value::from(prompt));
    waiting::sized(&mut input, size.as_deref())?;
    let once = once::repeated(&door, &caller, &headers, "/openai/v1/images/generations", &sha256)?;
    let call = Call { model, mode: "create", input, count: count(n)?, once: once.clone() };
    let ids = waiting::create(&door, &caller, call).await?;
    let answer = Answer { door, caller, ids, form, event: "image_generation" };
    answer.give(stream == Some(true), &once).await
}

pub(super) fn count(n: Option<usize>) -> Result<usize, Problem> {
    match n.unwrap_or(1) {
        n @ 1..=COUNT_MAX => Ok(n),
        _ => Err(crate::input::wrong("n", "1 to 10").into()),
    }
}

/// Pictures on their way.
pub(super) struct Answer {
    pub(super) door: Door,
    pub(super) caller: Caller,
    pub(super) ids: Vec<GenerationId>,
    pub(super) form: Form,
    /// What its events begin with.
    pub(super) event: &'static str,
}

impl Answer {
    pub(super) async fn give(self, is_streamed: bool, once: &Once) -> Result<Response, Problem> {
        let (door, caller) = (self.door.clone(), self.caller.clone());
        let ids = self.ids.clone();
        let response = if is_streamed { self.stream() } else { self.whole(once).await? };
        Ok(once::told(&door, &caller, once, ids, response))
    }

    /// `{created, data: [{url | b64_json}]}`.
    async fn whole(self, once: &Once) -> Result<Response, Problem> {
        let views = waiting::wait(&self.door, &self.caller, once, &self.ids).await?;
        let mut data = Vec::new();
        for made in views.iter().flat_map(|view| &view.assets) {
            data.push(self.picture(made).await?);
        }
        Ok(axum::Json(json!({ "created": views.first().map_or(0, created), "data": data })).into_response())
    }

    async fn picture(&self, made: &Asset) -> Result<Value, Problem> {
        Ok(match self.form {
            Form::Url => {
                json!({ "url": asset::content_url(&self.door, &made.id, self.door.links()) })
            }
            Form::Base64 => json!({ "b64_json": BASE64_STANDARD.encode(whole(&self.door, made).await?) }),
        })
    }

    /// A `completed` event for each picture; a failure is an `error` event.
    fn stream(self) -> Response {
        let events = stream::iter(0..self.ids.len()).then({
            let answer = std::sync::Arc::new(self);
            move |n| {
                let answer = answer.clone();
                async move { Ok::<_, std::io::Error>(answer.event(n).await) }
            }
        });
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events.fuse())).into_response()
    }

    async fn event(&self, n: usize) -> Bytes {
        let made = async {
            let view = waiting::ended(&self.door, &self.caller, &self.ids[n], WAIT_MAX).await??;
            let made = view.assets.first().ok_or_else(|| crate::input::not_found("the picture"))?;
            let picture = BASE64_STANDARD.encode(whole(&self.door, made).await?);
            let size = made.width.zip(made.height).map(|(width, height)| format!("{width}x{height}"));
            let format = made.mime.strip_prefix("image/").unwrap_or("png");
            let none = json!({ "input_tokens": 0, "output_tokens": 0, "total_tokens": 0,
                "input_tokens_details": { "text_tokens": 0, "image_tokens": 0 } });
            Ok::<_, Problem>(json!({
                "type": format!("{}.completed", self.event), "b64_json": picture, "created_at": created(&view), "size": size,
                "quality": "auto", "background": "auto", "output_format": format, "usage": none,
            }))
        };
        let (name, data) = match made.await {
            Ok(data) => (format!("{}.completed", self.event), data),
            Err(Problem(failure)) => {
                let plain = problem::plain(&failure).unwrap_or(failure);
                let told = Told { failure: &plain, lang: Lang::En, request_id: "" };
                ("error".to_owned(), shape(&told).body)
            }
        };
        Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
    }
}

/// Seconds since 1970.
fn created(view: &GenerationView) -> i64 {
    view.generation.created_at.micros() / 1_000_000
}

/// The whole file.
pub(super) async fn whole(door: &Door, made: &Asset) -> Result<Bytes, Problem> {
    let unread = |error: std::io::Error| Failure::new(ErrorCode::Internal).with("why", error.to_string());
    Ok(door.engine.whole(&made.object_key).await.map_err(unread)?)
}
