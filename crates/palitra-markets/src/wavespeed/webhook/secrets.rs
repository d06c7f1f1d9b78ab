//! The secrets that WaveSpeedAI signs webhooks with, one for each API key: fetched when needed, kept for a day, fetched at most
//! once a minute.
//!
//! Knows no webhook. Unlike a public key a secret is asked for with the API key, and is kept out of every error and log.

use super::super::{calls::Calls, wire};
use futures_util::{FutureExt, future::Shared};
use palitra_domain::{BoxFuture, Timestamp, secret::Secret};
use ring::hmac;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Longest use of what was fetched: a secret that was changed because it leaked is not believed for longer.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Shortest time between two fetches, whatever became of the first: a forger makes us ask no more often.
const FETCH_INTERVAL_MIN: Duration = Duration::from_secs(60);

/// WaveSpeedAI waits 10 s for the answer to a webhook (one page; another says 20 min), and the fetch has to lie within.
const FETCH_MAX: Duration = Duration::from_secs(8);

/// In front of the secret, and no part of it.
const PREFIX: &str = "whsec_";

/// Longer than this is no secret.
const SECRET_CHARS_MAX: usize = 512;

/// A secret, ready to check with.
#[derive(Debug, Clone)]
pub(in super::super) struct SigningKey(hmac::Key);

impl SigningKey {
    /// The text after the prefix is the key as it stands: it is no base64.
    pub(super) fn new(secret: &str) -> Option<SigningKey> {
        let text = secret.strip_prefix(PREFIX).unwrap_or(secret);
        let usable = !text.trim().is_empty() && text.len() <= SECRET_CHARS_MAX;
        usable.then(|| SigningKey(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }

    /// In constant time.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8; 32]) -> bool {
        hmac::verify(&self.0, message, signature).is_ok()
    }

    #[cfg(test)]
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }
}

/// A secret, or why there is none.
type Fetched = Result<SigningKey, Arc<str>>;

/// A fetch that any number of verifications wait for. It makes progress while one of them is left, so none of them can
/// take it away from the others.
#[derive(Clone)]
struct Fetch {
    began: Timestamp,
    answer: Shared<BoxFuture<'static, Fetched>>,
}

#[derive(Default)]
struct Known {
    /// The last secret that came, and when.
    held: Option<(Timestamp, SigningKey)>,
    /// The last fetch, under way or over.
    last: Option<Fetch>,
}

/// The secrets of all keys.
pub(in super::super) struct Secrets {
    calls: Calls,
    time_max: Duration,
    /// By the label of the key.
    known: Mutex<BTreeMap<String, Known>>,
}

impl Secrets {
    pub(in super::super) fn new(calls: Calls, answer: Duration) -> Secrets {
        Secrets { calls, time_max: answer.min(FETCH_MAX), known: Mutex::default() }
    }

    /// What is known without asking; none when nothing is, or when it is too old.
    pub(in super::super) fn held(&self, label: &str, now: Timestamp) -> Option<SigningKey> {
        let known = self.lock();
        let (came, key) = known.get(label)?.held.as_ref()?;
        is_within(KEEP, *came, now).then(|| key.clone())
    }

    /// What WaveSpeedAI answers now, or answered within the last minute. A failure leaves what is held as it is. The caller
    /// knows the label: there are as many entries as keys.
    pub(in super::super) async fn fetched(&self, label: &str, api_key: &Secret, now: Timestamp) -> Fetched {
        let fetch = self.last_or_new(label, api_key, now);
        let key = fetch.answer.await?;
        let mut known = self.lock();
        let known = known.entry(label.to_owned()).or_default();
        // Not when a later fetch has begun meanwhile: its secret is newer.
        if known.last.as_ref().is_some_and(|last| last.began == fetch.began) {
            known.held = Some((fetch.began, key.clone()));
        }
        Ok(key)
    }

    fn last_or_new(&self, label: &str, api_key: &Secret, now: Timestamp) -> Fetch {
        let mut known = self.lock();
        let known = known.entry(label.to_owned()).or_default();
        match &known.last {
            Some(fetch) if is_within(FETCH_INTERVAL_MIN, fetch.began, now) => fetch.clone(),
            _ => {
                let fetch = Fetch { began: now, answer: self.fetch(api_key).shared() };
                known.last = Some(fetch.clone());
                fetch
            }
        }
    }

    fn fetch(&self, api_key: &Secret) -> BoxFuture<'static, Fetched> {
        let (calls, api_key, time_max) = (self.calls.clone(), api_key.clone(), self.time_max);
        Box::pin(async move {
            let url = calls.addresses.api(["webhook", "secret"]);
            let answer = calls.data::<wire::WebhookSecret>(&api_key, &url, None, Some(time_max)).await;
            // Only the class: a body, and what a parser says about it, may hold the secret.
            let answer = answer.map_err(|error| {
                Arc::from(format!("WaveSpeed gave no webhook secret: {}", error.class.as_str()))
            })?;
            SigningKey::new(&answer.secret).ok_or_else(|| Arc::from("WaveSpeed's webhook secret is empty"))
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is `now` less than `span` after `then`? A clock that was set back makes what lies in its future worthless, not immortal;
/// a minute of it is forgiven, because callers read the clock one after the other and come in any order.
fn is_within(span: Duration, then: Timestamp, now: Timestamp) -> bool {
    now.since(then) < span && then.since(now) < Duration::from_secs(60)
}
