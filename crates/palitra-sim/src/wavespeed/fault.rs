//! What can go wrong in the simulator, and on which calls.

use crate::market::answer::Spoil;
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

/// What goes wrong. `submit` faults named `…_after` take the work in first: it runs, whatever the answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The call waits before anything is done.
    Latency { ms: u64 },
    /// The call is done, its answer comes late.
    LatencyAfter { ms: u64 },
    /// 429; `retry_after` is sent as it stands. WaveSpeedAI documents no such header, something in front of it may send one.
    RateLimited {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// This status, and nothing is done.
    Error { status: u16 },
    /// This status, and the work runs.
    ErrorAfter { status: u16 },
    /// 200, with this code in the envelope, and nothing is done.
    ErrorInside { code: u16 },
    /// The connection closes before anything is done.
    Drop {},
    /// The connection closes without an answer, and the work runs.
    DropAfter {},
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
    /// The work runs for so long.
    Work { ms: u64 },
    /// The account has no money. Which status says so is not confirmed: the script chooses.
    NoCredits {
        #[serde(default = "forbidden")]
        status: u16,
    },
    /// 401, whatever the key; of a webhook, signed with another secret.
    WrongKey {},
    /// The status says this word.
    UnknownStatus { word: String },
    /// Addresses in the answer point to this base.
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
    /// The webhook was signed more than 300 s ago.
    Stale {},
    /// The webhook comes before the work has ended.
    Early {},
}

fn failed() -> String {
    "failed".into()
}

const fn forbidden() -> u16 {
    403
}

impl Fault {
    pub(super) fn happens_on(&self, call: Call) -> bool {
        if call == Call::Webhook {
            return self.happens_on_webhook();
        }
        // Files and their storage know neither keys nor envelopes.
        let is_api = !matches!(call, Call::File | Call::Put);
        match self {
            Fault::ErrorAfter { .. }
            | Fault::DropAfter {}
            | Fault::Fail { .. }
            | Fault::Nsfw {}
            | Fault::Nothing {}
            | Fault::Inline {}
            | Fault::Work { .. } => call == Call::Submit,
            Fault::ForeignUrls { .. } => matches!(call, Call::Submit | Call::Result | Call::Upload),
            Fault::Duplicate {} | Fault::Forged {} | Fault::Stale {} | Fault::Early {} => false,
            Fault::UnknownStatus { .. } => call == Call::Result,
            Fault::Expired {} => call == Call::File,
            Fault::Redirect { .. } => matches!(call, Call::File | Call::Submit | Call::Result | Call::Put),
            Fault::RateLimited { .. }
            | Fault::ErrorInside { .. }
            | Fault::NoCredits { .. }
            | Fault::WrongKey {}
            | Fault::Malformed {} => is_api,
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

    /// Late, lost, twice, changed, old, signed with another secret, before its time.
    fn happens_on_webhook(&self) -> bool {
        matches!(
            self,
            Fault::Latency { .. }
                | Fault::Drop {}
                | Fault::WrongKey {}
                | Fault::Duplicate {}
                | Fault::Forged {}
                | Fault::Stale {}
                | Fault::Early {}
        )
    }
}
