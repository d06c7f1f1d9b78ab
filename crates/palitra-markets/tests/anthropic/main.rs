//! The Anthropic adapter against the Anthropic simulator, over real sockets: what a script makes the market do, and what the adapter makes
//! of it. Time is a clock that only these tests move.

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
#[expect(dead_code, reason = "this market has neither records nor files")]
mod stage;

use palitra_domain::{
    Clock,
    market::{ErrorClass, Market, Outputs, Request, Submitted},
    secret::Secret,
};
use palitra_markets::anthropic::{Anthropic, AnthropicSettings};
use palitra_sim::anthropic::{AnthropicScript, AnthropicSim};
use serde_json::{Value, json};
use shelf::Shelf;
use stage::{StepClock, Stranger, ask, local, show_submitted};
use std::{sync::Arc, time::Duration};

const KEY: &str = "an-9f8e7d6c-key-secret";

/// A simulator, an adapter that is pointed at it, and their clock.
struct Bench {
    clock: Arc<StepClock>,
    sim: AnthropicSim,
    market: Anthropic,
}

fn settings(base_url: String) -> AnthropicSettings {
    AnthropicSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        base_url,
        ..AnthropicSettings::default()
    }
}

impl Bench {
    /// Its clock jumps over every wait.
    async fn new(script: Value) -> Bench {
        Bench::with(script, true, |_| {}).await
    }

    async fn with(script: Value, hurry: bool, change: impl FnOnce(&mut AnthropicSettings)) -> Bench {
        let clock = StepClock::new(hurry);
        let script: AnthropicScript = serde_json::from_value(script).expect("a script");
        let sim = AnthropicSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>)
            .await
            .expect("a simulator");
        let mut settings = settings(sim.url());
        change(&mut settings);
        let market = Anthropic::new(settings).expect("good settings");
        Bench { clock, sim, market }
    }

    /// One rule and nothing else.
    async fn rule(rule: Value) -> Bench {
        Bench::new(json!({"rules": [rule]})).await
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

fn request(mode: &str, input: Value) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: "claude-haiku-4-5".into(),
        mode: mode.into(),
        input,
        files: Vec::new(),
        spool: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

fn text() -> Request {
    request("write", json!({"prompt": "tides and the moon", "max_tokens": 500}))
}
