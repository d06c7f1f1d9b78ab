//! The claim: free slots meet the next generations in fair order, in one transaction.

use crate::{Result, Row, Tx, p, sql};
use palitra_domain::{
    GenerationId, Timestamp,
    state::{AttemptReason, Event, GenerationState},
};
use std::time::Duration;

/// Who claims what.
#[derive(Debug, Clone)]
pub struct Claim {
    pub market: String,
    /// The claiming process.
    pub owner: String,
    /// At most this many at once.
    pub max: u32,
    /// Only this batch or this generation: a one-shot command does not start other people's work.
    pub focus: Option<String>,
}

/// A generation with its slots, ready to be submitted. `submitting` is committed.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: GenerationId,
    pub epoch: i64,
    pub attempt: i64,
    pub reason: AttemptReason,
    pub key: String,
    pub market_model: String,
    pub mode: String,
    pub input: String,
    pub longest_run: Duration,
    /// How often it was refused unbilled before.
    pub refusals: i64,
    /// The batch worker that does it: its number.
    pub worker: Option<i64>,
}

/// What a claim found.
#[derive(Debug, Default)]
pub struct Claims {
    pub claimed: Vec<Claimed>,
    /// When something becomes claimable by time alone.
    pub next_at: Option<Timestamp>,
}

struct Candidate {
    id: String,
    scope: Option<String>,
    also_scope: Option<String>,
    order: (i64, i64),
    reason: AttemptReason,
}

struct Slot {
    scope: String,
    n: i64,
}

/// Takes free slots of the market's keys, evenly over the keys, and gives them to the next generations by (priority, virtual time).
/// Generations with worker or model slots are looked at only where such a slot is free, so a batch of thousands that waits for its own
/// two workers costs nothing.
pub fn claim(tx: &mut Tx, claim: &Claim, now: Timestamp) -> Result<Claims> {
    const KEYS: crate::Sql = sql!(
        "select scope, n from slot where market = $1 and kind = 'key' and generation_id is null and retiring = 0
         order by n, scope limit $2",
        SKIP_LOCKED
    );
    wake(tx, now)?;
    let keys = slots(tx, KEYS, p![&claim.market, claim.max])?;
    let mut claims = Claims::default();
    if !keys.is_empty() {
        let mut candidates = unscoped(tx, claim, keys.len())?;
        scoped(tx, claim, now, &mut candidates)?;
        candidates.sort_unstable_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
        claims.claimed = take(tx, claim, candidates, keys, now)?;
    }
    claims.next_at = next_at(tx, &claim.market, now)?;
    Ok(claims)
}

/// Delayed generations whose time has come become claimable.
fn wake(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.execute(
        "update generation set ready = 1 where state = 'queued' and ready = 0 and parents_left = 0 and next_at <= $1",
        p![now.micros()],
    )?;
    Ok(())
}

fn slots(tx: &mut Tx, sql: crate::Sql, params: &[crate::Param<'_>]) -> Result<Vec<Slot>> {
    tx.query(sql, params)?.iter().map(|row| Ok(Slot { scope: row.get(0)?, n: row.get(1)? })).collect()
}

fn candidate(row: &Row) -> Result<Candidate> {
    Ok(Candidate {
        id: row.get(0)?,
        scope: row.get(1)?,
        also_scope: row.get(2)?,
        order: (row.get(3)?, row.get(4)?),
        reason: row.get(5)?,
    })
}

fn unscoped(tx: &mut Tx, claim: &Claim, max: usize) -> Result<Vec<Candidate>> {
    const NEXT: crate::Sql = sql!(
        "select id, scope, also_scope, priority, vstart, next_reason from generation
         where market = $1 and state = 'queued' and ready = 1 and scope is null and ($3 = '' or id = $3 or batch_id = $3)
         order by priority, vstart, id limit $2",
        SKIP_LOCKED
    );
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let rows = tx.query(NEXT, p![&claim.market, max, claim.focus.as_deref().unwrap_or_default()])?;
    rows.iter().map(candidate).collect()
}

fn scoped(tx: &mut Tx, claim: &Claim, now: Timestamp, candidates: &mut Vec<Candidate>) -> Result<()> {
    const NEXT: crate::Sql = sql!(
        "select id, scope, also_scope, priority, vstart, next_reason from generation
         where scope = $1 and state = 'queued' and ready = 1 and market = $4 and ($3 = '' or id = $3 or batch_id = $3)
         order by priority, vstart, id limit $2",
        SKIP_LOCKED
    );
    let free = tx.query(
        "select scope, count(*) from slot
         where market in ($1, '') and kind in ('model', 'batch') and generation_id is null and retiring = 0 and ready_at <= $2
         group by scope",
        p![&claim.market, now.micros()],
    )?;
    for row in free {
        let (scope, count): (String, i64) = (row.get(0)?, row.get(1)?);
        let max = count.min(i64::from(claim.max));
        let rows =
            tx.query(NEXT, p![&scope, max, claim.focus.as_deref().unwrap_or_default(), &claim.market])?;
        for row in &rows {
            candidates.push(candidate(row)?);
        }
    }
    Ok(())
}

fn take(
    tx: &mut Tx,
    claim: &Claim,
    candidates: Vec<Candidate>,
    keys: Vec<Slot>,
    now: Timestamp,
) -> Result<Vec<Claimed>> {
    let mut keys = keys.into_iter();
    let mut claimed = Vec::new();
    let mut clock = None;
    let mut key = keys.next();
    for candidate in candidates {
        let Some(free_key) = &key else { break };
        let Some(worker) = take_scopes(tx, &candidate, now)? else { continue };
        claimed.push(open_attempt(tx, claim, &candidate, free_key, worker, now)?);
        clock = clock.max(Some(candidate.order.1));
        key = keys.next();
    }
    if let Some(v) = clock {
        tx.execute(
            "insert into virtual_clock(market, v) values($1, $2)
             on conflict(market) do update set v = excluded.v where virtual_clock.v < excluded.v",
            p![&claim.market, v],
        )?;
    }
    Ok(claimed)
}

/// Takes the slots beside the key's. `None` when one of them has just been taken, or is not ready yet.
/// `Some(worker)` says which worker of its batch the generation goes to.
fn take_scopes(tx: &mut Tx, candidate: &Candidate, now: Timestamp) -> Result<Option<Option<i64>>> {
    const FREE: crate::Sql = sql!(
        "select scope, n from slot where scope = $1 and generation_id is null and retiring = 0 and ready_at <= $2
         order by ready_at, n limit 1",
        SKIP_LOCKED
    );
    let mut free = Vec::new();
    for scope in [&candidate.scope, &candidate.also_scope].into_iter().flatten() {
        match slots(tx, FREE, p![scope, now.micros()])?.pop() {
            Some(slot) => free.push(slot),
            None => return Ok(None),
        }
    }
    for slot in &free {
        tx.must(
            1,
            "update slot set generation_id = $3, taken_at = $4, ready_at = $4 + interval_us, first_at = coalesce(first_at, $4)
             where scope = $1 and n = $2 and generation_id is null",
            p![&slot.scope, slot.n, &candidate.id, now.micros()],
        )?;
    }
    Ok(Some(free.first().map(|slot| slot.n)))
}

fn open_attempt(
    tx: &mut Tx,
    claim: &Claim,
    candidate: &Candidate,
    key: &Slot,
    worker: Option<i64>,
    now: Timestamp,
) -> Result<Claimed> {
    let to = super::target(GenerationState::Queued, Event::Claim)?;
    let row = tx.query_one(
        "update generation set state = $2, epoch = epoch + 1, owner = $3, attempts = attempts + 1, updated_at = $4,
           started_at = coalesce(started_at, $4)
         where id = $1 and state = 'queued' returning epoch, attempts, market_model, mode, input, longest_run_us, refusals",
        p![&candidate.id, to.as_str(), &claim.owner, now.micros()],
    )?;
    let attempt: i64 = row.get(1)?;
    tx.must(
        1,
        "update slot set generation_id = $3, attempt = $4, taken_at = $5 where scope = $1 and n = $2 and generation_id is null",
        p![&key.scope, key.n, &candidate.id, attempt, now.micros()],
    )?;
    tx.must(
        1,
        "insert into attempt(generation_id, n, key_id, reason, paid_by, state, opened_at) values($1, $2, $3, $4, $5, 'submitting', $6)",
        p![&candidate.id, attempt, &key.scope, candidate.reason.as_str(), candidate.reason.paid_by(), now.micros()],
    )?;
    let label = tx.query_one("select label from market_key where id = $1", p![&key.scope])?;
    let longest_run: i64 = row.get(5)?;
    Ok(Claimed {
        id: parse_id(&candidate.id)?,
        epoch: row.get(0)?,
        attempt,
        reason: candidate.reason,
        key: label.get(0)?,
        market_model: row.get(2)?,
        mode: row.get(3)?,
        input: row.get(4)?,
        longest_run: Duration::from_micros(longest_run.unsigned_abs()),
        refusals: row.get(6)?,
        worker,
    })
}

fn parse_id(text: &str) -> Result<GenerationId> {
    GenerationId::parse(text).map_err(|error| crate::Error::Corrupt(error.to_string()))
}

/// The earliest time at which a delayed generation or a resting slot is free again.
fn next_at(tx: &mut Tx, market: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let row = tx.query_one(
        "select (select min(next_at) from generation where state = 'queued' and ready = 0 and parents_left = 0),
                (select min(ready_at) from slot where market in ($1, '') and generation_id is null and retiring = 0 and ready_at > $2)",
        p![market, now.micros()],
    )?;
    let (delayed, resting): (Option<Timestamp>, Option<Timestamp>) = (row.get(0)?, row.get(1)?);
    Ok([delayed, resting].into_iter().flatten().min())
}
