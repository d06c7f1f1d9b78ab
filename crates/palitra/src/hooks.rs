//! The door for callbacks of markets: `POST /hooks/{market}/{attempt}/{token}` (`docs/markets.md`, "Webhooks").
//!
//! It bounds what comes and turns answers into statuses; what a callback means is the engine's. Addresses hold tokens and bodies hold
//! other people's pictures, so neither is logged.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use palitra_engine::{Engine, Received, metrics::Callback as Called};

/// Results are links: the longest are some kilobytes.
const BODY_MAX: usize = 1024 * 1024;

pub(crate) fn router(engine: Engine) -> Router {
    Router::new()
        .route("/hooks/{market}/{attempt}/{token}", post(receive))
        .layer(DefaultBodyLimit::disable())
        .with_state(engine)
}

/// The token comes before everything else: whoever has none costs one row read, and learns nothing.
async fn receive(
    State(engine): State<Engine>,
    Path((market, attempt, token)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    let callback = match engine.callback(&market, &attempt, &token).await {
        Ok(Some(callback)) => callback,
        Ok(None) => {
            engine.metrics.called(Called::Unknown);
            return StatusCode::NOT_FOUND;
        }
        Err(error) => {
            engine.metrics.called(Called::Unavailable);
            return unavailable(&error);
        }
    };
    let Ok(body) = to_bytes(body, BODY_MAX).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    let (called, status) = match engine.receive(callback, &texts(&headers), &body).await {
        Ok(Received::Taken) => (Called::Taken, StatusCode::NO_CONTENT),
        Ok(Received::Untrusted) => (Called::Untrusted, StatusCode::UNAUTHORIZED),
        Ok(Received::Unavailable) => (Called::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        Ok(Received::Unsupported) => (Called::Unknown, StatusCode::NOT_FOUND),
        Err(error) => (Called::Unavailable, unavailable(&error)),
    };
    engine.metrics.called(called);
    status
}

/// Every header as often as it came; one that is no text cannot be one that was signed.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// The market sends it again later.
fn unavailable(error: &palitra_engine::Error) -> StatusCode {
    tracing::error!(%error, "a webhook could not be looked up");
    StatusCode::SERVICE_UNAVAILABLE
}
