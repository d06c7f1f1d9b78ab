//! One HTTP call to KIE: with the key, to a configured origin, read within bounds. No call is ever repeated here.

use super::errors::{Phase, Said};
use crate::http::{Clients, Mask, NoReply, Origins, Reply, send, send_for_list};
use palitra_domain::{
    market::{ErrorClass, MarketError},
    secret::Secret,
};
use reqwest::{
    Body, Client, Method, RequestBuilder, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;

/// What is needed to call KIE.
pub(super) struct Calls {
    pub(super) clients: Clients,
    pub(super) base: Url,
    pub(super) upload: Url,
    pub(super) origins: Origins,
    /// The operator's own headers.
    pub(super) headers: HeaderMap,
    pub(super) mask: Mask,
}

impl Calls {
    /// `POST /api/v1/jobs/createTask`. KIE has no idempotency key: it is sent once, over a connection of its own.
    pub(super) async fn submit(&self, key: &Secret, body: &Value) -> Result<Reply, NoReply> {
        let url = below(&self.base, &["api", "v1", "jobs", "createTask"]);
        let call = self.call(&self.clients.once, Method::POST, &url, key)?.json(body);
        self.send(call).await
    }

    /// `GET /api/v1/jobs/recordInfo?taskId=…`. The address is always our own: nothing that KIE says can move it.
    pub(super) async fn record(&self, key: &Secret, task_id: &str) -> Result<Reply, NoReply> {
        let mut url = below(&self.base, &["api", "v1", "jobs", "recordInfo"]);
        url.query_pairs_mut().append_pair("taskId", task_id);
        let call = self.call(&self.clients.calls, Method::GET, &url, key)?;
        self.send(call).await
    }

    /// `GET /api/v1/chat/credit`.
    pub(super) async fn credit(&self, key: &Secret) -> Result<Reply, NoReply> {
        let url = below(&self.base, &["api", "v1", "chat", "credit"]);
        let call = self.call(&self.clients.calls, Method::GET, &url, key)?;
        self.send(call).await
    }

    /// `GET /api/v1/models…`.
    pub(super) async fn models(&self, key: &Secret, path: &[&str]) -> Result<Reply, NoReply> {
        let url = below(&self.base, &[&["api", "v1", "models"], path].concat());
        let call = self.call(&self.clients.calls, Method::GET, &url, key)?;
        send_for_list(call.headers(self.headers.clone()), "KIE", &self.mask).await
    }

    /// `POST` to the upload service.
    pub(super) async fn upload(
        &self,
        key: &Secret,
        way: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Result<Reply, NoReply> {
        let url = below(&self.upload, &["api", way]);
        let call = self.call(&self.clients.calls, Method::POST, &url, key)?;
        self.send(call.header(CONTENT_TYPE, content_type).body(body)).await
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
        if !self.origins.contains(url) {
            return Err(refused("the address is not one of KIE's configured origins"));
        }
        let mut value = authorization(key).ok_or_else(|| refused("the key cannot be sent"))?;
        value.set_sensitive(true);
        Ok(client.request(method, url.clone()).header(AUTHORIZATION, value))
    }

    async fn send(&self, call: RequestBuilder) -> Result<Reply, NoReply> {
        send(call.headers(self.headers.clone()), "KIE", &self.mask).await
    }

    /// An answer that says no, as an error.
    pub(super) fn error(&self, phase: Phase, reply: &Reply) -> MarketError {
        let said = Said::of(reply);
        let (code, class) = (said.code(), said.class(phase));
        let what = said.message.unwrap_or_else(|| "no reason given".into());
        self.describe(class, &format!("KIE answered {code}: {what}"), reply)
    }

    /// An answer that was not understood, or that reports a failure in its own way.
    pub(super) fn describe(&self, class: ErrorClass, message: &str, reply: &Reply) -> MarketError {
        reply.describe(class, message, &self.mask)
    }
}

/// `Bearer key`; `None` when a header cannot hold it.
pub(super) fn authorization(key: &Secret) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {}", key.reveal())).ok()
}

fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}
