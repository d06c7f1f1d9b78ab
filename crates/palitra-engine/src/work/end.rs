//! Ending a generation without a result: the hold goes back, and everybody who waited learns of it.

use super::{Ticket, answers, commit, ended, tell};
use crate::{losses, scheduler::Machine};
use palitra_domain::{
    DeliveryId,
    market::MarketError,
    state::{AttemptState, Event},
};
use palitra_store::generations::{self, Failure};

/// A failure with everything that follows from the market's words. Callers change event and code where they know better.
pub(super) fn failure(_: &Machine, ticket: &Ticket, error: MarketError, attempt: AttemptState) -> Failure {
    Failure {
        fence: ticket.fence.clone(),
        event: Event::Fail,
        code: error.class.code(),
        critical: error.class.is_critical(),
        error,
        attempt,
        cost: None,
        delivery: DeliveryId::of_generation(ticket.id()),
    }
}

/// Commits the end and frees what was held.
pub(super) async fn fail(machine: &Machine, ticket: Ticket, failure: Failure) {
    let (from, event, code) = (failure.fence.from, failure.event, failure.code);
    let MarketError { class, message, body, .. } = &failure.error;
    tell!(
        warn,
        machine,
        ticket,
        "generation ended without a result",
        code = code.name(),
        error.class = class.as_str(),
        error.message = message,
        error.body = body
    );
    machine.metrics.failed(&ticket.market, *class);
    let Ok(to) = from.advance(event) else { return };
    let now = machine.now();
    machine.points.before(from, event);
    let (engine, loss) = (machine.engine.clone(), losses::of_failure(machine, &failure));
    let finished = commit(machine, ticket.id(), move |tx| {
        let finished = generations::fail(tx, &failure, now)?;
        losses::record(tx, &engine, &failure.fence.id, loss.as_ref(), now)?;
        Ok(finished)
    })
    .await;
    if finished.is_some() {
        machine.points.after(from, event);
        // What may still be working is looked at, where it is known.
        machine.nudge.notify_one();
        answers::let_go(machine, &ticket).await;
        ended(machine, ticket, to, Some(code));
    }
}
