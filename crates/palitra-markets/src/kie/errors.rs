//! KIE's errors as classes: by the envelope's code where there is one, else by HTTP status (KIE documentation, *getting started*).
//!
//! KIE answers 200 with an error code in the body, so the code is read first.

use super::wire::Envelope;
use crate::http::Reply;
use palitra_domain::market::ErrorClass;

use ErrorClass::{
    Auth, ContentRejected, Credits, GenerationFailed, InputFetch, InvalidInput, Permission, Protocol,
    RateLimited, Timeout, Unavailable, UnknownModel,
};

/// When an error came: it decides what a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// In answer to `createTask`, so far as we know nothing runs.
    Submit,
    /// In answer to a question: it may be about the question only.
    Look,
    /// The `failCode` of a task that has failed.
    Work,
}

/// Texts that say more than the code beside them, in lower case. Content rules have no code of their own; the words are those of
/// KIE's documentation for GPT-4o pictures and Veo ("was flagged … as violating content policies"), of Suno
/// (`SENSITIVE_WORD_ERROR`), and of failures that clients recorded.
const TEXTS: &[(&str, ErrorClass)] = &[
    ("content polic", ContentRejected),
    ("was flagged", ContentRejected),
    ("sensitive_word", ContentRejected),
    ("sensitive word", ContentRejected),
    ("sensitive content", ContentRejected),
    ("prohibited content", ContentRejected),
    ("moderation", ContentRejected),
    ("nsfw", ContentRejected),
    ("failed to fetch the image", InputFetch),
    ("model name you specified is not supported", UnknownModel),
];

/// What an answer says of itself.
#[derive(Debug)]
pub(super) struct Said {
    /// The envelope's code; `None` when something in front of KIE spoke.
    pub(super) envelope: Option<u16>,
    status: u16,
    pub(super) message: Option<String>,
}

impl Said {
    pub(super) fn of(reply: &Reply) -> Said {
        let envelope = reply.parse::<Envelope>().unwrap_or_default();
        Said { envelope: envelope.code(), status: reply.status, message: envelope.message() }
    }

    /// The envelope's code, or the HTTP status where there is none.
    pub(super) fn code(&self) -> u16 {
        self.envelope.unwrap_or(self.status)
    }

    pub(super) fn class(&self, phase: Phase) -> ErrorClass {
        class(phase, self.code(), self.message.as_deref())
    }
}

/// The class of an error with this code.
pub(super) fn class(phase: Phase, code: u16, message: Option<&str>) -> ErrorClass {
    // Whatever a 5xx to a submission says about itself, it does not say that nothing runs. A feature that is off is off.
    if phase == Phase::Submit && code >= 500 && code != 505 {
        return Unavailable;
    }
    let message = message.unwrap_or_default().to_lowercase();
    let spoken = TEXTS.iter().find(|(text, _)| message.contains(text)).map(|(_, class)| *class);
    match (phase, code, spoken) {
        (_, 400 | 422 | 451, Some(class)) => class,
        (Phase::Work, _, Some(class)) => class,
        (_, 500 | 501 | 531, Some(ContentRejected)) => ContentRejected,
        (_, 400 | 405 | 409 | 413 | 415 | 422 | 505, _) => InvalidInput,
        (_, 408, _) => Timeout,
        (_, 451, _) => InputFetch,
        (_, 501 | 531, _) => GenerationFailed,
        // Of the task it speaks now, not of our account or our calls.
        (Phase::Work, ..) => GenerationFailed,
        (_, 401, _) => Auth,
        (_, 402 | 433, _) => Credits,
        (_, 403, _) => Permission,
        (Phase::Submit, 404, _) => UnknownModel,
        (_, 429, _) => RateLimited,
        (_, 455 | 500.., _) => Unavailable,
        _ => Protocol,
    }
}
