//! States and the one table of transitions. The table is data: documents, tests and kill points are generated from it.
//!
//! Money has its own small machine: a hold is `pending` until it is `posted` (charged) or `voided`, exactly once.

/// Declares an enum whose variants have one lower-case name each, used in tables, API, pages and logs.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            pub fn parse(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                $name::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a {}", stringify!($name))))
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a generation stands.
    GenerationState {
        /// Waits for a slot, for a parent step or for its time to try again.
        Queued = "queued",
        /// Committed before the market is called; the outcome of the call is not recorded yet.
        Submitting = "submitting",
        /// The market has it; a row and a timer entry wait.
        Running = "running",
        /// The market is done; the result is being copied to our storage.
        Storing = "storing",
        Succeeded = "succeeded",
        Failed = "failed",
        Cancelled = "cancelled",
        TimedOut = "timed_out",
    }
}

words! {
    /// What can happen to a generation.
    Event {
        /// A slot was free: taken by a process, attempt opened.
        Claim = "claim",
        /// The market accepted the submission and gave a reference.
        Accept = "accept",
        /// The market answered in the call itself.
        Answer = "answer",
        /// The market refused, provably unbilled: try again later.
        Retry = "retry",
        /// The outcome is unknown and the policy says once more, at the house's cost.
        Resubmit = "resubmit",
        /// Work of a market inside this process died with its process.
        Restart = "restart",
        /// Work of an earlier attempt, whose outcome was unknown, has been found: it counts, and no other is needed.
        Adopt = "adopt",
        /// The market says the work is done.
        Finish = "finish",
        /// The acceptance gate refused the result: once more, at the house's cost.
        Reject = "reject",
        /// The result is stored: charge once.
        Settle = "settle",
        Fail = "fail",
        Cancel = "cancel",
        TimeOut = "time_out",
    }
}

use Event::*;
use GenerationState::*;

/// Every legal transition of a generation: from, event, to. Whatever is not here does not happen.
pub const TRANSITIONS: &[(GenerationState, Event, GenerationState)] = &[
    (Queued, Claim, Submitting),
    (Queued, Adopt, Running),
    (Queued, Cancel, Cancelled),
    (Queued, Fail, Failed),
    (Submitting, Accept, Running),
    (Submitting, Answer, Storing),
    (Submitting, Retry, Queued),
    (Submitting, Resubmit, Queued),
    (Submitting, Restart, Queued),
    (Submitting, Adopt, Storing),
    (Submitting, Fail, Failed),
    (Submitting, Cancel, Cancelled),
    (Running, Finish, Storing),
    (Running, Adopt, Storing),
    (Running, Fail, Failed),
    (Running, Cancel, Cancelled),
    (Running, TimeOut, TimedOut),
    (Storing, Settle, Succeeded),
    (Storing, Restart, Queued),
    (Storing, Reject, Queued),
    (Storing, Fail, Failed),
];

/// An event that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {from} generation does not allow `{event}`")]
pub struct Illegal {
    pub from: GenerationState,
    pub event: Event,
}

impl GenerationState {
    pub fn advance(self, event: Event) -> Result<GenerationState, Illegal> {
        let row = TRANSITIONS.iter().find(|(from, on, _)| *from == self && *on == event);
        row.map(|(.., to)| *to).ok_or(Illegal { from: self, event })
    }

    pub const fn is_terminal(self) -> bool {
        matches!(self, Succeeded | Failed | Cancelled | TimedOut)
    }

    /// The word of S1-12 for the same state.
    pub const fn s1(self) -> &'static str {
        match self {
            Queued => "pending",
            Submitting | Running | Storing => "processing",
            Succeeded => "completed",
            Failed | TimedOut => "failed",
            Cancelled => "cancelled",
        }
    }
}

words! {
    /// Where one submission to a market key stands.
    AttemptState {
        Submitting = "submitting",
        Accepted = "accepted",
        Succeeded = "succeeded",
        /// Accepted, then failed at the market.
        Failed = "failed",
        Cancelled = "cancelled",
        /// Provably not accepted, nothing billed.
        Refused = "refused",
        /// The call ended without an answer: the market may be working. Keeps its key slot (a ghost).
        Unknown = "unknown",
        /// Timed out or voided while the market may still be working. Keeps its key slot (a ghost).
        Abandoned = "abandoned",
        /// A ghost whose longest run time has passed.
        Lost = "lost",
        /// Ran inside a process that died; nothing outside knows of it.
        Vanished = "vanished",
    }
}

impl AttemptState {
    /// A ghost keeps its key slot although its generation has moved on.
    pub const fn is_ghost(self) -> bool {
        matches!(self, AttemptState::Unknown | AttemptState::Abandoned)
    }
}

words! {
    /// Why an attempt exists: the market's log is matched against it (invariant 2).
    AttemptReason {
        First = "first",
        /// The attempt before was refused unbilled.
        Retry = "retry",
        /// The attempt before is unknown; the house pays.
        Unknown = "unknown",
        /// The attempt before vanished with its process.
        Restart = "restart",
        /// The acceptance gate refused the result; the house pays.
        Gate = "gate",
    }
}

impl AttemptReason {
    pub const fn paid_by(self) -> &'static str {
        match self {
            AttemptReason::Unknown | AttemptReason::Gate => "house",
            AttemptReason::First | AttemptReason::Retry | AttemptReason::Restart => "account",
        }
    }
}

words! {
    /// Which of two lines a generation stands in at its market: fast work goes first.
    Priority { Fast = "fast", Standard = "standard", }
}

impl Priority {
    /// In the order of claims, smallest first.
    pub const fn rank(self) -> i64 {
        match self {
            Priority::Fast => -1,
            Priority::Standard => 0,
        }
    }

    pub const fn of_rank(rank: i64) -> Priority {
        if rank < Priority::Standard.rank() { Priority::Fast } else { Priority::Standard }
    }
}

words! {
    /// The two sides of money.
    TransferState { Pending = "pending", Posted = "posted", Voided = "voided", }
}

words! {
    /// Where a batch stands; the words of S1 plus `cancelled`.
    BatchState {
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

words! {
    /// What a batch is made from: slides, words, or lines of any mode.
    BatchKind { Slides = "slides", Words = "words", Run = "run", }
}

words! {
    /// The kinds of steps an item has, each at most once, in the order of reports.
    StepKind {
        Prompt = "prompt",
        Picture = "picture",
        Edit = "edit",
        Text = "text",
        Upscale = "upscale",
        Video = "video",
        Speech = "speech",
        /// Of a line: whatever its mode is.
        Run = "run",
    }
}

words! {
    /// How a step or an item of a report ended, or where it stands.
    StepStatus {
        Waiting = "waiting",
        Succeeded = "succeeded",
        Failed = "failed",
        /// Never started: the step before it failed, or the batch was stopped.
        Skipped = "skipped",
        Cancelled = "cancelled",
    }
}

/// `docs/states.md`: the transition table as people read it. A test fails when the committed page is stale.
pub fn transitions_markdown() -> String {
    let mut page = String::from(
        "# States of a generation\n\nGenerated from `TRANSITIONS` in `palitra-domain/src/state.rs`.\n\n| from | event | to |\n|---|---|---|\n",
    );
    for (from, event, to) in TRANSITIONS {
        page.push_str(&format!("| {from} | {event} | {to} |\n"));
    }
    page
}

#[cfg(test)]
mod tests;
