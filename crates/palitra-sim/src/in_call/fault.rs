//! What can go wrong at a simulated market that answers in the call itself, and on which calls.

use crate::market::script::{self, Called, Place, faults};
use serde::{Deserialize, Serialize};

/// The calls that can be made to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Every call of the API.
    Submit,
    /// The file behind a link.
    File,
}

impl Called for Call {
    const HAS_PATHS: bool = true;

    fn place(self) -> Place {
        match self {
            Call::Submit => Place::Submit,
            Call::File => Place::File,
        }
    }
}

pub type Rule = script::Rule<Call, Fault>;

faults! {
    /// 429 for calls that come too fast; `retry_after` is sent as it stands.
    RateLimited {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// This status, and nothing is done. `code` is what the market calls it (OpenAI: code and type, Anthropic: type).
    Error {
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    /// 200 with an error in the body, and nothing is done.
    ErrorInside {
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    /// The account has no money, as the market says it.
    NoCredits {},
    /// 200, and the model refuses in words.
    Refuse {},
    /// 200, and nothing was made.
    Nothing {},
    /// The text model answers this.
    Says { text: String },
    /// Links in the answer point to this base.
    ForeignLinks { base: String },
}

impl Fault {
    fn own_happens_on(&self, call: Call) -> bool {
        matches!(self, Fault::Error { .. }) || call == Call::Submit
    }

    fn own_wrong_value(&self) -> Option<(String, &'static str)> {
        match self {
            Fault::Error { status, .. } => script::wrong_status(*status),
            _ => None,
        }
    }
}
