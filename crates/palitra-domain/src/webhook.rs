//! Webhooks out: what is told to addresses that accounts name, in which form, and when it is tried again. And the port through which
//! letters leave.
//!
//! After <https://www.standardwebhooks.com>: headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, a body with `type`,
//! `timestamp` and `data`.

use crate::{
    BoxFuture,
    state::{BatchState, GenerationState, words},
};
use std::time::Duration;

words! {
    /// What is told.
    EventType {
        GenerationSucceeded = "generation.succeeded",
        /// Also when it took too long.
        GenerationFailed = "generation.failed",
        GenerationCancelled = "generation.cancelled",
        /// A result that came after the end.
        GenerationLateResult = "generation.late_result",
        BatchCompleted = "batch.completed",
        BatchFailed = "batch.failed",
        BatchCancelled = "batch.cancelled",
        /// Somebody wants to see whether it gets there.
        WebhookTest = "webhook.test",
    }
}

impl EventType {
    /// The end of a generation in this state; `None` while it has not ended.
    pub const fn of_generation(state: GenerationState) -> Option<EventType> {
        match state {
            GenerationState::Succeeded => Some(EventType::GenerationSucceeded),
            GenerationState::Failed | GenerationState::TimedOut => Some(EventType::GenerationFailed),
            GenerationState::Cancelled => Some(EventType::GenerationCancelled),
            GenerationState::Queued
            | GenerationState::Submitting
            | GenerationState::Running
            | GenerationState::Storing => None,
        }
    }

    /// The end of a batch in this state; `None` while it has not ended.
    pub const fn of_batch(state: BatchState) -> Option<EventType> {
        match state {
            BatchState::Completed => Some(EventType::BatchCompleted),
            BatchState::Failed => Some(EventType::BatchFailed),
            BatchState::Cancelled => Some(EventType::BatchCancelled),
            BatchState::Processing => None,
        }
    }
}

words! {
    /// How a letter is written and signed.
    Form {
        /// <https://www.standardwebhooks.com>.
        Standard = "standard",
        /// As fal calls its own customers.
        Fal = "fal",
    }
}

words! {
    /// Of which work an endpoint hears.
    Only {
        /// Batches, and what is made in them.
        Batches = "batches",
        /// What is made in no batch.
        Single = "single",
    }
}

words! {
    /// Where a delivery stands.
    DeliveryState {
        /// Tried when its time comes, or being tried.
        Waiting = "waiting",
        Delivered = "delivered",
        /// Given up.
        Failed = "failed",
    }
}

words! {
    /// Why nothing is sent to an endpoint.
    Disabled {
        /// Its account wants it so.
        Owner = "owner",
        /// It answered 410: nobody is there any more.
        Gone = "gone",
        /// It has failed for [`FAILING_MAX`].
        Failing = "failing",
    }
}

/// Where the end of one generation is told, besides the account's endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub url: String,
    pub form: Form,
}

/// Filters of an endpoint: it hears of what is among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Events {
    /// Empty is all of them.
    pub types: Vec<EventType>,
    pub only: Option<Only>,
}

/// Stands for every type in a list of them.
pub const ALL_EVENTS: &str = "*";

impl Events {
    /// Names of types, or `*`. The first that is neither is the error.
    pub fn parse<T: AsRef<str>>(names: &[T], only: Option<Only>) -> Result<Events, String> {
        let mut types = Vec::new();
        for name in names.iter().map(AsRef::as_ref) {
            if name == ALL_EVENTS {
                return Ok(Events { types: Vec::new(), only });
            }
            types.push(EventType::parse(name).ok_or_else(|| name.chars().take(60).collect::<String>())?);
        }
        types.sort_unstable();
        types.dedup();
        Ok(Events { types, only })
    }

    /// The names, or `*`.
    pub fn names(&self) -> Vec<&'static str> {
        if self.types.is_empty() {
            return vec![ALL_EVENTS];
        }
        self.types.iter().map(|event| event.as_str()).collect()
    }

    /// A test is always heard of.
    pub fn hear(&self, event: EventType, in_batch: bool) -> bool {
        let is_wanted = self.types.is_empty() || self.types.contains(&event);
        let is_there = self.only.is_none_or(|only| in_batch == (only == Only::Batches));
        event == EventType::WebhookTest || is_wanted && is_there
    }
}

/// Pauses before the tries of a delivery: the first is at once.
pub const SCHEDULE: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(10 * 3_600),
];

/// How long one try may take.
pub const TRY_TIME: Duration = Duration::from_secs(15);

/// An endpoint that has failed for so long is disabled.
pub const FAILING_MAX: Duration = Duration::from_secs(5 * 86_400);

/// How long an old secret signs beside the new one.
pub const OLD_SECRET_FOR: Duration = Duration::from_secs(86_400);

/// Endpoints of an account, live and test together.
pub const ENDPOINTS_MAX: u32 = 20;

pub const URL_CHARS_MAX: usize = 2_000;
pub const DESCRIPTION_CHARS_MAX: usize = 500;

/// The longest body. A document that would be longer is cut down to its plain fields.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// How much of an answer is read and kept.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024;

/// How long to wait after that many tries have failed; `None` when it is given up. A receiver may ask for a longer wait, up to the
/// longest of the schedule.
pub fn pause_after(tries: i64, asked: Option<Duration>) -> Option<Duration> {
    let pause = SCHEDULE.get(usize::try_from(tries).ok()?)?;
    let longest = SCHEDULE[SCHEDULE.len() - 1];
    Some(asked.unwrap_or_default().min(longest).max(*pause))
}

/// Why an address is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No absolute address.
    Form,
    /// Neither https nor http.
    Scheme,
    /// It holds a user name or a password.
    Credentials,
    /// Longer than [`URL_CHARS_MAX`].
    Long,
    /// It leads into a private network.
    Private,
}

impl Refused {
    /// Chooses the reason in the text of `webhook_url`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Refused::Form => "form",
            Refused::Scheme => "scheme",
            Refused::Credentials => "credentials",
            Refused::Long => "long",
            Refused::Private => "private",
        }
    }
}

/// One HTTP POST.
#[derive(Debug, Clone)]
pub struct Letter {
    pub url: String,
    /// Besides `content-type`, which is JSON's.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// The beginning of the body, at most [`ANSWER_BYTES_MAX`].
    pub body: String,
    pub retry_after: Option<Duration>,
}

/// Port: sends letters to addresses that users gave. It follows no redirects and connects to public addresses only, unless the operator
/// allows others.
pub trait Post: Send + Sync {
    /// Whether such an address is called at all, as far as is known now: a name may lead elsewhere later.
    fn check<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<(), Refused>>;

    /// Checks again and sends, once. The error is why no answer came.
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<Reply, String>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_name_and_nothing_else_has() {
        for state in GenerationState::ALL {
            assert_eq!(EventType::of_generation(*state).is_some(), state.is_terminal(), "{state}");
        }
        for state in BatchState::ALL {
            assert_eq!(EventType::of_batch(*state).is_some(), *state != BatchState::Processing, "{state}");
        }
    }

    #[test]
    fn an_endpoint_hears_of_what_it_asked_for() {
        use EventType::{BatchCompleted, GenerationSucceeded, WebhookTest};
        let all = Events::parse(&["batch.completed", "*"], None).unwrap();
        assert_eq!((all.names(), all.hear(GenerationSucceeded, true)), (vec!["*"], true));
        let some = Events::parse(&["batch.completed", "batch.completed"], None).unwrap();
        assert_eq!(some.names(), ["batch.completed"]);
        assert!(some.hear(BatchCompleted, true) && !some.hear(GenerationSucceeded, true));
        assert!(some.hear(WebhookTest, false));
        assert_eq!(Events::parse(&["batch.done"], None), Err("batch.done".to_owned()));
        let batches = Events { only: Some(Only::Batches), ..all.clone() };
        assert!(batches.hear(GenerationSucceeded, true) && !batches.hear(GenerationSucceeded, false));
        let single = Events { only: Some(Only::Single), ..all };
        assert!(!single.hear(GenerationSucceeded, true) && single.hear(GenerationSucceeded, false));
    }

    #[test]
    fn the_schedule_is_that_of_svix_and_a_receiver_may_ask_for_longer_pauses() {
        let pauses: Vec<u64> = (1..8).map(|tries| pause_after(tries, None).unwrap().as_secs()).collect();
        assert_eq!(pauses, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!(pause_after(8, None), None);
        let seconds = |asked| pause_after(1, Some(Duration::from_secs(asked))).unwrap().as_secs();
        assert_eq!((seconds(1), seconds(60), seconds(1_000_000)), (5, 60, 36_000));
        assert_eq!(pause_after(8, Some(Duration::from_secs(5))), None);
    }
}
