//! What the operator has paused, and resumed: rows that the claim reads. Work under way goes on; queued work waits.

use super::limits;
use crate::{Result, Tx, p};
use palitra_domain::{Timestamp, catalogue::Lane};

/// What a pause or its end came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paused {
    Changed,
    /// It was so before.
    Same,
    NotFound,
}

fn changed(rows: u64) -> Paused {
    if rows > 0 { Paused::Changed } else { Paused::Same }
}

fn put(tx: &mut Tx, kind: &str, name: &str, pause: Option<Timestamp>) -> Result<Paused> {
    let rows = match pause {
        Some(now) => tx.execute(
            "insert into pause(kind, name, since) values($1, $2, $3) on conflict(kind, name) do nothing",
            p![kind, name, now.micros()],
        )?,
        None => tx.execute("delete from pause where kind = $1 and name = $2", p![kind, name])?,
    };
    Ok(changed(rows))
}

/// Pauses a lane in every market from `now`; `None` resumes it.
pub fn pause_lane(tx: &mut Tx, lane: Lane, pause: Option<Timestamp>) -> Result<Paused> {
    put(tx, "lane", lane.as_str(), pause)
}

/// Pauses a market with all its keys from `now`; `None` resumes it.
pub fn pause_market(tx: &mut Tx, market: &str, pause: Option<Timestamp>) -> Result<Paused> {
    if limits::labels(tx, market, None)?.is_empty() {
        return Ok(Paused::NotFound);
    }
    put(tx, "market", market, pause)
}

/// Pauses one key from `now`; `None` resumes it.
pub fn pause_key(tx: &mut Tx, market: &str, label: &str, pause: Option<Timestamp>) -> Result<Paused> {
    if limits::labels(tx, market, Some(label))?.is_empty() {
        return Ok(Paused::NotFound);
    }
    let rows = match pause {
        Some(now) => tx.execute(
            "update market_key set paused_at = $3 where market = $1 and label = $2 and paused_at is null",
            p![market, label, now.micros()],
        )?,
        None => tx.execute(
            "update market_key set paused_at = null where market = $1 and label = $2 and paused_at is not null",
            p![market, label],
        )?,
    };
    Ok(changed(rows))
}
