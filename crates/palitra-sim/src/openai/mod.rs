//! A strict simulator of OpenAI's API (pictures, edits, speech, text): a real HTTP server with a script of faults and a log that checkers
//! read.
//!
//! It refuses what OpenAI refuses and unknown fields besides, and takes time. Rules: `providers.md` §4; scripts: `docs/markets.md`. It knows
//! nothing of Palitra's adapter.
//!
//! Paths: `/v1/images/generations`, `/v1/images/edits`, `/v1/audio/speech`, `/v1/chat/completions`, `/files/…` (pictures behind links),
//! and its own `GET /_sim/health`, `GET /_sim/log`, `POST /_sim/script`.

mod check;
mod errors;
mod make;
mod models;
mod pictures;

#[cfg(test)]
mod tests;

pub use crate::in_call::{
    BadScript, Call, Fault, ModelScript, Rule, Script as OpenAiScript, SimError as OpenAiSimError,
};
pub use crate::market::{
    log::{Log as OpenAiLog, Submission, key_tag},
    picture::{Painter, Picture},
};

use crate::{
    in_call::{Asked, Ending, Made, Manner, Refusal, Server, Tools},
    market::answer::Answer,
};
use axum::http::{HeaderMap, header};
use palitra_domain::Clock;
use std::{net::SocketAddr, sync::Arc};

/// A running simulator; dropping it closes its port and every connection.
pub struct OpenAiSim(Server);

impl OpenAiSim {
    /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
    pub async fn start(
        script: OpenAiScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<OpenAiSim, OpenAiSimError> {
        OpenAiSim::start_painted(script, listen, clock, None).await
    }

    /// As [`OpenAiSim::start`], with somebody else's pictures.
    pub async fn start_painted(
        script: OpenAiScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        painter: Option<Painter>,
    ) -> Result<OpenAiSim, OpenAiSimError> {
        Server::start(&OpenAi, script, listen, clock, painter).await.map(OpenAiSim)
    }

    /// To be used as OpenAI's base URL: `http://127.0.0.1:40123/v1`.
    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub fn log(&self) -> OpenAiLog {
        self.0.log()
    }

    /// Replaces the script; counting starts anew, what runs goes on. Links and the log file stay as they were.
    pub fn set_script(&self, script: OpenAiScript) -> Result<(), BadScript> {
        self.0.set_script(script)
    }

    /// Closes the port and every connection at once; the log can still be read.
    pub async fn stop(&mut self) {
        self.0.stop().await;
    }
}

struct OpenAi;

impl Manner for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn base(&self) -> &'static str {
        "/v1"
    }

    fn has_files(&self) -> bool {
        true
    }

    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        errors::answer(refusal)
    }

    fn check(&self, asked: &Asked) -> Result<(), Refusal> {
        check::check(asked)
    }

    fn make(&self, asked: &Asked, ending: &Ending, tools: &Tools) -> Made {
        let mut made = make::make(asked, ending, tools);
        made.answer = made.answer.with("x-request-id", &format!("req_{}", tools.id));
        made
    }
}
