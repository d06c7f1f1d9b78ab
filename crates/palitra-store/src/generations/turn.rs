//! Fair positions (invariant 5): start-time fair queueing over one virtual clock a market. A generation
//! starts at `max(vfinish(account), V(market))` and moves its account on by its expected slot time over the
//! account's weight, so free work ages too. The clock follows what is claimed.

use crate::{Error, Result, Tx, p};
use palitra_domain::{AccountId, ErrorCode, time};
use std::time::Duration;

/// How far an account has got.
pub(super) struct Turn {
    pub(super) vstart: i64,
    weight: i64,
}

impl Turn {
    pub(super) fn of(tx: &mut Tx, account: &AccountId, market: &str) -> Result<Turn> {
        let row = tx.query_opt(
            "select weight, coalesce((select vfinish from turn where account_id = $1 and market = $2), 0),
                    coalesce((select v from virtual_clock where market = $2), 0)
             from account where id = $1",
            p![account.as_str(), market],
        )?;
        let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
        let (weight, vfinish, clock): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Turn { vstart: vfinish.max(clock), weight })
    }

    /// At least 1: work that takes no time takes its turn all the same.
    pub(super) fn cost(&self, usual_run: Duration) -> i64 {
        (time::micros(usual_run) / self.weight).max(1)
    }

    pub(super) fn save(&self, tx: &mut Tx, account: &AccountId, market: &str) -> Result<()> {
        tx.must(
            1,
            "insert into turn(account_id, market, vfinish) values($1, $2, $3)
             on conflict(account_id, market) do update set vfinish = excluded.vfinish",
            p![account.as_str(), market, self.vstart],
        )
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
