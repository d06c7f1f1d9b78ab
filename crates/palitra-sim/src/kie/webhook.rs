//! Callbacks as KIE sends them (KIE documentation, *webhook verification*): the record of the task, and an HMAC over its id and the
//! time when the account has a `webhookHmacKey`. The body is not signed. How often KIE tries is not documented; here it is three
//! times, a second apart, until a 2xx.

use super::{Kie, Market, calls, script::Fault, world::State};
use crate::market::callback::{CallsBack, Order};
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::hmac;
use serde_json::{Value, json};
use std::time::Duration;

impl CallsBack for Kie {
    const TRIES_MAX: u32 = 3;
    /// KIE documentation, callbacks of Veo and Suno.
    const ANSWER_MAX: Duration = Duration::from_secs(15);

    fn pause(_tried: u32) -> Duration {
        Duration::from_secs(1)
    }

    fn ends_in(market: &Market, id: &str) -> Option<Duration> {
        let now = market.clock.now();
        let ends = market.lock().state.world.find(id)?.ends;
        (now < ends).then(|| ends.since(now))
    }

    fn request(market: &Market, order: &Order<Kie>) -> (Vec<(&'static str, String)>, String) {
        let now = market.clock.now().micros() / 1_000_000;
        let at = if order.fault == Some(Fault::Stale {}) { now - 301 } else { now };
        let mut note = market.note(&order.id);
        if order.fault == Some(Fault::Forged {}) {
            note["data"]["taskId"] = json!(super::random_id());
        }
        let key = market.lock().script.webhook_key.clone();
        let key = match (&order.fault, key) {
            (Some(Fault::Unsigned {}), _) | (_, None) => return (Vec::new(), note.to_string()),
            (Some(Fault::WrongKey {}), Some(key)) => format!("not {key}"),
            (_, Some(key)) => key,
        };
        let signature = sign(&key, &order.id, at);
        let headers = vec![("X-Webhook-Timestamp", at.to_string()), ("X-Webhook-Signature", signature)];
        (headers, note.to_string())
    }
}

/// `base64(HMAC-SHA256(key, "{task}.{seconds}"))`, the key as it is written.
pub(super) fn sign(key: &str, task: &str, seconds: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, format!("{task}.{seconds}").as_bytes()))
}

impl Market {
    /// What KIE says of a task that has ended; early, it says so of one that has not.
    fn note(&self, id: &str) -> Value {
        let inner = self.lock();
        let Some(task) = inner.state.world.find(id) else { return Value::Null };
        let (code, message) = match task.ended() {
            State::Fail => (501, "Playground task failed."),
            _ => (200, "Playground task completed successfully."),
        };
        let data = calls::data(task, task.ended(), self, id, self.clock.now());
        json!({"code": code, "msg": message, "data": data})
    }
}
