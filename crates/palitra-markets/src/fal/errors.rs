//! fal's errors as classes: by type where it names one, else by status (`providers.md` §1.6, §10.3).

use crate::http::Reply;
use palitra_domain::market::ErrorClass;
use reqwest::header::HeaderMap;
use serde_json::Value;

use ErrorClass::{
    Auth, ConcurrencyLimited, ContentRejected, Credits, GenerationFailed, InputFetch, InvalidInput,
    Permission, Protocol, RateLimited, Timeout, Unavailable, UnknownModel,
};

/// Types that say more than the status. Pydantic's own (`missing`, `string_too_short`, …) come with 422, which says it all.
const TYPES: &[(&str, ErrorClass)] = &[
    // From the model. `no_media_generated` is mostly moderation that does not say so.
    ("content_policy_violation", ContentRejected),
    ("no_media_generated", ContentRejected),
    ("image_load_error", InputFetch),
    ("file_download_error", InputFetch),
    ("internal_server_error", GenerationFailed),
    ("downstream_service_error", GenerationFailed),
    ("downstream_service_unavailable", GenerationFailed),
    ("generation_timeout", Timeout),
    // From the platform, after the request was accepted: it ran or was to run.
    ("request_timeout", Timeout),
    ("startup_timeout", Timeout),
    ("runner_scheduling_failure", GenerationFailed),
    ("runner_connection_timeout", GenerationFailed),
    ("runner_disconnected", GenerationFailed),
    ("runner_connection_refused", GenerationFailed),
    ("runner_connection_error", GenerationFailed),
    ("runner_incomplete_response", GenerationFailed),
    ("runner_server_error", GenerationFailed),
    ("internal_error", GenerationFailed),
    ("concurrent_requests_limit", ConcurrencyLimited),
    ("bad_request", InvalidInput),
    ("auth_error", Auth),
    ("forbidden", Permission),
    ("not_found", UnknownModel),
];

/// Texts that stand for a type where an endpoint sends none, in lower case.
const TEXTS: &[(&str, ErrorClass)] = &[
    ("user is locked", Credits),
    ("exhausted balance", Credits),
    ("flagged by a content checker", ContentRejected),
    ("content policy", ContentRejected),
];

/// When an error came: it decides what a status alone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// In answer to a submission, so far as we know nothing runs.
    Submit,
    /// From the status and result calls: something was accepted.
    Run,
    /// From every other call: it is about no work.
    Look,
}

/// What an error answer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Every error type in it: of the header, of the body, of each entry of `detail`.
    pub(super) types: Vec<String>,
    /// The first message, with the field it is about.
    pub(super) message: Option<String>,
}

impl Said {
    /// What an answer says about an error.
    pub(super) fn of(reply: &Reply) -> Said {
        Said::read(&reply.headers, reply.body.as_deref().unwrap_or_default())
    }

    fn read(headers: &HeaderMap, body: &[u8]) -> Said {
        let mut said = Said::default();
        let header = headers.get("x-fal-error-type").and_then(|value| value.to_str().ok());
        said.types.extend(header.map(str::to_owned));
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return said };
        for name in ["error_type", "type"] {
            said.types.extend(text(&body[name]));
        }
        match &body["detail"] {
            Value::String(detail) => said.message = Some(detail.clone()),
            Value::Array(details) => {
                for detail in details {
                    said.types.extend(text(&detail["type"]));
                    said.message = said.message.or_else(|| entry(detail));
                }
            }
            _ => {}
        }
        // The platform's APIs nest it; JavaScript clients read `message`.
        let nested = [&body["error"]["message"], &body["message"], &body["error"]];
        said.message = said.message.or_else(|| nested.into_iter().find_map(text));
        said
    }

    /// Whether fal itself speaks, not something in front of it.
    pub(super) fn is_fals(&self) -> bool {
        !self.types.is_empty()
    }

    /// The class that the types name. Moderation wins over every other entry beside it.
    pub(super) fn class(&self) -> Option<ErrorClass> {
        let named = |name: &String| TYPES.iter().find(|(known, _)| known == name).map(|(_, class)| *class);
        let spoken = self.message.as_ref().map(|message| message.to_lowercase()).unwrap_or_default();
        let spoken = TEXTS.iter().find(|(text, _)| spoken.contains(text)).map(|(_, class)| *class);
        let mut classes = self.types.iter().filter_map(named).chain(spoken);
        let first = classes.next();
        if first == Some(ContentRejected) || classes.any(|class| class == ContentRejected) {
            return Some(ContentRejected);
        }
        // The lock of an account is a 403 whose type, if there is one, only says that it is forbidden.
        spoken.or(first)
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `Field required (prompt)`.
fn entry(detail: &Value) -> Option<String> {
    let message = text(&detail["msg"])?;
    let path: Vec<String> = detail["loc"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|part| {
            part.as_str().map(str::to_owned).or_else(|| part.as_i64().map(|index| index.to_string()))
        })
        .filter(|part| part != "body")
        .collect();
    Some(if path.is_empty() { message } else { format!("{message} ({})", path.join(".")) })
}

/// The class of an error answer.
pub(super) fn class(phase: Phase, status: u16, said: &Said) -> ErrorClass {
    // Whatever a 5xx to a submission says about itself, it does not say that nothing runs.
    if phase != Phase::Run && status >= 500 {
        return Unavailable;
    }
    said.class().unwrap_or(match (phase, status) {
        (_, 401) => Auth,
        (_, 402) => Credits,
        (_, 403) => Permission,
        (Phase::Submit, 404) => UnknownModel,
        (_, 400 | 405 | 409 | 413 | 415 | 422) => InvalidInput,
        (_, 429) => RateLimited,
        (Phase::Look, 408) => Unavailable,
        (Phase::Run, 408 | 504) => Timeout,
        (Phase::Run, 500..) => GenerationFailed,
        _ => Protocol,
    })
}
