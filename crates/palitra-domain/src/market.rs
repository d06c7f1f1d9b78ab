//! Port: a market that runs generations. Adapters live in `palitra-markets`, the sandbox in `palitra-sim`.
//!
//! The engine asks, the adapter translates; retries, slots, money and storage are the engine's. Taxonomy and state mapping:
//! `docs/markets.md`. An unknown status is *still pending*, never a result.

use crate::{
    BoxFuture, ErrorCode, MarketCost, Timestamp,
    early::EarlySink,
    objects::{ByteStream, ObjectError, Objects, Stored},
    price::{Coin, Unit},
};
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a market can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Work runs inside this process and dies with it: never unknown, simply queued again.
    pub in_process: bool,
    /// Work that was accepted can be stopped.
    pub cancel: bool,
    /// It calls the address it is given when work has ended.
    pub webhooks: bool,
    /// The result is the answer to the submission: there is nothing to poll, and the answer is held in a [`Spool`] until it is recorded.
    pub answers_in_call: bool,
}

/// One submission.
#[derive(Debug, Clone)]
pub struct Request {
    /// Our generation and attempt, for logs and for markets that take a client's id.
    pub generation: String,
    pub attempt: i64,
    /// The market's own model id.
    pub model: String,
    pub mode: String,
    /// What the mode takes, in the market's own names: fitted and checked by the catalogue (`catalogue::Input`), so that an adapter adds
    /// its envelope and nothing else. A file stands here by the id of its [`InputFile`], or as a public link.
    pub input: serde_json::Value,
    /// The files that the input names. The adapter puts them where the market can read them.
    pub files: Vec<InputFile>,
    /// Where the answer is held before anything else is done with it, at a market that answers in the call itself.
    pub spool: Option<Spool>,
    /// Who takes the pictures that the market shows before the one that is asked for.
    pub early: Option<EarlySink>,
    /// After this time the result is not wanted any more.
    pub longest_run: Duration,
    /// Where the market may report the end of the work: an absolute http(s) address. It holds a token: never logged.
    pub webhook: Option<String>,
}

/// An object of ours for the body of one answer, named after its attempt. It is there whole or not at all: after a crash the one that is
/// there is read again by [`Market::answered`], and nothing that was paid for is lost with the process (invariant 3).
///
/// A short answer is held here first: whoever asked writes it down unless its own record of the answer says all that the answer does.
#[derive(Clone)]
pub struct Spool {
    objects: Arc<dyn Objects>,
    key: String,
    answer: Arc<Mutex<Answer>>,
}

/// What has become of an answer.
enum Answer {
    /// Nothing has come, or not all of it.
    Absent,
    Held(Bytes),
    /// Its object is there, or was begun.
    Written,
}

impl Spool {
    /// An answer up to this length is held, a longer one is written while it comes.
    pub const HELD_BYTES_MAX: usize = 16 * 1024;

    pub fn new(objects: Arc<dyn Objects>, key: String) -> Spool {
        Spool { objects, key, answer: Arc::new(Mutex::new(Answer::Absent)) }
    }

    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A short answer has come whole.
    pub fn hold(&self, body: Bytes) {
        *self.answer() = Answer::Held(body);
    }

    /// Writes an answer, as it comes.
    pub async fn put(&self, body: ByteStream) -> Result<Stored, ObjectError> {
        *self.answer() = Answer::Written;
        self.objects.put(&self.key, body).await
    }

    /// Takes what is held, for [`Spool::put`].
    pub fn take(&self) -> Option<Bytes> {
        let mut answer = self.answer();
        let Answer::Held(body) = &*answer else { return None };
        let body = body.clone();
        *answer = Answer::Written;
        Some(body)
    }

    /// Whether there may be an object.
    pub fn is_written(&self) -> bool {
        matches!(*self.answer(), Answer::Written)
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Spool").field(&self.key).finish()
    }
}

/// A file that goes into a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// As it stands in the input: `ast_…`.
    pub id: String,
    /// `image/png`, by content.
    pub mime: String,
    /// With the dot left out: `png`.
    pub extension: String,
    pub bytes: Bytes,
}

impl Request {
    /// The input with each of its files replaced by what the market takes for it: a link, a data URI.
    pub fn input_with(&self, replace: impl Fn(&InputFile) -> Option<String>) -> serde_json::Value {
        let mut input = self.input.clone();
        for file in &self.files {
            if let Some(by) = replace(file) {
                put(&mut input, &file.id, &by);
            }
        }
        input
    }
}

fn put(value: &mut serde_json::Value, id: &str, by: &str) {
    match value {
        serde_json::Value::String(text) if text == id => by.clone_into(text),
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| put(value, id, by)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|value| put(value, id, by)),
        _ => {}
    }
}

/// How to find accepted work again: the market's id and URLs as one JSON text, stored with the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRef(pub String);

/// What the market made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    pub files: Vec<OutputFile>,
    /// Answers of the text lane.
    pub text: Option<String>,
    pub cost: Option<MarketCost>,
    /// Units the market says it bills, in millionths (fal: `X-Fal-Billable-Units`); multiplied by the unit cost of the price book.
    pub billable_units: Option<crate::money::Millionths>,
    /// Thousands of tokens that it took, question and answer together; they say the cost of what is priced by tokens, and of nothing else.
    pub kilo_tokens: Option<crate::money::Millionths>,
    pub seed: Option<i64>,
}

/// One file of a result: a link of the market, or bytes that came in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFile {
    Link(String),
    Bytes(bytes::Bytes),
}

/// The outcome of a submission.
#[derive(Debug)]
pub enum Submitted {
    Accepted(RemoteRef),
    /// The answer came in the call itself.
    Done(Outputs),
    /// Provably not accepted: nothing runs, nothing is billed.
    Refused(MarketError),
    /// The call ended without a usable answer: the market may be working (`docs/markets.md`: ambiguous).
    Unknown(MarketError),
}

/// The outcome of one look at accepted work.
#[derive(Debug)]
pub enum Polled {
    /// `position`: it waits for its start, behind so many; `None` when it runs, or when the market does not tell.
    Pending {
        position: Option<u32>,
    },
    Done(Outputs),
    Failed(MarketError),
    Cancelled,
    /// The market does not know it any more.
    NotFound,
    /// The look itself failed: look again later.
    Unreachable(MarketError),
}

/// The outcome of a request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Asked; the next poll decides.
    Requested,
    TooLate,
    Unsupported,
}

/// A submission whose outcome is unknown, as a market with a look-up is asked about it.
#[derive(Debug, Clone)]
pub struct Marker {
    /// As in the [`Request`] that was sent.
    pub generation: String,
    pub attempt: i64,
    /// The market's own model id.
    pub model: String,
    /// Shortly before it was sent.
    pub opened_at: Timestamp,
}

/// What a market knows of a submission whose outcome is unknown.
#[derive(Debug)]
pub enum Found {
    Work(RemoteRef),
    /// It has no such work now: soon after the submission that says little.
    Nothing,
    /// The look-up itself failed: ask again later.
    Unreachable(MarketError),
    /// This market has no look-up.
    Unsupported,
}

crate::state::words! {
    /// Classes of failures; what the engine does next depends on nothing else.
    ErrorClass {
        /// The key is wrong: stop the market, tell the operator.
        Auth = "auth",
        /// The key may not use this model.
        Permission = "permission",
        /// Out of credit or locked: stop the account's key, tell the operator.
        Credits = "credits",
        InvalidInput = "invalid_input",
        UnknownModel = "unknown_model",
        /// The market could not load an input file.
        InputFetch = "input_fetch",
        /// Refused by the market's content rules: never retried elsewhere.
        ContentRejected = "content_rejected",
        RateLimited = "rate_limited",
        ConcurrencyLimited = "concurrency_limited",
        Unavailable = "unavailable",
        /// Accepted, then failed.
        GenerationFailed = "generation_failed",
        Timeout = "timeout",
        /// The result's link is gone.
        ResultExpired = "result_expired",
        /// A shape that was not understood.
        Protocol = "protocol",
    }
}

impl ErrorClass {
    /// The submission may be repeated when it was provably refused.
    pub const fn is_retried(self) -> bool {
        matches!(self, ErrorClass::RateLimited | ErrorClass::ConcurrencyLimited | ErrorClass::Unavailable)
    }

    /// No further call can succeed: a batch stops at once (S0-25).
    pub const fn is_critical(self) -> bool {
        matches!(
            self,
            ErrorClass::Auth | ErrorClass::Permission | ErrorClass::Credits | ErrorClass::UnknownModel
        )
    }

    /// A market may bill work that it has accepted and then refused so: what was asked for was wrong, not the market.
    pub const fn may_be_billed(self) -> bool {
        matches!(self, ErrorClass::ContentRejected | ErrorClass::InvalidInput | ErrorClass::InputFetch)
    }

    pub const fn code(self) -> ErrorCode {
        match self {
            ErrorClass::Auth => ErrorCode::MarketAuth,
            ErrorClass::Permission => ErrorCode::MarketPermission,
            ErrorClass::Credits => ErrorCode::MarketCredits,
            ErrorClass::InvalidInput => ErrorCode::InvalidInput,
            ErrorClass::UnknownModel => ErrorCode::UnknownModel,
            ErrorClass::InputFetch => ErrorCode::InputFetch,
            ErrorClass::ContentRejected => ErrorCode::ContentRejected,
            ErrorClass::RateLimited | ErrorClass::ConcurrencyLimited => ErrorCode::MarketBusy,
            ErrorClass::Unavailable => ErrorCode::MarketUnavailable,
            ErrorClass::GenerationFailed => ErrorCode::GenerationFailed,
            ErrorClass::Timeout => ErrorCode::TimedOut,
            ErrorClass::ResultExpired => ErrorCode::ResultExpired,
            ErrorClass::Protocol => ErrorCode::MarketProtocol,
        }
    }
}

/// A failure, with what the operator needs: the market's body, at most 8 KiB, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MarketError {
    pub class: ErrorClass,
    pub message: String,
    /// The market's answer as it came.
    pub body: Option<String>,
    /// HTTP status, where there was one.
    pub status: Option<u16>,
    /// When the market says to come back.
    pub retry_after: Option<Duration>,
}

impl MarketError {
    pub fn new(class: ErrorClass, message: impl Into<String>) -> MarketError {
        MarketError { class, message: message.into(), body: None, status: None, retry_after: None }
    }
}

/// A model as a market lists it, for the catalogue (`palitra models sync`).
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The market's own id.
    pub market_id: String,
    pub name: String,
    /// The market's word for what it does: `text-to-image`, `image-to-video`, …
    pub category: String,
    /// JSON Schema of its input, where the list holds it.
    pub schema: Option<serde_json::Value>,
    /// `None`: the market says it in prose, or not at all.
    pub price: Option<ListedPrice>,
    /// The market will take it away.
    pub deprecated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedPrice {
    pub unit: Unit,
    /// Millionths of the coin for one unit.
    pub cost_micros: i64,
    pub coin: Coin,
}

/// `0.05 USD / image`.
impl std::fmt::Display for ListedPrice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, part) = (self.cost_micros / 1_000_000, (self.cost_micros % 1_000_000).unsigned_abs());
        let part = format!("{part:06}");
        let part = part.trim_end_matches('0');
        let dot = if part.is_empty() { "" } else { "." };
        write!(f, "{whole}{dot}{part} {} / {}", self.coin, self.unit.as_str())
    }
}

/// What a webhook says, once its signature has been checked. A hint and no more: the record that [`Market::poll`] brings is
/// the truth, and the same note may come twice, late or out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookNote {
    /// The market's id of the work.
    pub request_id: String,
    /// The id of the market's own last try, where it names one.
    pub gateway_request_id: Option<String>,
    pub hint: WebhookHint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookHint {
    Finished,
    Failed,
    /// Signed, and of a shape that was not understood.
    Unknown,
}

/// Why a webhook is not acted on. In none of the cases does anything change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefused {
    /// Answer 404.
    #[error("this market sends no webhooks")]
    Unsupported,
    /// Forged, altered, stale or incomplete: answer 401.
    #[error("the webhook is not trusted: {0}")]
    Untrusted(String),
    /// What it has to be checked with cannot be had now: answer 503, so that the market sends it again.
    #[error("the webhook cannot be checked: {0}")]
    Unavailable(String),
}

/// A market with its keys. `key` is the label of the key whose slot was taken.
pub trait Market: Send + Sync {
    fn capabilities(&self) -> Capabilities;
    fn submit<'a>(&'a self, key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted>;
    /// What a kept answer says: the body of a [`Spool`], whole, after the process that asked has gone. `request` is as it was sent, without
    /// its files. No call is made.
    fn answered(&self, _request: &Request, _body: &[u8]) -> Submitted {
        Submitted::Unknown(MarketError::new(ErrorClass::Protocol, "this market does not answer in the call"))
    }
    fn poll<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, Polled>;
    fn cancel<'a>(&'a self, key: &'a str, remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer>;
    /// What became of a submission whose outcome is unknown; never anything that starts work. fal has no such call.
    fn find<'a>(&'a self, _key: &'a str, _marker: &'a Marker) -> BoxFuture<'a, Found> {
        Box::pin(std::future::ready(Found::Unsupported))
    }
    /// Everything the market has, or `None` when it has no list; starts nothing. An error means that nothing is known.
    fn list_models<'a>(&'a self, _key: &'a str) -> BoxFuture<'a, Result<Option<Vec<Listed>>, MarketError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    /// JSON Schema of what one model takes, at a market whose list does not say it; starts nothing.
    fn describe<'a>(
        &'a self,
        _key: &'a str,
        _model: &'a str,
    ) -> BoxFuture<'a, Result<Option<serde_json::Value>, MarketError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    /// Opens a link of a result: no credentials, bounded, every redirect checked (`docs/markets.md`).
    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>>;
    /// Is this webhook the market's? `body` is what came, byte for byte, before any parsing; how long it may be (1 MiB is
    /// ample) and whether the token of its address is right is checked by the caller, before this.
    fn verify_webhook<'a>(
        &'a self,
        _key: &'a str,
        _headers: &'a [(String, String)],
        _body: &'a [u8],
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<WebhookNote, WebhookRefused>> {
        Box::pin(std::future::ready(Err(WebhookRefused::Unsupported)))
    }
    /// Does the note speak of this work? A signature binds a note to a request, not to the address it was sent to.
    fn is_about(&self, _note: &WebhookNote, _remote: &RemoteRef) -> bool {
        false
    }
    /// How to find the work of a note, for an attempt whose submission never told: the outcome was unknown.
    fn reference(&self, _model: &str, _note: &WebhookNote) -> Option<RemoteRef> {
        None
    }
}
