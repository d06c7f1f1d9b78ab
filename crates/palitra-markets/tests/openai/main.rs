//! The OpenAI adapter against the OpenAI simulator, over real sockets: what a script makes the market do, and what the adapter makes of
//! it. Time is a clock that only these tests move.

mod compatible;
mod files;
mod happy;
mod keys;
mod models;
mod simulator;
mod spool;
mod submit;

#[path = "../stage/parrot.rs"]
mod parrot;
#[path = "../stage/shelf.rs"]
mod shelf;
#[path = "../stage/mod.rs"]
#[expect(dead_code, reason = "this market has no record to poll")]
mod stage;

use bytes::Bytes;
use palitra_domain::{
    Clock,
    market::{ErrorClass, InputFile, Market, OutputFile, Outputs, Request, Submitted},
    secret::Secret,
};
use palitra_markets::openai::{OpenAi, OpenAiSettings};
use palitra_sim::openai::{OpenAiScript, OpenAiSim};
use serde_json::{Value, json};
use shelf::Shelf;
use stage::{StepClock, Stranger, ask, link_of, local, read, show_submitted};
use std::{sync::Arc, time::Duration};

const KEY: &str = "oa-9f8e7d6c-key-secret";

/// A simulator, an adapter that is pointed at it, and their clock.
struct Bench {
    clock: Arc<StepClock>,
    sim: OpenAiSim,
    market: OpenAi,
}

fn settings(base_url: String) -> OpenAiSettings {
    OpenAiSettings { keys: vec![("main".into(), Secret::new(KEY))], base_url, ..OpenAiSettings::default() }
}

impl Bench {
    /// Its clock jumps over every wait.
    async fn new(script: Value) -> Bench {
        Bench::with(script, true, |_| {}).await
    }

    async fn with(script: Value, hurry: bool, change: impl FnOnce(&mut OpenAiSettings)) -> Bench {
        let clock = StepClock::new(hurry);
        let script: OpenAiScript = serde_json::from_value(script).expect("a script");
        let sim = OpenAiSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>)
            .await
            .expect("a simulator");
        let mut settings = settings(format!("http://{}/v1", sim.address()));
        change(&mut settings);
        let market = OpenAi::new(settings).expect("good settings");
        Bench { clock, sim, market }
    }

    /// One rule and nothing else.
    async fn rule(rule: Value) -> Bench {
        Bench::new(json!({"rules": [rule]})).await
    }

    fn script(&self, script: Value) {
        self.sim.set_script(serde_json::from_value(script).expect("a script")).expect("a good one");
    }

    async fn submit(&self, request: &Request) -> Submitted {
        self.market.submit("main", request).await
    }

    async fn done(&self, request: &Request) -> Outputs {
        done(self.submit(request).await)
    }
}

fn done(submitted: Submitted) -> Outputs {
    match submitted {
        Submitted::Done(outputs) => outputs,
        other => panic!("not done: {other:?}"),
    }
}

fn request(mode: &str, model: &str, input: Value) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: model.into(),
        mode: mode.into(),
        input,
        files: Vec::new(),
        spool: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

/// A small picture: of the simulated models this one draws any size.
fn picture() -> Request {
    request("create", "gpt-image-2", json!({"prompt": "a cat", "size": "320x256"}))
}

fn speech() -> Request {
    request("speak", "tts-1", json!({"input": "hello", "voice": "alloy", "response_format": "wav"}))
}

fn text() -> Request {
    request("write", "gpt-4o-mini", json!({"prompt": "tides and the moon"}))
}

/// A real PNG of the simulator.
async fn png(bench: &Bench, prompt: &str) -> Bytes {
    let input = json!({"prompt": prompt, "size": "256x256"});
    bytes_of(&bench.done(&request("create", "dall-e-2", input)).await)
}

fn file(id: &str, bytes: Bytes) -> InputFile {
    InputFile { id: id.into(), mime: "image/png".into(), extension: "png".into(), bytes }
}

fn bytes_of(outputs: &Outputs) -> Bytes {
    match outputs.files.as_slice() {
        [OutputFile::Bytes(bytes)] => bytes.clone(),
        other => panic!("not one file: {other:?}"),
    }
}

/// Type and sides of a PNG.
fn sides(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(palitra_domain::media_type::sniff(bytes).map(|media| media.extension), Some("png"));
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    (side(16), side(20))
}

/// The class with which a link is refused.
async fn refused(market: &OpenAi, link: &str) -> ErrorClass {
    market.fetch(link).await.err().unwrap_or_else(|| panic!("{link} was opened")).class
}
