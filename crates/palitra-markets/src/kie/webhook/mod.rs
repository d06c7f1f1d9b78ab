//! Whether a callback is KIE's, and what it says (KIE documentation, *webhook verification*; `docs/markets.md`).
//!
//! A pure rule over headers, raw bytes, time and the account's `webhookHmacKey`. The signature covers the id of the task and the
//! time, **not the body**: nothing else in it is believed, the record is pulled. Not here: the length of the body, the token of the
//! address, duplicates.

#[cfg(test)]
mod tests;

use super::{remote::Remote, wire};
use crate::http::{is_near, the_header, unix_seconds};
use base64::{Engine, prelude::BASE64_STANDARD};
use palitra_domain::{
    Timestamp,
    market::{WebhookHint, WebhookNote},
    secret::Secret,
};
use ring::hmac;

const TIMESTAMP: &str = "x-webhook-timestamp";
const SIGNATURE: &str = "x-webhook-signature";

/// Why a callback is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Distrust {
    #[error("header `{0}` is missing, repeated or malformed")]
    Header(&'static str),
    #[error("it was not signed within 300 s of now")]
    Time,
    #[error("it is not signed by the account's key")]
    Signature,
    #[error("the body is not JSON with one task id")]
    Body,
}

/// `base64(HMAC-SHA256(key, "{task}.{timestamp}"))`, compared in constant time. KIE states no tolerance; the 300 s are ours. The
/// body is parsed before the signature can be checked, because the signed id is in it.
pub(super) fn verify(
    headers: &[(String, String)],
    body: &[u8],
    now: Timestamp,
    key: &Secret,
) -> Result<WebhookNote, Distrust> {
    let timestamp = the_header(headers, TIMESTAMP).ok_or(Distrust::Header(TIMESTAMP))?;
    let signature = the_header(headers, SIGNATURE).ok_or(Distrust::Header(SIGNATURE))?;
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| Distrust::Header(SIGNATURE))?;
    let signed_at = unix_seconds(timestamp).ok_or(Distrust::Header(TIMESTAMP))?;
    if !is_near(signed_at, now) {
        return Err(Distrust::Time);
    }
    let delivery: wire::Delivery = serde_json::from_slice(body).map_err(|_| Distrust::Body)?;
    let task_id = task_id(&delivery).ok_or(Distrust::Body)?.to_owned();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes());
    let message = format!("{task_id}.{timestamp}");
    hmac::verify(&key, message.as_bytes(), &signature).map_err(|_| Distrust::Signature)?;
    Ok(WebhookNote { request_id: task_id, gateway_request_id: None, hint: hint(&delivery) })
}

/// Two ids that differ leave open which of them was signed.
fn task_id(delivery: &wire::Delivery) -> Option<&str> {
    let id = match (delivery.data.task_id.as_deref(), delivery.data.legacy_task_id.as_deref()) {
        (Some(id), None) | (None, Some(id)) => id,
        (Some(id), Some(legacy)) if id == legacy => id,
        _ => return None,
    };
    Remote::new("", id).map(|_| id)
}

/// Not signed, and no more than a word for the log.
fn hint(delivery: &wire::Delivery) -> WebhookHint {
    match (wire::text(&delivery.data.state).as_deref(), wire::whole(&delivery.code)) {
        (Some("success"), _) | (None, Some(200)) => WebhookHint::Finished,
        (Some("fail"), _) | (None, Some(400..600)) => WebhookHint::Failed,
        _ => WebhookHint::Unknown,
    }
}
