//! Cancelling: at once while queued, asked of the market while running.

use super::Ends;
use crate::{Result, Tx, batches, p, sql};
use palitra_domain::{
    ErrorCode, GenerationId, Timestamp,
    state::{Event, GenerationState},
};

/// What a cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued: ended, the hold is back.
    Cancelled,
    /// It is at the market: asked, the market's answer decides.
    Requested,
    AlreadyFinished(GenerationState),
    NotFound,
}

/// Of a lone generation, what it waited for goes with it when nobody else waits for that: what is queued ends,
/// what is at a market is asked for. In a batch the work of a step is a result of its own.
pub fn cancel(tx: &mut Tx, id: &GenerationId, now: Timestamp) -> Result<CancelOutcome> {
    batches::lock_of(tx, id)?;
    lock_ancestors(tx, id)?;
    const STATE: crate::Sql = sql!("select state from generation where id = $1", FOR_UPDATE);
    let Some(row) = tx.query_opt(STATE, p![id.as_str()])? else { return Ok(CancelOutcome::NotFound) };
    let state: GenerationState = row.get(0)?;
    if state == GenerationState::Queued {
        let mut ends = Ends::default();
        ends.queued(tx, vec![id.clone()], Event::Cancel, ErrorCode::Cancelled, now)?;
        unneeded(tx, id, &mut ends, now)?;
        ends.conclude(tx, None, now)?;
        return Ok(CancelOutcome::Cancelled);
    }
    if state.is_terminal() {
        return Ok(CancelOutcome::AlreadyFinished(state));
    }
    wish(tx, id, now)?;
    Ok(CancelOutcome::Requested)
}

fn wish(tx: &mut Tx, id: &GenerationId, now: Timestamp) -> Result<()> {
    tx.send(
        "update generation set cancel_requested_at = coalesce(cancel_requested_at, $2) where id = $1",
        p![id.as_str(), now.micros()],
    )
}

/// Before the child, as whoever completes a parent takes them.
fn lock_ancestors(tx: &mut Tx, id: &GenerationId) -> Result<()> {
    const ANCESTORS: crate::Sql = sql!(
        "select id from generation where batch_id is null and id in
           (with recursive above(id) as
             (select parent_id from edge where child_id = $1
              union select e.parent_id from edge e join above on e.child_id = above.id)
            select id from above) order by id",
        FOR_UPDATE
    );
    tx.query(ANCESTORS, p![id.as_str()]).map(drop)
}

/// Parents of what has just ended that nobody else waits for.
fn unneeded(tx: &mut Tx, child: &GenerationId, ends: &mut Ends, now: Timestamp) -> Result<()> {
    let parents = tx.query(
        "select g.id, g.state from edge e join generation g on g.id = e.parent_id
         where e.child_id = $1 and g.batch_id is null and g.state in ('queued', 'submitting', 'running', 'storing')
           and not exists (select 1 from edge o join generation c on c.id = o.child_id
             where o.parent_id = g.id and c.state in ('queued', 'submitting', 'running', 'storing'))
         order by g.id",
        p![child.as_str()],
    )?;
    for row in parents {
        let (id, state): (GenerationId, GenerationState) = (row.get(0)?, row.get(1)?);
        if state == GenerationState::Queued {
            ends.queued(tx, vec![id.clone()], Event::Cancel, ErrorCode::Cancelled, now)?;
            unneeded(tx, &id, ends, now)?;
        } else {
            wish(tx, &id, now)?;
        }
    }
    Ok(())
}

/// Work at a market that somebody wants stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelWish {
    pub id: GenerationId,
    pub market: String,
    pub key: String,
    pub reference: String,
}

/// Asked every second. Only work under way has an owner; said once more, the index of what is under way
/// serves.
pub(super) const WISHES: &str = "select g.id, g.market, k.label, a.reference
     from generation g join attempt a on a.generation_id = g.id and a.n = coalesce(g.adopted, g.attempts) join market_key k on k.id = a.key_id
     where g.owner = $1 and g.state in ('submitting', 'running', 'storing') and g.state = 'running'
       and g.cancel_requested_at is not null and a.reference is not null";

/// The wishes for generations of this process.
pub fn cancel_wishes(tx: &mut Tx, owner: &str) -> Result<Vec<CancelWish>> {
    let rows = tx.query(WISHES, p![owner])?;
    rows.iter()
        .map(|row| {
            Ok(CancelWish { id: row.get(0)?, market: row.get(1)?, key: row.get(2)?, reference: row.get(3)? })
        })
        .collect()
}
