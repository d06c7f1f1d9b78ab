//! The call to the market, and what follows from its answer.

use super::{Ticket, again, back_off, commit, end, keep, look, tell};
use crate::{EngineEvent, Started, UnknownPolicy, keys, metrics::Outcome, scheduler::Machine};
use futures_util::FutureExt;
use palitra_domain::{
    ErrorCode,
    market::{ErrorClass, Market, MarketError, RemoteRef, Request, Submitted},
    state::{AttemptReason, AttemptState, Event, GenerationState},
};
use palitra_store::{
    generations::{self, Claimed},
    markets::Stopped,
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// Between two looks for a callback that another process may have taken.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Submits what was claimed. `submitting` is committed: from here on a crash leaves an attempt whose outcome is unknown.
pub(crate) async fn submit(machine: Machine, ticket: Ticket, claimed: Claimed) {
    let Ok(market) = machine.market(&ticket.market).cloned() else { return };
    // Nothing has left this process: whoever owns it now may start it, unless it has been given to others as unknown.
    if !machine.lease.is_held(machine.now()) {
        return again::restart(&machine, ticket).await;
    }
    let input: serde_json::Value = serde_json::from_str(&claimed.input).unwrap_or_default();
    let prompt = input
        .get("prompt")
        .and_then(|prompt| prompt.as_str())
        .unwrap_or_default()
        .chars()
        .take(100)
        .collect();
    let started = Started { generation: claimed.id.clone(), worker: claimed.worker, prompt };
    machine.events.send(EngineEvent::Started(started)).ok();
    let request = Request {
        generation: claimed.id.as_str().to_owned(),
        attempt: claimed.attempt,
        model: claimed.market_model.clone(),
        mode: claimed.mode.clone(),
        input,
        longest_run: claimed.longest_run,
        webhook: machine.webhook(&ticket.market, &claimed),
    };
    tell!(info, machine, ticket, "submitting", reason = claimed.reason.as_str());
    if claimed.attempt == 1 {
        machine.metrics.waited(&ticket.market, claimed.lane, ticket.about.began.since(claimed.asked_at));
    }
    let answer = call(&market, &ticket.key, &request).await;
    machine.metrics.submitted(&ticket.market, Outcome::of(&answer));
    let stopped = keys::hear(&machine, &ticket, &claimed, &answer).await;
    match answer {
        Submitted::Accepted(remote) => accepted(&machine, ticket, remote).await,
        Submitted::Done(outputs) => answered(&machine, ticket, outputs).await,
        Submitted::Refused(error) => refused(&machine, ticket, error, (claimed.refusals, stopped)).await,
        Submitted::Unknown(error) => unknown(&machine, ticket, error).await,
    }
}

/// A panic of an adapter fails its own generation and nothing else (S0-34).
async fn call(market: &Arc<dyn Market>, key: &str, request: &Request) -> Submitted {
    let answer = AssertUnwindSafe(market.submit(key, request)).catch_unwind().await;
    answer.unwrap_or_else(|_| {
        let error = MarketError::new(ErrorClass::Protocol, "the adapter panicked");
        // In this process nothing is left of the work; outside of it nobody knows.
        if market.capabilities().in_process { Submitted::Refused(error) } else { Submitted::Unknown(error) }
    })
}

async fn accepted(machine: &Machine, ticket: Ticket, remote: RemoteRef) {
    let (fence, reference, now) = (ticket.fence.clone(), remote.0.clone(), machine.now());
    machine.points.before(GenerationState::Submitting, Event::Accept);
    if commit(machine, ticket.id(), move |tx| generations::accept(tx, &fence, &reference, now))
        .await
        .is_none()
    {
        return;
    }
    machine.points.after(GenerationState::Submitting, Event::Accept);
    tell!(info, machine, ticket, "accepted");
    look::later(machine, ticket.now_in(GenerationState::Running), remote, now);
}

async fn answered(machine: &Machine, ticket: Ticket, outputs: palitra_domain::market::Outputs) {
    let (fence, recorded, now) = (ticket.fence.clone(), keep::recorded(&outputs), machine.now());
    machine.points.before(GenerationState::Submitting, Event::Answer);
    if commit(machine, ticket.id(), move |tx| generations::answer(tx, &fence, recorded.as_deref(), now))
        .await
        .is_none()
    {
        return;
    }
    machine.points.after(GenerationState::Submitting, Event::Answer);
    tell!(debug, machine, ticket, "the market has answered");
    keep::keep(machine, ticket.now_in(GenerationState::Storing), outputs).await;
}

/// Provably unbilled: back to the queue when it may pass later or with another key, else the end. It moves to another key at once, as
/// often as there are others; then it waits.
async fn refused(machine: &Machine, ticket: Ticket, error: MarketError, (refusals, stopped): (i64, Stopped)) {
    let another_may = keys::takes_key_out(&error) && stopped.code.is_none();
    if !(error.class.is_retried() || another_may) || refusals >= machine.settings.refusals_max {
        let mut failure = end::failure(machine, &ticket, error, AttemptState::Refused);
        failure.critical &= !another_may;
        return end::fail(machine, ticket, failure).await;
    }
    tell!(
        warn,
        machine,
        ticket,
        "refused, will try again",
        error.class = error.class.as_str(),
        error.message = error.message
    );
    machine.metrics.failed(&ticket.market, error.class);
    let now = machine.now();
    let next_at = if refusals < stopped.others {
        now
    } else {
        error.retry_after.map_or_else(|| back_off(refusals, machine.random(), now), |after| now.plus(after))
    };
    again::retry(machine, ticket, error, next_at).await;
}

/// The outcome is unknown. Where the market was given an address, its callback may still tell; else there is nothing to wait for. Then
/// the policy applies, and at most once (invariant 2).
pub(super) async fn unknown(machine: &Machine, ticket: Ticket, error: MarketError) {
    tell!(
        warn,
        machine,
        ticket,
        "the outcome of a submission is unknown",
        error.class = error.class.as_str(),
        error.message = error.message
    );
    machine.metrics.failed(&ticket.market, error.class);
    if let Some(remote) = await_call(machine, &ticket).await {
        machine.waits.hurry(ticket.id(), machine.now());
        return accepted(machine, ticket, remote).await;
    }
    let again =
        machine.settings.unknown == UnknownPolicy::ResubmitOnce && ticket.reason != AttemptReason::Unknown;
    if !again {
        let mut failure = end::failure(machine, &ticket, error, AttemptState::Unknown);
        failure.code = ErrorCode::OutcomeUnknown;
        return end::fail(machine, ticket, failure).await;
    }
    again::resubmit(machine, ticket, error).await;
}

/// Waits for a callback that makes the work known. Another process may have taken the call, so the row is read now and then.
async fn await_call(machine: &Machine, ticket: &Ticket) -> Option<RemoteRef> {
    ticket.called_after?;
    let webhooks = machine.webhooks.get()?;
    let wait = webhooks.unknown_wait.unwrap_or(ticket.longest_run * 2);
    loop {
        let called = machine.called.notified();
        let (id, n) = (ticket.id().clone(), ticket.fence.attempt);
        let read = machine
            .store
            .read(move |tx| Ok((generations::hook(tx, &id, n)?, generations::unwanted(tx, &id)?.is_some())));
        match read.await {
            Ok((Some(hook), unwanted)) => {
                if let Some(reference) = hook.reference {
                    return Some(RemoteRef(reference));
                }
                if unwanted || machine.now().since(hook.opened_at) >= wait {
                    return None;
                }
            }
            Ok((None, _)) => return None,
            Err(error) => tracing::warn!(%error, "cannot look for a callback now"),
        }
        tokio::select! {
            () = called => {}
            () = machine.clock.sleep(LOOK_AGAIN) => {}
        }
    }
}
