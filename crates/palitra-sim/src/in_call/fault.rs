//! What can go wrong at a simulated market that answers in the call itself, and on which calls.

use crate::market::answer::Spoil;
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

/// What goes wrong. Faults named `…_after` do the work first: it is billed, whatever the answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The call waits before anything is done.
    Latency { ms: u64 },
    /// The call is done, its answer comes late.
    LatencyAfter { ms: u64 },
    /// The work takes so long.
    Work { ms: u64 },
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
    /// This status, and the work is done.
    ErrorAfter { status: u16 },
    /// The connection closes before anything is done.
    Drop {},
    /// The connection closes without an answer, and the work is done.
    DropAfter {},
    /// The account has no money, as the market says it.
    NoCredits {},
    /// The wrong key, whatever it is. The answer repeats it.
    WrongKey {},
    /// 200, and the model refuses in words.
    Refuse {},
    /// 200, and nothing was made.
    Nothing {},
    /// The text model answers this.
    Says { text: String },
    /// Links in the answer point to this base.
    ForeignLinks { base: String },
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
    /// A body that stops in the middle, complete on the wire.
    Malformed {},
    /// The body is followed by spaces up to so many bytes.
    Huge { bytes: usize },
}

impl Fault {
    pub(super) fn happens_on(&self, call: Call) -> bool {
        match self {
            Fault::Latency { .. }
            | Fault::LatencyAfter { .. }
            | Fault::Error { .. }
            | Fault::Drop {}
            | Fault::Redirect { .. }
            | Fault::Html {}
            | Fault::Empty {}
            | Fault::Slow { .. }
            | Fault::Truncated {}
            | Fault::Huge { .. } => true,
            Fault::Expired {} => call == Call::File,
            Fault::Work { .. }
            | Fault::RateLimited { .. }
            | Fault::ErrorInside { .. }
            | Fault::ErrorAfter { .. }
            | Fault::DropAfter {}
            | Fault::NoCredits {}
            | Fault::WrongKey {}
            | Fault::Refuse {}
            | Fault::Nothing {}
            | Fault::Says { .. }
            | Fault::ForeignLinks { .. }
            | Fault::Malformed {} => call == Call::Submit,
        }
    }

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

    /// With these the client cannot know that its work was done.
    pub(super) fn hides_the_work(&self) -> bool {
        matches!(
            self,
            Fault::ErrorAfter { .. }
                | Fault::DropAfter {}
                | Fault::Html {}
                | Fault::Empty {}
                | Fault::Truncated {}
                | Fault::Malformed {}
                | Fault::Huge { .. }
        )
    }
}
