//! Webhooks as fal sends them (`providers.md` §1.8): signed with Ed25519, tried again until somebody takes them. Only to addresses of
//! this machine: a simulator calls nobody else.

use super::{
    Fal, Market, calls,
    script::Fault,
    world::{Ending, State},
};
use crate::market::callback::{CallsBack, Order};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use palitra_domain::recipe::hex;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The key that signs, and one that nobody publishes.
pub(super) struct Signer {
    key: Ed25519KeyPair,
    wrong: Ed25519KeyPair,
}

impl Signer {
    /// Random: one that is started again has other keys.
    pub(super) fn new() -> Signer {
        let key = || {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).expect("the system has randomness");
            Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are a seed")
        };
        Signer { key: key(), wrong: key() }
    }

    /// The JWKS document.
    pub(super) fn keys(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.key.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "1", "x": x}]})
    }
}

impl CallsBack for Fal {
    /// fal tries ten times in two hours.
    const TRIES_MAX: u32 = 10;
    const ANSWER_MAX: Duration = Duration::from_secs(15);

    fn pause(_tried: u32) -> Duration {
        Duration::from_secs(1)
    }

    fn ends_in(market: &Market, id: &str) -> Option<Duration> {
        let now = market.clock.now();
        let mut inner = market.lock();
        let concurrency = inner.script.concurrency;
        inner.state.world.advance(now, concurrency);
        if inner.state.world.state(id)? == State::Completed {
            return None;
        }
        Some(inner.state.world.ends_at(id).map_or(Duration::ZERO, |at| at.since(now)))
    }

    fn request(market: &Market, order: &Order<Fal>) -> (Vec<(&'static str, String)>, String) {
        let mut body = market.note(&order.id).to_string();
        let at = (market.clock.now().micros() / 1_000_000).to_string();
        let key = match order.fault {
            Some(Fault::WrongKey {}) => &market.of.signer.wrong,
            _ => &market.of.signer.key,
        };
        let hash = hex(&Sha256::digest(body.as_bytes()));
        let signature = key.sign(format!("{}\nsim-user\n{at}\n{hash}", order.id).as_bytes());
        if order.fault == Some(Fault::Forged {}) {
            body.push(' ');
        }
        let headers = vec![
            ("x-fal-webhook-request-id", order.id.clone()),
            ("x-fal-webhook-user-id", "sim-user".to_owned()),
            ("x-fal-webhook-timestamp", at),
            ("x-fal-webhook-signature", hex(signature.as_ref())),
        ];
        (headers, body)
    }
}

impl Market {
    /// What fal says of work that has ended; early, it says so of work that has not.
    fn note(&self, id: &str) -> Value {
        let inner = self.lock();
        let Some(work) = inner.state.world.find(id) else { return Value::Null };
        let (answer, _) = calls::result(work, State::Completed, self, id);
        let mut note = json!({"request_id": id, "gateway_request_id": id, "payload": answer.value()});
        if matches!(work.new.ending, Ending::Failed(_)) {
            note["status"] = json!("ERROR");
            note["error"] = json!(format!("Invalid status code: {}", answer.status.as_u16()));
        } else {
            note["status"] = json!("OK");
        }
        note
    }
}
