//! Taking over the work of a dead process, and letting go of ghosts.

use super::Fence;
use crate::{Error, Result, Row, Sql, Tx, markets, p, sql, workers};
use palitra_domain::{
    AccountId, BatchId, GenerationId, Timestamp, WorkerId,
    catalogue::Lane,
    state::{AttemptReason, AttemptState},
};
use std::time::Duration;

/// Work under way that now belongs to the caller.
#[derive(Debug, Clone)]
pub struct Adopted {
    pub fence: Fence,
    pub market: String,
    pub key: String,
    pub reason: AttemptReason,
    pub reference: Option<String>,
    pub outputs: Option<String>,
    pub longest_run: Duration,
    pub accepted_at: Option<Timestamp>,
    pub cancel_requested: bool,
    /// The market was given an address to call.
    pub webhook: bool,
    pub account: AccountId,
    pub batch: Option<BatchId>,
    pub lane: Lane,
    /// When its attempt began.
    pub opened_at: Timestamp,
}

/// Rows that one adoption from a dead process takes; what is left comes with the next.
pub const ADOPTED_MAX: usize = 500;

/// Whose work is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adoption {
    /// On SQLite at boot: the data directory is locked, so every other owner is dead. Even so nothing is
    /// taken from a worker whose lease runs. Own work is told again.
    EveryoneElse,
    /// A process whose lease has ended: its [`ADOPTED_MAX`] oldest that the heir can carry on, and its place on
    /// the list of workers when none is left. Of one that is alive nothing is taken.
    Dead(WorkerId, Heir),
    /// Own work that this process does not remember: its commit was in doubt.
    Forgotten(Vec<GenerationId>),
}

/// What an adopter can carry on; the rest is left to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heir {
    /// The markets it can speak to.
    pub markets: Vec<String>,
    /// Only this batch or this generation, as [`super::Claim::focus`].
    pub focus: Option<String>,
}

pub(super) const TAKE: Sql = sql!(
    "update generation set owner = $1, epoch = epoch + 1, updated_at = $2
     where owner is not null and owner <> $1
       and not exists (select 1 from worker w where w.id = generation.owner and w.lease_until > ",
    NOW_US,
    ")"
);

pub(super) const LOOK_NOW: &str = "update attempt set look_at = $1 where look_at > $1";

/// The oldest of an owner. What somebody is just writing is left to the next time.
pub(super) const OLDEST: Sql = sql!(
    "select id from generation where owner = $1 and state in ('submitting', 'running', 'storing')
       and ($4 = '' or id = $4 or batch_id = $4) and market in (select value from ",
    EACH,
    "$3",
    EACH_END,
    ") order by owner, id limit $2",
    SKIP_LOCKED
);

/// By their ids: in words of no index, or PostgreSQL goes through all that an owner has for each part of it.
const TAKE_THESE: Sql = sql!(
    "update generation set owner = $1, epoch = epoch + 1, updated_at = $2
     where coalesce(state, '') in ('submitting', 'running', 'storing') and coalesce(owner, '') = $3 and id in (select value from ",
    EACH,
    "$4",
    EACH_END,
    ")"
);

const FOUND: &str = "select g.id, g.epoch, a.n, g.state, g.market, k.label, a.reason, a.reference, a.outputs, g.longest_run_us, a.accepted_at,
            g.cancel_requested_at is not null, a.token is not null, g.account_id, g.batch_id, g.lane, a.opened_at
     from generation g join attempt a on a.generation_id = g.id and a.n = coalesce(g.adopted, g.attempts) join market_key k on k.id = a.key_id
     where g.owner = $1 and g.state in ('submitting', 'running', 'storing') order by g.id";

const FOUND_THESE: Sql = sql!(
    "select g.id, g.epoch, a.n, g.state, g.market, k.label, a.reason, a.reference, a.outputs, g.longest_run_us, a.accepted_at,
            g.cancel_requested_at is not null, a.token is not null, g.account_id, g.batch_id, g.lane, a.opened_at
     from generation g join attempt a on a.generation_id = g.id and a.n = coalesce(g.adopted, g.attempts) join market_key k on k.id = a.key_id
     where coalesce(g.owner, '') = $1 and coalesce(g.state, '') in ('submitting', 'running', 'storing') and g.id in (select value from ",
    EACH,
    "$2",
    EACH_END,
    ") order by g.id"
);

/// Work under way becomes the caller's, one epoch later: what its owner until now still writes fails.
/// [`crate::Error::Rows`] when `owner` takes from a dead process and is dead itself.
pub fn adopt(tx: &mut Tx, owner: &WorkerId, from: &Adoption, now: Timestamp) -> Result<Vec<Adopted>> {
    match from {
        Adoption::EveryoneElse => {
            tx.send(TAKE, p![owner.as_str(), now.micros()])?;
            // Who was looking at ghosts has died over it.
            tx.send(LOOK_NOW, p![now.micros()])?;
            tx.query(FOUND, p![owner.as_str()])?.iter().map(adopted).collect()
        }
        Adoption::Dead(dead, heir) => {
            if !workers::hold(tx, owner)? {
                return Err(Error::Rows { sql: "the adopter's lease".to_owned(), wanted: 1, got: 0 });
            }
            if !workers::lock_dead(tx, dead)? {
                return Ok(Vec::new());
            }
            let max = i64::try_from(ADOPTED_MAX).unwrap_or(i64::MAX);
            let markets = sql::list(&heir.markets);
            let focus = heir.focus.as_deref().unwrap_or_default();
            let rows = tx.query(OLDEST, p![dead.as_str(), max, &markets, focus])?;
            let ids: Vec<GenerationId> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
            let taken = take(tx, owner, dead, &ids, now)?;
            workers::remove(tx, dead)?;
            Ok(taken)
        }
        Adoption::Forgotten(ids) => take(tx, owner, owner, ids, now),
    }
}

fn take(
    tx: &mut Tx,
    owner: &WorkerId,
    from: &WorkerId,
    ids: &[GenerationId],
    now: Timestamp,
) -> Result<Vec<Adopted>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = sql::list(ids.iter().map(GenerationId::as_str));
    tx.send(TAKE_THESE, p![owner.as_str(), now.micros(), from.as_str(), &ids])?;
    tx.query(FOUND_THESE, p![owner.as_str(), &ids])?.iter().map(adopted).collect()
}

fn adopted(row: &Row) -> Result<Adopted> {
    let longest: i64 = row.get(9)?;
    Ok(Adopted {
        fence: Fence { id: row.get(0)?, epoch: row.get(1)?, attempt: row.get(2)?, from: row.get(3)? },
        market: row.get(4)?,
        key: row.get(5)?,
        reason: row.get(6)?,
        reference: row.get(7)?,
        outputs: row.get(8)?,
        longest_run: Duration::from_micros(longest.unsigned_abs()),
        accepted_at: row.get(10)?,
        cancel_requested: row.get(11)?,
        webhook: row.get(12)?,
        account: row.get(13)?,
        batch: row.get(14)?,
        lane: row.get(15)?,
        opened_at: row.get(16)?,
    })
}

pub(super) const OWNED: &str = "select id, epoch from generation
     where owner = $1 and state in ('submitting', 'running', 'storing') and id > $2 order by id limit $3";

/// What a process owns, with its epochs, in the order of ids and after that one: at most `max`.
pub fn owned(
    tx: &mut Tx,
    owner: &WorkerId,
    after: Option<&GenerationId>,
    max: i64,
) -> Result<Vec<(GenerationId, i64)>> {
    let after = after.map_or("", GenerationId::as_str);
    let rows = tx.query(OWNED, p![owner.as_str(), after, max])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(super) const EXPIRE: &str =
    "update slot set generation_id = null, attempt = null, kept_until = null where kept_until <= $1";

pub(super) const LOSE: &str =
    "update attempt set state = $1, look_at = null where state in ('unknown', 'abandoned') and not exists
     (select 1 from slot s where s.generation_id = attempt.generation_id and s.attempt = attempt.n)";

/// Frees the key slots of ghosts whose longest run time has passed, and slots that retire go for good.
/// Answers how many were freed.
pub fn expire_ghosts(tx: &mut Tx, now: Timestamp) -> Result<usize> {
    let freed = tx.execute(EXPIRE, p![now.micros()])?;
    if freed > 0 {
        tx.send(LOSE, p![AttemptState::Lost.as_str()])?;
    }
    markets::delete_retired(tx)?;
    Ok(usize::try_from(freed).unwrap_or(usize::MAX))
}
