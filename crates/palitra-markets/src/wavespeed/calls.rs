//! One HTTP call to WaveSpeedAI: with the key, to the configured origin, read within bounds. No call is ever repeated here.

use super::{
    envelope,
    errors::{self, Phase, Said},
    remote::Addresses,
};
use crate::http::{Clients, Mask, NoReply, Reply, send, send_for_list};
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

/// What is needed to call WaveSpeedAI.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) clients: Clients,
    pub(super) addresses: Addresses,
    /// The operator's own headers.
    pub(super) headers: HeaderMap,
    pub(super) mask: Mask,
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

    /// A question whose answer may be long.
    pub(super) async fn ask_for_list(&self, key: &Secret, url: &Url) -> Result<Reply, NoReply> {
        let call = self.call(&self.clients.calls, Method::GET, url, key)?;
        send_for_list(call.headers(self.headers.clone()), "WaveSpeed", &self.mask).await
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
        if !envelope::is_success(&reply) {
            return Err(self.error(Phase::Look, &reply));
        }
        envelope::data(&reply).map_err(|unreadable| {
            self.describe(ErrorClass::Protocol, &unreadable.message("WaveSpeed"), &reply)
        })
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
        send(call.headers(self.headers.clone()), "WaveSpeed", &self.mask).await
    }

    /// An answer that says no, as an error.
    pub(super) fn error(&self, phase: Phase, reply: &Reply) -> MarketError {
        let said = Said::of(reply);
        let class = errors::class(phase, reply.status, &said);
        let status = errors::effective(reply.status, &said);
        let what = said.message.unwrap_or_else(|| "no reason given".into());
        self.describe(class, &format!("WaveSpeed answered {status}: {what}"), reply)
    }

    /// An answer that was not understood, or that reports a failure in its own way.
    pub(super) fn describe(&self, class: ErrorClass, message: &str, reply: &Reply) -> MarketError {
        reply.describe(class, message, &self.mask)
    }
}

/// `Bearer KEY`; `None` when a header cannot hold it.
pub(super) fn authorization(key: &Secret) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {}", key.reveal())).ok()
}
