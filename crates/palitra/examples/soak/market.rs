//! The simulated market and its moods.

use palitra::clock::SystemClock;
use palitra_sim::fal::{Call, FalLog, FalScript, FalSim, Fault, Rule};
use std::{path::Path, sync::Arc};

/// What the market is like for a while. `Fair` has the small faults of every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mood {
    Fair,
    /// Nothing goes wrong, so that a checkpoint ends.
    Healthy,
    Refusing,
    Unreachable,
    Hanging,
    Storm,
    Locked,
    /// Takes requests and does not say so.
    Mute,
    /// No webhook arrives as it should.
    BadCallbacks,
}

pub(crate) struct Market {
    runtime: tokio::runtime::Runtime,
    sim: FalSim,
}

impl Market {
    pub(crate) fn start(log_file: &Path) -> Market {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let script = FalScript { log_file: Some(log_file.to_owned()), ..script(Mood::Fair) };
        let clock = Arc::new(SystemClock::new(1));
        let sim = runtime.block_on(FalSim::start(script, "127.0.0.1:0".parse().unwrap(), clock)).unwrap();
        Market { runtime, sim }
    }

    pub(crate) fn url(&self) -> String {
        self.sim.url()
    }

    pub(crate) fn log(&self) -> FalLog {
        self.sim.log()
    }

    pub(crate) fn be(&self, mood: Mood) {
        let _guard = self.runtime.enter();
        self.sim.set_script(script(mood)).unwrap();
    }
}

fn script(mood: Mood) -> FalScript {
    FalScript { latency_ms: 300, concurrency: 1_000, rules: rules(mood), ..FalScript::default() }
}

fn every(n: u64, on: Call, fault: Fault) -> Rule {
    Rule { every: Some(n), ..Rule::new(on, fault) }
}

fn busy() -> Fault {
    Fault::RateLimited { retry_after: Some("1".to_owned()), error_type: None }
}

fn rules(mood: Mood) -> Vec<Rule> {
    let calls = [Call::Submit, Call::Status, Call::Result];
    match mood {
        Mood::Healthy => Vec::new(),
        Mood::Fair => fair(),
        Mood::Refusing => calls.map(|call| Rule::new(call, Fault::Error { status: 503 })).to_vec(),
        Mood::Unreachable => calls.map(|call| Rule::new(call, Fault::Drop {})).to_vec(),
        Mood::Hanging => calls.map(|call| Rule::new(call, Fault::Latency { ms: 4_000 })).to_vec(),
        Mood::Storm => vec![Rule::new(Call::Submit, busy()), every(2, Call::Status, busy())],
        Mood::Locked => vec![Rule::new(Call::Submit, Fault::Locked {})],
        Mood::Mute => vec![
            every(3, Call::Submit, Fault::DropAfter {}),
            every(5, Call::Submit, Fault::ErrorAfter { status: 502 }),
        ],
        Mood::BadCallbacks => vec![
            every(2, Call::Webhook, Fault::Forged {}),
            every(3, Call::Webhook, Fault::Drop {}),
            every(5, Call::Webhook, Fault::WrongKey {}),
            every(7, Call::Webhook, Fault::Early {}),
        ],
    }
}

/// Primes, so that they do not fall together.
fn fair() -> Vec<Rule> {
    vec![
        every(97, Call::Submit, Fault::DropAfter {}),
        every(151, Call::Submit, Fault::ErrorAfter { status: 502 }),
        every(41, Call::Submit, busy()),
        every(67, Call::Submit, Fault::Error { status: 503 }),
        every(83, Call::Submit, Fault::Fail { error_type: "content_policy_violation".to_owned() }),
        every(29, Call::Submit, Fault::Work { ms: 2_500 }),
        every(37, Call::File, Fault::Truncated {}),
        every(53, Call::File, Fault::Drop {}),
        every(5, Call::Webhook, Fault::Duplicate {}),
        every(23, Call::Webhook, Fault::Forged {}),
        every(31, Call::Webhook, Fault::Drop {}),
        every(43, Call::Webhook, Fault::Early {}),
        every(11, Call::Webhook, Fault::Latency { ms: 2_000 }),
    ]
}
