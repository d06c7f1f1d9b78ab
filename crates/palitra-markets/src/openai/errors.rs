//! Errors of OpenAI and compatible servers as classes: by code or type, by words where a server has neither, by status.
//!
//! Sources: `openai/openai-openapi`, `openai-python` (2026-08), OpenAI's guide *error codes*; reports named in `fixtures/errors.json`.

use crate::in_call::Said;
use palitra_domain::market::ErrorClass;

use ErrorClass::{
    Auth, ContentRejected, Credits, InvalidInput, Permission, Protocol, RateLimited, Unavailable,
    UnknownModel,
};

/// `error.code` or `error.type`. 429 is two things, and only these words tell which (`providers.md` §10.6, trap 16).
const WORDS: &[(&str, ErrorClass)] = &[
    ("insufficient_quota", Credits),
    ("credit_balance_exhausted", Credits),
    ("organization_spend_limit_exceeded", Credits),
    ("project_spend_limit_exceeded", Credits),
    ("organization_usage_limit_exceeded", Credits),
    ("billing_hard_limit_reached", Credits),
    ("billing_not_active", Credits),
    ("rate_limit_exceeded", RateLimited),
    ("slow_down", RateLimited),
    ("moderation_blocked", ContentRejected),
    ("content_policy_violation", ContentRejected),
    ("content_filter", ContentRejected),
    ("invalid_api_key", Auth),
    ("model_not_found", UnknownModel),
    ("unsupported_country_region_territory", Permission),
];

/// What is said where no code is, in lower case; the first that is found wins.
const TEXTS: &[(&str, ErrorClass)] = &[
    ("safety system", ContentRejected),
    ("content policy", ContentRejected),
    ("exceeded your current quota", Credits),
    ("insufficient balance", Credits),
    ("insufficient credit", Credits),
    ("insufficient fund", Credits),
    ("credit balance", Credits),
    // A key that may not do this, under 401.
    ("missing scopes", Permission),
];

/// The class of an error answer.
pub(super) fn class(status: u16, said: &Said) -> ErrorClass {
    // Whatever a 5xx says about itself, it says nothing about the work.
    if status >= 500 || matches!(status, 408 | 499) {
        return Unavailable;
    }
    if let Some((_, class)) = WORDS.iter().find(|(word, _)| said.is_one_of(&[word])) {
        return *class;
    }
    if said.code.is_none()
        && let Some(class) = spoken(said)
    {
        return class;
    }
    match status {
        401 => Auth,
        402 => Credits,
        403 => Permission,
        404 => UnknownModel,
        // A clash with another call: `openai-python` repeats it.
        409 => Unavailable,
        429 => RateLimited,
        400 | 405 | 413 | 415 | 422 => InvalidInput,
        _ => Protocol,
    }
}

fn spoken(said: &Said) -> Option<ErrorClass> {
    let message = said.message.as_ref()?.to_lowercase();
    TEXTS.iter().find(|(text, _)| message.contains(text)).map(|(_, class)| *class)
}
