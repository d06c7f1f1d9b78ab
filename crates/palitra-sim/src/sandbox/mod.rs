//! The sandbox market: pictures, films, prompts and sounds made in this process, without a key and without cost, over the same port as
//! every other market.
//!
//! Its models live in the catalogue pack `sandbox`; what a mode takes is said where it is read: `pictures`, `films`, `words`. Heavy work is
//! bounded by a number of threads, so that many generations at once do not starve the runtime.

mod films;
mod input;
mod pictures;
#[cfg(test)]
mod tests;
mod words;

use crate::voice;
use bytes::Bytes;
use input::Input;
use palitra_domain::{
    BoxFuture, Clock,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, OutputFile, Outputs, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Extra time per run, for demonstrations and benchmarks: how long a real market would take. A film takes as long as a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    pub artist: Duration,
    pub writer: Duration,
    pub voice: Duration,
}

pub struct Sandbox {
    clock: Arc<dyn Clock>,
    pace: Pace,
    threads: Arc<Semaphore>,
}

/// What is done away from the runtime's own threads.
type Work = Box<dyn FnOnce() -> Result<Outputs, MarketError> + Send>;

/// A run: words, which take no time, or work for a thread.
enum Run {
    Light(Outputs),
    Heavy(Work),
}

impl Sandbox {
    /// At most `threads` pictures are drawn at once.
    pub fn new(clock: Arc<dyn Clock>, pace: Pace, threads: usize) -> Sandbox {
        Sandbox { clock, pace, threads: Arc::new(Semaphore::new(threads.max(1))) }
    }

    /// What was asked is read before the run takes its time, so that what cannot be done is refused at once.
    async fn run(&self, request: &Request) -> Result<Outputs, MarketError> {
        let (input, pace) = (Input::new(request), self.pace);
        let (pace, run): (Duration, Run) = match (request.model.as_str(), request.mode.as_str()) {
            ("artist", "create") => (pace.artist, Run::Heavy(pictures::create(input)?)),
            ("artist", "edit") => (pace.artist, Run::Heavy(pictures::edit(input)?)),
            ("artist", "retouch") => (pace.artist, Run::Heavy(pictures::retouch(input)?)),
            ("artist", "upscale") => (pace.artist, Run::Heavy(pictures::upscale(input)?)),
            ("artist", "swap_face") => (pace.artist, Run::Heavy(pictures::swap_face(input)?)),
            ("film", "video") => (pace.artist, Run::Heavy(films::video(input)?)),
            ("writer", "write") => (pace.writer, Run::Light(words::write(input))),
            ("writer", "translate") => (pace.writer, Run::Light(words::translate(input)?)),
            ("writer", "compose") => (pace.writer, Run::Light(words::compose(input)?)),
            ("writer", "check") => (pace.writer, Run::Light(words::check(input)?)),
            ("voice", "speak") => (pace.voice, Run::Heavy(speak(input))),
            ("noop", _) => return Ok(text("ok".to_owned())),
            (model @ ("artist" | "film" | "writer" | "voice"), mode) => {
                let message = format!("`{model}` of the sandbox has no mode `{mode}`");
                return Err(MarketError::new(ErrorClass::UnknownModel, message));
            }
            (model, _) => {
                let message = format!("the sandbox has no model `{model}`");
                return Err(MarketError::new(ErrorClass::UnknownModel, message));
            }
        };
        self.clock.sleep(pace).await;
        match run {
            Run::Light(outputs) => Ok(outputs),
            Run::Heavy(work) => self.on_a_thread(work).await,
        }
    }

    async fn on_a_thread(&self, work: Work) -> Result<Outputs, MarketError> {
        let broken = |_| MarketError::new(ErrorClass::GenerationFailed, "the sandbox failed");
        let _permit =
            self.threads.acquire().await.map_err(|_| MarketError::new(ErrorClass::Unavailable, "closing"))?;
        tokio::task::spawn_blocking(work).await.map_err(broken)?
    }
}

/// `text` (or `prompt`), `voice` and `seed`: a WAV file.
fn speak(input: Input) -> Work {
    let (words, name, seed) = (input.word(&["text", "prompt"]), input.word(&["voice"]), input.seed());
    Box::new(move || Ok(file(voice::speak(&words, &name, seed))))
}

fn file(bytes: Vec<u8>) -> Outputs {
    Outputs { files: vec![OutputFile::Bytes(Bytes::from(bytes))], ..Outputs::default() }
}

fn text(text: String) -> Outputs {
    Outputs { text: Some(text), ..Outputs::default() }
}

/// A refusal because of what was asked or given.
fn refused(message: impl Into<String>) -> MarketError {
    MarketError::new(ErrorClass::InvalidInput, message)
}

impl Market for Sandbox {
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
            format!("the sandbox has no links, `{link}` is none of its own"),
        );
        Box::pin(std::future::ready(Err(error)))
    }
}
