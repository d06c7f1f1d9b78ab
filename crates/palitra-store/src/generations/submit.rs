//! From the claim to the result: what the market said to a submission.

use super::{Finished, end::end_unwanted, target};
use crate::{Result, Tx, batches, p, sql};
use palitra_domain::{
    DeliveryId, GenerationId, MarketCost, Timestamp,
    market::MarketError,
    state::{AttemptReason, AttemptState, Event, GenerationState},
};
use std::time::Duration;

/// What a transition must find: the epoch of its owner and the state it comes from.
#[derive(Debug, Clone)]
pub struct Fence {
    pub id: GenerationId,
    pub epoch: i64,
    pub attempt: i64,
    pub from: GenerationState,
}

/// Moves the generation on and nothing else.
fn advance(tx: &mut Tx, fence: &Fence, event: Event, now: Timestamp) -> Result<()> {
    let to = target(fence.from, event)?;
    tx.must(
        1,
        "update generation set state = $4, updated_at = $5 where id = $1 and epoch = $2 and state = $3",
        p![fence.id.as_str(), fence.epoch, fence.from.as_str(), to.as_str(), now.micros()],
    )
}

/// The market took it and told how to find it again.
pub fn accept(tx: &mut Tx, fence: &Fence, reference: &str, now: Timestamp) -> Result<()> {
    advance(tx, fence, Event::Accept, now)?;
    tx.must(
        1,
        "update attempt set state = $3, reference = $4, accepted_at = $5 where generation_id = $1 and n = $2 and state = 'submitting'",
        p![fence.id.as_str(), fence.attempt, AttemptState::Accepted.as_str(), reference, now.micros()],
    )
}

/// The market answered in the call itself. `outputs` is JSON when the result can be had again after a crash.
pub fn answer(tx: &mut Tx, fence: &Fence, outputs: Option<&str>, now: Timestamp) -> Result<()> {
    advance(tx, fence, Event::Answer, now)?;
    tx.must(
        1,
        "update attempt set state = $3, outputs = $4, accepted_at = $5 where generation_id = $1 and n = $2 and state = 'submitting'",
        p![fence.id.as_str(), fence.attempt, AttemptState::Accepted.as_str(), outputs, now.micros()],
    )
}

/// The market is done; `outputs` (JSON) says where the result is, so that a crash repeats the download, never
/// the generation.
pub fn finish(tx: &mut Tx, fence: &Fence, outputs: &str, now: Timestamp) -> Result<()> {
    advance(tx, fence, Event::Finish, now)?;
    tx.must(
        1,
        "update attempt set outputs = $3 where generation_id = $1 and n = $2 and state = 'accepted'",
        p![fence.id.as_str(), fence.attempt, outputs],
    )
}

/// Back to the queue after a refusal that is provably unbilled; all its slots are free again. Here and in the
/// next two: `Some` when it ended instead of waiting again, because somebody has asked to cancel it or its
/// batch has stopped.
pub fn refuse(
    tx: &mut Tx,
    fence: &Fence,
    error: &MarketError,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<Option<Finished>> {
    batches::lock_of(tx, &fence.id)?;
    close_attempt(tx, fence, AttemptState::Refused, Some(error), now)?;
    requeue(tx, fence, Event::Retry, AttemptReason::Retry, next_at, now)?;
    free_slots(tx, &fence.id, None, now)?;
    end_unwanted(tx, fence, now)
}

/// The outcome is unknown and the policy says once more, at the house's cost. The attempt is a ghost: it
/// keeps its key slot until `ghost_until`, its other slots are free.
pub fn resubmit(
    tx: &mut Tx,
    fence: &Fence,
    error: &MarketError,
    ghost_until: Timestamp,
    now: Timestamp,
) -> Result<Option<Finished>> {
    batches::lock_of(tx, &fence.id)?;
    close_attempt(tx, fence, AttemptState::Unknown, Some(error), now)?;
    requeue(tx, fence, Event::Resubmit, AttemptReason::Unknown, now, now)?;
    free_slots(tx, &fence.id, Some(ghost_until), now)?;
    end_unwanted(tx, fence, now)
}

/// Work inside a process that died: nothing outside knows of it, so it is simply queued again.
pub fn restart(tx: &mut Tx, fence: &Fence, now: Timestamp) -> Result<Option<Finished>> {
    batches::lock_of(tx, &fence.id)?;
    close_attempt(tx, fence, AttemptState::Vanished, None, now)?;
    requeue(tx, fence, Event::Restart, AttemptReason::Restart, now, now)?;
    free_slots(tx, &fence.id, None, now)?;
    end_unwanted(tx, fence, now)
}

/// The acceptance gate has refused a result that the market may have billed: once more, at the house's cost.
pub fn reject(
    tx: &mut Tx,
    fence: &Fence,
    error: &MarketError,
    cost: Option<MarketCost>,
    now: Timestamp,
) -> Result<Option<Finished>> {
    batches::lock_of(tx, &fence.id)?;
    close_attempt(tx, fence, AttemptState::Failed, Some(error), now)?;
    note_cost(tx, fence, cost)?;
    requeue(tx, fence, Event::Reject, AttemptReason::Gate, now, now)?;
    free_slots(tx, &fence.id, None, now)?;
    end_unwanted(tx, fence, now)
}

/// Whether a submission for it was the house's already: there is no second of that kind.
pub fn was_on_the_house(tx: &mut Tx, id: &GenerationId) -> Result<bool> {
    let paid = tx.query_opt(
        "select 1 from attempt where generation_id = $1 and reason in ('unknown', 'gate') limit 1",
        p![id.as_str()],
    )?;
    Ok(paid.is_some())
}

/// What the market took for an attempt that has ended.
pub(super) fn note_cost(tx: &mut Tx, fence: &Fence, cost: Option<MarketCost>) -> Result<()> {
    let Some(cost) = cost else { return Ok(()) };
    tx.must(
        1,
        "update attempt set cost_micros = $3, cost_currency = $4 where generation_id = $1 and n = $2",
        p![fence.id.as_str(), fence.attempt, cost.micros, cost.currency.as_str()],
    )
}

/// What follows a submission that the house paid stays the house's: however often it is refused, it is the
/// one that was allowed (invariant 2).
fn requeue(
    tx: &mut Tx,
    fence: &Fence,
    event: Event,
    reason: AttemptReason,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let to = target(fence.from, event)?;
    tx.must(
        1,
        "update generation set state = $4, owner = null, adopted = null, ready = $5, next_at = $6, updated_at = $8, refusals = refusals + $9,
           not_key = case when $9 = 1 then (select key_id from attempt where generation_id = $1 and n = $10) end,
           next_reason = case when next_reason in ('unknown', 'gate') then next_reason else $7 end
         where id = $1 and epoch = $2 and state = $3",
        p![
            fence.id.as_str(),
            fence.epoch,
            fence.from.as_str(),
            to.as_str(),
            next_at <= now,
            next_at.micros(),
            reason.as_str(),
            now.micros(),
            i64::from(event == Event::Retry),
            fence.attempt
        ],
    )
}

/// Closes the attempt with what the market said; the body is kept for the operator.
pub(super) fn close_attempt(
    tx: &mut Tx,
    fence: &Fence,
    state: AttemptState,
    error: Option<&MarketError>,
    now: Timestamp,
) -> Result<()> {
    tx.must(
        1,
        "update attempt set state = $3, error_code = $4, error_text = $5, error_body = $6, closed_at = $7
         where generation_id = $1 and n = $2 and closed_at is null",
        p![
            fence.id.as_str(),
            fence.attempt,
            state.as_str(),
            error.map(|error| error.class.code().name()),
            error.map(|error| &error.message),
            error.and_then(|error| error.body.as_ref()),
            now.micros()
        ],
    )
}

/// Frees every slot of the generation's present attempt; a ghost keeps its key slot until `ghost_until`
/// (invariant 4). Slots of earlier ghosts stay as they are.
pub(super) fn free_slots(
    tx: &mut Tx,
    id: &GenerationId,
    ghost_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    if let Some(until) = ghost_until {
        tx.send(
            "update slot set kept_until = $2 where generation_id = $1 and kind = 'key' and kept_until is null",
            p![id.as_str(), until.micros()],
        )?;
    }
    tx.send(
        "update slot set generation_id = null, attempt = null, last_at = $2, busy_us = busy_us + ($2 - taken_at)
         where generation_id = $1 and kept_until is null",
        p![id.as_str(), now.micros()],
    )?;
    Ok(())
}

/// How long a ghost may still be working.
pub(super) fn ghost_until(now: Timestamp, longest_run_us: i64) -> Timestamp {
    now.plus(Duration::from_micros(longest_run_us.unsigned_abs()))
}

/// The worker of the batch counts what it did, before its slot is freed.
pub(super) fn count_worker(tx: &mut Tx, id: &GenerationId, ok: bool) -> Result<()> {
    tx.send(
        "update slot set items = items + 1, ok = ok + $2, failed = failed + 1 - $2 where generation_id = $1 and kind = 'batch'",
        p![id.as_str(), ok],
    )?;
    Ok(())
}

/// Tells the door, in the transaction that ends the generation.
pub(super) fn deliver(
    tx: &mut Tx,
    delivery: &DeliveryId,
    generation: &GenerationId,
    account: &str,
    now: Timestamp,
) -> Result<()> {
    tx.must(
        1,
        "insert into outbox(id, kind, account_id, generation_id, payload, next_at, created_at) values($1, 'generation', $2, $3, '{}', $4, $4)",
        p![delivery.as_str(), account, generation.as_str(), now.micros()],
    )
}

/// The same for what ended in the queue. The delivery of an end has the generation's id in other words
/// ([`DeliveryId::of_generation`]).
pub(super) fn deliver_ends(tx: &mut Tx, ended: &[GenerationId], now: Timestamp) -> Result<()> {
    const ENDS: crate::Sql = sql!(
        "insert into outbox(id, kind, account_id, generation_id, payload, next_at, created_at)
         select 'dlv_' || substr(id, 5), 'generation', account_id, id, '{}', $2, $2 from generation where id in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ")"
    );
    if ended.is_empty() {
        return Ok(());
    }
    let rows = u64::try_from(ended.len()).unwrap_or(u64::MAX);
    tx.must(rows, ENDS, p![&sql::list(ended.iter().map(GenerationId::as_str)), now.micros()])
}
