//! The script of the fal simulator: what it is like and when it misbehaves. Read from TOML or JSON, strictly.
//!
//! Reference for people: `docs/markets.md`. Which rule fires when is decided in [`super::faults`].

use crate::market::{answer::Spoil, listing::ListingScript, trigger::Trigger};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Everything that can be set; an empty script is a healthy market.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FalScript {
    /// Keys that are let in; when empty, any non-empty key is.
    pub keys: Vec<String>,
    /// How many requests of one key run at once; the others wait `IN_QUEUE`. fal counts per account, here a key is one.
    pub concurrency: u32,
    /// How long one request runs, when its endpoint is not in `endpoints`.
    pub latency_ms: u64,
    /// Running time per endpoint: `endpoints."openrouter/router".latency_ms = 20`.
    pub endpoints: BTreeMap<String, EndpointScript>,
    /// What the platform lists otherwise than what is run.
    pub listing: ListingScript,
    /// The base of every link given out; without it the address that is listened on.
    pub public_url: Option<String>,
    /// The log is also appended here as JSON lines, each submission before it is answered.
    pub log_file: Option<PathBuf>,
    pub rules: Vec<Rule>,
}

impl Default for FalScript {
    fn default() -> FalScript {
        FalScript {
            keys: Vec::new(),
            concurrency: 10,
            latency_ms: 300,
            endpoints: BTreeMap::new(),
            listing: ListingScript::default(),
            public_url: None,
            log_file: None,
            rules: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointScript {
    pub latency_ms: u64,
}

/// The calls that can be made to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Submit,
    Status,
    Result,
    Cancel,
    File,
    /// Where to put a file is asked.
    Upload,
    /// The file is put.
    Put,
    /// Models, prices and usage.
    Platform,
    /// Ours: the delivery of a webhook, each try one.
    Webhook,
}

/// One fault and when it fires. Without a trigger it fires every time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub on: Call,
    /// Only requests whose prompt contains this text.
    #[serde(default)]
    pub match_prompt: Option<String>,
    /// Only requests to this endpoint.
    #[serde(default)]
    pub match_endpoint: Option<String>,
    /// Only the n-th matching call, counted from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// Every n-th matching call.
    #[serde(default)]
    pub every: Option<u64>,
    /// At most so many times.
    #[serde(default)]
    pub times: Option<u64>,
    /// The fault's name and its own fields stand beside the fields above.
    #[serde(flatten)]
    pub fault: Fault,
}

/// What goes wrong. `submit` faults named `…_after` take the request in first: it runs, whatever the answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The call waits before anything is done.
    Latency { ms: u64 },
    /// The call is done, its answer comes late.
    LatencyAfter { ms: u64 },
    /// 429; `retry_after` is sent as it stands, seconds or an HTTP date.
    RateLimited {
        #[serde(default)]
        retry_after: Option<String>,
        /// Such as `concurrent_requests_limit`.
        #[serde(default)]
        error_type: Option<String>,
    },
    /// This status, and nothing is done.
    Error { status: u16 },
    /// This status, and the request runs.
    ErrorAfter { status: u16 },
    /// The connection closes before anything is done.
    Drop {},
    /// The connection closes without an answer, and the request runs.
    DropAfter {},
    /// The request ends `COMPLETED` with this error (types: [`super::error_types`], or `user_timeout`).
    Fail { error_type: String },
    /// The request ends with black pictures that are marked as refused.
    Nsfw {},
    /// The result is a 200 with `error` inside (text models).
    OutputError { message: String },
    /// The text model answers with this text.
    Says { text: String },
    /// The pictures come inside the result, as data URIs.
    Inline {},
    /// The request runs for so long.
    Work { ms: u64 },
    /// 403, the account is locked.
    Locked {},
    /// 401, whatever the key.
    WrongKey {},
    /// The status says this word.
    UnknownStatus { word: String },
    /// The links in the answer to a submission point to this base.
    ForeignUrls { base: String },
    /// 302 to this address.
    Redirect { location: String },
    /// 404: the file is gone.
    Expired {},
    /// A web page instead of what was asked for, under the same name and type.
    Html {},
    /// No bytes at all.
    Empty {},
    /// The body in pieces of `bytes`, one each `ms`.
    Slow { bytes: usize, ms: u64 },
    /// Half of the body, then the connection closes.
    Truncated {},
    /// JSON that stops in the middle, complete on the wire.
    Malformed {},
    /// The body is followed by spaces up to so many bytes: still JSON, and too long.
    Huge { bytes: usize },
    /// The webhook comes twice.
    Duplicate {},
    /// The webhook was changed after it had been signed.
    Forged {},
    /// The webhook comes before the work has ended.
    Early {},
}

/// A script that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadScript {
    #[error("rule {rule}: `{fault}` cannot happen on `{on}`")]
    Misplaced { rule: usize, fault: String, on: String },
    #[error("rule {rule}: `{error_type}` is not an error type of fal")]
    UnknownErrorType { rule: usize, error_type: String },
    #[error("rule {rule}: {status} is not an error status")]
    BadStatus { rule: usize, status: u16 },
    #[error("rule {rule}: {what} counts from 1")]
    Zero { rule: usize, what: &'static str },
    #[error("`concurrency` counts from 1")]
    NoConcurrency,
}

impl FalScript {
    /// Refuses rules that could never fire as written, so that a typo in a script does not pass for a healthy market.
    pub fn check(&self) -> Result<(), BadScript> {
        if self.concurrency == 0 {
            return Err(BadScript::NoConcurrency);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(index + 1)?;
        }
        Ok(())
    }
}

impl Rule {
    pub(super) fn trigger(&self) -> Trigger {
        Trigger { nth: self.nth, every: self.every, times: self.times }
    }

    fn check(&self, rule: usize) -> Result<(), BadScript> {
        if let Some(what) = self.trigger().zero() {
            return Err(BadScript::Zero { rule, what });
        }
        if !self.fault.happens_on(self.on) {
            let (fault, on) = (word(&self.fault), word(&self.on));
            return Err(BadScript::Misplaced { rule, fault, on });
        }
        match &self.fault {
            Fault::Fail { error_type } if super::errors::find(error_type).is_none() => {
                Err(BadScript::UnknownErrorType { rule, error_type: error_type.clone() })
            }
            Fault::Error { status } | Fault::ErrorAfter { status } if !(400..600).contains(status) => {
                Err(BadScript::BadStatus { rule, status: *status })
            }
            _ => Ok(()),
        }
    }
}

impl Fault {
    fn happens_on(&self, call: Call) -> bool {
        if call == Call::Webhook {
            return self.happens_on_webhook();
        }
        match self {
            Fault::ErrorAfter { .. }
            | Fault::DropAfter {}
            | Fault::Fail { .. }
            | Fault::Nsfw {}
            | Fault::OutputError { .. }
            | Fault::Says { .. }
            | Fault::Inline {}
            | Fault::Work { .. } => call == Call::Submit,
            Fault::ForeignUrls { .. } => matches!(call, Call::Submit | Call::Upload),
            Fault::Duplicate {} | Fault::Forged {} | Fault::Early {} => false,
            Fault::UnknownStatus { .. } => call == Call::Status,
            Fault::Expired {} => call == Call::File,
            Fault::Redirect { .. } => matches!(call, Call::File | Call::Submit | Call::Put),
            Fault::RateLimited { .. } | Fault::Locked {} | Fault::WrongKey {} | Fault::Malformed {} => {
                !matches!(call, Call::File | Call::Put)
            }
            Fault::Latency { .. }
            | Fault::LatencyAfter { .. }
            | Fault::Error { .. }
            | Fault::Drop {}
            | Fault::Html {}
            | Fault::Empty {}
            | Fault::Slow { .. }
            | Fault::Truncated {}
            | Fault::Huge { .. } => true,
        }
    }
}

impl Fault {
    /// What it does to the body of an answer.
    pub(super) fn spoil(&self) -> Option<Spoil> {
        match self {
            Fault::Html {} => Some(Spoil::Html),
            Fault::Empty {} => Some(Spoil::Empty),
            Fault::Malformed {} => Some(Spoil::Malformed),
            Fault::Truncated {} => Some(Spoil::Truncated),
            Fault::Huge { bytes } => Some(Spoil::Huge { bytes: *bytes }),
            Fault::Slow { bytes, ms } => Some(Spoil::Slow { bytes: *bytes, ms: *ms }),
            _ => None,
        }
    }

    /// Late, lost, twice, changed, signed by another key, before its time.
    fn happens_on_webhook(&self) -> bool {
        matches!(
            self,
            Fault::Latency { .. }
                | Fault::Drop {}
                | Fault::WrongKey {}
                | Fault::Duplicate {}
                | Fault::Forged {}
                | Fault::Early {}
        )
    }
}

/// The word a script uses for a fault or a call.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.get("fault").and_then(|fault| fault.as_str()).unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}
