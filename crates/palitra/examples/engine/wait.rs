//! Many generations at a market far away that calls when it is done: what their waiting takes of a process that has been at work before,
//! so that its caches are warm. It goes on waiting until it is killed, or until its standard input ends.

use crate::{
    Options, Result,
    place::{Kind, PRICE, Place},
    report,
    usage::{Meter, pss_mb, round},
};
use palitra_engine::Webhooks;
use serde_json::json;
use std::{io::Read, sync::Arc, time::Duration};

pub(crate) async fn wait(options: &Options) -> Result<()> {
    let mut place = Place::open(options, Kind::Far { at_once: options.finished }).await?;
    let cash = (i64::try_from((options.finished + options.count) / options.accounts)? + 2) * PRICE;
    place.add_accounts(options.accounts, 0, cash).await?;
    place
        .engine
        .take_webhooks(Webhooks { public_url: "https://palitra.example".to_owned(), unknown_wait: None });
    let place = Arc::new(place);
    let running = place.engine.start(None).await?;
    place.produce(options.producers, options.finished, false).await?;
    while place.held().await? > 0 {
        place.clock.sleep(Duration::from_millis(20)).await;
    }
    place.clock.sleep(Duration::from_secs(2)).await;
    let idle = pss_mb()?;

    let meter = Meter::start(options)?;
    place.produce(options.producers, options.count, false).await?;
    place.until("submissions", |log| log.submitted() == options.finished + options.count).await?;
    while place.running().await? < i64::try_from(options.count)? {
        place.clock.sleep(Duration::from_millis(20)).await;
    }
    let started = meter.stop()?;
    // What the start has left behind in the allocator and in the database's log has time to go.
    place.clock.sleep(Duration::from_secs(5)).await;
    let polled = place.log.polled();
    let meter = Meter::start(options)?;
    place.clock.sleep(Duration::from_secs(options.seconds)).await;
    let used = meter.stop()?;
    let waiting = pss_mb()?;
    let line = json!({
        "count": options.count,
        "finished": options.finished,
        "idle_pss_mb": round(idle),
        "waiting_pss_mb": round(waiting),
        "over_idle_mb": round(waiting - idle),
        "cpu_pct_of_one_core": round(used.ours_s / used.wall.as_secs_f64() * 100.0),
        "polls": place.log.polled() - polled,
        "started_s": round(started.wall.as_secs_f64()),
        "other_cpu_pct": used.per(1)?["other_cpu_pct"],
    });
    report(line, options)?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    running.abort().await;
    Ok(())
}
