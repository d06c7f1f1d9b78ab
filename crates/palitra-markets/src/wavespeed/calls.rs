//! One HTTP call to WaveSpeedAI: with the key, to the configured origin, read within bounds. No call is ever repeated here.

use super::{
    errors::{self, Phase, Said},
    remote::Addresses,
    wire,
};
use crate::http::{BodyError, Clients, Mask, read, retry_after, why};
use bytes::Bytes;
use palitra_domain::{
    market::{ErrorClass, MarketError},
    secret::Secret,
};
use reqwest::{
    Client, Method, RequestBuilder, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Answers are small; a picture as base64 inside one is not, and still fits.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much of an answer is kept with an error.
const KEPT_BYTES_MAX: usize = 8 * 1024;

/// How much of a message is.
const MESSAGE_BYTES_MAX: usize = 300;

/// What is needed to call WaveSpeedAI.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) clients: Clients,
    pub(super) addresses: Addresses,
    /// The operator's own headers.
    pub(super) headers: HeaderMap,
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
    pub(super) async fn submit(&self, key: &Secret, url: &Url, body: &Value) -> Result<Reply, NoReply> {
        self.send(self.call(&self.clients.once, Method::POST, url, key)?.json(body)).await
    }

    /// A question, which may be asked again; `within` shortens the usual time-out.
    pub(super) async fn ask(
        &self,
        key: &Secret,
        url: &Url,
        body: Option<&Value>,
        within: Option<Duration>,
    ) -> Result<Reply, NoReply> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut call = self.call(&self.clients.calls, method, url, key)?;
        if let Some(body) = body {
            call = call.json(body);
        }
        if let Some(within) = within {
            call = call.timeout(within);
        }
        self.send(call).await
    }

    /// The data of an answer that has to be a success.
    pub(super) async fn data<T: DeserializeOwned>(
        &self,
        key: &Secret,
        url: &Url,
        body: Option<&Value>,
        within: Option<Duration>,
    ) -> Result<T, MarketError> {
        let reply = self.ask(key, url, body, within).await.map_err(NoReply::error)?;
        if !reply.is_success() {
            return Err(self.error(Phase::Look, &reply));
        }
        reply.data().map_err(|unreadable| self.describe(ErrorClass::Protocol, &unreadable.message(), &reply))
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
            return Err(refused("the address is not on WaveSpeed's configured origin"));
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
                let trouble = self.trouble("no answer from WaveSpeed", &error);
                let unsent = error.is_connect() || error.is_builder();
                Err(if unsent { NoReply::NotSent(trouble) } else { NoReply::NoAnswer(trouble) })
            }
        }
    }

    /// Nobody answered.
    pub(super) fn trouble(&self, what: &str, error: &reqwest::Error) -> MarketError {
        let message = self.mask.apply(&format!("{what}: {}", why(error)), MESSAGE_BYTES_MAX);
        MarketError::new(ErrorClass::Unavailable, message)
    }

    /// An answer that says no, as an error.
    pub(super) fn error(&self, phase: Phase, reply: &Reply) -> MarketError {
        let said = reply.said();
        let class = errors::class(phase, reply.status, &said);
        let status = errors::effective(reply.status, &said);
        let what = said.message.unwrap_or_else(|| "no reason given".into());
        self.describe(class, &format!("WaveSpeed answered {status}: {what}"), reply)
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

/// `Bearer KEY`; `None` when a header cannot hold it.
pub(super) fn authorization(key: &Secret) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {}", key.reveal())).ok()
}

impl Reply {
    /// HTTP and envelope both say so; an envelope without a code, or with one that is not known, does not object.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && self.said().code.is_none()
    }

    /// What it says about an error.
    pub(super) fn said(&self) -> Said {
        Said::read(self.body.as_deref().unwrap_or_default())
    }

    /// Whether WaveSpeedAI itself speaks, not something in front of it.
    pub(super) fn is_its_own(&self) -> bool {
        self.envelope().is_ok_and(|envelope| envelope.code.is_some())
    }

    /// What is in the envelope, as a known shape, or why it is not.
    pub(super) fn data<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let data = self.envelope()?.data;
        serde_json::from_value(data).map_err(|error| Unreadable::OtherShape(error.to_string()))
    }

    fn envelope(&self) -> Result<wire::Envelope, Unreadable> {
        let body = self.body.as_ref().map_err(|error| Unreadable::NotJson(error.to_string()))?;
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        serde_json::from_value(value).map_err(|error| Unreadable::OtherShape(error.to_string()))
    }
}

/// Why a body cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Cut, too long, or something in front of WaveSpeedAI spoke: the same call may be understood next time.
    NotJson(String),
    /// Whole and well-formed: it will be the same next time.
    OtherShape(String),
}

impl Unreadable {
    pub(super) fn message(&self) -> String {
        match self {
            Unreadable::NotJson(why) | Unreadable::OtherShape(why) => {
                format!("WaveSpeed's answer is not understood: {why}")
            }
        }
    }
}
