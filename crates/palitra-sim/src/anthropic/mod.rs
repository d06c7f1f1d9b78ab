//! A strict simulator of Anthropic's Messages API: a real HTTP server with a script of faults and a log that checkers read.
//!
//! It refuses what Anthropic refuses, and takes time. Rules: `providers.md` §5; scripts: `docs/markets.md`. It knows nothing of Palitra's
//! adapter.
//!
//! Paths: `/v1/messages`, and its own `GET /_sim/health`, `GET /_sim/log`, `POST /_sim/script`.

mod check;
mod errors;
mod make;

pub use crate::in_call::{
    BadScript, Call, Fault, ModelScript, Rule, Script as AnthropicScript, SimError as AnthropicSimError,
};
pub use crate::market::log::{Log as AnthropicLog, Submission, key_tag};

use crate::{
    in_call::{Asked, Ending, Made, Manner, Refusal, Server, Tools},
    market::answer::Answer,
};
use axum::http::{HeaderMap, header};
use palitra_domain::Clock;
use std::{net::SocketAddr, sync::Arc};

/// A running simulator; dropping it closes its port and every connection.
pub struct AnthropicSim(Server);

impl AnthropicSim {
    /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
    pub async fn start(
        script: AnthropicScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<AnthropicSim, AnthropicSimError> {
        Server::start(&Anthropic, script, listen, clock, None).await.map(AnthropicSim)
    }

    /// To be used as Anthropic's base URL: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub fn log(&self) -> AnthropicLog {
        self.0.log()
    }

    /// Replaces the script; counting starts anew, what runs goes on. The log file stays as it was.
    pub fn set_script(&self, script: AnthropicScript) -> Result<(), BadScript> {
        self.0.set_script(script)
    }

    /// Closes the port and every connection at once; the log can still be read.
    pub async fn stop(&mut self) {
        self.0.stop().await;
    }
}

struct Anthropic;

impl Manner for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn has_files(&self) -> bool {
        false
    }

    /// Either header counts.
    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let named = headers.get("x-api-key").and_then(|value| value.to_str().ok());
        named.or_else(|| headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer "))
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        errors::answer(refusal)
    }

    fn check(&self, asked: &Asked) -> Result<(), Refusal> {
        check::check(asked)
    }

    fn make(&self, asked: &Asked, ending: &Ending, tools: &Tools) -> Made {
        make::make(asked, ending, tools).with("request-id", &format!("req_{}", tools.id)).into()
    }
}
