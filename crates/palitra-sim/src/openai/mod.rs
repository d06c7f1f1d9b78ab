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
mod stream;

#[cfg(test)]
mod tests;

pub use crate::in_call::{Call, Fault, ModelScript, Rule, Script as OpenAiScript};
pub use crate::market::{
    log::{Log as OpenAiLog, Submission, key_tag},
    picture::{Painter, Picture},
};

use crate::{
    in_call::{Asked, Ending, InCall, Made, Manner, Refusal, Tools},
    market::{answer::Answer, sim::simulator},
};
use axum::http::{HeaderMap, header};

pub(crate) struct OpenAi;

simulator!(OpenAiSim, OpenAiScript, InCall = InCall(&OpenAi));

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
