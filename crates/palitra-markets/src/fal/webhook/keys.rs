//! The keys that fal signs webhooks with: fetched when needed, kept for a day, fetched at most once a minute.
//!
//! Knows no webhook. The keys are public; fal's API key is not sent for them.

use super::super::wire;
use crate::http::{read, why};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::{FutureExt, future::Shared};
use palitra_domain::{BoxFuture, Timestamp};
use reqwest::{Client, Url, header::HeaderMap};
use ring::signature::{ED25519, UnparsedPublicKey};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Longest use of what was fetched (`providers.md` §1.8).
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Shortest time between two fetches, whatever became of the first.
const FETCH_INTERVAL_MIN: Duration = Duration::from_secs(60);

/// fal waits 15 s for the answer to a webhook, and the fetch lies within.
const FETCH_MAX: Duration = Duration::from_secs(10);

/// Some hundreds of keys; fal has a few.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// An Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct PublicKey(pub(super) [u8; 32]);

impl PublicKey {
    pub(super) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

/// The keys as one immutable list, and why there is none.
type Fetched = Result<Arc<[PublicKey]>, Arc<str>>;

/// A fetch that any number of verifications wait for. It makes progress while one of them is left, so none of them can
/// take it away from the others.
#[derive(Clone)]
struct Fetch {
    began: Timestamp,
    answer: Shared<BoxFuture<'static, Fetched>>,
}

#[derive(Default)]
struct Known {
    /// The last keys that came, and when.
    held: Option<(Timestamp, Arc<[PublicKey]>)>,
    /// The last fetch, under way or over.
    last: Option<Fetch>,
}

/// fal's keys, from one address.
pub(in super::super) struct Keys {
    client: Client,
    url: Url,
    /// The operator's own headers.
    headers: HeaderMap,
    time_max: Duration,
    known: Mutex<Known>,
}

impl Keys {
    /// `rest` is the configured base; nothing else is ever asked.
    pub(in super::super) fn new(client: Client, rest: Url, headers: HeaderMap, answer: Duration) -> Keys {
        let mut url = rest;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([".well-known", "jwks.json"]);
        }
        Keys { client, url, headers, time_max: answer.min(FETCH_MAX), known: Mutex::default() }
    }

    /// What is known without asking; empty when nothing is, or when it is too old.
    pub(in super::super) fn held(&self, now: Timestamp) -> Arc<[PublicKey]> {
        match &self.lock().held {
            Some((came, keys)) if is_within(KEEP, *came, now) => Arc::clone(keys),
            _ => Arc::default(),
        }
    }

    /// What fal answers now, or answered within the last minute. A failure leaves what is held as it is.
    pub(in super::super) async fn fetched(&self, now: Timestamp) -> Fetched {
        let fetch = self.last_or_new(now);
        let keys = fetch.answer.await?;
        let mut known = self.lock();
        // Not when a later fetch has begun meanwhile: its keys are newer.
        if known.last.as_ref().is_some_and(|last| last.began == fetch.began) {
            known.held = Some((fetch.began, Arc::clone(&keys)));
        }
        Ok(keys)
    }

    fn last_or_new(&self, now: Timestamp) -> Fetch {
        let mut known = self.lock();
        match &known.last {
            Some(fetch) if is_within(FETCH_INTERVAL_MIN, fetch.began, now) => fetch.clone(),
            _ => {
                let fetch = Fetch { began: now, answer: self.fetch().shared() };
                known.last = Some(fetch.clone());
                fetch
            }
        }
    }

    fn fetch(&self) -> BoxFuture<'static, Fetched> {
        let call = self.client.get(self.url.clone()).headers(self.headers.clone()).timeout(self.time_max);
        Box::pin(async move {
            let response = call.send().await.map_err(|error| why(&error))?;
            let status = response.status().as_u16();
            if status != 200 {
                return Err(format!("fal answered {status} instead of its keys").into());
            }
            let body = read(response, BODY_BYTES_MAX).await.map_err(|error| error.to_string())?;
            let keys = keys(&body);
            if keys.is_empty() {
                Err("there is no Ed25519 key in fal's answer".into())
            } else {
                Ok(keys.into())
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The usable keys of a JWKS (RFC 7517, RFC 8037); what is not one is passed over.
pub(super) fn keys(jwks: &[u8]) -> Vec<PublicKey> {
    let entries = serde_json::from_slice(jwks).map_or_else(|_| Vec::new(), |wire::Jwks { keys }| keys);
    entries.iter().filter_map(key).collect()
}

fn key(entry: &serde_json::Value) -> Option<PublicKey> {
    let text = |name: &str| entry.get(name)?.as_str();
    if (text("kty")?, text("crv")?) != ("OKP", "Ed25519") {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text("x")?).ok()?;
    bytes.try_into().ok().map(PublicKey)
}

/// Is `now` less than `span` after `then`? A clock that was set back makes what lies in its future worthless, not immortal;
/// a minute of it is forgiven, because callers read the clock one after the other and come in any order.
fn is_within(span: Duration, then: Timestamp, now: Timestamp) -> bool {
    now.since(then) < span && then.since(now) < Duration::from_secs(60)
}
