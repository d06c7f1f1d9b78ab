//! Ghosts of which it is known where their work is: attempts that were given up and may still bring a result.
//!
//! Whoever looks at one has taken it for a while, by its `look_at`; nobody owns it. Whether what was found counts
//! is decided by the generation's row.

use super::{Fence, submit, target};
use crate::{Error, Result, Row, Sql, Tx, batches, p, sql};
use palitra_domain::{
    AccountId, BatchId, GenerationId, Timestamp, WorkerId,
    catalogue::Lane,
    market::MarketError,
    state::{AttemptState, Event, GenerationState},
};
use std::time::Duration;

/// An attempt that was given up, and where its generation stands.
#[derive(Debug, Clone)]
pub struct Ghost {
    pub id: GenerationId,
    pub attempt: i64,
    /// Unknown, abandoned, or lost: then its longest run is over and its slot free.
    pub ended: AttemptState,
    pub reference: String,
    pub opened_at: Timestamp,
    /// The market was asked to stop it.
    pub stop_asked: bool,
    /// Of the generation.
    pub state: GenerationState,
    pub epoch: i64,
    pub market: String,
    pub key: String,
    pub longest_run: Duration,
    pub account: AccountId,
    pub batch: Option<BatchId>,
    pub lane: Lane,
}

pub(super) const DUE: Sql = sql!(
    "select generation_id, n from attempt where look_at <= $1 order by look_at, generation_id, n limit $2",
    SKIP_LOCKED
);

macro_rules! ghosts {
    ($which:literal) => {
        concat!(
            "select a.generation_id, a.n, a.state, a.reference, a.opened_at, a.stop_asked_at is not null, g.state, g.epoch, g.market,
               k.label, g.longest_run_us, g.account_id, g.batch_id, g.lane
             from attempt a join generation g on g.id = a.generation_id join market_key k on k.id = a.key_id
             where a.generation_id = $1 and a.reference is not null and ",
            $which
        )
    };
}

pub(super) const IS_DUE: &str = "select 1 from attempt where look_at <= $1 limit 1";

/// Whether there are any that somebody should look at now.
pub fn is_ghost_due(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    Ok(tx.query_opt(IS_DUE, p![now.micros()])?.is_some())
}

/// Those that somebody should look at now, at most `max`. They are the caller's until `until`: then another
/// process may look.
pub fn due_ghosts(tx: &mut Tx, max: i64, until: Timestamp, now: Timestamp) -> Result<Vec<Ghost>> {
    let mut ghosts = Vec::new();
    for row in tx.query(DUE, p![now.micros(), max])? {
        let (id, n): (GenerationId, i64) = (row.get(0)?, row.get(1)?);
        tx.must(
            1,
            "update attempt set look_at = $3 where generation_id = $1 and n = $2",
            p![id.as_str(), n, until.micros()],
        )?;
        ghosts
            .extend(tx.query_opt(ghosts!("a.n = $2"), p![id.as_str(), n])?.as_ref().map(ghost).transpose()?);
    }
    Ok(ghosts)
}

/// The first submission that may still bring a result, where its work is known.
pub fn known_ghost(tx: &mut Tx, generation: &GenerationId) -> Result<Option<Ghost>> {
    let row = tx.query_opt(
        ghosts!("a.state in ('unknown', 'abandoned') order by a.n limit 1"),
        p![generation.as_str()],
    )?;
    row.as_ref().map(ghost).transpose()
}

fn ghost(row: &Row) -> Result<Ghost> {
    let longest: i64 = row.get(10)?;
    Ok(Ghost {
        id: row.get(0)?,
        attempt: row.get(1)?,
        ended: row.get(2)?,
        reference: row.get(3)?,
        opened_at: row.get(4)?,
        stop_asked: row.get(5)?,
        state: row.get(6)?,
        epoch: row.get(7)?,
        market: row.get(8)?,
        key: row.get(9)?,
        longest_run: Duration::from_micros(longest.unsigned_abs()),
        account: row.get(11)?,
        batch: row.get(12)?,
        lane: row.get(13)?,
    })
}

/// An attempt that ends without a known outcome is looked at again when it is known where its work is.
pub(super) fn watch(tx: &mut Tx, fence: &Fence, now: Timestamp) -> Result<()> {
    tx.send(
        "update attempt set look_at = $3 where generation_id = $1 and n = $2 and reference is not null",
        p![fence.id.as_str(), fence.attempt, now.micros()],
    )
}

/// Where the work of an attempt is that was given up, or once more that there is news of it: it is looked at
/// now. Answers `false` when it was not given up, or what became of it is known.
pub fn note_ghost(
    tx: &mut Tx,
    generation: &GenerationId,
    n: i64,
    reference: &str,
    now: Timestamp,
) -> Result<bool> {
    let noted = tx.execute(
        "update attempt set reference = coalesce(reference, $3), look_at = $4
         where generation_id = $1 and n = $2 and state in ('unknown', 'abandoned', 'lost')",
        p![generation.as_str(), n, reference, now.micros()],
    )?;
    Ok(noted > 0)
}

/// When to look next, `None`: not any more. `stop_asked`: the market was just asked to stop it.
pub fn look_later(
    tx: &mut Tx,
    ghost: &Ghost,
    at: Option<Timestamp>,
    stop_asked: bool,
    now: Timestamp,
) -> Result<()> {
    tx.send(
        "update attempt set look_at = $3, stop_asked_at = coalesce(stop_asked_at, $4)
         where generation_id = $1 and n = $2 and state in ('unknown', 'abandoned', 'lost')",
        p![ghost.id.as_str(), ghost.attempt, at.map(Timestamp::micros), stop_asked.then(|| now.micros())],
    )
}

/// The market says how it ended, without a result: its key slot is free. Answers `false` when that was known.
pub fn close_ghost(
    tx: &mut Tx,
    generation: &GenerationId,
    n: i64,
    state: AttemptState,
    error: Option<&MarketError>,
    now: Timestamp,
) -> Result<bool> {
    // The slot first: whoever expires ghosts comes by it to the attempt.
    free_slot(tx, generation, n)?;
    let closed = tx.execute(
        "update attempt set state = $3, look_at = null, error_code = coalesce($4, error_code), error_text = coalesce($5, error_text),
           error_body = coalesce($6, error_body), closed_at = $7
         where generation_id = $1 and n = $2 and state in ('unknown', 'abandoned', 'lost')",
        p![
            generation.as_str(),
            n,
            state.as_str(),
            error.map(|error| error.class.code().name()),
            error.map(|error| &error.message),
            error.and_then(|error| error.body.as_ref()),
            now.micros()
        ],
    )?;
    Ok(closed > 0)
}

pub(super) fn free_slot(tx: &mut Tx, generation: &GenerationId, n: i64) -> Result<()> {
    tx.send(
        "update slot set generation_id = null, attempt = null, kept_until = null
         where generation_id = $1 and attempt = $2 and kind = 'key' and kept_until is not null",
        p![generation.as_str(), n],
    )
}

/// The generation waits for its second submission, and the first has been found: it runs again, and none
/// follows. Its key slot is its own again. Slots of its batch and of its model are taken where some are free;
/// where none is nothing new starts either: the work has been at the market all the time. `None` when the
/// generation waits no more.
pub fn adopt_known(tx: &mut Tx, ghost: &Ghost, owner: &WorkerId, now: Timestamp) -> Result<Option<Fence>> {
    let to = target(GenerationState::Queued, Event::Adopt)?;
    batches::lock_of(tx, &ghost.id)?;
    let row = tx.query_opt(
        "update generation set state = $2, owner = $3, epoch = epoch + 1, adopted = $4, updated_at = $5
         where id = $1 and state = 'queued' and attempts > 0 returning epoch, scope, also_scope",
        p![ghost.id.as_str(), to.as_str(), owner.as_str(), ghost.attempt, now.micros()],
    )?;
    let Some(row) = row else { return Ok(None) };
    reopen(tx, ghost)?;
    for scope in [row.get::<Option<String>>(1)?, row.get(2)?].into_iter().flatten() {
        take_slot(tx, &scope, &ghost.id, now)?;
    }
    Ok(Some(Fence { id: ghost.id.clone(), epoch: row.get(0)?, attempt: ghost.attempt, from: to }))
}

/// The ghost's result is in our storage while a later submission is under way: the result counts, and the
/// other attempt is the ghost now. The caller settles it in the same transaction. [`Error::Rows`] when the
/// generation has moved on.
pub fn overtake(tx: &mut Tx, ghost: &Ghost, owner: &WorkerId, now: Timestamp) -> Result<Fence> {
    let to = target(ghost.state, Event::Adopt)?;
    batches::lock_of(tx, &ghost.id)?;
    const PRESENT: Sql = sql!(
        "select coalesce(adopted, attempts) from generation where id = $1 and epoch = $2 and state = $3",
        FOR_UPDATE
    );
    let of = p![ghost.id.as_str(), ghost.epoch, ghost.state.as_str()];
    let present: i64 = tx.query_one(PRESENT, of)?.get(0)?;
    let row = tx.query_one(
        "update generation set state = $2, owner = $3, epoch = epoch + 1, adopted = $4, updated_at = $5 where id = $1 returning epoch",
        p![ghost.id.as_str(), to.as_str(), owner.as_str(), ghost.attempt, now.micros()],
    )?;
    let other = Fence { id: ghost.id.clone(), epoch: ghost.epoch, attempt: present, from: ghost.state };
    submit::close_attempt(tx, &other, AttemptState::Abandoned, None, now)?;
    watch(tx, &other, now)?;
    tx.send(
        "update slot set kept_until = $3 where generation_id = $1 and attempt = $2 and kind = 'key'",
        p![ghost.id.as_str(), present, now.plus(ghost.longest_run).micros()],
    )?;
    reopen(tx, ghost)?;
    Ok(Fence { epoch: row.get(0)?, attempt: ghost.attempt, from: to, ..other })
}

/// The attempt is what it would be, had the market's answer come in time.
fn reopen(tx: &mut Tx, ghost: &Ghost) -> Result<()> {
    tx.send(
        "update slot set kept_until = null where generation_id = $1 and attempt = $2 and kind = 'key'",
        p![ghost.id.as_str(), ghost.attempt],
    )?;
    let reopened = tx.execute(
        "update attempt set state = 'accepted', accepted_at = coalesce(accepted_at, opened_at), closed_at = null, look_at = null,
           error_code = null, error_text = null, error_body = null
         where generation_id = $1 and n = $2 and state in ('unknown', 'abandoned', 'lost') and reference is not null",
        p![ghost.id.as_str(), ghost.attempt],
    )?;
    if reopened != 1 {
        return Err(Error::Rows { sql: "a ghost that was given up".to_owned(), wanted: 1, got: reopened });
    }
    Ok(())
}

/// One free slot of the scope, if there is one: nothing starts, so it need not have rested.
fn take_slot(tx: &mut Tx, scope: &str, id: &GenerationId, now: Timestamp) -> Result<()> {
    const FREE: Sql = sql!(
        "select n from slot where scope = $1 and generation_id is null and retiring = 0 order by ready_at, n limit 1",
        SKIP_LOCKED
    );
    let Some(row) = tx.query_opt(FREE, p![scope])? else { return Ok(()) };
    tx.must(
        1,
        "update slot set generation_id = $3, taken_at = $4, first_at = coalesce(first_at, $4)
         where scope = $1 and n = $2 and generation_id is null",
        p![scope, row.get::<i64>(0)?, id.as_str(), now.micros()],
    )
}
