//! One account with a thousand generations queued, four slots, and another account's first: how many slot turns it waits.

use crate::{
    Options, Result,
    place::{Kind, PRICE, Place},
    report,
    usage::round,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Of each run: long enough that slots, not the database, are what is waited for.
const RUN: Duration = Duration::from_millis(20);

pub(crate) async fn fair(options: &Options) -> Result<()> {
    let mut place = Place::open(options, Kind::Keeping(RUN)).await?;
    place.add_accounts(2, 0, i64::try_from(options.count + 1)? * PRICE).await?;
    let place = Arc::new(place);
    let greedy = place.accounts[0].clone();
    for number in 0..options.count {
        place.engine.create(place.wish(&greedy, number), None).await?;
    }
    let running = place.engine.start(None).await?;
    place.until("first turns", |log| log.submitted() >= 20).await?;
    let other = place.engine.create(place.wish(&place.accounts[1], options.count), None).await?;
    let before = place.log.submitted();
    let all = before + options.count / 10;
    place.until("some turns", |log| log.submitted() >= all).await?;
    let position = place.log.calls().iter().position(|(id, _)| *id == other.to_string());
    running.abort().await;
    let position = position.ok_or("the other account's generation has not started")?;
    let starts = u32::try_from(position.saturating_sub(before))?;
    report(
        json!({
            "count": options.count,
            "slots": options.slots,
            "starts_before_it": starts,
            "slot_turns": round(f64::from(starts + 1) / f64::from(options.slots)),
        }),
        options,
    )
}
