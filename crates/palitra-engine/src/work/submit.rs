//! The call to the market, and what follows from its answer.

use super::{Ticket, again, answers, back_off, commit, end, ghosts, keep, look, tell};
use crate::{EngineEvent, Started, UnknownPolicy, early::Shown, keys, metrics::Outcome, scheduler::Machine};
use futures_util::FutureExt;
use palitra_domain::{
    ErrorCode,
    catalogue::Mode,
    early,
    market::{ErrorClass, Found, Marker, Market, MarketError, RemoteRef, Request, Submitted},
    state::{AttemptReason, AttemptState, Event, GenerationState},
};
use palitra_store::{
    Tx,
    generations::{self, Claimed, Ghost},
    markets::Stopped,
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// Between two looks for a callback that another process may have taken, and between two look-ups.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Submits what was claimed. `submitting` is committed: from here on a crash leaves an attempt whose outcome is unknown.
pub(crate) async fn submit(machine: Machine, mut ticket: Ticket, claimed: Claimed) {
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
    let asked = Asked { market: &ticket.market, model: &claimed.market_model, mode: &claimed.mode, input };
    let (mode, input) = asked.fitted(&machine);
    ticket.spool = answers::place(&machine, &market, &ticket.fence);
    ticket.early = early::is_asked(&input).then(|| machine.early.of(ticket.id()));
    let mut request = Request {
        generation: claimed.id.as_str().to_owned(),
        attempt: claimed.attempt,
        model: claimed.market_model.clone(),
        mode: claimed.mode.clone(),
        input,
        files: Vec::new(),
        spool: ticket.spool.clone(),
        early: ticket.early.as_ref().map(Shown::sink),
        longest_run: claimed.longest_run,
        webhook: machine.webhook(&ticket.market, &claimed),
    };
    let files = match mode {
        Some(mode) => {
            let whose = (&claimed.facts.account, claimed.facts.livemode);
            match machine.files_of(whose, &mode, &request.input).await {
                // What stays in this process stays as it is.
                Ok(files) if !market.capabilities().in_process => {
                    machine.prepared(files, &mode, &request.input).await
                }
                files => files,
            }
        }
        None => Ok(Vec::new()),
    };
    tell!(info, machine, ticket, "submitting", reason = claimed.reason.as_str());
    if claimed.attempt == 1 {
        machine.metrics.waited(&ticket.market, claimed.lane, ticket.about.began.since(claimed.asked_at));
    }
    let answer = match files {
        Ok(files) => {
            request.files = files;
            call(&market, &ticket.key, &request).await
        }
        // Nothing was sent.
        Err(error) => Submitted::Refused(error),
    };
    if !matches!(&answer, Submitted::Done(outputs) if keep::is_recorded(outputs)) {
        answers::write(ticket.spool.as_ref()).await;
    }
    machine.metrics.submitted(&ticket.market, Outcome::of(&answer));
    let stopped = keys::hear(&machine, &ticket, &claimed, &answer).await;
    let has_stopped = stopped.just_now;
    match answer {
        Submitted::Accepted(remote) => accepted(&machine, ticket, remote).await,
        Submitted::Done(outputs) if keep::is_all(&claimed, &outputs) => {
            keep::tell(&machine, ticket, claimed, outputs).await;
        }
        Submitted::Done(outputs) => answered(&machine, ticket, outputs).await,
        Submitted::Refused(error) => refused(&machine, ticket, error, (claimed.refusals, stopped)).await,
        Submitted::Unknown(error) => unknown(&machine, ticket, error).await,
    }
    if has_stopped {
        machine.spawn(keys::drain_in_background(machine.clone()));
    }
}

/// What is asked of a market, in our words.
pub(super) struct Asked<'a> {
    pub(super) market: &'a str,
    pub(super) model: &'a str,
    pub(super) mode: &'a str,
    pub(super) input: serde_json::Value,
}

impl Asked<'_> {
    /// The same in the market's names. A model that has left the catalogue meanwhile gets it as it is, and its market decides.
    pub(super) fn fitted(self, machine: &Machine) -> (Option<Arc<Mode>>, serde_json::Value) {
        match machine.catalogue().mode_at(self.market, self.model, self.mode) {
            Some((_, mode)) => (Some(mode.clone()), mode.input.fit(&self.input).body),
            None => (None, self.input),
        }
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
        return ghosts::leave_reference(machine, &ticket.fence, &remote).await;
    }
    machine.points.after(GenerationState::Submitting, Event::Accept);
    tell!(info, machine, ticket, "accepted");
    look::later(machine, ticket.now_in(GenerationState::Running), remote, now);
}

pub(super) async fn answered(machine: &Machine, ticket: Ticket, outputs: palitra_domain::market::Outputs) {
    let (fence, recorded, now) = (ticket.fence.clone(), keep::recorded(&outputs), machine.now());
    machine.points.before(GenerationState::Submitting, Event::Answer);
    let answer = move |tx: &mut Tx<'_>| generations::answer(tx, &fence, recorded.as_deref(), now);
    if answers::record(machine, &ticket, answer).await.is_none() {
        return ghosts::leave_reference(machine, &ticket.fence, &answers::reference(&ticket.fence)).await;
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
        error.message = error.message,
        error.body = error.body
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

/// The outcome is unknown. A callback may still tell where the market was given an address, and a look-up where it has one; else there
/// is nothing to wait for. Then the policy applies, and at most once (invariant 2).
pub(super) async fn unknown(machine: &Machine, ticket: Ticket, error: MarketError) {
    tell!(
        warn,
        machine,
        ticket,
        "the outcome of a submission is unknown",
        error.class = error.class.as_str(),
        error.message = error.message,
        error.body = error.body
    );
    machine.metrics.failed(&ticket.market, error.class);
    match learn(machine, &ticket).await {
        Learned::Work(remote) => {
            machine.waits.hurry(ticket.id(), machine.now());
            return accepted(machine, ticket, remote).await;
        }
        // Nothing runs and nothing is billed: as if it had been refused.
        Learned::NeverArrived => return again::retry(machine, ticket, error, machine.now()).await,
        Learned::Nothing => {}
    }
    let is_first = !matches!(ticket.reason, AttemptReason::Unknown | AttemptReason::Gate);
    let again = machine.settings.unknown == UnknownPolicy::ResubmitOnce && is_first;
    if !again {
        if let Some(ghost) = known_ghost(machine, &ticket).await {
            return again::take_back(machine, ticket, error, ghost).await;
        }
        let mut failure = end::failure(machine, &ticket, error, AttemptState::Unknown);
        failure.code = ErrorCode::OutcomeUnknown;
        return end::fail(machine, ticket, failure).await;
    }
    again::resubmit(machine, ticket, error).await;
}

/// An earlier submission may still bring the result.
async fn known_ghost(machine: &Machine, ticket: &Ticket) -> Option<Ghost> {
    let id = ticket.id().clone();
    machine.store.read(move |tx| generations::known_ghost(tx, &id)).await.ok().flatten()
}

/// What came to light about a submission without an answer.
enum Learned {
    Work(RemoteRef),
    NeverArrived,
    Nothing,
}

/// Waits for a callback, and asks the market where it can be asked, as long as either may still tell. Another process may have taken the
/// call, so the row is read now and then.
async fn learn(machine: &Machine, ticket: &Ticket) -> Learned {
    let Ok(market) = machine.market(&ticket.market).cloned() else { return Learned::Nothing };
    let webhooks = machine.webhooks.get().filter(|_| ticket.called_after.is_some());
    let mut wait = machine.webhooks.get().and_then(|webhooks| webhooks.unknown_wait);
    loop {
        let mut pause = LOOK_AGAIN;
        let called = machine.called.notified();
        let (id, n) = (ticket.id().clone(), ticket.fence.attempt);
        let read = machine.store.read(move |tx| {
            Ok((
                generations::hook(tx, &id, n)?,
                generations::unwanted(tx, &id)?.is_some(),
                generations::find(tx, &id)?,
            ))
        });
        match read.await {
            Ok((Some(hook), unwanted, Some(generation))) => {
                if let Some(reference) = hook.reference {
                    return Learned::Work(RemoteRef(reference));
                }
                let waited = machine.now().since(hook.opened_at);
                let marker = Marker {
                    generation: hook.generation.as_str().to_owned(),
                    attempt: n,
                    model: hook.market_model,
                    opened_at: hook.opened_at,
                };
                match market.find(&ticket.key, &marker).await {
                    Found::Work(remote) => return Learned::Work(remote),
                    Found::Nothing if waited >= look::VISIBLE_AFTER => return Learned::NeverArrived,
                    Found::Unsupported if webhooks.is_none() => return Learned::Nothing,
                    Found::Nothing | Found::Unsupported => {}
                    Found::Unreachable(error) => {
                        tracing::warn!(generation.id = %ticket.id(), error.message = error.message, "cannot look for it now");
                    }
                }
                let wait = match wait {
                    Some(wait) => wait,
                    None => *wait.insert(
                        (machine.p90(&generation.model, &generation.mode).await * 2).min(ticket.longest_run),
                    ),
                };
                if unwanted || waited >= wait {
                    return Learned::Nothing;
                }
                pause = pause.min(wait.saturating_sub(waited));
            }
            Ok(_) => return Learned::Nothing,
            Err(error) => tracing::warn!(%error, "cannot look for a callback now"),
        }
        tokio::select! {
            () = called => {}
            () = machine.clock.sleep(pause) => {}
        }
    }
}
