//! What one process at a time does for all of them: each such thing has one row, which says who does it and
//! until when by the database's own clock. Taken again and again while it is done, by others once it has
//! ended.
//!
//! A row keeps two from beginning the same thing. It does not stop who has begun: what must not be done twice
//! asks [`hold`] in its own transaction.

use crate::{Result, Sql, Tx, p, sql};
use palitra_domain::{WorkerId, time};
use std::time::Duration;

/// Who does it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    pub worker: WorkerId,
    /// For how long.
    pub since: Duration,
}

/// Does it, or goes on doing it, for another `lease`. `false` when another does, or when `worker` is not on
/// the list of the living.
pub fn take(tx: &mut Tx, name: &str, worker: &WorkerId, lease: Duration) -> Result<bool> {
    const TAKE: Sql = sql!(
        "insert into leader(name, worker_id, lease_until, since) select $1, id, ",
        NOW_US,
        " + $3, ",
        NOW_US,
        " from worker where id = $2 and lease_until > ",
        NOW_US,
        " on conflict(name) do update set lease_until = excluded.lease_until, worker_id = excluded.worker_id,
             since = case when leader.worker_id = excluded.worker_id then leader.since else excluded.since end
          where leader.worker_id = excluded.worker_id or leader.lease_until <= ",
        NOW_US
    );
    Ok(tx.execute(TAKE, p![name, worker.as_str(), time::micros(lease)])? == 1)
}

/// Whoever does it now; `None` when anybody may begin.
pub fn find(tx: &mut Tx, name: &str) -> Result<Option<Leader>> {
    const FIND: Sql =
        sql!("select worker_id, ", NOW_US, " - since from leader where name = $1 and lease_until > ", NOW_US);
    let Some(row) = tx.query_opt(FIND, p![name])? else { return Ok(None) };
    let since: i64 = row.get(1)?;
    Ok(Some(Leader { worker: row.get(0)?, since: Duration::from_micros(u64::try_from(since).unwrap_or(0)) }))
}

/// Whether `worker` does it, and if so nobody else begins before this transaction has ended.
pub fn hold(tx: &mut Tx, name: &str, worker: &WorkerId) -> Result<bool> {
    const HOLD: Sql = sql!(
        "select 1 from leader where name = $1 and worker_id = $2 and lease_until > ",
        NOW_US,
        FOR_UPDATE
    );
    Ok(tx.query_opt(HOLD, p![name, worker.as_str()])?.is_some())
}

/// A process that stops leaves everything to the others at once.
pub fn leave(tx: &mut Tx, worker: &WorkerId) -> Result<()> {
    tx.send("delete from leader where worker_id = $1", p![worker.as_str()])
}
