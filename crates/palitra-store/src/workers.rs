//! Processes that own work: each has one row and renews its lease; whose lease has ended is dead, and its work
//! may be taken. Times here are the database's own, so that the clocks of the machines need not agree.
//!
//! A lease that has ended is never renewed and an id is never used again: a process that comes back is another
//! worker. SQLite needs no leases, its data directory is locked; the functions work there all the same.

use crate::{Result, Sql, Tx, p, sql};
use palitra_domain::{WorkerId, time};
use std::time::Duration;

/// From one renewal to death: three heartbeats of five seconds missed, and some.
pub const LEASE: Duration = Duration::from_secs(20);

/// A new process, alive from now on. `place` says to people where it runs.
pub fn register(tx: &mut Tx, id: &WorkerId, place: &str) -> Result<()> {
    const NEW: Sql = sql!(
        "insert into worker(id, place, started_at, lease_until) values($1, $2, ",
        NOW_US,
        ", ",
        NOW_US,
        " + $3)"
    );
    tx.must(1, NEW, p![id.as_str(), place, time::micros(LEASE)])
}

/// Alive for another [`LEASE`]. [`crate::Error::Rows`] when the lease has ended: then others may have taken
/// its work, and the process must let go of all of it.
pub fn renew(tx: &mut Tx, id: &WorkerId) -> Result<()> {
    const RENEW: Sql =
        sql!("update worker set lease_until = ", NOW_US, " + $2 where id = $1 and lease_until > ", NOW_US);
    tx.must(1, RENEW, p![id.as_str(), time::micros(LEASE)])
}

/// Whether the process is alive, and if so keeps it on the list until this transaction ends. Whoever becomes
/// the owner of a row asks first: a row of an owner that is not on the list would be found by nobody.
pub fn hold(tx: &mut Tx, id: &WorkerId) -> Result<bool> {
    // Renewing does not wait for this lock, removing does.
    const HOLD: Sql = Sql {
        lite: sql!("select 1 from worker where id = $1 and lease_until > ", NOW_US).lite,
        pg: sql!("select 1 from worker where id = $1 and lease_until > ", NOW_US, " for key share").pg,
    };
    Ok(tx.query_opt(HOLD, p![id.as_str()])?.is_some())
}

/// The dead, longest dead first, at most `max`.
pub fn expired(tx: &mut Tx, max: i64) -> Result<Vec<WorkerId>> {
    const EXPIRED: Sql =
        sql!("select id from worker where lease_until <= ", NOW_US, " order by lease_until, id limit $1");
    tx.query(EXPIRED, p![max])?.iter().map(|row| row.get(0)).collect()
}

/// Takes a process off the list when it owns nothing. What it still owns can be taken from now on: its lease
/// ends. Answers whether it is off the list.
pub fn remove(tx: &mut Tx, id: &WorkerId) -> Result<bool> {
    let removed = tx.execute(
        "delete from worker where id = $1 and not exists
         (select 1 from generation where owner = $1 and state in ('submitting', 'running', 'storing'))",
        p![id.as_str()],
    )?;
    if removed == 0 {
        tx.send("update worker set lease_until = 0 where id = $1", p![id.as_str()])?;
    }
    Ok(removed > 0)
}

/// Locks a dead process against others that adopt from it, and against the claims it may still be committing.
/// `false` when it is alive, gone, or in somebody's hands.
pub(crate) fn lock_dead(tx: &mut Tx, id: &WorkerId) -> Result<bool> {
    const LOCK: Sql = sql!("select 1 from worker where id = $1 and lease_until <= ", NOW_US, SKIP_LOCKED);
    Ok(tx.query_opt(LOCK, p![id.as_str()])?.is_some())
}
