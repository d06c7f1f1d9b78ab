//! Fair positions (invariant 5): start-time fair queueing over one virtual clock a market. A generation
//! starts at `max(vfinish(account), V(market))` and moves its account on by its expected slot time over the
//! account's weight, so free work ages too. The clock follows what is claimed.

use crate::{Error, Result, Sql, Tx, accounts::WEIGHT_MAX, p, sql};
use palitra_domain::{AccountId, ErrorCode, time};
use std::time::Duration;

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

/// The account's row of the market is locked from here on: two creates of one account take different
/// positions. (One that has waited for the lock reads the clock as it was before: a little too early is no
/// harm.)
const TAKE: Sql = sql!(
    "insert into turn(account_id, market, vfinish)
     select id, $2, coalesce((select v from virtual_clock where market = $2), 0) + $3 / weight from account where id = $1
     on conflict(account_id, market) do update set vfinish = ",
    GREATEST,
    "(turn.vfinish + $3 / (select weight from account where id = $1), excluded.vfinish)
     returning vfinish, (select weight from account where id = $1), (select code from market_stop where market = $2)"
);

impl Turns {
    /// Takes positions for runs that usually take so long, and moves the account on.
    pub(super) fn take(
        tx: &mut Tx,
        account: &AccountId,
        market: &str,
        runs: impl Iterator<Item = Duration>,
    ) -> Result<Turns> {
        let total = runs.fold(0i64, |sum, run| sum.saturating_add(slot_time(run)));
        let row = tx.query_opt(TAKE, p![account.as_str(), market, total])?;
        let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
        // Before money is held: nothing could be done for it.
        if let Some(code) = row.get::<Option<ErrorCode>>(2)? {
            return Err(Error::rule(code, market));
        }
        let (vfinish, weight): (i64, i64) = (row.get(0)?, row.get(1)?);
        let first = vfinish.saturating_sub(total / weight);
        Ok(Turns { next: first, placed: 0, first, weight })
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
    pub(super) fn add(&mut self, account: String, market: String, cost: i64) {
        match self.0.iter_mut().find(|(of, at, _)| (of, at) == (&account, &market)) {
            Some((.., sum)) => *sum = sum.saturating_add(cost),
            None => self.0.push((account, market, cost)),
        }
    }

    /// Without it whoever cancels a thousand generations would wait behind everybody's next thousand.
    pub(super) fn give_back(self, tx: &mut Tx) -> Result<()> {
        for (account, market, cost) in self.0 {
            tx.must(
                1,
                "update turn set vfinish = vfinish - $3 where account_id = $1 and market = $2",
                p![&account, &market, cost],
            )?;
        }
        Ok(())
    }
}

/// The clock never goes back.
pub(super) fn raise_clock(tx: &mut Tx, market: &str, v: i64) -> Result<()> {
    tx.send(
        "insert into virtual_clock(market, v) values($1, $2)
         on conflict(market) do update set v = excluded.v where virtual_clock.v < excluded.v",
        p![market, v],
    )?;
    Ok(())
}
