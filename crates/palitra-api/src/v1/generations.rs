//! `/v1/generations`: create, list, look, wait, cancel, repeat, vary, rate.

mod change;
mod filter;
mod refund;

use super::quotes::QuoteRequest;
use crate::{
    bring,
    caller::{Maker, Reader, sees},
    documents::generation::{self, GenerationDocument, ProgressDocument},
    door::Door,
    edge, etag,
    input::{Id, Json, Query},
    once,
    page::Page,
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, ETAG, LOCATION, VARY},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use filter::GenerationFilter;
use palitra_domain::{
    ErrorCode, GenerationId, QuoteId, Scope,
    webhook::{Callback, Form},
};
use palitra_engine::{
    Caller,
    failure::Failure,
    generations::{Asked, Created, Request, Wish, asked_input},
};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The longest that an answer is held back.
const WAIT_S_MAX: u64 = 60;

/// The longest metadata, as JSON.
const METADATA_BYTES_MAX: usize = 16 * 1024;

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show))
        .merge(change::routes())
        .merge(refund::routes())
}

/// A generation to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerationRequest {
    /// A model's id, its market's own id, or an alias.
    #[schema(example = "sandbox/artist")]
    model: String,
    /// One operation of the model; its first one when it is not given.
    mode: Option<String>,
    /// `GET /v1/models/schema?id=…` shows what a mode takes. Files are given by the ids of uploads and results.
    #[schema(value_type = Object, example = json!({ "prompt": "A lighthouse at dawn" }))]
    input: serde_json::Map<String, Value>,
    /// Binds the price.
    quote_id: Option<String>,
    /// Where its end is told, besides the account's webhooks.
    webhook: Option<String>,
    /// Given back as it is, 16 KiB at most.
    #[schema(value_type = Option<Object>)]
    metadata: Option<serde_json::Map<String, Value>>,
}

/// How long an answer may be held back until the generation has ended.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wait {
    /// Seconds, at most 60. `Prefer: wait=30` says the same.
    #[param(minimum = 0, maximum = 60)]
    wait: Option<u64>,
}

impl Wait {
    fn patience(&self, headers: &HeaderMap) -> Result<Duration, Problem> {
        let seconds = match self.wait {
            Some(seconds) if seconds > WAIT_S_MAX => {
                return Err(crate::input::wrong("wait", "0 to 60").into());
            }
            Some(seconds) => seconds,
            None => preferred(headers).unwrap_or(0).min(WAIT_S_MAX),
        };
        Ok(Duration::from_secs(seconds))
    }
}

/// `Prefer: respond-async, wait=30` (RFC 7240).
pub(crate) fn preferred(headers: &HeaderMap) -> Option<u64> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|all| all.split([',', ';']))
        .find_map(|one| one.trim().strip_prefix("wait=")?.parse().ok())
}

/// Create a generation
///
/// Holds its price and queues it. Nothing is charged unless it succeeds. With `Idempotency-Key` the same request again answers with the
/// same generation.
#[utoipa::path(
    post, path = "/v1/generations", operation_id = "create_generation", tag = "generations", security(("key" = [])), request_body = GenerationRequest,
    params(Wait, ("Idempotency-Key" = Option<String>, Header, description = "The same request again answers with the same generation, for a day")),
    responses(
        (status = 202, description = "Queued", body = GenerationDocument),
        (status = 200, description = "Ended while the answer was held back", body = GenerationDocument),
        Refusals
    )
)]
async fn create(
    State(door): State<Door>,
    Maker(caller): Maker,
    Query(wait): Query<Wait>,
    headers: HeaderMap,
    Json { value, sha256 }: Json<GenerationRequest>,
) -> Result<Response, Problem> {
    let patience = wait.patience(&headers)?;
    let once = once::of(&headers, "POST /v1/generations", &sha256)?;
    let GenerationRequest { model, mode, input, quote_id, webhook, metadata } = value;
    let quote = quote_id.as_deref().map(quote_of).transpose()?;
    let metadata = metadata.map(metadata_of).transpose()?;
    // What is there already needs nothing that was good then.
    let owner = (&caller.account, caller.livemode);
    if let Some([id]) = door.engine.generations_made_once(owner, once.as_ref()).await?.as_deref() {
        return answer(&door, &caller, &Created { id: id.clone(), is_new: false }, patience, &headers).await;
    }
    let wish = QuoteRequest { model, mode, input }.wish(&door, &caller)?;
    let mut wish = bring::bring(&door, &caller, wish).await?;
    wish.webhook = webhook.map(|url| Callback { url, form: Form::Standard });
    let asked = Asked { once, request: Request { metadata, ..Request::default() } };
    let created = door.engine.create_asked(wish, quote, asked).await?;
    answer(&door, &caller, &created, patience, &headers).await
}

/// What was made, as it is when the patience is over.
async fn answer(
    door: &Door,
    caller: &Caller,
    created: &Created,
    patience: Duration,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let id = &created.id;
    if !patience.is_zero() {
        door.wait(id, patience).await?;
    }
    let shown = shown(door, caller, id, headers).await?;
    let status = if shown.finished_at.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, axum::Json(shown)).into_response();
    let answer = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(door.address(&format!("/v1/generations/{}", id.as_str()))) {
        answer.insert(LOCATION, location);
    }
    if !created.is_new {
        answer.insert(once::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn shown(
    door: &Door,
    caller: &Caller,
    id: &GenerationId,
    headers: &HeaderMap,
) -> Result<GenerationDocument, Problem> {
    let view = door.engine.generation_view(sees(caller).as_ref(), id).await?;
    let mut shown = generation::document(door, &view, edge::language(headers));
    if caller.scopes.has(Scope::Operator) {
        let attempts = door.engine.attempts(id).await?;
        shown.attempts = Some(attempts.iter().map(generation::attempt).collect());
    }
    Ok(shown)
}

fn quote_of(text: &str) -> Result<QuoteId, Problem> {
    QuoteId::parse(text).map_err(|_| Failure::new(ErrorCode::QuoteExpired).with("value", text).into())
}

fn metadata_of(metadata: serde_json::Map<String, Value>) -> Result<String, Problem> {
    let text = Value::Object(metadata).to_string();
    if text.len() > METADATA_BYTES_MAX {
        return Err(crate::input::wrong("metadata", "16 KiB at most").into());
    }
    Ok(text)
}

/// List generations
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/generations", operation_id = "list_generations", tag = "generations", security(("key" = [])), params(GenerationFilter),
    responses((status = 200, description = "A page of them", body = Page<GenerationDocument>), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Reader(caller): Reader,
    Query(wanted): Query<GenerationFilter>,
    headers: HeaderMap,
) -> Result<axum::Json<Page<GenerationDocument>>, Problem> {
    let limit = crate::page::limit(wanted.limit)?;
    let filter = wanted.filter(&door, &caller, limit.saturating_add(1)).await?;
    let views = door.engine.generation_views(filter).await?;
    let lang = edge::language(&headers);
    let shown = views.iter().map(|view| generation::document(&door, view, lang)).collect();
    Ok(axum::Json(Page::of(shown, limit, |shown: &GenerationDocument| shown.id.clone())))
}

/// Look at a generation
///
/// With `wait` the answer comes when it has ended, or when the time is over. Whoever looks again and again finds in `Retry-After` when to.
#[utoipa::path(
    get, path = "/v1/generations/{id}", operation_id = "get_generation", tag = "generations", security(("key" = [])),
    params(("id" = String, Path, description = "`gen_…`"), Wait),
    responses(
        (status = 200, description = "As it is now", body = GenerationDocument),
        (status = 304, description = "Nothing has changed since `If-None-Match`"),
        Refusals
    )
)]
async fn show(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<GenerationId>,
    Query(wait): Query<Wait>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let patience = wait.patience(&headers)?;
    if !patience.is_zero() {
        // Nobody waits for what is somebody else's.
        door.engine.generation_view(sees(&caller).as_ref(), &id).await?;
        door.wait(&id, patience).await?;
    }
    let shown = shown(&door, &caller, &id, &headers).await?;
    let is_over = shown.finished_at.is_some();
    let (tag, body) = tagged(shown)?;
    let mut response = if etag::is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], body).into_response()
    };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-language"));
    if !is_over {
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    Ok(response)
}

/// Room for the JSON of a generation, so that it need not grow.
const DOCUMENT_BYTES: usize = 2_048;

/// A tag of everything that is shown, its language and its links too, but the seconds that run by themselves; and the JSON.
fn tagged(mut shown: GenerationDocument) -> Result<(String, Vec<u8>), Problem> {
    let progress = shown.progress.clone();
    let ProgressDocument { starts_in_s, eta_s, waited_s, .. } = &mut shown.progress;
    let runs = [starts_in_s.take(), eta_s.take(), waited_s.take()].iter().any(Option::is_some);
    let mut body = json(&shown)?;
    let hash = Sha256::digest(&body);
    if runs {
        body = json(&GenerationDocument { progress, ..shown })?;
    }
    Ok((format!("W/\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&hash[..16])), body))
}

fn json(shown: &GenerationDocument) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::with_capacity(DOCUMENT_BYTES);
    serde_json::to_writer(&mut text, shown).map_err(|_| Failure::new(ErrorCode::Internal))?;
    Ok(text)
}

/// A wish that was made before, made again.
async fn wish_of(door: &Door, caller: &Caller, id: &GenerationId) -> Result<Wish, Problem> {
    let view = door.engine.generation_view(sees(caller).as_ref(), id).await?;
    let input = asked_input(&view.generation);
    let request = QuoteRequest { model: view.generation.model, mode: Some(view.generation.mode), input };
    request.wish(door, caller)
}
