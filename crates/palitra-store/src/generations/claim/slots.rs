//! Free slots: of the market's keys, and those a generation needs beside them.

use super::{Candidate, Claim, limit};
use crate::{Result, Row, Sql, Tx, markets::Bucket, p, sql};
use palitra_domain::Timestamp;
use std::collections::HashMap;

/// A free slot of a market key that may be used.
pub(super) struct Key {
    pub(super) scope: String,
    pub(super) n: i64,
    pub(super) label: String,
    /// It has a start rate, or is not well: how much it gives is looked at (`gates`).
    pub(super) is_gated: bool,
    /// Something is known against it, so a success is news.
    pub(super) is_unwell: bool,
}

/// Scopes whose limit was lowered while their slots were taken, and how many slots beyond the limit still
/// are. As many free ones stay free: the limit holds for everything under way, not only for what starts now
/// (invariant 4).
pub(super) struct Excess(HashMap<String, usize>);

pub(super) const EXCESS: &str =
    "select scope, count(*) from slot where retiring = 1 and generation_id is not null group by scope";

impl Excess {
    pub(super) fn of(tx: &mut Tx) -> Result<Excess> {
        let rows = tx.query(EXCESS, p![])?;
        let count = |row: &Row| Ok(usize::try_from(row.get::<i64>(1)?).unwrap_or(usize::MAX));
        rows.iter().map(|row| Ok((row.get(0)?, count(row)?))).collect::<Result<_>>().map(Excess)
    }

    fn total(&self) -> usize {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// Evenly over the keys: each key's first slot before any key's second, the longest unused first. Keys that are paused, out or cooling
/// are passed over, those that have started as often as they may, and those that the process does not have: while processes are
/// restarted one by one with a new key, the old ones leave it alone.
pub(super) const KEYS: Sql = sql!(
    "select slot.scope, slot.n, k.label, k.health <> 'ok' or b.scope is not null, k.health <> 'ok' or k.failures > 0,
       k.health <> 'ok', b.interval_us, b.burst, b.full_at
     from slot cross join market_key k left join bucket b on b.scope = slot.scope
     where slot.market = $1 and slot.kind = 'key' and slot.generation_id is null and slot.retiring = 0
       and k.id = slot.scope and k.label in (select value from ",
    EACH,
    "$4",
    EACH_END,
    ") and k.paused_at is null and k.usable_at <= $3
       and (b.scope is null or b.full_at <= $3 + (b.burst - 1) * b.interval_us)
       and not exists (select 1 from pause where kind = 'market' and name = $1)
       and not exists (select 1 from market_stop where market = $1)
     order by slot.n, coalesce(slot.taken_at, 0), slot.scope limit $2",
    SKIP_LOCKED_SLOTS
);

pub(super) fn free_keys(tx: &mut Tx, claim: &Claim, excess: &Excess, now: Timestamp) -> Result<Vec<Key>> {
    let wanted = usize::try_from(claim.max).unwrap_or(usize::MAX);
    let most = wanted.saturating_add(excess.total());
    let (mut keys, may_hide) = usable(tx, claim, excess, most, now)?;
    if may_hide {
        keys = usable(tx, claim, excess, ALL_SLOTS, now)?.0;
    }
    keys.truncate(wanted);
    Ok(keys)
}

/// More than all keys of a market have free.
const ALL_SLOTS: usize = 100_000;

/// Of the first `most` free slots those that their keys may use now. Also whether those that they may not use may have hidden others: a key
/// that is tried with one generation, or may start only few, has more free slots than it gives.
fn usable(
    tx: &mut Tx,
    claim: &Claim,
    excess: &Excess,
    most: usize,
    now: Timestamp,
) -> Result<(Vec<Key>, bool)> {
    let rows = tx.query(KEYS, p![&claim.market, limit(most), now.micros(), &sql::list(&claim.keys)])?;
    let (mut keys, mut gives) = (Vec::with_capacity(rows.len()), HashMap::new());
    for row in &rows {
        let key = Key {
            scope: row.get(0)?,
            n: row.get(1)?,
            label: row.get(2)?,
            is_gated: row.get(3)?,
            is_unwell: row.get(4)?,
        };
        if key.is_gated && !gives.contains_key(&key.scope) {
            let by_rate = Bucket::of(&key.scope, row, 6)?.map_or(usize::MAX, |bucket| bucket.left(now));
            let is_trial: bool = row.get(5)?;
            gives.insert(key.scope.clone(), if is_trial { by_rate.min(1) } else { by_rate });
        }
        keys.push(key);
    }
    for (scope, count) in &excess.0 {
        for _ in 0..*count {
            let Some(last) = keys.iter().rposition(|key| key.scope == *scope) else { break };
            keys.remove(last);
        }
    }
    let free = keys.len();
    keys.retain(|key| match gives.get_mut(&key.scope) {
        None => true,
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
    });
    let may_hide = rows.len() == most && keys.len() < free;
    Ok((keys, may_hide))
}

pub(super) const FREE: Sql = sql!(
    "select n, kind, (select count(*) from bucket where scope = $1) from slot where scope = $1 and generation_id is null and retiring = 0 and ready_at <= $2
     order by ready_at, n limit $3",
    SKIP_LOCKED
);

/// Takes the slots beside the key's. `None` when one of them has just been taken, or is not ready yet.
/// `Some(worker)` says which worker of its batch the generation goes to.
pub(super) fn take_scopes(
    tx: &mut Tx,
    candidate: &Candidate,
    excess: &Excess,
    now: Timestamp,
) -> Result<Option<Option<i64>>> {
    let (mut free, mut worker) = (Vec::new(), None);
    for scope in [&candidate.scope, &candidate.also_scope].into_iter().flatten() {
        let beyond = excess.0.get(scope).copied().unwrap_or(0);
        let rows = tx.query(FREE, p![scope, now.micros(), limit(beyond.saturating_add(1))])?;
        let Some(row) = rows.get(beyond) else { return Ok(None) };
        let n: i64 = row.get(0)?;
        if row.get::<String>(1)? == "batch" {
            worker = Some(n);
        }
        let mut bucket = None;
        if row.get::<i64>(2)? > 0 {
            bucket = Bucket::lock(tx, scope)?.filter(|bucket| bucket.left(now) > 0);
            if bucket.is_none() {
                return Ok(None);
            }
        }
        free.push((scope, n, bucket));
    }
    for (scope, n, bucket) in free {
        if let Some(bucket) = bucket {
            bucket.take(tx, 1, now)?;
        }
        tx.must(
            1,
            "update slot set generation_id = $3, taken_at = $4, ready_at = $4 + interval_us, first_at = coalesce(first_at, $4)
             where scope = $1 and n = $2 and generation_id is null",
            p![scope, n, &candidate.id, now.micros()],
        )?;
    }
    Ok(Some(worker))
}
