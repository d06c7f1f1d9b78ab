//! From the call that creates a generation to the call of the market, at 20 generations a second.

use crate::{
    Options, Result,
    place::{Kind, PRICE, Place},
    report,
    usage::{Meter, percentile, round},
};
use serde_json::json;
use std::{collections::HashMap, time::Duration};

const WARM: usize = 40;
const APART: Duration = Duration::from_millis(50);

pub(crate) async fn latency(options: &Options) -> Result<()> {
    let mut place = Place::open(options, Kind::Keeping(Duration::ZERO)).await?;
    place.add_accounts(options.accounts, 0, i64::try_from(WARM + options.count)? * PRICE).await?;
    let running = place.engine.start(None).await?;
    let mut meter = Meter::start(options)?;
    let mut sent = HashMap::new();
    for number in 0..WARM + options.count {
        if number == WARM {
            meter = Meter::start(options)?;
        }
        let account = &place.accounts[number % place.accounts.len()];
        let wish = place.wish(account, number);
        let at = place.clock.now();
        let id = place.engine.create(wish, None).await?;
        if number >= WARM {
            sent.insert(id.to_string(), at);
        }
        place.clock.sleep(APART).await;
    }
    place.until("submissions", |log| log.submitted() == WARM + options.count).await?;
    let used = meter.stop()?;
    running.drain().await;
    let mut waits: Vec<f64> = place
        .log
        .calls()
        .iter()
        .filter_map(|(id, called)| Some(called.since(*sent.get(id)?).as_secs_f64() * 1e3))
        .collect();
    if waits.len() != options.count {
        return Err(format!("{} market calls for {} generations", waits.len(), options.count).into());
    }
    let [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1.0].map(|share| round(percentile(&mut waits, share)));
    let mut line = json!({"p50_ms": p50, "p90_ms": p90, "p99_ms": p99, "max_ms": max, "count": waits.len()});
    line["other_cpu_pct"] = used.per(options.count)?["other_cpu_pct"].clone();
    report(line, options)
}
