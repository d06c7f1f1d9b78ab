//! The market `local`: what this machine does to pictures and words without a key, over the same port as every other market, so that every
//! door has it.
//!
//! Its models live in the catalogue pack `local`. Work is done on the [`Pool`].

mod enlarge;
mod input;
mod pictures;
mod sheets;
mod voices;

pub use voices::speakers;

use crate::{pool::Pool, speech::Speakers, text::Typesetter};
use bytes::Bytes;
use input::Input;
use palitra_domain::{
    BoxFuture,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, OutputFile, Outputs, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
};
use std::sync::Arc;

pub struct Local {
    pool: Pool,
    typesetter: Arc<Typesetter>,
    speakers: Speakers,
}

/// Work for a thread, and what it takes of the memory.
struct Work {
    mib: u32,
    run: Box<dyn FnOnce() -> Result<Vec<u8>, MarketError> + Send>,
}

impl Local {
    pub fn new(pool: Pool, speakers: Speakers) -> Local {
        Local { pool, typesetter: Arc::new(Typesetter::new()), speakers }
    }

    /// What was asked is read before anything waits, so that what cannot be done is refused at once.
    fn work(&self, request: &Request) -> Result<Work, MarketError> {
        let input = Input::new(request);
        match (request.model.as_str(), request.mode.as_str()) {
            ("text", "text") => pictures::text(&input, &self.typesetter),
            ("convert", "convert") => pictures::convert(&input),
            ("convert", "strip") => pictures::strip(&input),
            ("fast", "upscale") => enlarge::upscale(&input, enlarge::Way::Fast),
            ("crisp", "upscale") => enlarge::upscale(&input, enlarge::Way::Crisp),
            ("illustration", "create") => pictures::illustrate(&input, &self.typesetter),
            ("voices", "speak") => voices::speak(&input, &self.speakers),
            ("sheet", "contact_sheet") => sheets::contact_sheet(&input, &self.typesetter),
            ("sheet", "style_card") => sheets::style_card(&input, &self.typesetter),
            (model, mode) => {
                let message = format!("this machine has no model `{model}` with a mode `{mode}`");
                Err(MarketError::new(ErrorClass::UnknownModel, message))
            }
        }
    }

    async fn run(&self, request: &Request) -> Result<Outputs, MarketError> {
        let Work { mib, run } = self.work(request)?;
        let broken = |_| MarketError::new(ErrorClass::GenerationFailed, "the work on this machine broke off");
        let file = self.pool.run(mib, run).await.map_err(broken)??;
        Ok(Outputs { files: vec![OutputFile::Bytes(Bytes::from(file))], ..Outputs::default() })
    }
}

/// A refusal because of what was asked or given.
fn refused(message: impl Into<String>) -> MarketError {
    MarketError::new(ErrorClass::InvalidInput, message)
}

impl Market for Local {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: true, cancel: false, webhooks: false, answers_in_call: false }
    }

    fn submit<'a>(&'a self, _key: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(async move {
            match self.run(request).await {
                Ok(outputs) => Submitted::Done(outputs),
                Err(error) => Submitted::Refused(error),
            }
        })
    }

    /// Everything is answered in the call; there is nothing to look at.
    fn poll<'a>(&'a self, _key: &'a str, _remote: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(std::future::ready(Polled::NotFound))
    }

    fn cancel<'a>(&'a self, _key: &'a str, _remote: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(std::future::ready(CancelAnswer::Unsupported))
    }

    fn fetch<'a>(&'a self, link: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        let error = MarketError::new(
            ErrorClass::ResultExpired,
            format!("this machine has no links such as `{link}`"),
        );
        Box::pin(std::future::ready(Err(error)))
    }
}

#[cfg(test)]
mod tests;
