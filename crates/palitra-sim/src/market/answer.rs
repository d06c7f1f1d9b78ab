//! Answers: JSON or bytes with headers, and the ways in which a script spoils their bodies.

use super::server::HangUp;
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use palitra_domain::Clock;
use serde_json::Value;
use std::{io, sync::Arc, time::Duration};

/// How the body of an answer is spoiled on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// A web page under the same type.
    Html,
    /// No bytes at all.
    Empty,
    /// Half of it, complete on the wire.
    Malformed,
    /// Half of it, then the connection closes.
    Truncated,
    /// Followed by spaces up to so many bytes.
    Huge { bytes: usize },
    /// In pieces of `bytes`, one each `ms`.
    Slow { bytes: usize, ms: u64 },
}

/// An answer before it is put on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    hang_up: bool,
}

const HTML: &[u8] =
    b"<!doctype html><html><head><title>Just a moment</title></head><body>checking</body></html>";

impl Answer {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Answer {
        let mut answer = Answer::bytes("application/json", Bytes::from(body.to_string()));
        answer.status = status;
        answer
    }

    pub(crate) fn bytes(content_type: &'static str, body: Bytes) -> Answer {
        let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Answer { status: StatusCode::OK, headers, body, hang_up: false }
    }

    /// Its body, where that is JSON.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn hang_up() -> Answer {
        Answer { hang_up: true, ..Answer::json(StatusCode::INTERNAL_SERVER_ERROR, &Value::Null) }
    }

    /// A value that no header can hold is left out: it comes from the script.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// The status a client sees; none when it sees a closed connection.
    pub(crate) fn seen_status(&self) -> Option<u16> {
        (!self.hang_up).then_some(self.status.as_u16())
    }

    /// Puts the answer on the wire, spoiled as the script says.
    pub(crate) fn send(mut self, spoil: Option<Spoil>, clock: &Arc<dyn Clock>) -> Response<Body> {
        match spoil {
            Some(Spoil::Html) => self.body = Bytes::from_static(HTML),
            Some(Spoil::Empty) => self.body = Bytes::new(),
            Some(Spoil::Malformed) => self.body.truncate(self.body.len() / 2),
            Some(Spoil::Huge { bytes }) => {
                let mut body = self.body.to_vec();
                body.resize(body.len().max(bytes), b' ');
                self.body = Bytes::from(body);
            }
            _ => {}
        }
        let length = self.body.len();
        let body = match spoil {
            Some(Spoil::Truncated) => truncated(&self.body),
            Some(Spoil::Slow { bytes, ms }) => slow(self.body, bytes, ms, clock),
            _ => Body::from(self.body),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if self.hang_up {
            response.extensions_mut().insert(HangUp);
        }
        response
    }
}

/// Half of the body under the length of the whole; the error closes the connection. It comes a moment later: an error right
/// away would keep what was not written yet, the status included, from being written.
fn truncated(body: &Bytes) -> Body {
    let half = stream::iter([Ok(body.slice(..body.len() / 2))]);
    Body::from_stream(half.chain(stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    })))
}

fn slow(body: Bytes, bytes: usize, ms: u64, clock: &Arc<dyn Clock>) -> Body {
    let state = (body, Arc::clone(clock));
    Body::from_stream(stream::unfold(state, move |(mut rest, clock)| async move {
        if rest.is_empty() {
            return None;
        }
        clock.sleep(Duration::from_millis(ms)).await;
        let piece = rest.split_to(bytes.clamp(1, rest.len()));
        Some((Ok::<_, io::Error>(piece), (rest, clock)))
    }))
}
