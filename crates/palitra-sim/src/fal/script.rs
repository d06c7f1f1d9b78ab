//! The script of the fal simulator: what it is like and when it misbehaves. Read from TOML or JSON, strictly.
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

impl Called for Call {
    fn place(self) -> Place {
        match self {
            Call::Submit => Place::Submit,
            Call::Status | Call::Result | Call::Cancel | Call::Upload | Call::Platform => Place::Api,
            Call::File => Place::File,
            Call::Put => Place::Put,
            Call::Webhook => Place::Webhook,
        }
    }
}

pub type Rule = script::Rule<Call, Fault>;

faults! {
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
    /// 403, the account is locked.
    Locked {},
    /// The status says this word.
    UnknownStatus { word: String },
    /// The links in the answer to a submission, or to an announced upload, point to this base.
    ForeignUrls { base: String },
}

impl Fault {
    fn own_happens_on(&self, call: Call) -> bool {
        match self {
            Fault::Error { .. } => call != Call::Webhook,
            Fault::RateLimited { .. } | Fault::Locked {} => {
                matches!(call.place(), Place::Submit | Place::Api)
            }
            Fault::ForeignUrls { .. } => matches!(call, Call::Submit | Call::Upload),
            Fault::UnknownStatus { .. } => call == Call::Status,
            _ => call == Call::Submit,
        }
    }

    fn own_wrong_value(&self) -> Option<(String, &'static str)> {
        match self {
            Fault::Error { status } => script::wrong_status(*status),
            Fault::Fail { error_type } if super::errors::find(error_type).is_none() => {
                Some((error_type.clone(), "an error type of fal"))
            }
            _ => None,
        }
    }
}

impl FalScript {
    /// Refuses what could never happen as written, so that a typo in a script does not pass for a healthy market.
    pub fn check(&self) -> Result<(), BadScript> {
        script::counts_from_1("concurrency", Some(self.concurrency))?;
        script::check(&self.rules)
    }
}
