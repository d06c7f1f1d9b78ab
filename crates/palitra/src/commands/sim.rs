//! `palitra sim`: a simulated market as a server of its own, for rehearsals without a key.

use super::{Result, Session, serve::cannot_listen, stop};
use crate::{
    args::{Sim, SimMarket},
    clock::SystemClock,
    failure::Failure,
    wiring::io_failure,
};
use palitra_domain::ErrorCode;
use palitra_sim::fal::{FalScript, FalSim, FalSimError};
use serde_json::json;
use std::{path::Path, sync::Arc};

pub(super) async fn run(session: &Session, args: Sim) -> Result<()> {
    let SimMarket::Fal = args.market;
    let mut script = match &args.script {
        Some(file) => read(file)?,
        None => FalScript {
            latency_ms: u64::try_from(args.latency.as_millis()).unwrap_or(u64::MAX),
            ..FalScript::default()
        },
    };
    let script_file = args.script.unwrap_or_default();
    let log_file = args.log.or(script.log_file.take());
    script.log_file.clone_from(&log_file);
    let scale = crate::crash::clock_scale(&session.environment);
    let mut sim =
        FalSim::start(script, args.listen, Arc::new(SystemClock::new(scale))).await.map_err(|error| {
            match error {
                FalSimError::Listen { listen, source } => cannot_listen(listen, source),
                FalSimError::LogFile { source } => {
                    io_failure(&log_file.unwrap_or_default(), source).with("hint", "`--log`")
                }
                FalSimError::Script(bad) => bad_script(&script_file, bad.to_string()),
            }
        })?;
    let url = sim.url();
    let settings = [("queue_url", &url), ("run_url", &url), ("rest_url", &url), ("platform_url", &url)];
    session.console.document(&json!({ "market": "fal", "url": url }));
    session.console.say("# palitra.toml\n[markets.fal]\nkey = \"any\"");
    for (name, value) in settings {
        session.console.say(&format!("{name} = \"{value}\""));
    }
    session.console.note(&session.console.text("serve-listening", &[("address", (&url).into())]));
    stop::signal().await;
    sim.stop().await;
    Ok(())
}

fn bad_script(file: &Path, why: String) -> Failure {
    Failure::new(ErrorCode::BadSetting)
        .with("place", file.display().to_string())
        .with("why", why)
        .with("hint", "`docs/markets.md`")
}

/// JSON, or TOML by the extension.
fn read(file: &Path) -> Result<FalScript> {
    let bad = |why: String| bad_script(file, why);
    let text = std::fs::read_to_string(file)
        .map_err(|_| Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", file.display())))?;
    if file.extension().is_some_and(|extension| extension == "toml") {
        toml::from_str(&text).map_err(|error| bad(error.message().to_owned()))
    } else {
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}
