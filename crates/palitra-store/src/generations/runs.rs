//! How long work has run at its market, for guesses.

use crate::{Result, Tx, p};
use std::time::Duration;

/// Generations, newest first, among which runs are looked for.
const LOOKED_AT: i64 = 2_000;

/// From acceptance to result (where the answer comes in the call, from the call on), of a mode's latest successes: as many as are found among the newest generations of all modes.
pub fn recent_runs(tx: &mut Tx, model: &str, mode: &str) -> Result<Vec<Duration>> {
    let rows = tx.query(
        "select a.closed_at - case when a.reference is null then a.opened_at else a.accepted_at end
         from (select id, model, mode, state, livemode from generation order by id desc limit $3) g join attempt a on a.generation_id = g.id
         where g.model = $1 and g.mode = $2 and g.livemode = 'live' and g.state = 'succeeded' and a.state = 'succeeded' and a.late_at is null
           and a.accepted_at is not null and a.closed_at >= a.accepted_at",
        p![model, mode, LOOKED_AT],
    )?;
    rows.iter().map(|row| Ok(Duration::from_micros(row.get::<i64>(0)?.unsigned_abs()))).collect()
}

/// How many of a mode's latest generations succeeded, and how many ended by the market's doing, success or not.
pub fn recent_ends(tx: &mut Tx, model: &str, mode: &str) -> Result<(u32, u32)> {
    let row = tx.query_one(
        "select coalesce(sum(case when g.state = 'succeeded' then 1 else 0 end), 0), count(*)
         from (select model, mode, state, livemode from generation order by id desc limit $3) g
         where g.model = $1 and g.mode = $2 and g.livemode = 'live' and g.state in ('succeeded', 'failed', 'timed_out')",
        p![model, mode, LOOKED_AT],
    )?;
    let count = |at: usize| row.get::<i64>(at).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    Ok((count(0)?, count(1)?))
}
