//! Anthropic's errors as classes: by type, by status where something else speaks, by words where both say too little.
//!
//! Sources: Anthropic's documentation, page *errors*; `anthropics/anthropic-sdk-python` (2026-08); `providers.md` §5.

use crate::in_call::Said;
use palitra_domain::market::ErrorClass;

use ErrorClass::{
    Auth, ContentRejected, Credits, InvalidInput, Permission, Protocol, RateLimited, Unavailable,
    UnknownModel,
};

const TYPES: &[(&str, ErrorClass)] = &[
    ("authentication_error", Auth),
    ("billing_error", Credits),
    ("permission_error", Permission),
    ("not_found_error", UnknownModel),
    ("request_too_large", InvalidInput),
    ("rate_limit_error", RateLimited),
    ("api_error", Unavailable),
    ("timeout_error", Unavailable),
    ("overloaded_error", Unavailable),
];

/// What an `invalid_request_error` says of other things than the input, in lower case.
const TEXTS: &[(&str, ErrorClass)] = &[
    // A low balance is 400 (`providers.md` §10.6, trap 18).
    ("credit balance is too low", Credits),
    ("usage limits", Credits),
    ("content filtering policy", ContentRejected),
];

/// The class of an error answer.
pub(super) fn class(status: u16, said: &Said) -> ErrorClass {
    // Whatever a 5xx says about itself, it says nothing about the work.
    if status >= 500 || matches!(status, 408 | 499) {
        return Unavailable;
    }
    if let Some((_, class)) = TYPES.iter().find(|(word, _)| said.is_one_of(&[word])) {
        return *class;
    }
    let message = said.message.as_deref().unwrap_or_default().to_lowercase();
    if let Some((_, class)) = TEXTS.iter().find(|(text, _)| message.contains(text)) {
        return *class;
    }
    match status {
        401 => Auth,
        402 => Credits,
        403 => Permission,
        404 => UnknownModel,
        // `anthropic-sdk-python` repeats it.
        409 => Unavailable,
        429 => RateLimited,
        400 | 405 | 413 | 415 | 422 => InvalidInput,
        // An error inside a success, of the type that says nothing.
        200..300 if said.is_one_of(&["invalid_request_error"]) => InvalidInput,
        _ => Protocol,
    }
}

/// 529 in Anthropic's own words: too busy to begin. No work outlives a call here, so nothing runs.
pub(super) fn is_surely_refused(status: u16, said: &Said) -> bool {
    status == 529 && said.is_one_of(&["overloaded_error"])
}
