//! What the simulated markets share that answer in the call itself (OpenAI, Anthropic): a server with a script of faults and a log that
//! checkers read. What a call takes, how errors are worded and what an answer looks like is each market's own [`Manner`].

mod asked;
mod call;
mod fault;
pub(crate) mod fields;
mod running;
mod script;

#[cfg(test)]
mod tests;

pub use fault::{Call, Fault, Rule};
pub use script::{ModelScript, Script};

pub(crate) use asked::{Asked, File, text_of};
pub(crate) use call::{Ending, Made, Refusal, Tools};

use crate::market::{
    answer::Answer,
    script::BadScript,
    sim::{self, Basics, Simulated, basics},
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Response, header},
    routing::get,
};
use std::{collections::BTreeMap, sync::Arc};

/// The largest request body: a form with pictures.
const BODY_MAX: usize = 200 * 1024 * 1024;

/// How a market speaks.
pub(crate) trait Manner: Send + Sync {
    fn name(&self) -> &'static str;
    /// The path of the base address: `/v1`.
    fn base(&self) -> &'static str;
    /// Some answers hold links.
    fn has_files(&self) -> bool;
    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str>;
    fn refuse(&self, refusal: &Refusal) -> Answer;
    fn check(&self, asked: &Asked) -> Result<(), Refusal>;
    /// The answer to a call that was found good. Drawing takes its time.
    fn make(&self, asked: &Asked, ending: &Ending, tools: &Tools) -> Made;
}

/// A market that answers in the call.
pub(crate) struct InCall(pub(crate) &'static dyn Manner);

type Market = sim::Market<InCall>;

/// What has happened at the market.
#[derive(Default)]
pub(crate) struct Happened {
    running: running::Running,
    /// Pictures behind links, with the model and the prompt they were made by.
    files: BTreeMap<String, Kept>,
}

#[derive(Clone)]
struct Kept {
    model: String,
    prompt: String,
    bytes: Bytes,
}

impl Simulated for InCall {
    type Script = Script;
    type Fault = Fault;
    type State = Happened;

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn base(&self) -> &'static str {
        self.0.base()
    }

    fn basics(script: &Script) -> Basics<'_, Fault> {
        basics!(script)
    }

    fn check(&self, script: &Script) -> Result<(), BadScript> {
        script.check(self.0.has_files())
    }

    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.0.sent_key(headers)
    }

    fn router() -> Router<Arc<Market>> {
        Router::new().route("/files/{name}", get(get_file)).fallback(any_call)
    }
}

async fn get_file(
    State(market): State<Arc<Market>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    call::file(&market, &name, headers.contains_key(header::AUTHORIZATION)).await
}

async fn any_call(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return market.of.0.refuse(&Refusal::TooLarge).send(None, &market.clock);
    };
    let below = parts.uri.path().strip_prefix(market.of.0.base()).and_then(|path| path.strip_prefix('/'));
    let path = below.unwrap_or_default().to_owned();
    call::answer(&market, Asked::read(parts.method, path, parts.headers, &body)).await
}
