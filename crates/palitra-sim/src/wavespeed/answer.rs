//! Answers: JSON in WaveSpeedAI's envelope, and the ways in which the script spoils their bodies.

use super::{fault::Fault, server::HangUp};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use palitra_domain::Clock;
use serde_json::{Value, json};
use std::{io, sync::Arc, time::Duration};

/// An answer before it is put on the wire.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    hang_up: bool,
}

const HTML: &[u8] =
    b"<!doctype html><html><head><title>Just a moment</title></head><body>checking</body></html>";

impl Answer {
    pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
        let mut answer = Answer::bytes("application/json", Bytes::from(body.to_string()));
        answer.status = status;
        answer
    }

    pub(super) fn bytes(content_type: &'static str, body: Bytes) -> Answer {
        let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Answer { status: StatusCode::OK, headers, body, hang_up: false }
    }

    /// A success: `{"code": 200, "message": "success", "data": …}`.
    pub(super) fn data(data: &Value) -> Answer {
        Answer::json(StatusCode::OK, &json!({"code": 200, "message": "success", "data": data}))
    }

    /// An error: its code is the HTTP status.
    pub(super) fn error(status: StatusCode, message: &str) -> Answer {
        Answer::json(status, &json!({"code": status.as_u16(), "message": message}))
    }

    pub(super) fn hang_up() -> Answer {
        Answer { hang_up: true, ..Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "never sent") }
    }

    /// A value that no header can hold is left out: it comes from the script.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// The status a client sees; none when it sees a closed connection.
    pub(super) fn seen_status(&self) -> Option<u16> {
        (!self.hang_up).then_some(self.status.as_u16())
    }

    /// Puts the answer on the wire, spoiled as the script says.
    pub(super) fn send(mut self, spoil: Option<&Fault>, clock: &Arc<dyn Clock>) -> Response<Body> {
        match spoil {
            Some(Fault::Html {}) => self.body = Bytes::from_static(HTML),
            Some(Fault::Empty {}) => self.body = Bytes::new(),
            Some(Fault::Malformed {}) => self.body.truncate(self.body.len() / 2),
            Some(Fault::Huge { bytes }) => {
                let mut body = self.body.to_vec();
                body.resize(body.len().max(*bytes), b' ');
                self.body = Bytes::from(body);
            }
            _ => {}
        }
        let length = self.body.len();
        let body = match spoil {
            Some(Fault::Truncated {}) => truncated(&self.body),
            Some(Fault::Slow { bytes, ms }) => slow(self.body, *bytes, *ms, clock),
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
