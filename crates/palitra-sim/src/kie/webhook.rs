//! Callbacks as KIE sends them (KIE documentation, *webhook verification*): the record of the task, and an HMAC over its id and the
//! time when the account has a `webhookHmacKey`. The body is not signed. How often KIE tries is not documented; here it is three
//! times, a second apart, until a 2xx.

use super::{
    Inner, Market, calls,
    script::{Call, Fault},
    world::State,
};
use crate::market::{
    callback::Target,
    log::{Delivery, Submission},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use palitra_domain::Timestamp;
use ring::hmac;
use serde_json::{Value, json};
use std::{
    sync::{Arc, PoisonError, Weak},
    time::Duration,
};

const TRIES_MAX: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// How long somebody may take to answer (KIE documentation, callbacks of Veo and Suno).
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Between two looks at a task that is to end now.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Delivers the callback of an accepted task when it has ended.
pub(super) fn deliver(inner: &mut Inner, market: &Arc<Market>, id: &str, entry: &Submission) {
    let Some(target) = entry.webhook.as_deref().and_then(Target::of) else { return };
    let plan = inner.faults.plan(Call::Webhook, &entry.endpoint, &entry.prompt);
    let order = Order {
        market: Arc::downgrade(market),
        id: id.to_owned(),
        prompt: entry.prompt.clone(),
        target,
        key: inner.script.webhook_key.clone(),
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
    key: Option<String>,
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
                clock.sleep(pause.max(LOOK_AGAIN)).await;
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
    fn request(&self, market: &Market) -> (Vec<(&'static str, String)>, String) {
        let now = market.clock.now().micros() / 1_000_000;
        let at = if self.fault == Some(Fault::Stale {}) { now - 301 } else { now };
        let mut note = market.note(&self.id);
        if self.fault == Some(Fault::Forged {}) {
            note["data"]["taskId"] = json!(super::random_id());
        }
        let key = match (&self.fault, &self.key) {
            (Some(Fault::Unsigned {}), _) | (_, None) => None,
            (Some(Fault::WrongKey {}), Some(key)) => Some(format!("not {key}")),
            (_, Some(key)) => Some(key.clone()),
        };
        let headers = key.map(|key| {
            let signature = sign(&key, &self.id, at);
            vec![("X-Webhook-Timestamp", at.to_string()), ("X-Webhook-Signature", signature)]
        });
        (headers.unwrap_or_default(), note.to_string())
    }
}

/// `base64(HMAC-SHA256(key, "{task}.{seconds}"))`, the key as it is written.
pub(super) fn sign(key: &str, task: &str, seconds: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, format!("{task}.{seconds}").as_bytes()))
}

impl Market {
    /// How long until it has ended; `None` when it has.
    fn ends_in(&self, id: &str) -> Option<Duration> {
        let now = self.clock.now();
        let inner = self.lock();
        let ends: Timestamp = inner.world.find(id)?.ends;
        (now < ends).then(|| ends.since(now))
    }

    /// What KIE says of a task that has ended; early, it says so of one that has not.
    fn note(&self, id: &str) -> Value {
        let inner = self.lock();
        let Some(task) = inner.world.find(id) else { return Value::Null };
        let (code, message) = match task.ended() {
            State::Fail => (501, "Playground task failed."),
            _ => (200, "Playground task completed successfully."),
        };
        let data = calls::data(task, task.ended(), self, id, self.clock.now());
        json!({"code": code, "msg": message, "data": data})
    }
}
