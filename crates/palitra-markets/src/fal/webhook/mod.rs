//! Whether a webhook is fal's, and what it says (`providers.md` §1.8, `docs/markets.md`).
//!
//! A pure rule over headers, raw bytes, time and keys. Where keys come from is [`keys`]. Not here: the length of the body,
//! the token of the address, duplicates.

mod keys;

#[cfg(test)]
mod tests;

pub(super) use keys::{Keys, PublicKey};

use super::wire;
use crate::http::{is_near, the_header, unix_seconds};
use palitra_domain::{
    Timestamp,
    market::{WebhookHint, WebhookNote},
};
use ring::digest::{SHA256, digest};
use serde_json::Value;

const REQUEST_ID: &str = "x-fal-webhook-request-id";
const USER_ID: &str = "x-fal-webhook-user-id";
const TIMESTAMP: &str = "x-fal-webhook-timestamp";
const SIGNATURE: &str = "x-fal-webhook-signature";

/// Why a webhook is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Distrust {
    #[error("header `{0}` is missing, repeated or malformed")]
    Header(&'static str),
    #[error("it was not signed within 300 s of now")]
    Time,
    #[error("it is not signed by a known key")]
    Signature,
    #[error("the body is not JSON with a request id")]
    Body,
    #[error("the body speaks of another request than the headers")]
    OtherRequest,
}

/// Any of the keys may have signed. The body is hashed as it came and parsed only when the signature is right; a shape that
/// is not known makes the hint unknown.
pub(super) fn verify(
    headers: &[(String, String)],
    body: &[u8],
    now: Timestamp,
    keys: &[PublicKey],
) -> Result<WebhookNote, Distrust> {
    let request_id = header(headers, REQUEST_ID)?;
    let user_id = header(headers, USER_ID)?;
    let timestamp = header(headers, TIMESTAMP)?;
    let signature = bytes(header(headers, SIGNATURE)?).ok_or(Distrust::Header(SIGNATURE))?;
    let signed_at = unix_seconds(timestamp).ok_or(Distrust::Header(TIMESTAMP))?;
    if !is_near(signed_at, now) {
        return Err(Distrust::Time);
    }
    let hash: String = digest(&SHA256, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let message = format!("{request_id}\n{user_id}\n{timestamp}\n{hash}");
    if !keys.iter().any(|key| key.signed(message.as_bytes(), &signature)) {
        return Err(Distrust::Signature);
    }
    let delivery: wire::Delivery = serde_json::from_slice(body).map_err(|_| Distrust::Body)?;
    if delivery.request_id != request_id {
        return Err(Distrust::OtherRequest);
    }
    Ok(note(delivery))
}

/// `OK` without a payload (`payload_error`, trap 3) is finished too: the result is pulled in any case.
fn note(delivery: wire::Delivery) -> WebhookNote {
    let hint = match delivery.status.as_ref().and_then(Value::as_str) {
        Some("OK") => WebhookHint::Finished,
        Some("ERROR") => WebhookHint::Failed,
        _ => WebhookHint::Unknown,
    };
    let gateway_request_id = match delivery.gateway_request_id {
        Some(Value::String(id)) => Some(id),
        _ => None,
    };
    WebhookNote { request_id: delivery.request_id, gateway_request_id, hint }
}

fn header<'a>(headers: &'a [(String, String)], name: &'static str) -> Result<&'a str, Distrust> {
    the_header(headers, name).ok_or(Distrust::Header(name))
}

/// 64 bytes in lower-case hex, the one spelling fal uses.
fn bytes(hex: &str) -> Option<[u8; 64]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 64];
    if hex.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
