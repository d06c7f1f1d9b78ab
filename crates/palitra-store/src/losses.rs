//! What the house has lost by an account: attempts that a market may bill and that nobody pays for. A row is written by the transaction
//! that ends the attempt, once for each attempt, whatever becomes of it later; so it is as certain as the end itself. What the house gives
//! for nothing counts, too, so that nobody has it without end. Test money and the house's own work lose nothing, nor does whoever pays
//! nothing because the operator says so.

use crate::{Error, Result, Tx, bounds::Bounds, p, sql};
use palitra_domain::{AccountId, ErrorCode, GenerationId, Timestamp, loss::LossReason};
use std::time::Duration;

/// The two windows of the budget, each sliding.
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// An attempt that ended without a charge, or was given for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    pub attempt: i64,
    pub reason: LossReason,
    /// What the market said it takes, in minor units of the wallet; `None`: what it was expected to take.
    pub amount: Option<i64>,
}

/// A budget that has just been used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// By its name.
    pub account: String,
    /// `hour` or `day`.
    pub window: &'static str,
    pub budget: i64,
}

fn before(now: Timestamp, window: Duration) -> Timestamp {
    Timestamp::from_micros(now.micros() - palitra_domain::time::micros(window))
}

/// From when on losses count for the hour and for the day; nothing does where there is no budget.
pub(crate) fn windows(bounds: &Bounds, now: Timestamp) -> (i64, i64) {
    let since = |budget: i64, window| if budget > 0 { before(now, window).micros() } else { i64::MAX };
    (since(bounds.loss_hour, HOUR), since(bounds.loss_day, DAY))
}

/// Records a loss. The first that uses up a budget in its window is marked and answered: the operator is told of it.
pub fn record(
    tx: &mut Tx,
    generation: &GenerationId,
    loss: &Loss,
    bounds: &Bounds,
    now: Timestamp,
) -> Result<Vec<Mark>> {
    const ACCOUNT: crate::Sql = sql!(
        "select id, name, (select livemode from generation where id = $1) from account
         where id = (select account_id from generation where id = $1) and kind <> 'house'",
        MINE
    );
    // One after the other, so that the one that uses up the budget knows it. The last lock of its transaction.
    let Some(row) = tx.query_opt(ACCOUNT, p![generation.as_str()])? else { return Ok(Vec::new()) };
    let (account, name, livemode): (AccountId, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let inserted = tx.execute(
        "insert into loss(generation_id, attempt, account_id, livemode, reason, amount, at)
         select id, $2, account_id, livemode, $3, coalesce($4, cost, price), $5 from generation
         where id = $1 and livemode = 'live' and coalesce($4, cost, price) > 0
           and ($3 <> 'given' or price = 0 and account_id in (select id from account where has_free_access = 0))
         on conflict(generation_id, attempt) do nothing",
        p![generation.as_str(), loss.attempt, loss.reason.as_str(), loss.amount, now.micros()],
    )?;
    let mut marks = Vec::new();
    if inserted == 0 {
        return Ok(marks);
    }
    let (hour, day) = windows(bounds, now);
    for (window, budget, since) in [("day", bounds.loss_day, day), ("hour", bounds.loss_hour, hour)] {
        let marked = tx.execute(
            "update loss set spent = coalesce(spent || ' ', '') || $4 where generation_id = $1 and attempt = $2 and $5 > 0
               and (select sum(amount) from loss where account_id = $6 and livemode = $7 and at > $3) >= $5
               and not exists (select 1 from loss where account_id = $6 and livemode = $7 and at > $3 and (spent = $4 or spent = 'day hour'))",
            p![generation.as_str(), loss.attempt, since, window, budget, account.as_str(), &livemode],
        )?;
        if marked == 1 {
            marks.push(Mark { account: name.clone(), window, budget });
        }
    }
    Ok(marks)
}

/// Refused while a budget is used up: [`Error::Later`] says when the oldest losses have left its window.
pub(crate) fn admit(
    tx: &mut Tx,
    (account, livemode): (&AccountId, &str),
    (hour, day): (i64, i64),
    bounds: &Bounds,
    now: Timestamp,
) -> Result<()> {
    let mut refusal = None;
    for (lost, budget, window) in [(hour, bounds.loss_hour, HOUR), (day, bounds.loss_day, DAY)] {
        if budget > 0 && lost >= budget {
            let after = until_below(tx, (account, livemode), (lost, budget, window), now)?;
            if refusal.is_none_or(|(other, _)| after > other) {
                refusal = Some((after, budget));
            }
        }
    }
    match refusal {
        Some((after, limit)) => Err(Error::Later { code: ErrorCode::HouseLoss, limit, after }),
        None => Ok(()),
    }
}

/// When the losses of the window are below the budget again, at least a second.
fn until_below(
    tx: &mut Tx,
    (account, livemode): (&AccountId, &str),
    (mut lost, budget, window): (i64, i64, Duration),
    now: Timestamp,
) -> Result<Duration> {
    let rows = tx.query(
        "select at, amount from loss where account_id = $1 and livemode = $2 and at > $3 order by at limit 10000",
        p![account.as_str(), livemode, before(now, window).micros()],
    )?;
    for row in rows {
        lost -= row.get::<i64>(1)?;
        if lost < budget {
            return Ok(row.get::<Timestamp>(0)?.plus(window).since(now).max(Duration::from_secs(1)));
        }
    }
    Ok(window)
}

/// An account that has used up a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    pub account: String,
    /// Minor units, in the last hour and in the last day.
    pub hour: i64,
    pub day: i64,
}

/// Who has used up a budget now, at most a hundred, the dearest first.
pub fn spent(tx: &mut Tx, bounds: &Bounds, now: Timestamp) -> Result<Vec<Spent>> {
    let (hour, day) = windows(bounds, now);
    let rows = tx.query(
        "select a.name, sums.hour, sums.day from account a join
           (select account_id, cast(coalesce(sum(case when at > $1 then amount end), 0) as bigint) as hour,
                   cast(coalesce(sum(case when at > $2 then amount end), 0) as bigint) as day
            from loss where at > $5 group by account_id, livemode) sums on sums.account_id = a.id
         where $3 > 0 and sums.hour >= $3 or $4 > 0 and sums.day >= $4 order by sums.day desc, a.name limit 100",
        p![hour, day, bounds.loss_hour, bounds.loss_day, before(now, DAY).micros()],
    )?;
    rows.iter().map(|row| Ok(Spent { account: row.get(0)?, hour: row.get(1)?, day: row.get(2)? })).collect()
}
