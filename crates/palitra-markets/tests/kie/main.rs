//! The KIE adapter against the KIE simulator, over real sockets: what a script makes the market do, and what the adapter makes of
//! it. Time is a clock that only these tests move.

mod account;
mod files;
mod happy;
mod keys;
mod listing;
mod models;
mod poll;
mod simulator;
mod submit;
mod uploads;
mod webhooks;

#[path = "../stage/mod.rs"]
mod stage;

use palitra_domain::{
    Clock,
    market::{ErrorClass, Market, Polled, RemoteRef, Request, Submitted},
    secret::Secret,
};
use palitra_markets::kie::{Kie, KieSettings};
use palitra_sim::kie::{KieScript, KieSim};
use serde_json::{Value, json};
use stage::{StepClock, Stranger, ask, link_of, local, outputs, read, show, show_submitted};
use std::{sync::Arc, time::Duration};

const KEY: &str = "9f8e7d6c5b4a-kie-secret";
const WEBHOOK_KEY: &str = "hmac-of-the-account";

/// A simulator, an adapter that is pointed at it, and their clock.
struct Bench {
    clock: Arc<StepClock>,
    sim: KieSim,
    kie: Kie,
}

/// API and uploads at one address.
fn settings(url: String) -> KieSettings {
    KieSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        webhook_keys: vec![("main".into(), Secret::new(WEBHOOK_KEY))],
        base_url: url.clone(),
        upload_url: url,
        ..KieSettings::default()
    }
}

impl Bench {
    async fn new(script: Value) -> Bench {
        Bench::with(script, false, |_| {}).await
    }

    async fn with(script: Value, hurry: bool, change: impl FnOnce(&mut KieSettings)) -> Bench {
        let clock = StepClock::new(hurry);
        let script: KieScript = serde_json::from_value(script).expect("a script");
        let sim =
            KieSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>).await.expect("a simulator");
        let mut settings = settings(format!("http://{}", sim.address()));
        change(&mut settings);
        let kie = Kie::new(settings).expect("good settings");
        Bench { clock, sim, kie }
    }

    /// One rule and nothing else.
    async fn rule(rule: Value) -> Bench {
        Bench::new(json!({"rules": [rule]})).await
    }

    fn script(&self, script: Value) {
        self.sim.set_script(serde_json::from_value(script).expect("a script")).expect("a good one");
    }

    async fn submit(&self, prompt: &str) -> Submitted {
        self.kie.submit("main", &picture(prompt)).await
    }

    async fn accepted(&self, prompt: &str) -> RemoteRef {
        accepted(self.submit(prompt).await)
    }

    async fn poll(&self, remote: &RemoteRef) -> Polled {
        self.kie.poll("main", remote).await
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

fn accepted(submitted: Submitted) -> RemoteRef {
    match submitted {
        Submitted::Accepted(remote) => remote,
        other => panic!("not accepted: {other:?}"),
    }
}

fn picture(prompt: &str) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: "google/nano-banana".into(),
        mode: "create".into(),
        input: json!({"prompt": prompt, "aspect_ratio": "4:3", "output_format": "png"}),
        files: Vec::new(),
        spool: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

/// The class with which a link is refused.
async fn refused(kie: &Kie, link: &str) -> ErrorClass {
    kie.fetch(link).await.err().unwrap_or_else(|| panic!("{link} was opened")).class
}

/// The id inside a reference.
fn task_id(remote: &RemoteRef) -> String {
    let stored: Value = serde_json::from_str(&remote.0).expect("JSON");
    stored["task_id"].as_str().expect("an id").to_owned()
}
