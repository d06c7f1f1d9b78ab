//! Taking over what a killed process left: from this process's start on SQLite, from the end of the dead one's lease on PostgreSQL. A
//! generation counts as taken over when its market has been asked about it.

use crate::{
    Options, Result,
    place::{Kind, Place},
    report,
    usage::{Meter, round},
};
use palitra_engine::Webhooks;
use palitra_store::workers;
use serde_json::json;
use std::time::Duration;

pub(crate) async fn adopt(options: &Options) -> Result<()> {
    let meter = Meter::start(options)?;
    let place = Place::open(options, Kind::Far { at_once: 0 }).await?;
    place
        .engine
        .take_webhooks(Webhooks { public_url: "https://palitra.example".to_owned(), unknown_wait: None });
    let running = place.engine.start(None).await?;
    let opened_s = meter.elapsed().as_secs_f64();
    let meter = if options.url.is_some() {
        report(json!({"ready": true}), options)?;
        // The other process has been killed, or will be; its lease ends some time later.
        while place.engine.store.read(|tx| workers::expired(tx, 1)).await?.is_empty() {
            place.clock.sleep(Duration::from_millis(10)).await;
        }
        Meter::start(options)?
    } else {
        meter
    };
    place.until("looks", |log| log.polled() >= options.count).await?;
    let used = meter.stop()?;
    let census = place.census().await?;
    let line = json!({
        "count": options.count,
        "opened_s": round(opened_s),
        "adopted_s": round(used.wall.as_secs_f64()),
        "running": census.get("generation.running"),
        "submitted_again": place.log.submitted(),
        "other_cpu_pct": used.per(1)?["other_cpu_pct"],
    });
    running.abort().await;
    report(line, options)
}
