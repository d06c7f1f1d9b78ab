//! What comes with a request, read strictly: JSON with the place of what is wrong, queries without unknown words, ids of the right kind.

use crate::problem::Problem;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header::CONTENT_TYPE, request::Parts},
};
use bytes::BytesMut;
use futures_util::StreamExt;
use palitra_domain::ErrorCode;
use palitra_engine::{failure::Failure, inputs::Violation};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The largest JSON that is read: prompts, tables of words, lines of a batch.
pub(crate) const JSON_BYTES_MAX: usize = 16 * 1024 * 1024;

/// So much of a body has to come in this time, 64 KiB a second: who sends more slowly holds a connection for nothing.
const WINDOW_BYTES: usize = 2 * 1024 * 1024;
const WINDOW_TIME: Duration = Duration::from_secs(30);

/// What comes in time; else it is too slow.
pub(crate) async fn in_time<T>(part: impl Future<Output = T>) -> Result<T, Failure> {
    let seconds = i64::try_from(WINDOW_TIME.as_secs()).unwrap_or(i64::MAX);
    let late = |_| Failure::new(ErrorCode::TooSlow).with("limit", seconds);
    tokio::time::timeout(WINDOW_TIME, part).await.map_err(late)
}

/// The whole body, within its bound and its time.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_large = || Failure::new(ErrorCode::BodyTooLarge).with("limit", size(bytes_max));
    if body.size_hint().lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
        return Err(too_large().into());
    }
    let (mut parts, mut all) = (body.into_data_stream(), BytesMut::new());
    loop {
        let until = all.len() + WINDOW_BYTES;
        let window = async {
            while all.len() < until {
                let Some(part) = parts.next().await else { return Ok(true) };
                let part = part.map_err(broken_off)?;
                if all.len() + part.len() > bytes_max {
                    return Err(too_large());
                }
                all.extend_from_slice(&part);
            }
            Ok(false)
        };
        if in_time(window).await?? {
            return Ok(all.freeze());
        }
    }
}

fn broken_off(error: axum::Error) -> Failure {
    Failure::new(ErrorCode::Malformed).with("why", "the body broke off").caused_by(error)
}

fn size(bytes: usize) -> String {
    if bytes >= 1024 * 1024 {
        format!("{} MiB", bytes / 1024 / 1024)
    } else {
        format!("{} KiB", bytes / 1024)
    }
}

/// A body of JSON, with its bytes as they came.
pub(crate) struct Json<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Json<T>, Problem> {
        need_json(request.headers())?;
        let bytes = read(request.into_body(), JSON_BYTES_MAX).await?;
        Ok(Json { value: parse(&bytes)?, bytes })
    }
}

/// The same where a body may be missing.
pub(crate) struct Optional<T>(pub(crate) Option<Json<T>>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Optional<T>, Problem> {
        let is_json = need_json(request.headers());
        let bytes = read(request.into_body(), JSON_BYTES_MAX).await?;
        if bytes.is_empty() {
            return Ok(Optional(None));
        }
        is_json?;
        Ok(Optional(Some(Json { value: parse(&bytes)?, bytes })))
    }
}

pub(crate) fn need_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json") {
        return Ok(());
    }
    let given: String = if given.is_empty() { "none".to_owned() } else { given.chars().take(60).collect() };
    Err(Failure::new(ErrorCode::MediaType).with("value", format!("`{given}`")).into())
}

/// What is no JSON at all is `malformed`; what is the wrong JSON names the place.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => wrong(&path, &inner.to_string()),
            _ => Failure::new(ErrorCode::Malformed).with("why", inner.to_string()),
        }
    })?;
    reader.end().map_err(|error| Failure::new(ErrorCode::Malformed).with("why", error.to_string()))?;
    Ok(value)
}

/// A value that is not what its place takes.
pub(crate) fn wrong(path: &str, why: &str) -> Failure {
    let path = if path.is_empty() || path == "." { "body".to_owned() } else { path.to_owned() };
    // `…, expected a string at line 1 column 9`: the place is said already.
    let why = why.rsplit_once(" at line ").map_or(why, |(why, _)| why);
    Failure::new(ErrorCode::InvalidInput).with("value", format!("`{path}`")).violating(vec![Violation {
        path,
        rule: "form",
        allowed: why.to_owned(),
    }])
}

/// The words behind `?`, all of them known.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(query)| Query(query)).map_err(|refused| {
            let why = refused.body_text();
            let why = why.strip_prefix("Failed to deserialize query string: ").unwrap_or(&why);
            let (path, why) = why.split_once(": ").unwrap_or(("query", why));
            wrong(path, why).into()
        })
    }
}

/// An id in the path, of the kind that stands there; another text is simply not found.
pub(crate) struct Id<T>(pub(crate) T);

pub(crate) trait ParseId: Sized {
    fn parse_id(text: &str) -> Option<Self>;
}

macro_rules! ids {
    ($($kind:ident),+) => { $(
        impl ParseId for palitra_domain::$kind {
            fn parse_id(text: &str) -> Option<Self> {
                palitra_domain::$kind::parse(text).ok()
            }
        }
    )+ };
}

ids!(GenerationId, BatchId, AssetId, DeliveryId, WebhookId);

impl<S: Send + Sync, T: ParseId> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id<T>, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let text = path.map(|axum::extract::Path(text)| text).unwrap_or_default();
        T::parse_id(&text).map(Id).ok_or_else(|| not_found(&text))
    }
}

pub(crate) fn not_found(what: &str) -> Problem {
    let what: String = what.chars().take(60).collect();
    Failure::new(ErrorCode::NotFound).with("value", format!("`{what}`")).into()
}
