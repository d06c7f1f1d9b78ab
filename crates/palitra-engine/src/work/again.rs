//! Back to the queue, the four ways there are: refused unbilled, outcome unknown, died with its process, a result that cannot be used. What
//! nobody wants any more ends instead.

use super::{Ticket, commit, end, ended, ghosts, tell};
use crate::{losses, scheduler::Machine};
use palitra_domain::{
    ErrorCode, MarketCost, Timestamp,
    market::{ErrorClass, MarketError},
    state::{AttemptState, Event, GenerationState},
};
use palitra_store::{
    Result, Tx,
    generations::{self, Finished, Ghost},
};

/// After a refusal that is provably unbilled.
pub(super) async fn retry(machine: &Machine, ticket: Ticket, error: MarketError, next_at: Timestamp) {
    let Some(ticket) = still_wanted(machine, ticket, &error, AttemptState::Refused).await else { return };
    let (fence, now) = (ticket.fence.clone(), machine.now());
    requeue(machine, ticket, Event::Retry, move |tx| generations::refuse(tx, &fence, &error, next_at, now))
        .await;
}

/// After a submission whose outcome is unknown: the one that the house pays.
pub(super) async fn resubmit(machine: &Machine, ticket: Ticket, error: MarketError) {
    let Some(ticket) = still_wanted(machine, ticket, &error, AttemptState::Unknown).await else { return };
    let (fence, now) = (ticket.fence.clone(), machine.now());
    let ghost_until = now.plus(ticket.longest_run);
    let (engine, loss) = (machine.engine.clone(), losses::of_unknown(&fence, &error));
    requeue(machine, ticket, Event::Resubmit, move |tx| {
        let ended = generations::resubmit(tx, &fence, &error, ghost_until, now)?;
        losses::record(tx, &engine, &fence.id, loss.as_ref(), now)?;
        Ok(ended)
    })
    .await;
}

/// The outcome of the second submission is unknown too, and the first is known to be at work: it goes on with that one. Both steps in one
/// transaction, so that no third submission comes between them.
pub(super) async fn take_back(machine: &Machine, ticket: Ticket, error: MarketError, ghost: Ghost) {
    let Some(ticket) = still_wanted(machine, ticket, &error, AttemptState::Unknown).await else { return };
    let (fence, now, owner, of) = (ticket.fence.clone(), machine.now(), machine.lease.owner(), ghost.clone());
    let ghost_until = now.plus(ticket.longest_run);
    machine.points.before(GenerationState::Submitting, Event::Resubmit);
    machine.points.before(GenerationState::Queued, Event::Adopt);
    let taking = machine.taking.lock().await;
    let (engine, loss) = (machine.engine.clone(), losses::of_unknown(&fence, &error));
    let taken = commit(machine, ticket.id(), move |tx| {
        let ended = generations::resubmit(tx, &fence, &error, ghost_until, now)?;
        losses::record(tx, &engine, &fence.id, loss.as_ref(), now)?;
        if ended.is_some() {
            return Ok(None);
        }
        generations::adopt_known(tx, &of, &owner, now)
    });
    let Some(taken) = taken.await else { return };
    machine.points.after(GenerationState::Submitting, Event::Resubmit);
    machine.points.after(GenerationState::Queued, Event::Adopt);
    match taken {
        Some(fence) => ghosts::go_on(machine, fence, ghost),
        None => ended(machine, ticket, GenerationState::Cancelled, Some(ErrorCode::Cancelled)),
    }
    drop(taking);
}

/// After a result that the acceptance gate refused: once more at the house's cost. The caller knows that it is the first time. An answer
/// that was kept stays until the generation has ended: whoever takes over after a commit that failed reads it again.
pub(super) async fn reject(machine: &Machine, ticket: Ticket, error: MarketError, cost: Option<MarketCost>) {
    tell!(
        warn,
        machine,
        ticket,
        "its result was refused, the house tries again",
        error.message = error.message
    );
    let (fence, now) = (ticket.fence.clone(), machine.now());
    let (engine, loss) = (machine.engine.clone(), losses::of_rejected(machine, &fence, &error, cost));
    requeue(machine, ticket, Event::Reject, move |tx| {
        let ended = generations::reject(tx, &fence, &error, cost, now)?;
        losses::record(tx, &engine, &fence.id, loss.as_ref(), now)?;
        Ok(ended)
    })
    .await;
}

/// After the process died in which the work was done.
pub(super) async fn restart(machine: &Machine, ticket: Ticket) {
    let error = MarketError::new(ErrorClass::Unavailable, "its process died");
    let Some(ticket) = still_wanted(machine, ticket, &error, AttemptState::Vanished).await else { return };
    let (fence, now) = (ticket.fence.clone(), machine.now());
    requeue(machine, ticket, Event::Restart, move |tx| generations::restart(tx, &fence, now)).await;
}

/// Ends what somebody has asked to cancel, or what belongs to a batch that has stopped: nothing may be submitted for it any more.
async fn still_wanted(
    machine: &Machine,
    ticket: Ticket,
    error: &MarketError,
    attempt: AttemptState,
) -> Option<Ticket> {
    // `storing` cannot be cancelled: the commit below queues it and ends it there.
    if ticket.fence.from != GenerationState::Submitting {
        return Some(ticket);
    }
    let id = ticket.id().clone();
    // When it cannot be read now: the commit below looks again.
    let unwanted = machine.store.read(move |tx| generations::unwanted(tx, &id)).await.ok().flatten();
    let Some(code) = unwanted else { return Some(ticket) };
    let mut failure = end::failure(machine, &ticket, error.clone(), attempt);
    (failure.event, failure.code, failure.critical) = (Event::Cancel, code, false);
    end::fail(machine, ticket, failure).await;
    None
}

async fn requeue(
    machine: &Machine,
    ticket: Ticket,
    event: Event,
    transaction: impl Fn(&mut Tx<'_>) -> Result<Option<Finished>> + Send + Clone + 'static,
) {
    let (id, from) = (ticket.id().clone(), ticket.fence.from);
    machine.points.before(from, event);
    let Some(outcome) = commit(machine, &id, transaction).await else { return };
    machine.points.after(from, event);
    match outcome {
        // The wish to cancel came at the last moment.
        Some(_) => ended(machine, ticket, GenerationState::Cancelled, Some(ErrorCode::Cancelled)),
        None => {
            tell!(info, machine, ticket, "queued again", event = event.as_str());
            drop(ticket);
            machine.work_is_there();
        }
    }
}
