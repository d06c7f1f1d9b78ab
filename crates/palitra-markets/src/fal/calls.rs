//! One HTTP call to fal: with the key, to a configured origin, read within bounds. No call is ever repeated here.

use super::{
    errors::{self, Phase, Said},
    remote::Addresses,
};
use crate::http::{BodyError, Clients, Mask, read, retry_after, why};
use bytes::Bytes;
use palitra_domain::{
    market::{ErrorClass, MarketError, Request},
    secret::Secret,
};
use reqwest::{
    Client, Method, RequestBuilder, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Answers of the queue are small; a text or a picture inside an answer is not, and still fits.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much of an answer is kept with an error.
const KEPT_BYTES_MAX: usize = 8 * 1024;

/// How much of a message is.
const MESSAGE_BYTES_MAX: usize = 300;

/// What is needed to call fal.
pub(super) struct Calls {
    pub(super) clients: Clients,
    pub(super) addresses: Addresses,
    /// The operator's own headers.
    pub(super) headers: HeaderMap,
    pub(super) keep_files: Option<Duration>,
    pub(super) mask: Mask,
}

/// An answer, of any status. The body may have been unreadable.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Result<Bytes, BodyError>,
}

/// No answer came.
pub(super) enum NoReply {
    /// No connection: nothing was sent.
    NotSent(MarketError),
    /// Something may have arrived.
    NoAnswer(MarketError),
}

impl NoReply {
    pub(super) fn error(self) -> MarketError {
        match self {
            NoReply::NotSent(error) | NoReply::NoAnswer(error) => error,
        }
    }
}

impl Calls {
    pub(super) async fn submit(
        &self,
        key: &Secret,
        request: &Request,
        body: &Value,
    ) -> Result<Reply, NoReply> {
        let url = self.addresses.submit(&request.model, request.webhook.as_deref());
        let mut call = self.call(&self.clients.once, Method::POST, &url, key)?.json(body);
        // fal's own retries stay on (no `X-Fal-No-Retry`): they repeat unbilled faults of its machines (503, 504, lost
        // runners) under the same request id, so they are no second submission, and without them every such fault would be
        // a failed picture (fal docs, model-apis/inference/reliability). What has to be bounded is their duration: this is
        // the deadline for starting, queue and retries included. At half of the longest run, work that starts last still
        // has the other half, and nothing starts after our slot is given to other work.
        let start_within = (request.longest_run / 2).as_secs().max(START_SECONDS_MIN);
        call = call.header("X-Fal-Request-Timeout", start_within);
        if let Some(keep) = self.keep_files {
            let preference = json!({"expiration_duration_seconds": keep.as_secs()});
            call = call.header("X-Fal-Object-Lifecycle-Preference", preference.to_string());
        }
        self.send(call).await
    }

    pub(super) async fn get(&self, key: &Secret, url: &Url) -> Result<Reply, NoReply> {
        let call = self.call(&self.clients.calls, Method::GET, url, key)?;
        self.send(call).await
    }

    pub(super) async fn put(&self, key: &Secret, url: &Url) -> Result<Reply, NoReply> {
        let call = self.call(&self.clients.calls, Method::PUT, url, key)?;
        self.send(call).await
    }

    /// The one place where a key meets an address.
    fn call(
        &self,
        client: &Client,
        method: Method,
        url: &Url,
        key: &Secret,
    ) -> Result<RequestBuilder, NoReply> {
        let refused = |message: &str| NoReply::NotSent(MarketError::new(ErrorClass::Protocol, message));
        if !self.addresses.origins.contains(url) {
            return Err(refused("the address is not one of fal's configured origins"));
        }
        let mut value = authorization(key).ok_or_else(|| refused("the key cannot be sent"))?;
        value.set_sensitive(true);
        Ok(client.request(method, url.clone()).header(AUTHORIZATION, value))
    }

    async fn send(&self, call: RequestBuilder) -> Result<Reply, NoReply> {
        match call.headers(self.headers.clone()).send().await {
            Ok(response) => {
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                let body = read(response, ANSWER_BYTES_MAX).await;
                Ok(Reply { status, headers, body })
            }
            Err(error) => {
                let message =
                    self.mask.apply(&format!("no answer from fal: {}", why(&error)), MESSAGE_BYTES_MAX);
                let trouble = MarketError::new(ErrorClass::Unavailable, message);
                let unsent = error.is_connect() || error.is_builder();
                Err(if unsent { NoReply::NotSent(trouble) } else { NoReply::NoAnswer(trouble) })
            }
        }
    }

    /// An answer that says no, as an error.
    pub(super) fn error(&self, phase: Phase, reply: &Reply) -> MarketError {
        let said = reply.said();
        let class = errors::class(phase, reply.status, &said);
        let what = said.message.unwrap_or_else(|| "no reason given".into());
        self.describe(class, &format!("fal answered {}: {what}", reply.status), reply)
    }

    /// An answer that was not understood, or that reports a failure in its own way.
    pub(super) fn describe(&self, class: ErrorClass, message: &str, reply: &Reply) -> MarketError {
        let body = reply.body.as_ref().ok().map(|body| String::from_utf8_lossy(body).into_owned());
        MarketError {
            class,
            message: self.mask.apply(message, MESSAGE_BYTES_MAX),
            body: body.map(|body| self.mask.apply(&body, KEPT_BYTES_MAX)),
            status: Some(reply.status),
            retry_after: retry_after(&reply.headers),
        }
    }
}

/// fal's clients refuse a deadline of a second or less.
const START_SECONDS_MIN: u64 = 2;

/// `Key id:secret`; `None` when a header cannot hold it.
pub(super) fn authorization(key: &Secret) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Key {}", key.reveal())).ok()
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What it says about an error.
    pub(super) fn said(&self) -> Said {
        Said::read(&self.headers, self.body.as_deref().unwrap_or_default())
    }

    /// The body as JSON of a known shape, or why it is not.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let body = self.body.as_ref().map_err(|error| Unreadable::NotJson(error.to_string()))?;
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        serde_json::from_value(value).map_err(|error| Unreadable::OtherShape(error.to_string()))
    }
}

/// Why a body cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Cut, too long, or something in front of fal spoke: the same call may be understood next time.
    NotJson(String),
    /// Whole and well-formed: it will be the same next time.
    OtherShape(String),
}

impl Unreadable {
    pub(super) fn message(&self) -> String {
        match self {
            Unreadable::NotJson(why) | Unreadable::OtherShape(why) => {
                format!("fal's answer is not understood: {why}")
            }
        }
    }
}
