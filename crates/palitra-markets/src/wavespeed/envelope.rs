//! The envelope of every answer: `{"code", "message", "data"}` (WaveSpeed documentation, *rest-api*).

use super::{errors::Said, wire};
use crate::http::{Reply, Unreadable};
use serde::de::DeserializeOwned;

/// HTTP and envelope both say so; an envelope without a code, or with one that is not known, does not object.
pub(super) fn is_success(reply: &Reply) -> bool {
    reply.is_success() && Said::of(reply).code.is_none()
}

/// Whether WaveSpeedAI itself speaks, not something in front of it.
pub(super) fn is_its_own(reply: &Reply) -> bool {
    reply.parse::<wire::Envelope>().is_ok_and(|envelope| envelope.code.is_some())
}

/// What is in the envelope, as a known shape, or why it is not.
pub(super) fn data<T: DeserializeOwned>(reply: &Reply) -> Result<T, Unreadable> {
    let data = reply.parse::<wire::Envelope>()?.data;
    serde_json::from_value(data).map_err(|error| Unreadable::OtherShape(error.to_string()))
}
