//! What can go wrong in the simulator, and on which calls.

use crate::market::script::{self, Called, Place, faults};
use serde::{Deserialize, Serialize};

/// The calls that can be made to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Submit,
    /// The one call for status and result.
    Result,
    Price,
    Balance,
    /// The secret of webhooks.
    Secret,
    /// The list of models.
    Models,
    /// The question where to put a file.
    Upload,
    /// Putting it there.
    Put,
    File,
    /// Ours: the delivery of a webhook.
    Webhook,
}

impl Called for Call {
    fn place(self) -> Place {
        match self {
            Call::Submit => Place::Submit,
            Call::Result | Call::Price | Call::Balance | Call::Secret | Call::Models | Call::Upload => {
                Place::Api
            }
            Call::File => Place::File,
            Call::Put => Place::Put,
            Call::Webhook => Place::Webhook,
        }
    }
}

pub type Rule = script::Rule<Call, Fault>;

faults! {
    /// 429; `retry_after` is sent as it stands. WaveSpeedAI documents no such header, something in front of it may send one.
    RateLimited {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// This status, and nothing is done.
    Error { status: u16 },
    /// 200, with this code in the envelope, and nothing is done.
    ErrorInside { code: u16 },
    /// The work ends so: `failed`, `timeout` or `cancelled`.
    Fail {
        #[serde(default = "failed")]
        status: String,
        #[serde(default)]
        error: String,
    },
    /// The work ends with black pictures that are marked as refused.
    Nsfw {},
    /// The work ends `completed`, with nothing made.
    Nothing {},
    /// The pictures come inside the result, in base64.
    Inline {},
    /// The account has no money. Which status says so is not confirmed: the script chooses.
    NoCredits {
        #[serde(default = "forbidden")]
        status: u16,
    },
    /// The status says this word.
    UnknownStatus { word: String },
    /// Addresses in the answer point to this base.
    ForeignUrls { base: String },
    /// The webhook was signed more than 300 s ago.
    Stale {},
}

fn failed() -> String {
    "failed".into()
}

const fn forbidden() -> u16 {
    403
}

impl Fault {
    fn own_happens_on(&self, call: Call) -> bool {
        match self {
            Fault::Error { .. } => call != Call::Webhook,
            Fault::RateLimited { .. } | Fault::ErrorInside { .. } | Fault::NoCredits { .. } => {
                matches!(call.place(), Place::Submit | Place::Api)
            }
            Fault::ForeignUrls { .. } => matches!(call, Call::Submit | Call::Result | Call::Upload),
            Fault::UnknownStatus { .. } => call == Call::Result,
            Fault::Stale {} => call == Call::Webhook,
            _ => call == Call::Submit,
        }
    }

    fn own_wrong_value(&self) -> Option<(String, &'static str)> {
        match self {
            Fault::Error { status } | Fault::ErrorInside { code: status } | Fault::NoCredits { status } => {
                script::wrong_status(*status)
            }
            Fault::Fail { status, .. } if !matches!(status.as_str(), "failed" | "timeout" | "cancelled") => {
                Some((status.clone(), "an end of work"))
            }
            _ => None,
        }
    }
}
