//! An answer of a market's API, read within bounds, and what is kept of it with an error.

use super::{
    BodyError, Mask,
    kept::{self, Keep},
    read, retry_after, why,
};
use bytes::Bytes;
use palitra_domain::market::{ErrorClass, MarketError};
use reqwest::{RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;

/// Answers of an API are small; a text or a picture inside an answer is not, and still fits.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much of an answer is kept with an error.
const KEPT_BYTES_MAX: usize = 8 * 1024;

/// How much of a message is.
const MESSAGE_BYTES_MAX: usize = 300;

/// An answer, of any status. The body may have been unreadable.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Bytes, BodyError>,
}

/// No answer came.
pub(crate) enum NoReply {
    /// No connection: nothing was sent.
    NotSent(MarketError),
    /// Something may have arrived.
    NoAnswer(MarketError),
}

impl NoReply {
    pub(crate) fn error(self) -> MarketError {
        match self {
            NoReply::NotSent(error) | NoReply::NoAnswer(error) => error,
        }
    }
}

/// Why a body cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Cut, too long, or something in front of the market spoke: the same call may be understood next time.
    NotJson(String),
    /// Whole and well-formed: it will be the same next time.
    OtherShape(String),
}

impl Unreadable {
    pub(crate) fn message(&self, market: &str) -> String {
        match self {
            Unreadable::NotJson(why) | Unreadable::OtherShape(why) => {
                format!("{market}'s answer is not understood: {why}")
            }
        }
    }
}

/// Sends a call once.
pub(crate) async fn send(call: RequestBuilder, market: &str, mask: &Mask) -> Result<Reply, NoReply> {
    let response = begun(call, market, mask).await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = read(response, ANSWER_BYTES_MAX).await;
    Ok(Reply { status, headers, body })
}

/// As [`send`], where a success is the result itself: it is kept before it is looked at.
pub(crate) async fn send_for_result(
    call: RequestBuilder,
    market: &str,
    mask: &Mask,
    keep: Keep<'_>,
) -> Result<Reply, NoReply> {
    let response = begun(call, market, mask).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = match status.is_success() {
        true => kept::keep(response, keep).await,
        false => read(response, ANSWER_BYTES_MAX).await,
    };
    Ok(Reply { status: status.as_u16(), headers, body })
}

async fn begun(call: RequestBuilder, market: &str, mask: &Mask) -> Result<Response, NoReply> {
    call.send().await.map_err(|error| {
        let trouble = trouble(&format!("no answer from {market}"), &error, mask);
        let unsent = error.is_connect() || error.is_builder();
        if unsent { NoReply::NotSent(trouble) } else { NoReply::NoAnswer(trouble) }
    })
}

/// Nobody answered.
pub(crate) fn trouble(what: &str, error: &reqwest::Error, mask: &Mask) -> MarketError {
    let message = mask.apply(&format!("{what}: {}", why(error)), MESSAGE_BYTES_MAX);
    MarketError::new(ErrorClass::Unavailable, message)
}

impl Reply {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON of a known shape, or why it is not.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let body = self.body.as_ref().map_err(|error| Unreadable::NotJson(error.to_string()))?;
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        serde_json::from_value(value).map_err(|error| Unreadable::OtherShape(error.to_string()))
    }

    /// An error with what was answered, shortened and without secrets.
    pub(crate) fn describe(&self, class: ErrorClass, message: &str, mask: &Mask) -> MarketError {
        let body = self.body.as_ref().ok().map(|body| String::from_utf8_lossy(body).into_owned());
        MarketError {
            class,
            message: mask.apply(message, MESSAGE_BYTES_MAX),
            body: body.map(|body| mask.apply(&body, KEPT_BYTES_MAX)),
            status: Some(self.status),
            retry_after: retry_after(&self.headers),
        }
    }
}
