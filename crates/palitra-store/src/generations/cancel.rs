//! Cancelling: at once while queued, asked of the market while running.

use super::finish::void_queued;
use crate::{Result, Tx, p};
use palitra_domain::{ErrorCode, GenerationId, Timestamp, state::GenerationState};

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

pub fn cancel(tx: &mut Tx, id: &GenerationId, now: Timestamp) -> Result<CancelOutcome> {
    let Some(row) = tx.query_opt("select state from generation where id = $1", p![id.as_str()])? else {
        return Ok(CancelOutcome::NotFound);
    };
    let state: GenerationState = row.get(0)?;
    if state == GenerationState::Queued {
        void_queued(tx, id.as_str(), ErrorCode::Cancelled, now)?;
        return Ok(CancelOutcome::Cancelled);
    }
    if state.is_terminal() {
        return Ok(CancelOutcome::AlreadyFinished(state));
    }
    tx.execute(
        "update generation set cancel_requested_at = coalesce(cancel_requested_at, $2) where id = $1",
        p![id.as_str(), now.micros()],
    )?;
    Ok(CancelOutcome::Requested)
}

/// Generations of this process that somebody wants stopped.
pub fn cancel_requests(tx: &mut Tx, owner: &str) -> Result<Vec<GenerationId>> {
    let rows = tx.query(
        "select id from generation where owner = $1 and state in ('submitting', 'running', 'storing') and cancel_requested_at is not null",
        p![owner],
    )?;
    rows.iter().map(|row| row.get(0)).collect()
}
