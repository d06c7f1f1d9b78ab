//! Processes that own work: each has one row and renews its lease; whose lease has ended is dead, and its work
//! may be taken. Times here are the database's own, so that the clocks of the machines need not agree.
//!
//! A lease that has ended is never renewed and an id is never used again: a process that comes back is another
//! worker. SQLite needs no leases, its data directory is locked; the functions work there all the same.

use crate::{Result, Sql, Tx, p, sql};
use palitra_domain::{WorkerId, time};
use std::time::Duration;

/// A process of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub id: WorkerId,
    /// Says to people where it runs.
    pub place: String,
    /// What it does, as it was told: `worker,api`.
    pub roles: String,
    /// How long ago its lease was renewed.
    pub renewed_ago: Duration,
    /// Until its lease ends; `None` when it has ended.
    pub left: Option<Duration>,
}

/// A new process.
pub struct NewWorker<'a> {
    pub id: &'a WorkerId,
    pub place: &'a str,
    pub roles: &'a str,
}

/// Alive from now on, for as long as its first `lease`.
pub fn register(tx: &mut Tx, new: &NewWorker<'_>, lease: Duration) -> Result<()> {
    const NEW: Sql = sql!(
        "insert into worker(id, place, roles, started_at, renewed_at, lease_until) values($1, $2, $3, ",
        NOW_US,
        ", ",
        NOW_US,
        ", ",
        NOW_US,
        " + $4)"
    );
    tx.must(1, NEW, p![new.id.as_str(), new.place, new.roles, time::micros(lease)])
}

/// Alive for another `lease`. [`crate::Error::Rows`] when the lease has ended: then others may have taken
/// its work, and the process must let go of all of it.
pub fn renew(tx: &mut Tx, id: &WorkerId, lease: Duration) -> Result<()> {
    const RENEW: Sql = sql!(
        "update worker set lease_until = ",
        NOW_US,
        " + $2, renewed_at = ",
        NOW_US,
        " where id = $1 and lease_until > ",
        NOW_US
    );
    tx.must(1, RENEW, p![id.as_str(), time::micros(lease)])
}

/// Every process of the list, the oldest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Worker>> {
    const LIST: Sql = sql!(
        "select id, place, roles, ",
        NOW_US,
        " - renewed_at, lease_until - ",
        NOW_US,
        " from worker order by started_at, id limit 1000"
    );
    let worker = |row: &crate::Row| {
        let (ago, left): (i64, i64) = (row.get(3)?, row.get(4)?);
        Ok(Worker {
            id: row.get(0)?,
            place: row.get(1)?,
            roles: row.get(2)?,
            renewed_ago: Duration::from_micros(u64::try_from(ago).unwrap_or(0)),
            left: u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_micros),
        })
    };
    tx.query(LIST, p![])?.iter().map(worker).collect()
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
