//! `palitra sim`: a simulated market as a server of its own, for rehearsals without a key.

use super::{Result, Session};
use crate::{
    args::{Sim, SimMarket},
    clock::SystemClock,
    failure::Failure,
    wiring::io_failure,
};
use palitra_domain::ErrorCode;
use palitra_sim::fal::{FalScript, FalSim};
use serde_json::json;
use std::{path::Path, sync::Arc};

pub(super) async fn run(session: &Session, args: Sim) -> Result<()> {
    let SimMarket::Fal = args.market;
    let mut script = match &args.script {
        Some(file) => read(file)?,
        None => FalScript { latency_ms: u64::try_from(args.latency.as_millis()).unwrap_or(u64::MAX), ..FalScript::default() },
    };
    script.log_file = args.log.or(script.log_file);
    let scale = crate::crash::clock_scale(&session.environment);
    let mut sim = FalSim::start(script, args.listen, Arc::new(SystemClock::new(scale)))
        .await
        .map_err(|error| io_failure(Path::new(&args.listen.to_string()), std::io::Error::other(error)))?;
    let url = sim.url();
    let settings = [("queue_url", &url), ("run_url", &url), ("rest_url", &url), ("platform_url", &url)];
    session.console.document(&json!({ "market": "fal", "url": url }));
    session.console.say("[markets.fal]\nkey = \"any\"");
    for (name, value) in settings {
        session.console.say(&format!("{name} = \"{value}\""));
    }
    session.console.note(&session.console.text("serve-listening", &[("address", (&url).into())]));
    tokio::signal::ctrl_c().await.map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
    sim.stop().await;
    Ok(())
}

/// JSON, or TOML by the extension.
fn read(file: &Path) -> Result<FalScript> {
    let bad = |why: String| {
        Failure::new(ErrorCode::BadSetting).with("place", file.display().to_string()).with("why", why).with("hint", "docs/markets.md")
    };
    let text = std::fs::read_to_string(file).map_err(|_| Failure::new(ErrorCode::FileMissing).with("value", file.display().to_string()))?;
    if file.extension().is_some_and(|extension| extension == "toml") {
        toml::from_str(&text).map_err(|error| bad(error.message().to_owned()))
    } else {
        serde_json::from_str(&text).map_err(|error| bad(error.to_string()))
    }
}
