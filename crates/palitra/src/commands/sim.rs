//! `palitra sim`: simulated markets as servers of their own, for rehearsals without a key.

use super::{Result, Session, serve::cannot_listen, stop};
use crate::{
    args::{Sim, SimMarket},
    clock::SystemClock,
    failure::{Failure, Phrase},
    wiring::io_failure,
};
use palitra_domain::{Clock, ErrorCode};
use palitra_sim::{
    SimError,
    anthropic::{AnthropicScript, AnthropicSim},
    fal::{FalScript, FalSim},
    kie::{KieScript, KieSim},
    openai::{OpenAiScript, OpenAiSim},
    wavespeed::{WaveSpeedScript, WaveSpeedSim},
};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub(super) async fn run(session: &Session, args: Sim) -> Result<()> {
    let mut markets = args.market.clone();
    markets.dedup();
    if markets.len() > 1 && (args.script.is_some() || args.log.is_some()) {
        return Err(Failure::new(ErrorCode::BadSetting)
            .with("place", "`--script`, `--log`")
            .with("why", Phrase::new("sim-one-market"))
            .with("hint", "`--market fal --script faults.json`"));
    }
    let scale = crate::crash::clock_scale(&session.environment);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(scale));
    let mut running = Vec::with_capacity(markets.len());
    for (n, market) in markets.iter().enumerate() {
        let further = u16::try_from(n).unwrap_or(0);
        let port = if args.listen.port() == 0 { 0 } else { args.listen.port().saturating_add(further) };
        let wanted = Wanted {
            listen: SocketAddr::new(args.listen.ip(), port),
            script: args.script.as_deref(),
            log: args.log.clone(),
            latency: args.latency,
        };
        running.push(Simulated::start(*market, wanted, clock.clone()).await?);
    }
    tell(session, &running);
    stop::signal().await;
    for simulated in &mut running {
        simulated.stop().await;
    }
    Ok(())
}

/// The settings that point the product at it.
fn tell(session: &Session, running: &[Simulated]) {
    let shown: Vec<_> = running.iter().map(|one| json!({ "market": one.name(), "url": one.url() })).collect();
    match shown.as_slice() {
        [one] => session.console.document(one),
        several => session.console.document(&several),
    }
    session.console.say("# palitra.toml");
    for simulated in running {
        session.console.say(&format!("[markets.{}]\nkey = \"any\"", simulated.name()));
        for setting in simulated.settings() {
            session.console.say(&format!("{setting} = \"{}\"", simulated.url()));
        }
        let url = simulated.url();
        session.console.note(&session.console.text("serve-listening", &[("address", (&url).into())]));
    }
}

/// How a simulator is to run.
struct Wanted<'a> {
    listen: SocketAddr,
    script: Option<&'a Path>,
    log: Option<PathBuf>,
    latency: Duration,
}

/// One of each, and what the rest of the program needs to know of it.
macro_rules! simulators {
    ($($variant:ident = $name:literal, $sim:ident, $script:ident, $settings:expr;)+) => {
        enum Simulated { $($variant($sim),)+ }

        impl Simulated {
            async fn start(market: SimMarket, wanted: Wanted<'_>, clock: Arc<dyn Clock>) -> Result<Simulated> {
                match market {
                    $(SimMarket::$variant => {
                        let mut script = match wanted.script {
                            Some(file) => read(file)?,
                            None => $script {
                                latency_ms: u64::try_from(wanted.latency.as_millis()).unwrap_or(u64::MAX),
                                ..$script::default()
                            },
                        };
                        let log = wanted.log.or(script.log_file.take());
                        script.log_file.clone_from(&log);
                        let started = $sim::start(script, wanted.listen, clock).await;
                        started.map(Simulated::$variant).map_err(|error| match error {
                            SimError::Listen { listen, source } => cannot_listen(listen, source),
                            SimError::LogFile { source } => {
                                io_failure(&log.unwrap_or_default(), source).with("hint", "`--log`")
                            }
                            SimError::Script(bad) => bad_script(wanted.script.unwrap_or(Path::new("")), bad.to_string()),
                        })
                    })+
                }
            }

            fn name(&self) -> &'static str {
                match self { $(Simulated::$variant(_) => $name,)+ }
            }

            fn url(&self) -> String {
                match self { $(Simulated::$variant(sim) => sim.url(),)+ }
            }

            /// Settings of the market that hold its address.
            fn settings(&self) -> &'static [&'static str] {
                match self { $(Simulated::$variant(_) => &$settings,)+ }
            }

            async fn stop(&mut self) {
                match self { $(Simulated::$variant(sim) => sim.stop().await,)+ }
            }
        }
    };
}

simulators! {
    Fal = "fal", FalSim, FalScript, ["queue_url", "run_url", "rest_url", "platform_url"];
    Kie = "kie", KieSim, KieScript, ["base_url", "upload_url"];
    Wavespeed = "wavespeed", WaveSpeedSim, WaveSpeedScript, ["base_url"];
    Openai = "openai", OpenAiSim, OpenAiScript, ["base_url"];
    Anthropic = "anthropic", AnthropicSim, AnthropicScript, ["base_url"];
}

fn bad_script(file: &Path, why: String) -> Failure {
    Failure::new(ErrorCode::BadSetting)
        .with("place", file.display().to_string())
        .with("why", why)
        .with("hint", "`docs/markets.md`")
}

/// JSON, or TOML by the extension.
fn read<Script: DeserializeOwned>(file: &Path) -> Result<Script> {
    let bad = |why: String| bad_script(file, why);
    let text = std::fs::read_to_string(file)
        .map_err(|_| Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", file.display())))?;
    if file.extension().is_some_and(|extension| extension == "toml") {
        toml::from_str(&text).map_err(|error| bad(error.message().to_owned()))
    } else {
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}
