//! Asking the API: in this process when it has the data directory to itself, else the service that has it, through its control socket.
//! The answer is the same document.

use super::service::{Service, broke_off};
use crate::{
    clock,
    commands::Session,
    failure::Failure,
    wiring::{self, App},
};
use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, header},
    response::Response,
};
use futures_util::StreamExt;
use palitra_domain::{ErrorCode, objects::ByteStream};
use serde_json::Value;
use std::{io, time::Duration};
use tokio::net::UnixStream;
use tower::ServiceExt;

/// The longest answer that is read: a page of jobs.
const ANSWER_MAX: usize = 32 * 1024 * 1024;

/// A service that does not answer for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// What takes as long as markets take.
pub(crate) const AS_LONG_AS_MARKETS_TAKE: Duration = Duration::from_secs(900);

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

/// The pages of a list one after another, all that there is. `None`: nothing is there yet.
pub(crate) async fn look_at_all(
    session: &Session,
    path: &str,
    mut words: Value,
) -> Result<Option<Vec<Value>>, Failure> {
    words["limit"] = Value::from(PAGE);
    let mut all = Vec::new();
    loop {
        let Some(mut page) = look(session, &format!("{path}{}", query(&words))).await? else {
            return Ok(None);
        };
        if let Value::Array(rows) = page["data"].take() {
            all.extend(rows);
        }
        if page["next"].is_null() {
            return Ok(Some(all));
        }
        words["after"] = page["next"].take();
    }
}

/// The longest page that the API gives.
const PAGE: u32 = 1_000;

/// Asks for a change: the service that `--server` names, this process when the data directory is free, else the service that has it.
pub(crate) async fn tell(
    session: &Session,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Value, Failure> {
    tell_within(session, method, (path, body), PATIENCE).await
}

/// The same for what takes its time.
pub(crate) async fn tell_within(
    session: &Session,
    method: Method,
    (path, body): (&str, &Value),
    patience: Duration,
) -> Result<Value, Failure> {
    if let Some(service) = Service::named(session)? {
        return told(session, &service, method, (path, body), patience).await;
    }
    match session.open().await {
        Ok(app) => {
            let answer = ask(session, Ok(&app), method, path, body).await;
            app.close().await;
            answer
        }
        Err(failure) if failure.code() == ErrorCode::DataInUse => {
            let service = reached(session, failure).await?;
            told(session, &service, method, (path, body), patience).await
        }
        Err(failure) => Err(failure),
    }
}

/// Asks a service for a change, under a key of its own. Where no answer comes, or it breaks off, once more: what the key makes once is not made twice. If
/// that does not say either what became of it, nobody knows.
async fn told(
    session: &Session,
    service: &Service,
    method: Method,
    (path, body): (&str, &Value),
    patience: Duration,
) -> Result<Value, Failure> {
    let key = format!("{:032x}", clock::random());
    let ask = async || match method {
        Method::POST => service.post_once(session, path, &key, body).await,
        _ => service.ask(session, method.as_str(), path, body).await,
    };
    let answer = twice(patience, ask).await;
    answer.unwrap_or_else(|| Err(Failure::new(ErrorCode::NoAnswer).with("value", path)))
}

/// The answer; of a second try, where the first says nothing in time or breaks off. `None`: what the second says is not what became of the
/// first.
async fn twice<T>(
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<T, Failure>,
) -> Option<Result<T, Failure>> {
    match tokio::time::timeout(patience, ask()).await {
        Ok(Err(failure)) if broke_off(&failure) => {}
        Ok(answer) => return Some(answer),
        Err(_) => {}
    }
    let again = tokio::time::timeout(patience, ask()).await;
    again.ok().filter(Result::is_ok)
}

/// The service that has the data directory, if there is one; else it stays in use.
async fn reached(session: &Session, in_use: Failure) -> Result<Service, Failure> {
    match UnixStream::connect(super::file(&session.cli.data)).await {
        Ok(_) => Ok(Service::of_data(session)),
        Err(error) => Err(in_use.caused_by(error)),
    }
}

/// A document that may be longer than memory, as it comes.
pub(crate) async fn stream(session: &Session, path: &str) -> Result<ByteStream, Failure> {
    if let Some(service) = Service::named(session)? {
        return service.stream(session.console.lang, path, &[]).await;
    }
    match session.open().await {
        // The engine stays open for as long as somebody reads.
        Ok(app) => {
            let response = respond_here(session, &app, Method::GET, path, &Value::Null).await?;
            if !response.status().is_success() {
                return Err(palitra_api::failure(&document(response).await?));
            }
            let parts = response.into_body().into_data_stream();
            Ok(Box::pin(parts.map(move |part| {
                let _open = &app;
                part.map_err(io::Error::other)
            })))
        }
        Err(failure) if failure.code() == ErrorCode::DataInUse && super::file(&session.cli.data).exists() => {
            Service::of_data(session).stream(session.console.lang, path, &[]).await
        }
        Err(failure) => Err(failure),
    }
}

/// Asks the API. `opened` is what opening the data directory came to: in use, so its owner is asked.
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
    let service = reached(session, failure).await?;
    match tokio::time::timeout(PATIENCE, service.ask(session, method.as_str(), path, body)).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::new(ErrorCode::NoAnswer).with("value", path)),
    }
}

async fn ask_here(
    session: &Session,
    app: &App,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Value, Failure> {
    let response = respond_here(session, app, method, path, body).await?;
    let is_well = response.status().is_success();
    let answer = document(response).await?;
    if is_well { Ok(answer) } else { Err(palitra_api::failure(&answer)) }
}

/// What a response says; nothing is `null`.
async fn document(response: Response) -> Result<Value, Failure> {
    let body =
        to_bytes(response.into_body(), ANSWER_MAX).await.map_err(|error| unreadable(error.to_string()))?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))
}

fn unreadable(why: String) -> Failure {
    Failure::new(ErrorCode::Internal).with("why", why)
}

async fn respond_here(
    session: &Session,
    app: &App,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Response, Failure> {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "palitra");
    let request = request.header(header::ACCEPT_LANGUAGE, session.console.lang.as_str());
    let request = if body.is_null() {
        request.body(Body::empty())
    } else {
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
    };
    let request = request.map_err(|error| unreadable(error.to_string()))?;
    let door = wiring::door(session.config(), app.engine.clone(), None)?;
    match palitra_api::operator(door).oneshot(request).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked says nothing so often, and then this.
    async fn asked(silent: u32, then: Result<u32, ErrorCode>) -> Option<Result<u32, ErrorCode>> {
        let mut tries = 0;
        let answer = twice(Duration::ZERO, async || {
            tries += 1;
            if tries <= silent {
                std::future::pending::<()>().await;
            }
            then.map_err(Failure::new)
        });
        answer.await.map(|answer| answer.map_err(|failure| failure.code()))
    }

    #[tokio::test]
    async fn whoever_hears_nothing_asks_once_more_and_then_says_that_he_does_not_know() {
        assert_eq!(asked(0, Ok(1)).await, Some(Ok(1)));
        assert_eq!(asked(0, Err(ErrorCode::NotFound)).await, Some(Err(ErrorCode::NotFound)));
        assert_eq!(asked(1, Ok(1)).await, Some(Ok(1)));
        // Not found now, perhaps because the first try has revoked it.
        assert_eq!(asked(1, Err(ErrorCode::NotFound)).await, None);
        assert_eq!(asked(2, Ok(1)).await, None);
    }

    /// Of a service that is killed in the middle nobody knows what it has done; one that is not there has done nothing.
    #[tokio::test]
    async fn what_breaks_off_is_asked_once_more_and_what_is_not_there_is_not() {
        for (kind, tries_made) in [(io::ErrorKind::ConnectionReset, 2), (io::ErrorKind::ConnectionRefused, 1)]
        {
            let mut tries = 0;
            let answer = twice::<u32>(PATIENCE, async || {
                tries += 1;
                Err(Failure::new(ErrorCode::ServiceAway).caused_by(io::Error::from(kind)))
            });
            assert_eq!((answer.await.is_some(), tries), (tries_made == 1, tries_made));
        }
    }
}
