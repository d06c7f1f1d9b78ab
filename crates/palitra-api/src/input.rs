//! What comes with a request, read strictly: JSON with the place of what is wrong, queries without unknown words, ids of the right kind.

use crate::{
    problem::Problem,
    room::{Room, Taken, Whose, whose},
};
use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header::CONTENT_TYPE, request::Parts},
};
use futures_util::{StreamExt, stream};
use palitra_domain::{ErrorCode, objects::ByteStream};
use palitra_engine::{failure::Failure, inputs::Violation};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The largest JSON that is read: prompts, tables of words, lines of a batch.
pub(crate) const JSON_BYTES_MAX: usize = 16 * 1024 * 1024;

/// So much of a body has to come in this time, 64 KiB a second: who sends more slowly holds a connection for nothing.
const WINDOW_BYTES: usize = 2 * 1024 * 1024;
const WINDOW_TIME: Duration = Duration::from_secs(30);

/// What bodies may take of this process's memory, all together.
static ROOM: Room = Room::new(256 * 1024 * 1024);

/// What a body that goes on as it comes takes of it: what is read, gathered and written of it at once.
const STREAM_BYTES: usize = 512 * 1024;

/// The whole body, within its bound and its time, as long as there is room for it.
pub(crate) async fn read(body: Body, bytes_max: usize, whose: Whose) -> Result<Bytes, Problem> {
    let mut incoming = Incoming::new(body, bytes_max)?;
    let mut held = Held { bytes: Vec::new(), taken: ROOM.take(whose) };
    while let Some(part) = incoming.next().await? {
        held.add(&part, bytes_max)?;
    }
    Ok(if held.bytes.is_empty() { Bytes::new() } else { Bytes::from_owner(held) })
}

/// A body in memory; its room is free again when the last of its bytes is let go.
struct Held {
    bytes: Vec<u8>,
    taken: Taken,
}

impl Held {
    fn add(&mut self, part: &[u8], bytes_max: usize) -> Result<(), Failure> {
        let length = self.bytes.len() + part.len();
        if length > self.bytes.capacity() {
            let capacity = (2 * self.bytes.capacity()).min(bytes_max).max(length);
            self.taken.grow(capacity)?;
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A body as it comes, within its bound and its time.
struct Incoming {
    parts: BodyDataStream,
    limit: usize,
    left: usize,
    /// What has to come in this window, and the time that is left for it.
    window: (usize, Duration),
}

impl Incoming {
    fn new(body: Body, bytes_max: usize) -> Result<Incoming, Failure> {
        if body.size_hint().lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
            return Err(too_large(bytes_max));
        }
        let window = (WINDOW_BYTES, WINDOW_TIME);
        Ok(Incoming { parts: body.into_data_stream(), limit: bytes_max, left: bytes_max, window })
    }

    /// The time runs while the client is waited for, and not while his last part is dealt with.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let (wanted, time) = self.window;
        let asked = Instant::now();
        let Ok(part) = tokio::time::timeout(time, self.parts.next()).await else {
            let seconds = i64::try_from(WINDOW_TIME.as_secs()).unwrap_or(i64::MAX);
            return Err(Failure::new(ErrorCode::TooSlow).with("limit", seconds));
        };
        let Some(part) = part.transpose().map_err(broken_off)? else { return Ok(None) };
        self.left = self.left.checked_sub(part.len()).ok_or_else(|| too_large(self.limit))?;
        self.window = match wanted.checked_sub(part.len()) {
            None | Some(0) => (WINDOW_BYTES, WINDOW_TIME),
            Some(wanted) => (wanted, time.saturating_sub(asked.elapsed())),
        };
        Ok(Some(part))
    }
}

/// Why a body broke off. It goes through those who know of no failures but their own, and is asked for when they have failed.
#[derive(Clone, Default)]
pub(crate) struct Why(Arc<Mutex<Option<Failure>>>);

impl Why {
    /// What came of it, or else why the body broke off.
    pub(crate) fn or<T, E: Into<Failure>>(&self, result: Result<T, E>) -> Result<T, Failure> {
        result.map_err(|error| {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(error.into())
        })
    }
}

/// The body as a stream, within its bound and its time, for those who need not hold it whole, as long as there is room for what is on
/// its way.
pub(crate) fn stream(body: Body, bytes_max: usize, whose: Whose) -> Result<(ByteStream, Why), Problem> {
    let (incoming, why) = (Incoming::new(body, bytes_max)?, Why::default());
    let mut taken = ROOM.take(whose);
    taken.grow(STREAM_BYTES)?;
    let tell = why.clone();
    let parts = stream::try_unfold((incoming, taken), move |(mut incoming, taken)| {
        let tell = tell.clone();
        async move {
            match incoming.next().await {
                Ok(part) => Ok(part.map(|part| (part, (incoming, taken)))),
                Err(failure) => {
                    *tell.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                    Err(io::ErrorKind::ConnectionAborted.into())
                }
            }
        }
    });
    // Bodies are asked once more after their end.
    Ok((Box::pin(parts.fuse()), why))
}

pub(crate) fn too_large(bytes_max: usize) -> Failure {
    Failure::new(ErrorCode::BodyTooLarge).with("limit", size(bytes_max))
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

/// A body of JSON, with the SHA-256 of its bytes as they came: nobody holds those while he waits.
pub(crate) struct Json<T> {
    pub(crate) value: T,
    pub(crate) sha256: [u8; 32],
}

impl<T: DeserializeOwned> Json<T> {
    fn of(bytes: &[u8]) -> Result<Json<T>, Problem> {
        Ok(Json { value: parse(bytes)?, sha256: Sha256::digest(bytes).into() })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Json<T>, Problem> {
        need_json(request.headers())?;
        let whose = whose(request.extensions());
        Json::of(&read(request.into_body(), JSON_BYTES_MAX, whose).await?)
    }
}

/// The same where a body may be missing.
pub(crate) struct Optional<T>(pub(crate) Option<Json<T>>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Optional<T>, Problem> {
        let is_json = need_json(request.headers());
        let whose = whose(request.extensions());
        let bytes = read(request.into_body(), JSON_BYTES_MAX, whose).await?;
        if bytes.is_empty() {
            return Ok(Optional(None));
        }
        is_json?;
        Ok(Optional(Some(Json::of(&bytes)?)))
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

/// A field that may be `null`, which is something else than not there.
pub(crate) fn nullable<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de>>(
    field: D,
) -> Result<Option<Option<T>>, D::Error> {
    serde::Deserialize::deserialize(field).map(Some)
}

/// A text that is looked for: no database holds one with a NUL in it.
pub(crate) fn plain(path: &str, text: Option<String>) -> Result<Option<String>, Failure> {
    match text {
        Some(text) if text.contains('\0') => Err(wrong(path, "a text without NUL")),
        text => Ok(text),
    }
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

ids!(GenerationId, BatchId, AssetId, DeliveryId, WebhookId, KeyId, VoucherId);

impl<S: Send + Sync, T: ParseId> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id<T>, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let text = path.map(|axum::extract::Path(text)| text).unwrap_or_default();
        T::parse_id(&text).map(Id).ok_or_else(|| not_found(&text))
    }
}

/// The name in a path; one that cannot be read is nobody's.
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Name, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(name)| Name(name)).map_err(|_| not_found("?"))
    }
}

pub(crate) fn not_found(what: &str) -> Problem {
    let what: String = what.chars().take(60).collect();
    Failure::new(ErrorCode::NotFound).with("value", format!("`{what}`")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body that comes in parts of so many bytes, one a second.
    fn a_second(bytes: usize, seconds: u64) -> Body {
        let part = move |n: u64| async move {
            drop(tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await);
            (n < seconds).then(|| (Ok::<_, io::Error>(Bytes::from(vec![b' '; bytes])), n + 1))
        };
        Body::from_stream(stream::unfold(0, part))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_comes_at_64_kib_a_second_or_is_not_waited_for() {
        for body in [Body::from_stream(stream::pending::<io::Result<Bytes>>()), a_second(60 * 1024, 300)] {
            let began = Instant::now();
            let Problem(late) = read(body, JSON_BYTES_MAX, None).await.unwrap_err();
            assert_eq!((late.code(), began.elapsed()), (ErrorCode::TooSlow, WINDOW_TIME));
        }
        let whole = read(a_second(80 * 1024, 120), JSON_BYTES_MAX, None).await.unwrap();
        assert_eq!(whole.len(), 120 * 80 * 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_on_its_way_to_storage_has_the_same_bounds_and_says_why_it_broke_off() {
        for (body, code) in [
            (a_second(60 * 1024, 300), ErrorCode::TooSlow),
            (a_second(1024 * 1024, 300), ErrorCode::BodyTooLarge),
            (
                Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("gone"))])),
                ErrorCode::Malformed,
            ),
        ] {
            let (mut parts, why) = stream(body, 4 * 1024 * 1024, None).unwrap();
            let mut kept = Ok(());
            while let Some(part) = parts.next().await {
                kept = part.map(drop).map_err(|_| Failure::new(ErrorCode::Internal));
            }
            assert_eq!(why.or(kept).unwrap_err().code(), code);
        }
    }

    #[test]
    fn a_body_takes_the_room_that_its_memory_takes_until_the_last_of_it_is_let_go() {
        static SMALL: Room = Room::new(3_000);
        let held = || Held { bytes: Vec::new(), taken: SMALL.take(None) };
        let (mut one, mut two) = (held(), held());
        one.add(&[0; 1_000], 9_000).unwrap();
        one.add(&[0; 100], 9_000).unwrap();
        assert_eq!((one.bytes.len(), one.bytes.capacity()), (1_100, 2_000));
        assert_eq!(two.add(&[0; 1_001], 9_000).unwrap_err().code(), ErrorCode::StoreBusy);
        let bytes = Bytes::from_owner(one);
        let part = bytes.slice(..1);
        drop(bytes);
        assert_eq!(two.add(&[0; 1_001], 9_000).unwrap_err().code(), ErrorCode::StoreBusy, "a part is in use");
        drop(part);
        two.add(&[0; 1_001], 9_000).unwrap();
    }
}
