//! A strict simulator of Anthropic's Messages API: a real HTTP server with a script of faults and a log that checkers read.
//!
//! It refuses what Anthropic refuses, and takes time. Rules: `providers.md` §5; scripts: `docs/markets.md`. It knows nothing of Palitra's
//! adapter.
//!
//! Paths: `/v1/messages`, and its own `GET /_sim/health`, `GET /_sim/log`, `POST /_sim/script`.

mod check;
mod errors;
mod make;

pub use crate::in_call::{Call, Fault, ModelScript, Rule, Script as AnthropicScript};
pub use crate::market::log::{Log as AnthropicLog, Submission, key_tag};

use crate::{
    in_call::{Asked, Ending, InCall, Made, Manner, Refusal, Tools},
    market::{answer::Answer, sim::simulator},
};
use axum::http::{HeaderMap, header};

pub(crate) struct Anthropic;

simulator!(AnthropicSim, AnthropicScript, InCall = InCall(&Anthropic));

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
