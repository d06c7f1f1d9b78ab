//! WaveSpeedAI's errors as classes: by status, and by what the message says where the status says too little.
//!
//! Documented are the envelope `{"code", "message"}` and 400, 401, 403, 404, 429, 500 (WaveSpeedAI documentation, pages *rest-api*
//! and *troubleshooting-guide*); a table of error codes beyond HTTP is not (`providers.md` §12), so codes of its own mean
//! nothing here and the texts are few.

use crate::http::Reply;
use palitra_domain::market::ErrorClass;
use serde_json::Value;

use ErrorClass::{
    Auth, ContentRejected, Credits, GenerationFailed, InputFetch, InvalidInput, Permission, Protocol,
    RateLimited, Timeout, Unavailable, UnknownModel,
};

/// Texts that say more than a status or a plain `failed`, in lower case; the first that is found wins.
const TEXTS: &[(&str, ErrorClass)] = &[
    ("nsfw", ContentRejected),
    ("content policy", ContentRejected),
    ("sensitive content", ContentRejected),
    ("flagged", ContentRejected),
    ("moderation", ContentRejected),
    ("insufficient credit", Credits),
    ("insufficient balance", Credits),
    ("insufficient fund", Credits),
    ("not enough credit", Credits),
    // A new key is inactive until the first top-up (WaveSpeedAI documentation, *troubleshooting-guide*).
    ("top up", Credits),
    ("top-up", Credits),
    ("failed to download", InputFetch),
    ("failed to load image", InputFetch),
    ("failed to fetch", InputFetch),
];

/// When an error came: it decides what a status alone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// In answer to a submission, so far as we know nothing runs.
    Submit,
    /// From every call that may be repeated.
    Look,
}

/// What an error answer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The envelope's code, when it is an error status of HTTP. WaveSpeedAI's own codes are not known.
    pub(super) code: Option<u16>,
    pub(super) message: Option<String>,
}

impl Said {
    pub(super) fn of(reply: &Reply) -> Said {
        Said::read(reply.body.as_deref().unwrap_or_default())
    }

    pub(super) fn read(body: &[u8]) -> Said {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Said::default() };
        let code = body["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        let message = [&body["message"], &body["error"], &body["data"]["error"]].into_iter().find_map(text);
        Said { code: code.filter(|code| (400..600).contains(code)), message }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The class that a text names.
pub(super) fn spoken(message: &str) -> Option<ErrorClass> {
    let message = message.to_lowercase();
    TEXTS.iter().find(|(text, _)| message.contains(text)).map(|(_, class)| *class)
}

/// The status that counts: HTTP's where it is an error, else the envelope's.
pub(super) fn effective(status: u16, said: &Said) -> u16 {
    if status >= 400 { status } else { said.code.unwrap_or(status) }
}

/// The class of an error answer.
pub(super) fn class(phase: Phase, status: u16, said: &Said) -> ErrorClass {
    let status = effective(status, said);
    let spoken = said.message.as_deref().and_then(spoken);
    match (phase, status) {
        // Whatever a 5xx says about itself, it says nothing about the work.
        (_, 500..) => Unavailable,
        (_, 429) => RateLimited,
        (_, 402) => Credits,
        // A key without money and a key without the right differ in words only.
        (_, 401) => spoken.filter(|class| *class == Credits).unwrap_or(Auth),
        (_, 403) => spoken.unwrap_or(Permission),
        (Phase::Submit, 404) => UnknownModel,
        (_, 400 | 405 | 409 | 413 | 415 | 422) => spoken.unwrap_or(InvalidInput),
        _ => Protocol,
    }
}

/// The class of work that ended as `failed` or `timeout`, by what it says.
pub(super) fn of_failed_work(status: &str, failure: &str) -> ErrorClass {
    if status == "timeout" {
        return Timeout;
    }
    // Work that has run lacks no money: whatever it says about credits is about somebody else's.
    spoken(failure).filter(|class| *class != Credits).unwrap_or(GenerationFailed)
}
