//! Requests that create once: the client's `Idempotency-Key` with a fingerprint of what was asked for.

use crate::{door::Door, problem::Problem};
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use palitra_domain::{ErrorCode, GenerationId};
use palitra_engine::{
    Caller,
    failure::Failure,
    generations::{IDEMPOTENCY_KEY_BYTES_MAX, Once, Repeats},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use utoipa::IntoParams;

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an earlier request made what is answered.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The header, for descriptions of what creates.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes")]
pub(crate) struct Header {
    /// The same request again under the same key makes nothing new and has the same answer, for a day; another request is refused with 409.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    idempotency_key: Option<String>,
}

/// What a request that creates once is answered with.
pub(crate) struct Replied<T> {
    pub(crate) status: StatusCode,
    /// Whether this request made it, or an earlier one.
    pub(crate) is_new: bool,
    pub(crate) document: T,
}

impl<T: Serialize> IntoResponse for Replied<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.document)).into_response();
        if !self.is_new {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// A document as it is kept under a key, to be the answer again.
pub(crate) fn kept(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

/// The document that was kept.
pub(crate) fn again<T: DeserializeOwned>(kept: &str) -> Result<T, Problem> {
    let unreadable =
        |error| Failure::new(ErrorCode::Internal).with("why", "an answer that was kept").caused_by(error);
    Ok(serde_json::from_str(kept).map_err(unreadable)?)
}

/// `None` without a key.
pub(crate) fn of(headers: &HeaderMap, route: &str, body: &[u8]) -> Result<Option<Once>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let is_good = |key: &&str| {
        !key.is_empty()
            && key.len() <= IDEMPOTENCY_KEY_BYTES_MAX
            && key.bytes().all(|byte| (0x20..0x7f).contains(&byte))
    };
    let key = key.to_str().ok().filter(is_good).ok_or_else(|| {
        Failure::new(ErrorCode::InvalidInput)
            .with("value", "`Idempotency-Key`")
            .with("hint", format!("1 to {IDEMPOTENCY_KEY_BYTES_MAX} characters"))
    })?;
    Ok(Some(Once { key: key.to_owned(), fingerprint: fingerprint(route, body), repeats: None }))
}

/// How long a request of a client without keys may repeat an earlier one: an answer is waited for ten minutes, and who has not heard it asks
/// again within two.
const REPEATED_WITHIN: Duration = Duration::from_secs(720);

/// For clients that repeat their POSTs and send no key (`docs/decisions/0021`): the key is the request. It is joined
/// to the first when that one's answer did not get through, or when the client says that it tries again.
pub(crate) fn repeated(
    door: &Door,
    caller: &Caller,
    headers: &HeaderMap,
    route: &str,
    body: &[u8],
) -> Result<Once, Problem> {
    if let Some(once) = of(headers, route, body)? {
        return Ok(once);
    }
    let fingerprint = fingerprint(route, body);
    let of = caller.key.as_ref().map_or("", |key| key.as_str());
    let digits: String = fingerprint[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tries =
        headers.get("x-stainless-retry-count").and_then(|count| count.to_str().ok()?.parse::<u32>().ok());
    let since = door.engine.clock.now().minus(REPEATED_WITHIN);
    let repeats = Some(Repeats { is_marked: tries.is_some_and(|count| count > 0), since });
    Ok(Once { key: format!("auto:{of}:{digits}"), fingerprint, repeats })
}

/// A response that, when it has gone out whole, lets the same request be another one.
pub(crate) fn told(
    door: &Door,
    caller: &Caller,
    once: &Once,
    ids: Vec<GenerationId>,
    response: Response,
) -> Response {
    if once.repeats.is_none() {
        return response;
    }
    let (door, caller, key) = (door.clone(), caller.clone(), once.key.clone());
    let when = move || door.engine.delivered(caller.account.clone(), caller.livemode, key.clone(), &ids);
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    response.map(|body| {
        let left = length.or(body.size_hint().exact());
        Body::new(Watched { body, left, when: Some(when) })
    })
}

/// Nothing came of them and nothing was charged: whoever asks the same again, or says that he tries again, is made another one.
pub(crate) async fn failed(
    door: &Door,
    caller: &Caller,
    once: &Once,
    ids: &[GenerationId],
) -> Result<(), Problem> {
    if once.repeats.is_some() {
        door.engine.release(caller.account.clone(), caller.livemode, once.key.clone(), ids).await?;
    }
    Ok(())
}

/// A body that says when its last part was taken.
struct Watched<F> {
    body: Body,
    /// Bytes to come, where it is known: after the last of them nobody asks for more.
    left: Option<u64>,
    when: Option<F>,
}

impl<F: FnOnce() + Unpin> HttpBody for Watched<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_over = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                self.left = self.left.map(|left| left.saturating_sub(bytes));
                self.left == Some(0) || self.body.is_end_stream()
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if is_over && let Some(when) = self.when.take() {
            when();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// SHA-256 of the route and the body as it came.
pub(crate) fn fingerprint(route: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(route.as_bytes());
    hash.update([0]);
    hash.update(body);
    hash.finalize().into()
}
