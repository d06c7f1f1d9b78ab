//! One market under test: a simulator that does what a script says, an adapter that is pointed at it, and their clock.

use super::{StepClock, link_of, local, outputs};
use crate::suite::{Dials, UnderTest};
use palitra_domain::{
    Clock,
    market::{ErrorClass, Market, Outputs, Polled, RemoteRef, Request, Submitted},
};
use palitra_sim::{anthropic, fal, fal::Painter, kie, openai, wavespeed};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// What the simulators have in common; each has a script of its own.
pub(crate) trait Simulator: Sized {
    async fn begin(script: Value, clock: &Arc<StepClock>, painter: Option<Painter>) -> Self;
    fn address(&self) -> SocketAddr;
    fn log(&self) -> fal::FalLog;
    fn follow(&self, script: Value);
    /// The log when so many callbacks were answered.
    async fn delivered(&self, count: usize) -> fal::FalLog;
    async fn end(&mut self);
}

macro_rules! simulators {
    ($($sim:ty, $script:ty;)+) => {$(
        impl Simulator for $sim {
            async fn begin(script: Value, clock: &Arc<StepClock>, painter: Option<Painter>) -> $sim {
                let script: $script = serde_json::from_value(script).expect("a script");
                let clock = Arc::clone(clock) as Arc<dyn Clock>;
                <$sim>::start_painted(script, local(), clock, painter).await.expect("a simulator")
            }

            fn address(&self) -> SocketAddr {
                self.address()
            }

            fn log(&self) -> fal::FalLog {
                self.log()
            }

            fn follow(&self, script: Value) {
                self.set_script(serde_json::from_value(script).expect("a script")).expect("a good one");
            }

            async fn delivered(&self, count: usize) -> fal::FalLog {
                self.delivered(count).await
            }

            async fn end(&mut self) {
                self.stop().await;
            }
        }
    )+};
}

simulators! {
    fal::FalSim, fal::FalScript;
    kie::KieSim, kie::KieScript;
    wavespeed::WaveSpeedSim, wavespeed::WaveSpeedScript;
    openai::OpenAiSim, openai::OpenAiScript;
    anthropic::AnthropicSim, anthropic::AnthropicScript;
}

pub(crate) struct Bench<S: UnderTest> {
    pub(crate) clock: Arc<StepClock>,
    pub(crate) sim: S::Sim,
    pub(crate) market: S::Adapter,
}

/// One rule: this fault on this call.
pub(crate) fn on(call: &str, fault: &Value) -> Value {
    let mut rule = fault.clone();
    rule["on"] = json!(call);
    rule
}

/// The same, once.
pub(crate) fn once(call: &str, fault: &Value) -> Value {
    let mut rule = on(call, fault);
    rule["times"] = json!(1);
    rule
}

impl<S: UnderTest> Bench<S> {
    /// The clock of a market that answers in the call jumps over every wait: nobody could move it meanwhile.
    pub(crate) async fn new(script: Value) -> Bench<S> {
        Bench::with(script, S::CAPABILITIES.answers_in_call, |_| {}).await
    }

    /// One rule and nothing else.
    pub(crate) async fn rule(rule: Value) -> Bench<S> {
        Bench::new(json!({"rules": [rule]})).await
    }

    /// In a hurry, the clock jumps over every wait.
    pub(crate) async fn with(script: Value, hurry: bool, change: impl FnOnce(&mut S::Settings)) -> Bench<S> {
        let clock = StepClock::new(hurry);
        let sim = S::Sim::begin(script, &clock, None).await;
        let mut settings = S::settings(Bench::<S>::base_of(&sim));
        change(&mut settings);
        Bench { clock, sim, market: S::adapter(settings).expect("good settings") }
    }

    /// As [`Bench::with`], for what all settings have; the clock moves only when a test moves it, and work takes no time.
    pub(crate) async fn dialled(rules: Value, change: impl FnOnce(Dials<'_>)) -> Bench<S> {
        Bench::with(json!({"latency_ms": 0, "rules": rules}), false, |settings| change(S::dials(settings)))
            .await
    }

    fn base_of(sim: &S::Sim) -> String {
        format!("http://{}{}", sim.address(), S::BASE)
    }

    /// The address of the simulator, without the path of the API.
    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.sim.address())
    }

    /// Another adapter at the same simulator.
    pub(crate) fn again(&self, change: impl FnOnce(Dials<'_>)) -> S::Adapter {
        let mut settings = S::settings(Bench::<S>::base_of(&self.sim));
        change(S::dials(&mut settings));
        S::adapter(settings).expect("good settings")
    }

    pub(crate) async fn submit(&self, request: &Request) -> Submitted {
        self.market.submit("main", request).await
    }

    /// The order of this market, with this prompt.
    pub(crate) async fn asked(&self, prompt: &str) -> Submitted {
        self.submit(&S::asking(prompt)).await
    }

    pub(crate) async fn accepted(&self, prompt: &str) -> RemoteRef {
        accepted(self.asked(prompt).await)
    }

    pub(crate) async fn poll(&self, remote: &RemoteRef) -> Polled {
        self.market.poll("main", remote).await
    }

    pub(crate) fn a_minute_passes(&self) {
        self.clock.advance(Duration::from_secs(60));
    }

    /// From submission to the outputs, whenever they come.
    pub(crate) async fn done(&self, request: &Request) -> Outputs {
        match self.submit(request).await {
            Submitted::Done(outputs) => outputs,
            Submitted::Accepted(remote) => {
                self.a_minute_passes();
                outputs(self.poll(&remote).await)
            }
            other => panic!("not taken in: {other:?}"),
        }
    }

    /// The one link of a good request.
    pub(crate) async fn link(&self, request: &Request) -> String {
        link_of(&self.done(request).await)
    }
}

pub(crate) fn accepted(submitted: Submitted) -> RemoteRef {
    match submitted {
        Submitted::Accepted(remote) => remote,
        other => panic!("not accepted: {other:?}"),
    }
}

pub(crate) fn done(submitted: Submitted) -> Outputs {
    match submitted {
        Submitted::Done(outputs) => outputs,
        other => panic!("not done: {other:?}"),
    }
}

/// The class with which a link is refused.
pub(crate) async fn refused(market: &impl Market, link: &str) -> ErrorClass {
    market.fetch(link).await.err().unwrap_or_else(|| panic!("{link} was opened")).class
}
