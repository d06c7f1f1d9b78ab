//! Webhooks as fal sends them (`providers.md` §1.8): signed with Ed25519, tried again until somebody takes them. Only to addresses of
//! this machine: a simulator calls nobody else.

use super::{
    Inner, Market, calls,
    script::{Call, Fault},
    world::{Ending, State},
};
use crate::market::{
    callback::Target,
    log::{Delivery, Submission},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    sync::{Arc, PoisonError, Weak},
    time::Duration,
};

/// fal tries ten times in two hours.
const TRIES_MAX: u32 = 10;
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// How long somebody may take to answer, as with fal.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Between two looks at work that waits for a slot.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

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

/// Delivers the webhook of accepted work when it has ended.
pub(super) fn deliver(inner: &mut Inner, market: &Arc<Market>, id: &str, entry: &Submission) {
    let Some(target) = entry.webhook.as_deref().and_then(Target::of) else { return };
    let plan = inner.faults.plan(Call::Webhook, &entry.endpoint, &entry.prompt);
    let order = Order {
        market: Arc::downgrade(market),
        id: id.to_owned(),
        prompt: entry.prompt.clone(),
        target,
        fault: plan.fault,
    };
    let late = plan.delay_before;
    let mut deliveries = market.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
    while deliveries.try_join_next().is_some() {}
    deliveries.spawn(async move { order.carry_out(late).await.unwrap_or_default() });
}

struct Order {
    market: Weak<Market>,
    id: String,
    prompt: String,
    target: Target,
    fault: Option<Fault>,
}

impl Order {
    /// `None` when the simulator was dropped meanwhile.
    async fn carry_out(self, late: Duration) -> Option<()> {
        if self.fault == Some(Fault::Drop {}) {
            return Some(());
        }
        let clock = self.market.upgrade()?.clock.clone();
        if self.fault != Some(Fault::Early {}) {
            while let Some(pause) = self.market.upgrade()?.ends_in(&self.id) {
                clock.sleep(pause).await;
            }
        }
        clock.sleep(late).await;
        let times = if self.fault == Some(Fault::Duplicate {}) { 2 } else { 1 };
        for _ in 0..times {
            for _ in 0..TRIES_MAX {
                let market = self.market.upgrade()?;
                let (headers, body) = self.request(&market);
                drop(market);
                let status = tokio::select! {
                    answer = self.target.post(&headers, &body) => answer.ok().flatten(),
                    () = clock.sleep(ANSWER_MAX) => None,
                };
                let market = self.market.upgrade()?;
                let delivery = Delivery { request_id: self.id.clone(), prompt: self.prompt.clone(), status };
                market.lock().journal.delivery(delivery);
                market.delivered.notify_waiters();
                if status.is_some_and(|status| (200..300).contains(&status)) {
                    break;
                }
                clock.sleep(TRY_AGAIN).await;
            }
        }
        Some(())
    }

    /// Signed anew for each try.
    fn request(&self, market: &Market) -> ([(&str, String); 4], String) {
        let mut body = market.note(&self.id).to_string();
        let at = (market.clock.now().micros() / 1_000_000).to_string();
        let key = match self.fault {
            Some(Fault::WrongKey {}) => &market.signer.wrong,
            _ => &market.signer.key,
        };
        let hash = hex(&Sha256::digest(body.as_bytes()));
        let signature = key.sign(format!("{}\nsim-user\n{at}\n{hash}", self.id).as_bytes());
        if self.fault == Some(Fault::Forged {}) {
            body.push(' ');
        }
        let headers = [
            ("x-fal-webhook-request-id", self.id.clone()),
            ("x-fal-webhook-user-id", "sim-user".to_owned()),
            ("x-fal-webhook-timestamp", at),
            ("x-fal-webhook-signature", hex(signature.as_ref())),
        ];
        (headers, body)
    }
}

impl Market {
    /// How long until it is worth another look; `None` when it has ended.
    fn ends_in(&self, id: &str) -> Option<Duration> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let concurrency = inner.script.concurrency;
        inner.world.advance(now, concurrency);
        if inner.world.state(id)? == State::Completed {
            return None;
        }
        Some(inner.world.ends_at(id).map_or(LOOK_AGAIN, |at| at.since(now)))
    }

    /// What fal says of work that has ended; early, it says so of work that has not.
    fn note(&self, id: &str) -> Value {
        let inner = self.lock();
        let Some(work) = inner.world.find(id) else { return Value::Null };
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
