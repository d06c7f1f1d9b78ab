//! The OpenAI-compatible door, `/openai/v1`: pictures, edits, speech and models for clients whose base address is changed.
//!
//! A call is a generation that is waited for. A model is ours, its market's, or an alias; fields that a model does not take are dropped, as
//! everywhere. A client that goes away loses nothing: the work goes on, is kept, and a repeated call joins it (`once::repeated`).

mod edits;
mod images;
mod models;
mod speech;
mod streamed;
mod waiting;

use crate::{
    caller,
    door::Door,
    edge::{Shaped, Told},
};
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use palitra_domain::ErrorCode;
use serde_json::json;

pub(crate) fn routes(door: &Door) -> Router<Door> {
    Router::new()
        .route("/openai/v1/images/generations", post(images::generate))
        .route("/openai/v1/images/edits", post(edits::edit))
        .route("/openai/v1/audio/speech", post(speech::speak))
        .route("/openai/v1/models", get(models::list))
        .route("/openai/v1/models/{*model}", get(models::show))
        .layer(from_fn_with_state(door.clone(), caller::authenticate))
}

/// `{"error": {message, type, param, code}}`. What will not get better is marked, so that clients do not repeat it.
pub(crate) fn shape(told: &Told<'_>) -> Shaped {
    let failure = told.failure;
    let code = failure.code();
    let (kind, name) = match code {
        ErrorCode::ContentRejected => ("image_generation_user_error", "moderation_blocked"),
        ErrorCode::Unauthorized => ("invalid_request_error", "invalid_api_key"),
        ErrorCode::InsufficientFunds | ErrorCode::OverBudget => ("insufficient_quota", "insufficient_quota"),
        ErrorCode::RateLimited | ErrorCode::QueueFull | ErrorCode::HouseLoss => {
            ("rate_limit_error", "rate_limit_exceeded")
        }
        ErrorCode::UnknownModel | ErrorCode::UnknownMode => ("invalid_request_error", "model_not_found"),
        _ if code.http_status() >= 500 => ("server_error", code.name()),
        _ => ("invalid_request_error", code.name()),
    };
    let message = match failure.hint_over_http(told.lang) {
        Some(hint) => format!("{}: {hint}", failure.message(told.lang)),
        None => failure.message(told.lang),
    };
    let param = failure.violations().first().map(|wrong| wrong.path.clone());
    let body = json!({ "error": { "message": message, "type": kind, "param": param, "code": name } });
    let shaped = Shaped::json(told, body);
    let status = match code {
        // What the client sent is 400 there, and no money is 429.
        ErrorCode::InvalidInput | ErrorCode::BadFormat | ErrorCode::BadFile | ErrorCode::ContentRejected => {
            400
        }
        ErrorCode::InsufficientFunds | ErrorCode::OverBudget => 429,
        other => other.http_status(),
    };
    let headers = vec![("x-should-retry", code.is_retryable().to_string())];
    Shaped { status: axum::http::StatusCode::from_u16(status).unwrap_or(shaped.status), headers, ..shaped }
}
