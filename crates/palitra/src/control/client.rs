//! Asking the API: in this process when it has the data directory to itself, else the service that has it, through its control socket.
//! The answer is the same document.

use super::Service;
use crate::{
    commands::Session,
    failure::Failure,
    wiring::{self, App},
};
use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, header},
};
use palitra_domain::ErrorCode;
use serde_json::Value;
use std::time::Duration;
use tokio::net::UnixStream;
use tower::ServiceExt;

/// The longest answer that is read: a page of jobs.
const ANSWER_MAX: usize = 32 * 1024 * 1024;

/// A service that does not answer for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the API says: of the service that `--server` names, else in this process, which may look beside a running service. `None`: nothing
/// is there yet.
pub(crate) async fn look(session: &Session, path: &str) -> Result<Option<Value>, Failure> {
    if let Some(service) = Service::named(session)? {
        return service.ask(session, "GET", path, &Value::Null).await.map(Some);
    }
    match session.look().await? {
        Some(app) => ask(session, Ok(&app), Method::GET, path, &Value::Null).await.map(Some),
        None => Ok(None),
    }
}

/// Asks the API. `opened` is what opening the data directory came to: in use, so its owner is asked; where that does not answer, it
/// stays in use.
pub(crate) async fn ask(
    session: &Session,
    opened: Result<&App, Failure>,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Value, Failure> {
    let failure = match opened {
        Ok(app) => return ask_here(session, app, method, path, body).await,
        Err(failure) if failure.code() != ErrorCode::DataInUse => return Err(failure),
        Err(failure) => failure,
    };
    if let Err(error) = UnixStream::connect(super::file(&session.cli.data)).await {
        return Err(failure.caused_by(error));
    }
    let service = Service::of_data(session);
    match tokio::time::timeout(PATIENCE, service.ask(session, method.as_str(), path, body)).await {
        Ok(answer) => answer,
        Err(_) => Err(failure),
    }
}

async fn ask_here(
    session: &Session,
    app: &App,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Value, Failure> {
    let unreadable = |why: String| Failure::new(ErrorCode::Internal).with("why", why);
    let request = Request::builder().method(method).uri(path).header(header::HOST, "palitra");
    let request = request.header(header::ACCEPT_LANGUAGE, session.console.lang.as_str());
    let request = if body.is_null() {
        request.body(Body::empty())
    } else {
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
    };
    let request = request.map_err(|error| unreadable(error.to_string()))?;
    let door = wiring::door(session.config(), app.engine.clone(), None)?;
    let response = match palitra_api::operator(door).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let is_well = response.status().is_success();
    let body =
        to_bytes(response.into_body(), ANSWER_MAX).await.map_err(|error| unreadable(error.to_string()))?;
    let answer: Value = serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))?;
    if is_well { Ok(answer) } else { Err(palitra_api::failure(&answer)) }
}

/// `?name=value&…` of what is set.
pub(crate) fn query(words: &Value) -> String {
    let words = words.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let pairs: Vec<String> = words
        .map(|(name, value)| format!("{name}={}", segment(value.as_str().unwrap_or(&value.to_string()))))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// A part of a path: what a label may hold and an address may not.
pub(crate) fn segment(text: &str) -> String {
    let letter = |byte: u8| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(letter).collect()
}
