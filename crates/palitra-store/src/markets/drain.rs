//! What a market leaves behind when none of its keys can be used any more: queued work ends and its money goes back, a little at a
//! time, by whoever keeps house, until nothing is left. A process that dies in between leaves the rest to the next.

use crate::{Result, Sql, Tx, batches, generations::Ends, p, sql};
use palitra_domain::{BatchId, ErrorCode, GenerationId, Timestamp, state::Event};

/// Markets that have stopped, and why.
pub fn stops(tx: &mut Tx) -> Result<Vec<(String, ErrorCode)>> {
    let rows = tx.query("select market, code from market_stop order by market", p![])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const LONE: Sql = sql!(
    "select id from generation where market = $1 and state = 'queued' and ready = 1 and scope is null
     order by priority, vstart, id limit $2",
    SKIP_LOCKED
);
const LATER: Sql = sql!(
    "select id from generation where state = 'queued' and ready = 0 and parents_left = 0 and market = $1 and batch_id is null limit $2",
    SKIP_LOCKED
);
const OF_MODELS: Sql = sql!(
    "select id from generation where scope in (select distinct scope from slot where market = $1 and kind = 'model')
       and market = $1 and state = 'queued' and ready = 1 and scope is not null limit $2",
    SKIP_LOCKED
);
/// Few are open; each is looked at by its own index.
const BATCHES: &str = "select b.id from batch b where b.state = 'processing' and b.stop_code is null
       and exists (select 1 from generation g where g.batch_id = b.id and g.state = 'queued' and g.market = $1)
     order by b.id limit $2";

/// Ends queued work of a market that has stopped, unpaid: a batch, or at most `max` single generations. A batch of
/// which any step needs the market stops whole (S0-25). Answers how many it ended; 0: nothing is left.
pub fn drain(tx: &mut Tx, (market, code): (&str, ErrorCode), max: u32, now: Timestamp) -> Result<usize> {
    const STOPPED: &str = "select 1 from market_stop where market = $1";
    if tx.query_opt(STOPPED, p![market])?.is_none() {
        return Ok(0);
    }
    if let Some(row) = tx.query_opt(BATCHES, p![market, 1])? {
        let batch: BatchId = row.get(0)?;
        batches::stop(tx, &batch, code, now)?;
        return Ok(1);
    }
    for sql in [LONE, OF_MODELS, LATER] {
        let rows = tx.query(sql, p![market, max])?;
        let ids: Vec<GenerationId> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
        if !ids.is_empty() {
            let count = ids.len();
            let mut ends = Ends::default();
            ends.queued(tx, ids, Event::Fail, code, now)?;
            ends.conclude(tx, None, now)?;
            return Ok(count);
        }
    }
    Ok(0)
}
