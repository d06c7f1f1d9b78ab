//! `POST /openai/v1/images/generations`, and how pictures are answered, whole here and as a stream in [`streamed`].

use super::{
    streamed,
    waiting::{self, Call},
};
use crate::{caller::Maker, documents::asset, door::Door, input::Json, once, problem::Problem};
use axum::{
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use palitra_domain::{ErrorCode, GenerationId};
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
    partial_images: Option<usize>,
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
const IGNORED: &[&str] = &["user", "moderation"];

pub(super) async fn generate(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<Request>,
) -> Result<Response, Problem> {
    let Request { prompt, model, n, size, response_format, stream, partial_images, rest } = value;
    let is_streamed = stream == Some(true);
    let model = model.unwrap_or_else(|| door.settings.words.image_model.clone());
    let form = Form::of(response_format.as_deref(), &model)?;
    let mut input = rest;
    input.retain(|name, value| !IGNORED.contains(&name.as_str()) && !value.is_null());
    input.insert("prompt".to_owned(), Value::from(prompt));
    waiting::sized(&mut input, size.as_deref())?;
    streamed::ask_early(&mut input, partial_images, is_streamed)?;
    let once = once::repeated(&door, &caller, &headers, "/openai/v1/images/generations", &sha256)?;
    let call = Call { model, mode: "create", input, count: count(n)?, once: once.clone() };
    let ids = waiting::create(&door, &caller, call).await?;
    let answer = Answer { door, caller, ids, form, event: "image_generation" };
    answer.give(is_streamed, &once).await
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
        let response = if is_streamed { streamed::response(self) } else { self.whole(once).await? };
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
}

/// Seconds since 1970.
pub(super) fn created(view: &GenerationView) -> i64 {
    view.generation.created_at.micros() / 1_000_000
}

/// The whole file.
pub(super) async fn whole(door: &Door, made: &Asset) -> Result<Bytes, Problem> {
    let unread = |error: std::io::Error| Failure::new(ErrorCode::Internal).with("why", error.to_string());
    Ok(door.engine.whole(&made.object_key).await.map_err(unread)?)
}
