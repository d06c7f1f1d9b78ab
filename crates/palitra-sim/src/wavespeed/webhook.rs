//! Webhooks as WaveSpeedAI sends them (`providers.md` §3.6): the record itself, signed with the secret of the key, tried again with
//! growing pauses. Only to addresses of this machine: a simulator calls nobody else.

use super::{Market, WaveSpeed, fault::Fault, output, world::State};
use crate::market::callback::{CallsBack, Order};
use palitra_domain::recipe::hex;
use ring::hmac;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Older than anybody should believe.
const STALE: Duration = Duration::from_secs(301);

/// The secrets of all keys, made of one seed: one that is started again has others.
pub(super) struct Secrets {
    seed: [u8; 32],
}

impl Default for Secrets {
    fn default() -> Secrets {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the system has randomness");
        Secrets { seed }
    }
}

impl Secrets {
    /// Of the key with this tag, as the API shows it: `whsec_…`.
    pub(super) fn of(&self, key_tag: &str) -> String {
        let digest = Sha256::digest([self.seed.as_slice(), key_tag.as_bytes()].concat());
        format!("whsec_{}", hex(&digest[..16]))
    }
}

impl CallsBack for WaveSpeed {
    /// The first try and three more; the pause doubles.
    const TRIES_MAX: u32 = 4;
    /// 10 s on one page of WaveSpeedAI, 20 min on another.
    const ANSWER_MAX: Duration = Duration::from_secs(10);

    fn pause(tried: u32) -> Duration {
        Duration::from_secs(1) * 2_u32.pow(tried)
    }

    fn ends_in(market: &Market, id: &str) -> Option<Duration> {
        let now = market.clock.now();
        let mut inner = market.lock();
        let concurrency = inner.script.concurrency();
        inner.state.world.advance(now, concurrency);
        if inner.state.world.state(id)? == State::Ended {
            return None;
        }
        Some(inner.state.world.ends_at(id).map_or(Duration::ZERO, |at| at.since(now)))
    }

    /// Under one id for all tries.
    fn request(market: &Market, order: &Order<WaveSpeed>) -> (Vec<(&'static str, String)>, String) {
        let mut body = market.note(&order.id).to_string();
        let now = market.clock.now();
        let signed_at = if order.fault == Some(Fault::Stale {}) { now.minus(STALE) } else { now };
        let at = (signed_at.micros() / 1_000_000).to_string();
        let signer = if order.fault == Some(Fault::WrongKey {}) { "nobody" } else { &order.key };
        let secret = market.lock().state.secrets.of(signer);
        let id = format!("msg_{}", order.id);
        let signature = sign(&secret, &id, &at, &body);
        if order.fault == Some(Fault::Forged {}) {
            body.push(' ');
        }
        let headers = vec![("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", signature)];
        (headers, body)
    }
}

/// `v3,<hex>` over id, time and body. The secret is text behind its prefix, not base64.
pub(super) fn sign(secret: &str, id: &str, at: &str, body: &str) -> String {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
    let signature = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v3,{}", hex(signature.as_ref()))
}

impl Market {
    /// The record of work that has ended, and its input; early, it says so of work that has not.
    fn note(&self, id: &str) -> Value {
        let inner = self.lock();
        let Some(work) = inner.state.world.find(id) else { return Value::Null };
        let mut note = output::record(work, State::Ended, self, id, &self.root());
        note["input"] = work.new.input.clone();
        note
    }
}
