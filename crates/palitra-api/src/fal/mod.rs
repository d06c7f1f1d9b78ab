//! The fal-compatible door: `/fal/queue`, `/fal/run`, `/fal/rest`, `/fal/cdn`, `/fal/{app}` (the queue again), and the one address that
//! fal's JavaScript client sends everything to, `/api/fal/proxy`. fal's own clients work with their base addresses changed.
//!
//! An app is a model: ours, its market's, or an alias; a request is a generation. What fal answers is written from `docs/markets.md`.

mod output;
mod path;
mod proxy;
mod queue;
mod run;
mod storage;
mod webhook;

pub(crate) use storage::linked;
pub use webhook::Letters;

use crate::{
    caller,
    door::Door,
    edge::{Shaped, Told},
};
use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{any, get, post, put},
};
use palitra_domain::ErrorCode;
use serde_json::{Value, json};

pub(crate) fn routes(door: &Door) -> Router<Door> {
    let keyed = keyed().route("/api/fal/proxy", any(proxy::proxy));
    let open = open().layer(from_fn_with_state(door.clone(), caller::bound_guesses));
    open.merge(keyed.layer(from_fn_with_state(door.clone(), caller::authenticate)))
}

/// What a key opens.
fn keyed() -> Router<Door> {
    Router::new()
        .route("/fal/queue/{*path}", any(queue::at))
        .route("/fal/run/{*path}", post(run::run))
        .route("/fal/rest/storage/auth/token", post(storage::token))
        .route("/fal/rest/storage/upload/initiate", post(storage::initiate))
        .route("/fal/rest/storage/upload/initiate-multipart", post(storage::begin))
        .route("/fal/{*path}", any(queue::at))
}

/// What a permission opens, or nothing at all is needed for.
fn open() -> Router<Door> {
    Router::new()
        .route("/fal/rest/.well-known/jwks.json", get(webhook::keys))
        .route("/fal/cdn/files/upload", post(storage::upload))
        .route("/fal/cdn/files/upload/multipart", post(storage::begin_with_token))
        .route("/fal/cdn/files/{link}", get(storage::file))
        .route("/fal/cdn/files/{link}/multipart/{permission}/{number}", put(storage::part_named))
        .route("/fal/cdn/files/{link}/multipart/{permission}/complete", post(storage::complete_named))
        .route("/fal/cdn/parts/{permission}/{number}", put(storage::part))
        .route("/fal/cdn/parts/{permission}/complete", post(storage::complete))
        .route("/fal/cdn/put/{permission}", put(storage::put))
}

/// Model errors and request errors as fal has them (`docs/markets.md`, errors). A permanent refusal is never 409: its clients repeat those.
pub(crate) fn shape(told: &Told<'_>) -> Shaped {
    let failure = told.failure;
    let (status, kind) = meaning(failure.code());
    let detail = if failure.violations().is_empty() {
        match failure.hint_over_http(told.lang) {
            Some(hint) => Value::from(format!("{}: {hint}", failure.message(told.lang))),
            None => Value::from(failure.message(told.lang)),
        }
    } else {
        let of = |wrong: &palitra_engine::inputs::Violation| json!({ "loc": ["body", wrong.path], "msg": format!("{} {}", wrong.rule, wrong.allowed), "type": wrong.rule });
        failure.violations().iter().map(of).collect()
    };
    let body = json!({ "detail": detail, "error_type": kind, "code": failure.code() });
    let headers =
        vec![("x-fal-error-type", kind.to_owned()), ("x-fal-request-id", told.request_id.to_owned())];
    Shaped { status, body, headers, ..Shaped::json(told, Value::Null) }
}

/// Status and `error_type` of a code.
pub(crate) fn meaning(code: ErrorCode) -> (StatusCode, &'static str) {
    let own = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match code {
        ErrorCode::ContentRejected => (StatusCode::UNPROCESSABLE_ENTITY, "content_policy_violation"),
        ErrorCode::InputFetch | ErrorCode::BadFile => {
            (StatusCode::UNPROCESSABLE_ENTITY, "file_download_error")
        }
        ErrorCode::UnacceptableResult | ErrorCode::BadResult => {
            (StatusCode::UNPROCESSABLE_ENTITY, "no_media_generated")
        }
        ErrorCode::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "generation_timeout"),
        ErrorCode::Cancelled => {
            (StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST), "client_cancelled")
        }
        ErrorCode::Unauthorized => (own, "auth_error"),
        ErrorCode::Forbidden | ErrorCode::InsufficientFunds | ErrorCode::OverBudget => {
            (StatusCode::FORBIDDEN, "forbidden")
        }
        ErrorCode::NotFound | ErrorCode::UnknownModel | ErrorCode::UnknownMode => {
            (StatusCode::NOT_FOUND, "not_found")
        }
        ErrorCode::QueueFull | ErrorCode::RateLimited | ErrorCode::HouseLoss => {
            (StatusCode::TOO_MANY_REQUESTS, "concurrent_requests_limit")
        }
        ErrorCode::MarketBusy | ErrorCode::MarketUnavailable | ErrorCode::GenerationFailed => {
            (StatusCode::INTERNAL_SERVER_ERROR, "downstream_service_error")
        }
        _ if own == StatusCode::CONFLICT => (StatusCode::UNPROCESSABLE_ENTITY, "bad_request"),
        _ if own.is_server_error() => (own, "internal_error"),
        _ => (own, "bad_request"),
    }
}
