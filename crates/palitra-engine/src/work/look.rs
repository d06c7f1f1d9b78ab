//! Looking at work that a market has accepted.

use super::{Ticket, answers, commit, end, keep, tell};
use crate::{
    scheduler::Machine,
    waits::{self, Waiting},
};
use futures_util::FutureExt;
use palitra_domain::{
    ErrorCode, GenerationId, Timestamp,
    market::{CancelAnswer, ErrorClass, Market, MarketError, Outputs, Polled, RemoteRef},
    state::{AttemptReason, AttemptState, Event, GenerationState},
};
use palitra_store::generations::{self, CancelWish};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// A record may be invisible for a while after the market accepted it.
pub(super) const VISIBLE_AFTER: Duration = Duration::from_secs(90);

/// Beyond half of its longest run work that has not begun is not waited for: the adapter has told its market so (fal:
/// `X-Fal-Request-Timeout`), and here is what happens when the market forgets (seen with locked accounts: at the head of the queue for
/// hours). The market's own deadline has so much longer.
const BEGINS_GRACE: Duration = Duration::from_secs(30);

fn begins_within(longest_run: Duration) -> Duration {
    (longest_run / 2).saturating_add(BEGINS_GRACE).min(longest_run)
}

/// Puts accepted work among the waiting.
pub(super) fn later(machine: &Machine, ticket: Ticket, remote: RemoteRef, accepted_at: Timestamp) {
    let now = machine.now();
    let interval = waits::interval(now.since(accepted_at), ticket.called_after, machine.random());
    // What has run for too long, or has not begun for too long, is seen in time whoever calls or does not.
    let ends = [begins_within(ticket.longest_run), ticket.longest_run].map(|within| accepted_at.plus(within));
    let end = ends.into_iter().find(|end| *end > now).unwrap_or(now);
    let due = now.plus(interval).min(end);
    insert(machine, ticket, remote, accepted_at, due);
}

/// Nobody has looked for as long as no process was there.
pub(super) fn at_once(machine: &Machine, ticket: Ticket, remote: RemoteRef, accepted_at: Timestamp) {
    insert(machine, ticket, remote, accepted_at, machine.now());
}

fn insert(machine: &Machine, ticket: Ticket, remote: RemoteRef, accepted_at: Timestamp, due: Timestamp) {
    // Others look at it now.
    if !machine.lease.is_held(machine.now()) {
        return;
    }
    let Ticket { fence, market, key, longest_run, called_after, in_flight, about, .. } = ticket;
    let waiting =
        Waiting { fence, market, key, remote, accepted_at, longest_run, called_after, in_flight, about };
    machine.waits.insert(due, waiting, machine.now());
}

/// What the market says of it now, or has said in an answer that was kept.
pub(super) async fn poll(
    machine: &Machine,
    market: &Arc<dyn Market>,
    key: &str,
    of: (&GenerationId, i64),
    remote: &RemoteRef,
) -> Polled {
    let polling = async {
        match answers::poll(machine, market, of, remote).await {
            Some(polled) => polled,
            None => market.poll(key, remote).await,
        }
    };
    AssertUnwindSafe(polling).catch_unwind().await.unwrap_or_else(|_| {
        Polled::Unreachable(MarketError::new(ErrorClass::Protocol, "the adapter panicked"))
    })
}

/// One look: the pulled record is the truth.
pub(crate) async fn look(machine: Machine, waiting: Waiting) {
    let Ok(market) = machine.market(&waiting.market).cloned() else { return };
    let of = (&waiting.fence.id, waiting.fence.attempt);
    let polled = poll(&machine, &market, &waiting.key, of, &waiting.remote).await;
    let Waiting { fence, market, key, remote, accepted_at, longest_run, called_after, in_flight, about } =
        waiting;
    let reason = AttemptReason::First;
    let (spool, early) = (None, None);
    let ticket =
        Ticket { fence, market, key, reason, longest_run, called_after, spool, early, in_flight, about };
    match polled {
        Polled::Pending { position } => {
            pending(&machine, ticket, remote, accepted_at, position.is_some()).await;
        }
        Polled::Unreachable(error) => {
            tell!(
                warn,
                machine,
                ticket,
                "cannot look at it now",
                error.class = error.class.as_str(),
                error.message = error.message
            );
            machine.metrics.failed(&ticket.market, error.class);
            pending(&machine, ticket, remote, accepted_at, false).await;
        }
        Polled::Done(outputs) => done(&machine, ticket, outputs).await,
        Polled::Failed(error) => {
            let failure = end::failure(&machine, &ticket, error, AttemptState::Failed);
            end::fail(&machine, ticket, failure).await;
        }
        Polled::Cancelled => cancelled(&machine, ticket).await,
        Polled::NotFound if machine.now().since(accepted_at) < VISIBLE_AFTER => {
            pending(&machine, ticket, remote, accepted_at, false).await
        }
        Polled::NotFound => {
            let error = MarketError::new(ErrorClass::ResultExpired, "the market does not know it any more");
            let failure = end::failure(&machine, &ticket, error, AttemptState::Lost);
            end::fail(&machine, ticket, failure).await;
        }
    }
}

async fn pending(
    machine: &Machine,
    ticket: Ticket,
    remote: RemoteRef,
    accepted_at: Timestamp,
    has_to_begin: bool,
) {
    let waited = machine.now().since(accepted_at);
    if waited >= ticket.longest_run {
        // Its longest run time has passed, so the slot is free again too (invariant 4).
        return time_out(machine, ticket, AttemptState::Lost, "the longest run time has passed").await;
    }
    if has_to_begin && waited >= begins_within(ticket.longest_run) {
        // It may begin after all: a ghost.
        return time_out(machine, ticket, AttemptState::Abandoned, "the market has not begun it in time")
            .await;
    }
    later(machine, ticket, remote, accepted_at);
}

/// Whoever has asked to cancel it sees that it was cancelled. Its market is asked to stop it (`ghosts`), and what it brings all the same
/// is a late result.
async fn time_out(machine: &Machine, ticket: Ticket, attempt: AttemptState, why: &str) {
    let id = ticket.id().clone();
    let unwanted = machine.store.read(move |tx| generations::unwanted(tx, &id)).await.ok().flatten();
    let mut failure = end::failure(machine, &ticket, MarketError::new(ErrorClass::Timeout, why), attempt);
    failure.event = in_running(&ticket, Event::TimeOut);
    if unwanted == Some(ErrorCode::Cancelled) {
        (failure.event, failure.code) = (in_running(&ticket, Event::Cancel), ErrorCode::Cancelled);
    }
    end::fail(machine, ticket, failure).await;
}

/// Records where the result is before touching it: a crash repeats the download, never the generation. Files that came inside the
/// answer have no place; then the market is asked again.
async fn done(machine: &Machine, ticket: Ticket, outputs: Outputs) {
    if ticket.fence.from == GenerationState::Storing {
        return keep::keep(machine, ticket, outputs).await;
    }
    let (fence, now) = (ticket.fence.clone(), machine.now());
    let recorded = keep::recorded(&outputs).unwrap_or_default();
    machine.points.before(GenerationState::Running, Event::Finish);
    if commit(machine, ticket.id(), move |tx| generations::finish(tx, &fence, &recorded, now)).await.is_none()
    {
        return;
    }
    machine.points.after(GenerationState::Running, Event::Finish);
    tell!(debug, machine, ticket, "the market is done");
    keep::keep(machine, ticket.now_in(GenerationState::Storing), outputs).await;
}

async fn cancelled(machine: &Machine, ticket: Ticket) {
    let error = MarketError::new(ErrorClass::GenerationFailed, "cancelled");
    let mut failure = end::failure(machine, &ticket, error, AttemptState::Cancelled);
    (failure.event, failure.code) = (in_running(&ticket, Event::Cancel), ErrorCode::Cancelled);
    end::fail(machine, ticket, failure).await;
}

/// Once the market was done, whatever it says later is a failure.
fn in_running(ticket: &Ticket, event: Event) -> Event {
    if ticket.fence.from == GenerationState::Running { event } else { Event::Fail }
}

/// Carries a wish to cancel to the market; the next look decides what became of it.
pub(crate) async fn ask_to_cancel(machine: Machine, wish: CancelWish) {
    let Ok(market) = machine.market(&wish.market) else { return };
    let answer = market.cancel(&wish.key, &RemoteRef(wish.reference)).await;
    tracing::info!(generation.id = %wish.id, ?answer, "asked the market to cancel");
    // Too late: then it has ended, and the next look says how.
    if matches!(answer, CancelAnswer::Requested | CancelAnswer::TooLate) {
        machine.waits.hurry(&wish.id, machine.now());
    }
}
