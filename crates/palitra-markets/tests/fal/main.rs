//! The fal adapter against the fal simulator, over real sockets: what a script makes the market do, and what the adapter
//! makes of it. Time is a clock that only these tests move.

mod files;
mod happy;
mod keys;
mod models;
mod platform;
mod poll;
mod simulator;
mod submit;
mod uploads;
mod webhook_keys;
mod webhooks;

#[path = "../stage/mod.rs"]
mod stage;

use palitra_domain::{
    Clock, Timestamp,
    market::{ErrorClass, Market, OutputFile, Polled, RemoteRef, Request, Submitted},
    secret::Secret,
};
use palitra_markets::fal::{Fal, FalSettings};
use palitra_sim::fal::{FalScript, FalSim};
use serde_json::{Value, json};
use stage::{StepClock, Stranger, ask, link_of, local, outputs, read, show, show_submitted};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};

const KEY: &str = "1d2c3b4a-key-id:9f8e7d6c-key-secret";

/// A simulator, an adapter that is pointed at it, and their clock.
struct Bench {
    clock: Arc<StepClock>,
    sim: FalSim,
    fal: Fal,
}

/// Queue, storage and platform at one address.
fn settings(url: String) -> FalSettings {
    FalSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        queue_url: url.clone(),
        rest_url: url.clone(),
        platform_url: url,
        ..FalSettings::default()
    }
}

impl Bench {
    async fn new(script: Value) -> Bench {
        Bench::with(script, false, |_| {}).await
    }

    async fn with(script: Value, hurry: bool, change: impl FnOnce(&mut FalSettings)) -> Bench {
        let clock = StepClock::new(hurry);
        let script: FalScript = serde_json::from_value(script).expect("a script");
        let sim =
            FalSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>).await.expect("a simulator");
        let mut settings = settings(format!("http://{}", sim.address()));
        change(&mut settings);
        let fal = Fal::new(settings).expect("good settings");
        Bench { clock, sim, fal }
    }

    /// One rule and nothing else.
    async fn rule(rule: Value) -> Bench {
        Bench::new(json!({"rules": [rule]})).await
    }

    async fn submit(&self, prompt: &str) -> Submitted {
        self.fal.submit("main", &picture(prompt)).await
    }

    async fn accepted(&self, prompt: &str) -> RemoteRef {
        match self.submit(prompt).await {
            Submitted::Accepted(remote) => remote,
            other => panic!("not accepted: {other:?}"),
        }
    }

    async fn poll(&self, remote: &RemoteRef) -> Polled {
        self.fal.poll("main", remote).await
    }

    fn a_minute_passes(&self) {
        self.clock.advance(Duration::from_secs(60));
    }

    /// A picture from submission to its link.
    async fn made(&self, prompt: &str) -> String {
        let remote = self.accepted(prompt).await;
        self.a_minute_passes();
        link_of(&outputs(self.poll(&remote).await))
    }
}

fn picture(prompt: &str) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: "fal-ai/flux/dev".into(),
        mode: "create".into(),
        input: json!({"prompt": prompt, "image_size": {"width": 320, "height": 240}, "seed": 7}),
        files: Vec::new(),
        spool: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

/// The class with which a link is refused.
async fn refused(fal: &Fal, link: &str) -> ErrorClass {
    fal.fetch(link).await.err().unwrap_or_else(|| panic!("{link} was opened")).class
}
