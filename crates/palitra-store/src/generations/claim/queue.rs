//! The next generations in fair order, as far as there are slots for them.

use super::{Claim, limit};
use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{Timestamp, state::AttemptReason};

/// A queued generation that may be claimed when its slots are free.
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) scope: Option<String>,
    pub(super) also_scope: Option<String>,
    /// Priority, virtual time.
    pub(super) order: (i64, i64),
    pub(super) reason: AttemptReason,
    /// The key that has just refused it.
    pub(super) not_key: Option<String>,
}

fn candidate(row: &Row) -> Result<Candidate> {
    Ok(Candidate {
        id: row.get(0)?,
        scope: row.get(1)?,
        also_scope: row.get(2)?,
        order: (row.get(3)?, row.get(4)?),
        reason: row.get(5)?,
        not_key: row.get(6)?,
    })
}

pub(super) const WAKE: Sql = sql!(
    "update generation set ready = 1 where id in
       (select id from generation where state = 'queued' and ready = 0 and parents_left = 0 and next_at <= $1",
    SKIP_LOCKED,
    ")"
);

/// Delayed generations whose time has come become claimable; who is locked is being woken, or ended.
pub(super) fn wake(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.send(WAKE, p![now.micros()])?;
    Ok(())
}

pub(super) const UNSCOPED: Sql = sql!(
    "select id, scope, also_scope, priority, vstart, next_reason, not_key from generation
     where market = $1 and state = 'queued' and ready = 1 and scope is null and ($3 = '' or id = $3 or batch_id = $3)
       and lane not in (select name from pause where kind = 'lane')
     order by priority, vstart, id limit $2",
    SKIP_LOCKED
);

/// Scopes with free slots. Their number is that of open batches and of models with limits.
pub(super) const SCOPES: &str = "select scope, count(*) from slot
     where market in ($1, '') and kind in ('model', 'batch') and generation_id is null and retiring = 0 and ready_at <= $2
       and scope not in (select scope from bucket where full_at > $2 + (burst - 1) * interval_us)
     group by scope";

pub(super) const SCOPED: Sql = sql!(
    "select id, scope, also_scope, priority, vstart, next_reason, not_key from generation
     where scope = $1 and market = $4 and state = 'queued' and ready = 1 and ($3 = '' or id = $3 or batch_id = $3)
       and lane not in (select name from pause where kind = 'lane')
     order by priority, vstart, id limit $2",
    SKIP_LOCKED
);

/// In the order of (priority, virtual time), enough for `keys` free slots.
pub(super) fn candidates(tx: &mut Tx, claim: &Claim, keys: usize, now: Timestamp) -> Result<Vec<Candidate>> {
    let focus = claim.focus.as_deref().unwrap_or_default();
    let mut rows = tx.query(UNSCOPED, p![&claim.market, limit(keys), focus])?;
    for row in tx.query(SCOPES, p![&claim.market, now.micros()])? {
        let (scope, count): (String, i64) = (row.get(0)?, row.get(1)?);
        rows.extend(tx.query(SCOPED, p![&scope, count.min(limit(keys)), focus, &claim.market])?);
    }
    let mut candidates = rows.iter().map(candidate).collect::<Result<Vec<_>>>()?;
    candidates.sort_unstable_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    Ok(candidates)
}

/// Beside it, when a key is cool again and when a start rate allows the next start.
pub(super) const NEXT_DELAYED: &str =
    "select min(next_at), (select min(usable_at) from market_key where market = $1 and usable_at > $2),
            (select min(full_at - (burst - 1) * interval_us) from bucket where full_at > $2 + (burst - 1) * interval_us)
     from generation where state = 'queued' and ready = 0 and parents_left = 0";

pub(super) const NEXT_RESTING: &str = "select min(ready_at) from slot
     where market in ($1, '') and kind in ('model', 'batch') and generation_id is null and retiring = 0 and ready_at > $2";

/// The earliest time at which a delayed generation or a resting slot is free again.
pub(super) fn next_at(tx: &mut Tx, market: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let row = tx.query_one(NEXT_DELAYED, p![market, now.micros()])?;
    let (delayed, cool, allowed): (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let resting: Option<Timestamp> = tx.query_one(NEXT_RESTING, p![market, now.micros()])?.get(0)?;
    Ok([delayed, cool, allowed, resting].into_iter().flatten().min())
}
