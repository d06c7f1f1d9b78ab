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
    http::{Method, Request, Response, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use palitra_domain::ErrorCode;
use serde_json::Value;
use std::{io, path::Path, time::Duration};
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
    let request = Request::builder().method(method).uri(path).header(header::HOST, "palitra");
    let request = request.header(header::ACCEPT_LANGUAGE, session.console.lang.as_str());
    let request = if body.is_null() {
        request.body(Body::empty())
    } else {
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
    };
    let request =
        request.map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
    let response = match opened {
        Ok(app) => {
            let door = wiring::door(session.config(), app.engine.clone(), None)?;
            match palitra_api::operator(door).oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
        Err(failure) if failure.code() == ErrorCode::DataInUse => {
            match tokio::time::timeout(PATIENCE, send(&session.cli.data, request)).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return Err(failure.caused_by(error)),
                Err(_) => return Err(failure),
            }
        }
        Err(failure) => return Err(failure),
    };
    read(response).await
}

async fn send(data: &Path, request: Request<Body>) -> io::Result<Response<Body>> {
    let stream = UnixStream::connect(super::file(data)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    Ok(response.map(Body::new))
}

async fn read(response: Response<Body>) -> Result<Value, Failure> {
    let unreadable = |why: String| Failure::new(ErrorCode::Internal).with("why", why);
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
