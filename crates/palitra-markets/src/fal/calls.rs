//! One HTTP call to fal: with the key, to a configured origin, read within bounds. No call is ever repeated here.

use super::{
    errors::{self, Phase, Said},
    remote::Addresses,
};
use crate::http::{Clients, Mask, NoReply, Reply, send, send_for_list};
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

/// What is needed to call fal.
pub(super) struct Calls {
    pub(super) clients: Clients,
    pub(super) addresses: Addresses,
    /// The operator's own headers.
    pub(super) headers: HeaderMap,
    pub(super) keep_files: Option<Duration>,
    pub(super) mask: Mask,
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
        self.send(self.kept(call)).await
    }

    pub(super) async fn initiate_upload(&self, key: &Secret, about: &Value) -> Result<Reply, NoReply> {
        let url = self.addresses.initiate_upload();
        let call = self.call(&self.clients.calls, Method::POST, &url, key)?.json(about);
        self.send(self.kept(call)).await
    }

    /// A question to the platform.
    pub(super) async fn platform(
        &self,
        key: &Secret,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, NoReply> {
        let url = self.addresses.platform(path, query);
        let call = self.call(&self.clients.calls, Method::GET, &url, key)?;
        send_for_list(call.headers(self.headers.clone()), "fal", &self.mask).await
    }

    /// How long fal keeps the files of this call.
    fn kept(&self, call: RequestBuilder) -> RequestBuilder {
        let Some(keep) = self.keep_files else { return call };
        let preference = json!({"expiration_duration_seconds": keep.as_secs()});
        call.header("X-Fal-Object-Lifecycle-Preference", preference.to_string())
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
        send(call.headers(self.headers.clone()), "fal", &self.mask).await
    }

    /// An answer that says no, as an error.
    pub(super) fn error(&self, phase: Phase, reply: &Reply) -> MarketError {
        let said = Said::of(reply);
        let class = errors::class(phase, reply.status, &said);
        let what = said.message.unwrap_or_else(|| "no reason given".into());
        self.describe(class, &format!("fal answered {}: {what}", reply.status), reply)
    }

    /// An answer that was not understood, or that reports a failure in its own way.
    pub(super) fn describe(&self, class: ErrorClass, message: &str, reply: &Reply) -> MarketError {
        reply.describe(class, message, &self.mask)
    }
}

/// fal's clients refuse a deadline of a second or less.
const START_SECONDS_MIN: u64 = 2;

/// `Key id:secret`; `None` when a header cannot hold it.
pub(super) fn authorization(key: &Secret) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Key {}", key.reveal())).ok()
}
