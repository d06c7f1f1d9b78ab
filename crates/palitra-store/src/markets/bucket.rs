//! Token buckets: how often something may start, exactly, over all processes. One number says it all: when the bucket would be full
//! again (`full_at`). A start moves it on by one interval; none may move it further than `burst` intervals from now.

use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::Timestamp;

/// Starts a minute, and how many of them at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

const MINUTE_US: i64 = 60_000_000;

impl Rate {
    /// Rounded up: never more than the rate.
    fn interval_us(self) -> i64 {
        let per_minute = i64::from(self.per_minute.max(1));
        (MINUTE_US + per_minute - 1) / per_minute
    }
}

/// Gives a scope its rate, or takes it away. What has started already counts.
pub(super) fn set(tx: &mut Tx, scope: &str, rate: Option<Rate>) -> Result<()> {
    let Some(rate) = rate else {
        return tx.send("delete from bucket where scope = $1", p![scope]);
    };
    tx.send(
        "insert into bucket(scope, interval_us, burst) values($1, $2, $3)
         on conflict(scope) do update set interval_us = excluded.interval_us, burst = excluded.burst",
        p![scope, rate.interval_us(), rate.burst.max(1)],
    )
}

/// A bucket that this transaction has to itself.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    scope: String,
    interval_us: i64,
    burst: i64,
    full_at: i64,
}

impl Bucket {
    /// Columns `interval_us`, `burst` and `full_at` of a row, from `at` on; nulls are no bucket.
    pub(crate) fn of(scope: &str, row: &Row, at: usize) -> Result<Option<Bucket>> {
        let Some(interval_us) = row.get::<Option<i64>>(at)? else { return Ok(None) };
        let (burst, full_at) = (row.get(at + 1)?, row.get(at + 2)?);
        Ok(Some(Bucket { scope: scope.to_owned(), interval_us, burst, full_at }))
    }

    /// `None` when there is none, or when another process is taking from it.
    pub(crate) fn lock(tx: &mut Tx, scope: &str) -> Result<Option<Bucket>> {
        const LOCK: Sql =
            sql!("select interval_us, burst, full_at from bucket where scope = $1", SKIP_LOCKED);
        let row = tx.query_opt(LOCK, p![scope])?;
        row.map_or(Ok(None), |row| Bucket::of(scope, &row, 0))
    }

    /// How many may start now.
    pub(crate) fn left(&self, now: Timestamp) -> usize {
        let now = now.micros();
        let room = now + self.burst.saturating_mul(self.interval_us) - self.full_at.max(now);
        usize::try_from(room / self.interval_us).unwrap_or(0)
    }

    /// So many start now.
    pub(crate) fn take(&self, tx: &mut Tx, count: usize, now: Timestamp) -> Result<()> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let full_at = self.full_at.max(now.micros()).saturating_add(count.saturating_mul(self.interval_us));
        tx.must(1, "update bucket set full_at = $2 where scope = $1", p![&self.scope, full_at])
    }
}
