//! Markets whose answer to the submission is the result itself (OpenAI, Anthropic): how one is called, and what an answer means for the
//! submission. What goes into a call and what stands in its answer is each market's own [`Manner`].
//!
//! Such a call is long and happens once. It ends after the longest run or [`Timeouts::answer`], whichever is shorter; before the answer
//! begins there is no other bound, for nothing is sent while the market works.

mod outcome;
mod said;

#[cfg(test)]
pub(crate) mod stage;

pub(crate) use outcome::Shape;
pub(crate) use said::Said;

use crate::http::{
    Clients, Downloads, Ear, FILE_BYTES_MAX, Keep, Keys, Mask, Multipart, NoReply, Origins, Reply,
    SettingError, Timeouts, base_url, headers, send_for_result,
};
use bytes::Bytes;
use palitra_domain::{
    market::{Capabilities, ErrorClass, MarketError, Outputs, Request, Submitted},
    objects::ByteStream,
    secret::Secret,
};
use reqwest::{
    Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use std::time::Duration;

/// The default of [`Timeouts::answer`] here: as long as the markets' own clients wait (`openai-python`, `anthropic-sdk-python`: 600 s).
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(600);

/// A text with all that comes with it.
pub(crate) const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Nothing is polled, stopped or called back.
pub(crate) const CAPABILITIES: Capabilities =
    Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true };

/// What is a market's own.
pub(crate) trait Manner: Send + Sync {
    fn identity(&self) -> Identity;
    /// The call for a request, or why there is none.
    fn order(&self, request: &Request) -> Result<Order, MarketError>;
    /// What the body of a success holds. `base` is what relative addresses begin with.
    fn read(&self, request: &Request, reply: &Reply, base: &Url) -> Result<Outputs, Shape>;
    /// Who hears the body of a success while it comes.
    fn ear(&self, _request: &Request) -> Option<Ear> {
        None
    }
    /// The class of an error answer.
    fn class(&self, status: u16, said: &Said) -> ErrorClass;
    /// Besides a 4xx: does this error say clearly that nothing was done?
    fn is_surely_refused(&self, _status: u16, _said: &Said) -> bool {
        false
    }
}

/// How a market is known and greeted.
pub(crate) struct Identity {
    /// As messages call it, at its own address.
    pub(crate) name: &'static str,
    /// There it wants a key. Whatever else stands at the base is called by its host, and may need none.
    pub(crate) host: &'static str,
    pub(crate) key_header: KeyHeader,
    /// Sent with every call.
    pub(crate) fixed_headers: &'static [(&'static str, &'static str)],
}

/// How a key is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyHeader {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// The bare key under this name.
    Named(&'static str),
}

/// What the operator has set.
pub(crate) struct Connection {
    pub(crate) base_url: String,
    pub(crate) keys: Vec<(String, Secret)>,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) allow_private_links: bool,
    pub(crate) timeouts: Timeouts,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Order {
    /// Below the base.
    pub(crate) path: &'static [&'static str],
    pub(crate) body: Body,
    /// The longest answer that is read.
    pub(crate) bytes_max: usize,
}

#[derive(Debug)]
pub(crate) enum Body {
    Json(Value),
    Form(Multipart),
}

/// One such market with its keys.
pub(crate) struct InCall {
    manner: Box<dyn Manner>,
    name: String,
    base: Url,
    downloads: Downloads,
    keys: Keys,
    key_header: KeyHeader,
    headers: HeaderMap,
    mask: Mask,
    timeouts: Timeouts,
}

impl InCall {
    /// Builds the clients; calls nobody.
    pub(crate) fn new(manner: Box<dyn Manner>, connection: Connection) -> Result<InCall, SettingError> {
        let identity = manner.identity();
        let base = base_url("base_url", &connection.base_url)?;
        let host = base.host_str().unwrap_or_default();
        let is_itself = host == identity.host;
        let name = if is_itself { identity.name } else { host }.to_owned();
        let mask = Mask::new(connection.keys.iter().chain(&connection.headers).map(|(_, secret)| secret));
        let fixed = identity.fixed_headers.iter();
        let fixed =
            fixed.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut sent: HeaderMap = fixed.collect();
        // A name that is there already is replaced: the operator's own count.
        for (name, value) in &headers(&connection.headers)? {
            sent.insert(name.clone(), value.clone());
        }
        Ok(InCall {
            name,
            keys: Keys::new(connection.keys, !is_itself)?,
            key_header: identity.key_header,
            headers: sent,
            mask,
            timeouts: connection.timeouts,
            downloads: Downloads {
                clients: Clients::new(connection.timeouts)?,
                origins: Origins::new([base.clone()]),
                allow_private: connection.allow_private_links,
                bytes_max: FILE_BYTES_MAX,
            },
            base,
            manner,
        })
    }

    pub(crate) async fn submit(&self, key: &str, request: &Request) -> Submitted {
        let ready = self.keys.get(key, &self.name);
        match ready.and_then(|key| Ok((key, self.manner.order(request)?))) {
            Ok((key, order)) => {
                let reply = self.post(key, order, request).await;
                self.submitted(request, reply)
            }
            Err(error) => Submitted::Refused(error),
        }
    }

    /// What a kept answer says: only a success is kept.
    pub(crate) fn answered(&self, request: &Request, body: &[u8]) -> Submitted {
        let reply = Reply { status: 200, headers: HeaderMap::new(), body: Ok(Bytes::copy_from_slice(body)) };
        self.submitted(request, Ok(reply))
    }

    /// Opens a link of an answer.
    pub(crate) async fn fetch(&self, link: &str) -> Result<ByteStream, MarketError> {
        self.downloads.open(link).await
    }

    /// Sends the order once, and keeps a success where the request says. The one place where a key meets an address, which is below the
    /// configured base: nothing that a market answers can move a call.
    async fn post(&self, key: &Secret, order: Order, request: &Request) -> Result<Reply, NoReply> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(order.path);
        }
        let call = self.downloads.clients.once.post(url).headers(self.credentials(key)?);
        let call = call.timeout(self.timeouts.answer.min(request.longest_run));
        let call = match order.body {
            Body::Json(body) => call.json(&body),
            Body::Form(form) => {
                let (content_type, body) = form.encode();
                call.header(CONTENT_TYPE, content_type).body(body)
            }
        };
        let (spool, silence) = (request.spool.as_ref(), self.timeouts.idle);
        let keep = Keep { spool, bytes_max: order.bytes_max, silence, ear: self.manner.ear(request) };
        send_for_result(call.headers(self.headers.clone()), &self.name, &self.mask, keep).await
    }

    /// A server without keys is sent none.
    fn credentials(&self, key: &Secret) -> Result<HeaderMap, NoReply> {
        let mut headers = HeaderMap::new();
        if key.reveal().trim().is_empty() {
            return Ok(headers);
        }
        let (name, text) = match self.key_header {
            KeyHeader::Bearer => (AUTHORIZATION, format!("Bearer {}", key.reveal())),
            KeyHeader::Named(name) => (HeaderName::from_static(name), key.reveal().to_owned()),
        };
        let unsendable = |_| NoReply::NotSent(MarketError::new(ErrorClass::Auth, "the key cannot be sent"));
        let mut value = HeaderValue::from_str(&text).map_err(unsendable)?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(headers)
    }
}
