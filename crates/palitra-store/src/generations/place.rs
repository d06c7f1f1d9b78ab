//! Where a queued generation stands in its market's line.

use crate::{Result, Tx, p};
use palitra_domain::{GenerationId, Timestamp, state::Priority};

/// Counting ends here: who is further behind is told "at least".
const COUNTED_MAX: i64 = 10_000;

/// A place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Claimable generations of the market that come before it in fair order, at most 10,000.
    pub before: i64,
    /// What the market's keys can run at once.
    pub slots: i64,
    /// It cannot be claimed before: the time of its next try.
    pub not_before: Option<Timestamp>,
    /// Steps that have to be done first.
    pub parents_left: i64,
}

/// Where a generation stands in its market's line: fair order is the order of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    pub priority: i64,
    pub vstart: i64,
    pub id: String,
}

/// `None` when it is not queued. Work with limits of its own (a batch's workers) may wait longer than its place says.
pub fn place(tx: &mut Tx, id: &GenerationId) -> Result<Option<Place>> {
    place_by(tx, id, |tx, market, standing| {
        Ok((count_before(tx, market, standing, COUNTED_MAX)?, slots(tx, market)?))
    })
}

/// The same by somebody's count of who comes before, and of slots.
pub fn place_by(
    tx: &mut Tx,
    id: &GenerationId,
    before: impl FnOnce(&mut Tx, &str, &Standing) -> Result<(i64, i64)>,
) -> Result<Option<Place>> {
    let row = tx.query_opt(
        "select market, priority, vstart, next_at, parents_left, ready from generation where id = $1 and state = 'queued'",
        p![id.as_str()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let market: String = row.get(0)?;
    let standing = Standing { priority: row.get(1)?, vstart: row.get(2)?, id: id.to_string() };
    // 2: claimable but for its account.
    let not_before =
        if row.get::<i64>(5)? > 0 { None } else { Some(row.get(3)?).filter(|at| *at > Timestamp::default()) };
    let (before, slots) = before(tx, &market, &standing)?;
    Ok(Some(Place { before: before.min(COUNTED_MAX), slots, not_before, parents_left: row.get(4)? }))
}

/// The two lines of a market: work of its own, and steps of batches.
const LINES: [&str; 2] = ["scope is null", "scope is not null"];

/// Claimable generations of the market that come before, `max` of either line at most.
pub fn count_before(tx: &mut Tx, market: &str, standing: &Standing, max: i64) -> Result<i64> {
    let mut before = 0;
    for line in LINES {
        // Row by row in the order of the index, so that it ends at the bound.
        let sql = format!(
            "select count(*) from (select 1 as one from generation
             where market = $1 and state = 'queued' and ready = 1 and {line} and (priority, vstart, id) < ($2, $3, $4) limit $5) line"
        );
        let Standing { priority, vstart, id } = standing;
        before += tx.query_one(&sql, p![market, *priority, *vstart, id, max])?.get::<i64>(0)?;
    }
    Ok(before)
}

/// Claimable generations of the market in fair order, up to the bound of every count.
pub fn line(tx: &mut Tx, market: &str) -> Result<Vec<Standing>> {
    let mut all = Vec::new();
    for line in LINES {
        let sql = format!(
            "select priority, vstart, id from generation
             where market = $1 and state = 'queued' and ready = 1 and {line} order by priority, vstart, id limit $2"
        );
        for row in tx.query(&sql, p![market, COUNTED_MAX])? {
            all.push(Standing { priority: row.get(0)?, vstart: row.get(1)?, id: row.get(2)? });
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// What the market's keys can run at once.
pub fn slots(tx: &mut Tx, market: &str) -> Result<i64> {
    let row = tx.query_one(
        "select count(*) from slot where kind = 'key' and market = $1 and retiring = 0 and kept_until is null",
        p![market],
    )?;
    row.get(0)
}

/// Where somebody who comes now stands at worst: behind everything that waits in the line of this priority or before it.
pub fn line_length(tx: &mut Tx, market: &str, priority: Priority) -> Result<Place> {
    let row = tx.query_one(
        "select count(*) from (select 1 as one from generation
         where market = $1 and state = 'queued' and ready = 1 and priority <= $2 limit $3) line",
        p![market, priority.rank(), COUNTED_MAX],
    )?;
    Ok(Place { before: row.get(0)?, slots: slots(tx, market)?, not_before: None, parents_left: 0 })
}
