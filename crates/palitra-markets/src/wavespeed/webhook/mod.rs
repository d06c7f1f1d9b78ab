//! Whether a webhook is WaveSpeedAI's, and what it says (WaveSpeedAI documentation, pages *how-to-use-webhooks* and
//! *verify-webhooks*; `providers.md` §3.6, `docs/markets.md`).
//!
//! It looks like Standard Webhooks and is not (trap 14): the signature is hex under `v3`, and the secret is used as the text it
//! is, without its prefix and without base64.
//!
//! A pure rule over headers, raw bytes, time and secret. Where secrets come from is [`secrets`]. Not here: the length of the
//! body, the token of the address, duplicates.

mod secrets;

#[cfg(test)]
mod tests;

pub(super) use secrets::{Secrets, SigningKey};

use super::wire;
use crate::http::{is_near, the_header, unix_seconds};
use palitra_domain::{
    Timestamp,
    market::{WebhookHint, WebhookNote},
};
use serde_json::Value;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// The version that is checked; entries of others are passed over.
const VERSION: &str = "v3,";

/// Several signatures stand side by side while a secret is changed; more than this is somebody's game.
const SIGNATURES_MAX: usize = 8;

/// Why a webhook is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Distrust {
    #[error("header `{0}` is missing, repeated or malformed")]
    Header(&'static str),
    #[error("it was not signed within 300 s of now")]
    Time,
    #[error("it is not signed with the key's secret")]
    Signature,
    #[error("the body is not JSON with an id")]
    Body,
}

/// Any of the signatures may be the right one. The body is hashed as it came and parsed only when one is; a shape that is not
/// known makes the hint unknown. `webhook-id` names the delivery; the work is named by the body.
pub(super) fn verify(
    headers: &[(String, String)],
    body: &[u8],
    now: Timestamp,
    key: Option<&SigningKey>,
) -> Result<WebhookNote, Distrust> {
    let header = |name: &'static str| the_header(headers, name).ok_or(Distrust::Header(name));
    let id = header(ID)?;
    let timestamp = header(TIMESTAMP)?;
    let signatures = signatures(header(SIGNATURE)?)?;
    let signed_at = unix_seconds(timestamp).ok_or(Distrust::Header(TIMESTAMP))?;
    if !is_near(signed_at, now) {
        return Err(Distrust::Time);
    }
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let key = key.ok_or(Distrust::Signature)?;
    if !signatures.iter().any(|signature| key.signed(&message, signature)) {
        return Err(Distrust::Signature);
    }
    let delivery: wire::Delivery = serde_json::from_slice(body).map_err(|_| Distrust::Body)?;
    if delivery.id.trim().is_empty() {
        return Err(Distrust::Body);
    }
    Ok(note(delivery))
}

/// Only work that has ended is reported.
fn note(delivery: wire::Delivery) -> WebhookNote {
    let hint = match delivery.status.as_ref().and_then(Value::as_str) {
        Some("completed") => WebhookHint::Finished,
        Some("failed" | "timeout" | "cancelled") => WebhookHint::Failed,
        _ => WebhookHint::Unknown,
    };
    WebhookNote { request_id: delivery.id, gateway_request_id: None, hint }
}

/// `v3,<hex>`, several of them with spaces between. One of `v3` that cannot be read spoils the header.
fn signatures(text: &str) -> Result<Vec<[u8; 32]>, Distrust> {
    let malformed = || Distrust::Header(SIGNATURE);
    let entries: Vec<&str> = text.split(' ').collect();
    if entries.len() > SIGNATURES_MAX {
        return Err(malformed());
    }
    let own = entries.iter().filter_map(|entry| entry.strip_prefix(VERSION));
    let found: Vec<[u8; 32]> = own.map(bytes).collect::<Option<_>>().ok_or_else(malformed)?;
    if found.is_empty() { Err(malformed()) } else { Ok(found) }
}

/// 32 bytes in lower-case hex, the one spelling WaveSpeedAI uses.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    if hex.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
