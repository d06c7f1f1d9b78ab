//! How a generation ends without a result after a claim.

use super::{Ends, Fence, Finished, end::step_of, ghost, submit, target};
use crate::{
    Result, Tx,
    batches::{self, Tally},
    p,
};
use palitra_domain::{
    DeliveryId, ErrorCode, MarketCost, Timestamp,
    market::MarketError,
    state::{AttemptState, Event, GenerationState},
};

/// How a generation ends without a result.
#[derive(Debug, Clone)]
pub struct Failure {
    pub fence: Fence,
    /// `fail`, `cancel` or `time_out`.
    pub event: Event,
    pub code: ErrorCode,
    pub error: MarketError,
    /// How the attempt ended. A ghost keeps its key slot.
    pub attempt: AttemptState,
    pub cost: Option<MarketCost>,
    /// No further call can succeed: the batch stops at once (S0-25).
    pub critical: bool,
    pub delivery: DeliveryId,
}

/// Ends a generation after a claim: the hold is given back, slots are freed, steps that waited for it are
/// skipped.
pub fn fail(tx: &mut Tx, failure: &Failure, now: Timestamp) -> Result<Finished> {
    let fence = &failure.fence;
    let to = target(fence.from, failure.event)?;
    batches::lock_of(tx, &fence.id)?;
    let row = tx.query_one(
        "update generation set state = $4, error_code = $5, error_text = $6, updated_at = $7, finished_at = $7, owner = null
         where id = $1 and epoch = $2 and state = $3 returning account_id, longest_run_us, batch_id, step",
        p![
            fence.id.as_str(),
            fence.epoch,
            fence.from.as_str(),
            to.as_str(),
            failure.code.name(),
            &failure.error.message,
            now.micros()
        ],
    )?;
    submit::close_attempt(tx, fence, failure.attempt, Some(&failure.error), now)?;
    submit::note_cost(tx, fence, failure.cost)?;
    if matches!(failure.attempt, AttemptState::Unknown | AttemptState::Abandoned | AttemptState::Lost) {
        ghost::watch(tx, fence, now)?;
    }
    submit::count_worker(tx, &fence.id, false)?;
    let ghost_until = failure
        .attempt
        .is_ghost()
        .then(|| row.get(1))
        .transpose()?
        .map(|longest| submit::ghost_until(now, longest));
    submit::free_slots(tx, &fence.id, ghost_until, now)?;
    let account: String = row.get(0)?;
    submit::deliver(tx, &failure.delivery, &fence.id, &account, now)?;
    let mut ends = Ends::default();
    let tally = if to == GenerationState::Cancelled { Tally::Skipped } else { Tally::Failed };
    ends.add(&fence.id, step_of(&row, 2)?, tally);
    ends.descendants(tx, &fence.id, now)?;
    ends.conclude(tx, failure.critical.then_some(failure.code), now)
}
