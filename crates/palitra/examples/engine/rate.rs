//! Durable, billed no-op generations end to end: hold, claim, submit, store, settle, outbox, all committed. The rows are counted
//! afterwards and the books checked: a figure for work that was not done is none.

use crate::{
    Options, Result,
    place::{Kind, PRICE, Place},
    report,
    usage::Meter,
};
use palitra_store::census::Census;
use serde_json::json;
use std::{sync::Arc, time::Duration};

pub(crate) async fn rate(options: &Options) -> Result<()> {
    let mut place = Place::open(options, Kind::Counting).await?;
    let total = i64::try_from(options.finished + options.count)?;
    let accounts = i64::try_from(options.accounts)?;
    // Half of the holds come from the bonus and half from cash; the one between takes both.
    let per_account = total / accounts;
    let bonus = if options.splits { 0 } else { per_account / 2 * PRICE + PRICE / 2 };
    let cash = (per_account + 1) * PRICE;
    place.add_accounts(options.accounts, bonus, cash).await?;
    let place = Arc::new(place);
    let money = place.money().await?;
    let running = place.engine.start(None).await?;
    run(&place, options, options.finished).await?;

    let before = place.log.submitted();
    let meter = Meter::start(options)?;
    place.produce(options.producers, options.count, options.splits).await?;
    let created = meter.elapsed();
    finished(&place, before + options.count).await?;
    let used = meter.stop()?;

    running.drain().await;
    let census = place.census().await?;
    let both = check(&census, options, total)?;
    let left = place.money().await?;
    let given = if options.splits { total } else { 0 };
    if left != money + given - total * PRICE {
        return Err(format!(
            "{total} generations took {} instead of {}",
            money + given - left,
            total * PRICE
        )
        .into());
    }
    let problems = place.engine.book_problems().await?;
    if !problems.is_empty() {
        return Err(format!("the books do not balance: {problems:?}").into());
    }
    let mut line = used.per(options.count)?;
    line["count"] = json!(options.count);
    line["finished"] = json!(options.finished);
    line["accounts"] = json!(options.accounts);
    line["producers"] = json!(options.producers);
    line["slots"] = json!(options.slots);
    line["created_s"] = json!(crate::usage::round(created.as_secs_f64()));
    line["holds_of_both_purses"] = json!(both);
    line["rows"] = json!(census.counts());
    report(line, options)
}

async fn run(place: &Arc<Place>, options: &Options, count: usize) -> Result<()> {
    let before = place.log.submitted();
    place.produce(options.producers, count, options.splits).await?;
    finished(place, before + count).await
}

/// Every hold is closed: everything has been settled.
async fn finished(place: &Place, count: usize) -> Result<()> {
    place.until("submissions", |log| log.submitted() >= count).await?;
    while place.held().await? > 0 {
        place.clock.sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// The rows that `total` generations leave behind. Answers how many holds took bonus and cash.
fn check(census: &Census, options: &Options, total: i64) -> Result<i64> {
    let credits = i64::try_from(options.accounts)? * if options.splits { 1 } else { 2 };
    let bonuses = if options.splits { total } else { 0 };
    let wanted = [
        ("generation", total),
        ("generation.succeeded", total),
        ("attempt", total),
        ("attempt.succeeded", total),
        ("transfer", total + credits + bonuses),
        ("outbox", total),
    ];
    for (name, count) in wanted {
        if census.get(name) != count {
            return Err(format!("{} rows of {name} instead of {count}", census.get(name)).into());
        }
    }
    // A credit is two entries, a charge two of one purse or three of both.
    let both = census.get("entry") - 2 * (credits + bonuses) - 2 * total;
    let fewest = if options.splits { total * 9 / 10 } else { i64::try_from(options.accounts)? };
    if both < fewest || both > total {
        return Err(format!("{both} charges took bonus and cash").into());
    }
    Ok(both)
}
