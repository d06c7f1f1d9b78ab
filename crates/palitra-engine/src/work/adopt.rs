//! Taking over what a dead process left: every state of the table has its one way on.

use super::{Ticket, again, answers, end, keep, look, submit, tell};
use crate::{Result, lease, scheduler::Machine, trouble::Patience, waits::About};
use palitra_domain::{
    GenerationId, Timestamp,
    market::{ErrorClass, MarketError, RemoteRef, Submitted},
    state::{AttemptState, GenerationState},
};
use palitra_store::{
    generations::{self, ADOPTED_MAX, Adopted, Adoption, Heir},
    workers,
};
use std::time::Duration;
use tokio::sync::MutexGuard;

/// Dead processes of one round; more follow with the next.
const DEAD_MAX: i64 = 64;

/// Rows of our own that are compared with our memory at once.
const OWNED_MAX: i64 = 1_000;

/// At the start everything under way becomes ours: all of it when nobody else can be there, else what the dead have left.
pub(crate) async fn adopt(machine: &Machine) -> Result<()> {
    if machine.lease.is_shared {
        lease::join(machine).await?;
        return adopt_dead(machine).await;
    }
    let taking = machine.taking.lock().await;
    take(machine, Adoption::EveryoneElse, &taking).await.map(drop)
}

/// What processes have left whose lease has ended: as far as this one speaks to its markets, and a one-shot command only its own.
pub(crate) async fn adopt_dead(machine: &Machine) -> Result<()> {
    let heir = Heir { markets: machine.markets.keys().cloned().collect(), focus: machine.focus.get() };
    for dead in machine.store.read(|tx| workers::expired(tx, DEAD_MAX)).await? {
        let mut taken = ADOPTED_MAX;
        while taken == ADOPTED_MAX && machine.lease.is_held(machine.now()) {
            let taking = machine.taking.lock().await;
            taken = take(machine, Adoption::Dead(dead.clone(), heir.clone()), &taking).await?;
        }
    }
    Ok(())
}

/// What is ours and not in our memory, after a commit that was in doubt.
pub(crate) async fn recover(machine: &Machine) -> Result<()> {
    let mut after: Option<GenerationId> = None;
    loop {
        // Nothing is claimed between the look and the comparison.
        let taking = machine.taking.lock().await;
        let (owner, from) = (machine.lease.owner(), after.clone());
        let owned =
            machine.store.read(move |tx| generations::owned(tx, &owner, from.as_ref(), OWNED_MAX)).await?;
        let Some((last, _)) = owned.last() else { return Ok(()) };
        after = Some(last.clone());
        let forgotten: Vec<GenerationId> = {
            let known = machine.in_flight.borrow();
            owned.into_iter().filter(|row| !known.contains(row)).map(|(id, _)| id).collect()
        };
        if !forgotten.is_empty() {
            take(machine, Adoption::Forgotten(forgotten), &taking).await?;
        }
    }
}

/// Takes work and goes on with it; what needs a market or a commit does so in the background. Answers how much it was.
async fn take(machine: &Machine, from: Adoption, _: &MutexGuard<'_, ()>) -> Result<usize> {
    let (owner, now) = (machine.lease.owner(), machine.now());
    let adoption = machine.store.write(move |tx| generations::adopt(tx, &owner, &from, now));
    let adopted = adoption.await.inspect_err(|error| {
        machine.doubts.raise_if(error);
        if matches!(error, palitra_store::Error::Rows { .. }) {
            machine.lease.lost.notify_one();
        }
    })?;
    let count = adopted.len();
    if count > 0 {
        machine.metrics.adopted.add(u64::try_from(count).unwrap_or(0));
        tracing::info!(generations = count, worker.id = %machine.lease.owner(), "took over work that nobody carries on");
    }
    for work in adopted {
        let (found, ticket) = split(machine, work);
        machine.spawn(go_on(machine.clone(), found, ticket));
    }
    Ok(count)
}

/// What is recorded of an attempt.
struct Found {
    reference: Option<String>,
    outputs: Option<String>,
    accepted_at: Option<Timestamp>,
}

/// The ticket is made at once: whoever drains right after the start has to see that something is under way.
fn split(machine: &Machine, work: Adopted) -> (Found, Ticket) {
    let about = About { account: work.account, batch: work.batch, lane: work.lane, began: work.opened_at };
    let Adopted { fence, market, key, reason, longest_run, reference, outputs, accepted_at, webhook, .. } =
        work;
    // How long it usually runs is not recorded; it has run for a while.
    let called_after = (webhook && machine.webhooks.get().is_some()).then_some(Duration::ZERO);
    let in_flight = machine.in_flight(&fence);
    let ticket = Ticket {
        fence,
        market,
        key,
        reason,
        longest_run,
        called_after,
        spool: None,
        early: None,
        in_flight,
        about,
    };
    tell!(info, machine, ticket, "taken over", state = ticket.fence.from.as_str());
    (Found { reference, outputs, accepted_at }, ticket)
}

async fn go_on(machine: Machine, found: Found, ticket: Ticket) {
    let can = machine.market(&ticket.market).ok().map(|market| market.capabilities());
    let in_process = can.is_some_and(|can| can.in_process);
    let answers = can.is_some_and(|can| can.answers_in_call);
    let outputs = found.outputs.as_deref().and_then(keep::restored);
    match (ticket.fence.from, found.reference, outputs) {
        (GenerationState::Storing, _, Some(outputs)) => keep::keep(&machine, ticket, outputs).await,
        // A result that was not recorded came inside an answer of the market, which is asked for it again.
        (GenerationState::Running | GenerationState::Storing, Some(reference), _) => {
            let accepted_at = found.accepted_at.unwrap_or_else(|| machine.now());
            look::at_once(&machine, ticket, RemoteRef(reference), accepted_at);
        }
        (GenerationState::Submitting | GenerationState::Storing, None, _) if answers => {
            read_again(&machine, ticket).await;
        }
        // Its work died with its process: nothing outside knows of it.
        (GenerationState::Submitting | GenerationState::Storing, ..) if in_process => {
            again::restart(&machine, ticket).await;
        }
        _ => unknown(&machine, ticket).await,
    }
}

/// What a market answered in the call before its process died may be there, whole.
async fn read_again(machine: &Machine, ticket: Ticket) {
    let mut patience = Patience::default();
    let kept = loop {
        match answers::kept(machine, &ticket).await {
            Ok(kept) => break kept,
            Err(error) if patience.has_more(machine, &error).await => {}
            Err(_) => return,
        }
    };
    match (ticket.fence.from, kept) {
        (GenerationState::Submitting, Some(Submitted::Done(outputs))) => {
            submit::answered(machine, ticket, outputs).await;
        }
        (_, Some(Submitted::Done(outputs))) => keep::keep(machine, ticket, outputs).await,
        // It said no: nothing is asked for again.
        (_, Some(Submitted::Refused(error))) => {
            let failure = end::failure(machine, &ticket, error, AttemptState::Failed);
            end::fail(machine, ticket, failure).await;
        }
        // It was answered, and the answer is gone with the disk that held it.
        (GenerationState::Storing, _) => {
            let words = "the answer of the market was lost before it was stored";
            let error = MarketError::new(ErrorClass::ResultExpired, words);
            let failure = end::failure(machine, &ticket, error, AttemptState::Failed);
            end::fail(machine, ticket, failure).await;
        }
        _ => unknown(machine, ticket).await,
    }
}

async fn unknown(machine: &Machine, ticket: Ticket) {
    let error = MarketError::new(ErrorClass::Unavailable, "the process died during the call");
    submit::unknown(machine, ticket, error).await;
}
