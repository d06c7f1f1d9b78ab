//! The script of the KIE simulator: what it is like and when it misbehaves. Read from TOML or JSON, strictly.
//!
//! Reference for people: `docs/markets.md`. What every script has is in `market::script`.

use crate::market::{
    listing::ListingScript,
    script::{self, BadScript, Called, Place, faults},
};
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

impl Called for Call {
    fn place(self) -> Place {
        match self {
            Call::Submit => Place::Submit,
            Call::Status | Call::Credit | Call::Models | Call::Upload => Place::Api,
            Call::File => Place::File,
            Call::Webhook => Place::Webhook,
        }
    }
}

pub type Rule = script::Rule<Call, Fault>;

faults! {
    /// 429; `retry_after` is sent as it stands.
    RateLimited {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// This HTTP status from a server in front of KIE, without an envelope, and nothing is done.
    Error { status: u16 },
    /// This code of KIE, and nothing is done.
    Code {
        code: u16,
        #[serde(default)]
        message: Option<String>,
    },
    /// This code of KIE, and the task runs.
    CodeAfter { code: u16 },
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
    /// Links of the result lead to this base.
    ForeignLinks { base: String },
    /// 422 `recordInfo is null`, as soon after `createTask`.
    Invisible {},
    /// The state is this word.
    UnknownStatus { word: String },
    /// The callback was signed 301 s ago.
    Stale {},
    /// The callback comes without its headers.
    Unsigned {},
}

impl Fault {
    fn own_happens_on(&self, call: Call) -> bool {
        match self {
            Fault::Error { .. } => call != Call::Webhook,
            Fault::RateLimited { .. } | Fault::Code { .. } => {
                matches!(call.place(), Place::Submit | Place::Api)
            }
            Fault::Invisible {} | Fault::UnknownStatus { .. } => call == Call::Status,
            Fault::Stale {} | Fault::Unsigned {} => call == Call::Webhook,
            _ => call == Call::Submit,
        }
    }

    fn own_wrong_value(&self) -> Option<(String, &'static str)> {
        match self {
            Fault::Error { status } => script::wrong_status(*status),
            Fault::Code { code, .. } | Fault::CodeAfter { code }
                if super::envelope::text(*code).is_none() =>
            {
                Some((code.to_string(), "an error code of KIE"))
            }
            _ => None,
        }
    }
}

impl KieScript {
    /// Refuses what could never happen as written, so that a typo in a script does not pass for a healthy market.
    pub fn check(&self) -> Result<(), BadScript> {
        script::counts_from_1("concurrency", Some(self.concurrency))?;
        script::check(&self.rules)
    }
}
