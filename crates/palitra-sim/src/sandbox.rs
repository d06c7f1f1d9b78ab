//! The sandbox market: pictures, prompts and sounds made in this process, without a key and without cost, over the same port as every
//! other market.
//!
//! Its models live in the catalogue pack `sandbox`. Drawing is bounded by a number of threads, so that many generations at once do not
//! starve the runtime.

use crate::{artist, voice, writer};
use bytes::Bytes;
use palitra_domain::{
    BoxFuture, Clock,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, OutputFile, Outputs, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Extra time per run, for demonstrations and benchmarks: how long a real market would take.
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

impl Sandbox {
    /// At most `threads` pictures are drawn at once.
    pub fn new(clock: Arc<dyn Clock>, pace: Pace, threads: usize) -> Sandbox {
        Sandbox { clock, pace, threads: Arc::new(Semaphore::new(threads.max(1))) }
    }

    async fn run(&self, request: &Request) -> Result<Outputs, MarketError> {
        match request.model.as_str() {
            "artist" => {
                let picture = Picture::read(&request.input)?;
                self.clock.sleep(self.pace.artist).await;
                self.on_a_thread(move || picture.draw()).await
            }
            "writer" => {
                self.clock.sleep(self.pace.writer).await;
                Ok(write(&request.input))
            }
            "voice" => {
                let (text, name) =
                    (word(&request.input, &["text", "prompt"]), word(&request.input, &["voice"]));
                let seed = seed(&request.input);
                self.clock.sleep(self.pace.voice).await;
                self.on_a_thread(move || Ok(file(voice::speak(&text, &name, seed)))).await
            }
            "noop" => Ok(Outputs { text: Some("ok".to_owned()), ..Outputs::default() }),
            other => {
                Err(MarketError::new(ErrorClass::UnknownModel, format!("the sandbox has no model `{other}`")))
            }
        }
    }

    /// Heavy work, away from the runtime's own threads.
    async fn on_a_thread(
        &self,
        work: impl FnOnce() -> Result<Outputs, MarketError> + Send + 'static,
    ) -> Result<Outputs, MarketError> {
        let broken = |_| MarketError::new(ErrorClass::GenerationFailed, "the sandbox failed");
        let _permit =
            self.threads.acquire().await.map_err(|_| MarketError::new(ErrorClass::Unavailable, "closing"))?;
        tokio::task::spawn_blocking(work).await.map_err(broken)?
    }
}

/// What the artist is asked for.
struct Picture {
    prompt: String,
    width: u32,
    height: u32,
    seed: u64,
}

impl Picture {
    fn read(input: &Value) -> Result<Picture, MarketError> {
        let side =
            |name: &str| input.get(name).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
        let (Some(width), Some(height)) = (side("width"), side("height")) else {
            return Err(MarketError::new(ErrorClass::InvalidInput, "`width` and `height` are needed"));
        };
        Ok(Picture { prompt: word(input, &["prompt"]), width, height, seed: seed(input) })
    }

    fn draw(&self) -> Result<Outputs, MarketError> {
        let recipe = artist::Recipe {
            prompt: &self.prompt,
            width: self.width,
            height: self.height,
            seed: self.seed,
            index: 0,
        };
        let png = artist::draw(&recipe)
            .map_err(|error| MarketError::new(ErrorClass::InvalidInput, error.to_string()))?;
        Ok(file(png))
    }
}

fn file(bytes: Vec<u8>) -> Outputs {
    Outputs { files: vec![OutputFile::Bytes(Bytes::from(bytes))], ..Outputs::default() }
}

fn write(input: &Value) -> Outputs {
    let title = word(input, &["title", "prompt"]);
    let text = writer::write_prompt(&title, &word(input, &["content"]), seed(input));
    Outputs { text: Some(text), ..Outputs::default() }
}

/// The first of these fields that is a text.
fn word(input: &Value, names: &[&str]) -> String {
    let found = names.iter().find_map(|name| input.get(*name)?.as_str());
    found.unwrap_or_default().to_owned()
}

fn seed(input: &Value) -> u64 {
    input.get("seed").and_then(Value::as_u64).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::Timestamp;
    use serde_json::json;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    async fn submit(model: &str, input: Value) -> Submitted {
        let sandbox = Sandbox::new(Arc::new(Still), Pace::default(), 2);
        let request = Request {
            generation: "gen".to_owned(),
            attempt: 1,
            model: model.to_owned(),
            mode: "create".to_owned(),
            input,
            files: Vec::new(),
            spool: None,
            longest_run: Duration::from_secs(1),
            webhook: None,
        };
        sandbox.submit("built-in", &request).await
    }

    fn done(submitted: Submitted) -> Outputs {
        match submitted {
            Submitted::Done(outputs) => outputs,
            other => panic!("not done: {other:?}"),
        }
    }

    #[tokio::test]
    async fn each_model_answers_in_the_call() {
        let drawn = done(
            submit("artist", json!({"prompt": "a quiet harbour", "width": 320, "height": 200, "seed": 4}))
                .await,
        );
        let OutputFile::Bytes(png) = &drawn.files[0] else { panic!("no bytes") };
        assert_eq!(palitra_domain::media_type::sniff(png).map(|media| media.extension), Some("png"));
        let spoken = done(submit("voice", json!({"text": "привет"})).await);
        let OutputFile::Bytes(wav) = &spoken.files[0] else { panic!("no bytes") };
        assert_eq!(palitra_domain::media_type::sniff(wav).map(|media| media.extension), Some("wav"));
        let written = done(
            submit("writer", json!({"title": "Приливы", "content": "энергия моря", "prompt": "…"})).await,
        );
        assert!(!palitra_domain::prompt::has_cyrillic(&written.text.unwrap()));
        assert_eq!(done(submit("noop", json!({})).await).text.as_deref(), Some("ok"));
    }

    #[tokio::test]
    async fn what_it_cannot_do_is_refused() {
        for (model, input) in [
            ("artist", json!({"prompt": "x"})),
            ("artist", json!({"prompt": "x", "width": 1, "height": 9999999})),
            ("painter", json!({})),
        ] {
            assert!(matches!(submit(model, input).await, Submitted::Refused(_)), "{model}");
        }
    }
}
