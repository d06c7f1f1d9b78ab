//! The script of the KIE simulator: what it is like and when it misbehaves. Read from TOML or JSON, strictly.
//!
//! Reference for people: `docs/markets.md`. Which rule fires when is decided in [`super::faults`].

use crate::market::{answer::Spoil, listing::ListingScript, trigger::Trigger};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Everything that can be set; an empty script is a healthy market.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KieScript {
    /// Keys that are let in; when empty, any non-empty key is.
    pub keys: Vec<String>,
    /// `webhookHmacKey` of the account: without it callbacks come unsigned, as KIE sends them.
    pub webhook_key: Option<String>,
    /// What each key has at the start, in credits.
    pub credits: u32,
    /// How many tasks of one key run at once. KIE counts per account, here a key is one.
    pub concurrency: u32,
    /// How long one task runs, when its model is not in `models`.
    pub latency_ms: u64,
    /// Running time per model: `models."z-image".latency_ms = 20`.
    pub models: BTreeMap<String, ModelScript>,
    /// `createTask` calls of a key within 10 s; more are refused with 429, not queued.
    pub creates_per_10s: u32,
    /// `recordInfo` calls for one task within a second.
    pub looks_per_s: u32,
    /// Codes are HTTP statuses as well; else an error is HTTP 200 with a code in it, as KIE mostly does.
    pub plain_http: bool,
    /// What KIE lists otherwise than what is run.
    pub listing: ListingScript,
    /// Questions about models of a key within a second; KIE counts list, schema and price together.
    pub questions_per_s: u32,
    /// The base of every link given out; without it the address that is listened on.
    pub public_url: Option<String>,
    /// The log is also appended here as JSON lines, each submission before it is answered.
    pub log_file: Option<PathBuf>,
    pub rules: Vec<Rule>,
}

impl Default for KieScript {
    /// Limits: KIE documentation, *getting started*.
    fn default() -> KieScript {
        KieScript {
            keys: Vec::new(),
            webhook_key: None,
            credits: 1_000_000,
            concurrency: 100,
            latency_ms: 300,
            models: BTreeMap::new(),
            creates_per_10s: 20,
            looks_per_s: 10,
            plain_http: false,
            listing: ListingScript::default(),
            questions_per_s: 1,
            public_url: None,
            log_file: None,
            rules: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelScript {
    pub latency_ms: u64,
}

/// The calls that can be made to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `createTask`.
    Submit,
    /// `recordInfo`.
    Status,
    /// The balance.
    Credit,
    /// The list of models, and what one of them takes or costs.
    Models,
    /// Any of the three ways to upload.
    Upload,
    File,
    /// Ours: the delivery of a callback, each task one.
    Webhook,
}

/// One fault and when it fires. Without a trigger it fires every time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub on: Call,
    /// Only tasks whose prompt contains this text.
    #[serde(default)]
    pub match_prompt: Option<String>,
    /// Only tasks of this model.
    #[serde(default)]
    pub match_model: Option<String>,
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

/// What goes wrong. `submit` faults named `…_after` take the task in first: it runs, whatever the answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The call waits before anything is done.
    Latency { ms: u64 },
    /// The call is done, its answer comes late.
    LatencyAfter { ms: u64 },
    /// 429; `retry_after` is sent as it stands.
    RateLimited {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// This code of KIE, and nothing is done.
    Code {
        code: u16,
        #[serde(default)]
        message: Option<String>,
    },
    /// This code of KIE, and the task runs.
    CodeAfter { code: u16 },
    /// This HTTP status from a server in front of KIE, without an envelope, and nothing is done.
    Error { status: u16 },
    /// The same, and the task runs.
    ErrorAfter { status: u16 },
    /// The connection closes before anything is done.
    Drop {},
    /// The connection closes without an answer, and the task runs.
    DropAfter {},
    /// 401, whatever the key. A webhook: signed by another key.
    WrongKey {},
    /// 402.
    NoCredits {},
    /// The task ends in `fail` with this code.
    Fail {
        code: String,
        #[serde(default)]
        message: Option<String>,
    },
    /// `resultJson` is this text, whatever was made.
    Result { json: String },
    /// `resultJson` is a string inside a string.
    TwiceEncoded {},
    /// The task runs for so long.
    Work { ms: u64 },
    /// Links of the result lead to this base.
    ForeignLinks { base: String },
    /// 422 `recordInfo is null`, as soon after `createTask`.
    Invisible {},
    /// The state is this word.
    UnknownStatus { word: String },
    /// 302 to this address.
    Redirect { location: String },
    /// 404: the file is gone.
    Expired {},
    /// A web page instead of what was asked for, under the same type.
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
    /// The callback comes twice.
    Duplicate {},
    /// The callback names another task than was signed.
    Forged {},
    /// The callback was signed 301 s ago.
    Stale {},
    /// The callback comes without its headers.
    Unsigned {},
    /// The callback comes before the task has ended.
    Early {},
}

/// A script that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadScript {
    #[error("rule {rule}: `{fault}` cannot happen on `{on}`")]
    Misplaced { rule: usize, fault: String, on: String },
    #[error("rule {rule}: {code} is not an error code of KIE")]
    UnknownCode { rule: usize, code: u16 },
    #[error("rule {rule}: {status} is not an error status")]
    BadStatus { rule: usize, status: u16 },
    #[error("rule {rule}: {what} counts from 1")]
    Zero { rule: usize, what: &'static str },
    #[error("`concurrency` counts from 1")]
    NoConcurrency,
}

impl KieScript {
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
            Fault::Code { code, .. } | Fault::CodeAfter { code }
                if super::envelope::text(*code).is_none() =>
            {
                Err(BadScript::UnknownCode { rule, code: *code })
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
        match self {
            Fault::CodeAfter { .. }
            | Fault::ErrorAfter { .. }
            | Fault::DropAfter {}
            | Fault::Fail { .. }
            | Fault::Result { .. }
            | Fault::TwiceEncoded {}
            | Fault::Work { .. }
            | Fault::ForeignLinks { .. }
            | Fault::NoCredits {} => call == Call::Submit,
            Fault::Invisible {} | Fault::UnknownStatus { .. } => call == Call::Status,
            Fault::Expired {} => call == Call::File,
            Fault::Duplicate {}
            | Fault::Forged {}
            | Fault::Stale {}
            | Fault::Unsigned {}
            | Fault::Early {} => call == Call::Webhook,
            Fault::Latency { .. } | Fault::Drop {} => true,
            Fault::WrongKey {} => call != Call::File,
            Fault::RateLimited { .. } | Fault::Code { .. } | Fault::Malformed {} => {
                !matches!(call, Call::File | Call::Webhook)
            }
            Fault::LatencyAfter { .. }
            | Fault::Error { .. }
            | Fault::Redirect { .. }
            | Fault::Html {}
            | Fault::Empty {}
            | Fault::Slow { .. }
            | Fault::Truncated {}
            | Fault::Huge { .. } => call != Call::Webhook,
        }
    }

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
}

/// The word a script uses for a fault or a call.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.get("fault").and_then(|fault| fault.as_str()).unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}
