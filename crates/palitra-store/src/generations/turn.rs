//! Fair positions (invariant 5): start-time fair queueing over one virtual clock a line. A market has two lines, fast
//! and standard. A generation starts at `max(vfinish(account), V(line))` and moves its account on by its expected
//! slot time over the account's weight, so free work ages too. The clock follows what is claimed.

use crate::{
    Error, Result, Sql, Tx,
    accounts::WEIGHT_MAX,
    bounds::{Bounds, Standing},
    losses, p, sql,
};
use palitra_domain::{AccountId, ErrorCode, Livemode, Timestamp, state::Priority, time};
use std::time::Duration;

/// The name of a market's line, for its clock and the turns on it.
pub(super) fn line(market: &str, priority: Priority) -> String {
    match priority {
        Priority::Standard => market.to_owned(),
        Priority::Fast => format!("{market} fast"),
    }
}

/// The positions of some generations of an account, in their order.
pub(super) struct Turns {
    next: i64,
    /// Slot time of those that have their place, in microseconds before the weight.
    placed: i64,
    first: i64,
    weight: i64,
}

/// Slot time that a turn counts, before the weight, in microseconds. At least 1 after it: work that takes no
/// time takes its turn all the same.
fn slot_time(usual_run: Duration) -> i64 {
    time::micros(usual_run).max(WEIGHT_MAX)
}

/// The account's row of the line is locked from here on: two creates of one account take different
/// positions. (One that has waited for the lock reads the clock as it was before: a little too early is no
/// harm.)
const TAKE: Sql = sql!(
    "insert into turn(account_id, market, vfinish)
     select id, $2, coalesce((select v from virtual_clock where market = $2), 0) + $3 / weight from account where id = $1
     on conflict(account_id, market) do update set vfinish = ",
    GREATEST,
    "(turn.vfinish + $3 / (select weight from account where id = $1), excluded.vfinish)
     returning vfinish, (select weight from account where id = $1),
       (select case when kind = 'house' then 0 else coalesce(queued_max, $4) end from account where id = $1),
       (select count(*) from account a join generation g on g.account_id = a.id and g.state = 'queued'
        where a.id = $1 and a.kind <> 'house' and coalesce(a.queued_max, $4) > 0),
       (select code from market_stop where market = $5),
       (select cast(coalesce(sum(amount), 0) as bigint) from loss where account_id = $1 and livemode = $6 and at > $7),
       (select cast(coalesce(sum(amount), 0) as bigint) from loss where account_id = $1 and livemode = $6 and at > $8)"
);

impl Turns {
    /// Takes positions for runs that usually take so long, and moves the account on. Also says what else the account
    /// has: a look that costs no statement of its own.
    pub(super) fn take(
        tx: &mut Tx,
        (account, livemode): (&AccountId, Livemode),
        market: &str,
        line: &str,
        runs: impl Iterator<Item = Duration>,
        bounds: &Bounds,
        now: Timestamp,
    ) -> Result<(Turns, Standing)> {
        let total = runs.fold(0i64, |sum, run| sum.saturating_add(slot_time(run)));
        let (hour, day) = losses::windows(bounds, now);
        let row = tx.query_opt(
            TAKE,
            p![account.as_str(), line, total, bounds.queued_max, market, livemode.as_str(), hour, day],
        )?;
        let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
        // Before money is held: nothing could be done for it.
        if let Some(code) = row.get::<Option<ErrorCode>>(4)? {
            return Err(Error::rule(code, market));
        }
        let (vfinish, weight): (i64, i64) = (row.get(0)?, row.get(1)?);
        let first = vfinish.saturating_sub(total / weight);
        let standing =
            Standing { queued_max: row.get(2)?, queued: row.get(3)?, lost: (row.get(5)?, row.get(6)?) };
        Ok((Turns { next: first, placed: 0, first, weight }, standing))
    }

    /// Start and cost of the next one.
    pub(super) fn next(&mut self, usual_run: Duration) -> (i64, i64) {
        let start = self.next;
        self.placed = self.placed.saturating_add(slot_time(usual_run));
        // One division of the sum, as the row was moved on by one.
        self.next = self.first.saturating_add(self.placed / self.weight);
        (start, self.next - start)
    }
}

/// Positions that were never used.
#[derive(Default)]
pub(super) struct Unused(Vec<(String, String, i64)>);

impl Unused {
    pub(super) fn add(&mut self, account: String, line: String, cost: i64) {
        match self.0.iter_mut().find(|(of, on, _)| (of, on) == (&account, &line)) {
            Some((.., sum)) => *sum = sum.saturating_add(cost),
            None => self.0.push((account, line, cost)),
        }
    }

    /// Without it whoever cancels a thousand generations would wait behind everybody's next thousand.
    pub(super) fn give_back(mut self, tx: &mut Tx) -> Result<()> {
        // In one order for everybody.
        self.0.sort_unstable();
        for (account, line, cost) in self.0 {
            tx.must(
                1,
                "update turn set vfinish = vfinish - $3 where account_id = $1 and market = $2",
                p![&account, &line, cost],
            )?;
        }
        Ok(())
    }
}

/// The clock never goes back.
pub(super) fn raise_clock(tx: &mut Tx, line: &str, v: i64) -> Result<()> {
    tx.send(
        "insert into virtual_clock(market, v) values($1, $2)
         on conflict(market) do update set v = excluded.v where virtual_clock.v < excluded.v",
        p![line, v],
    )?;
    Ok(())
}
