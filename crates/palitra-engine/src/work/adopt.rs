//! Taking over what a dead process left: every state of the table has its one way on.

use super::{Ticket, again, keep, look, submit};
use crate::{Result, scheduler::Machine};
use palitra_domain::{
    Timestamp,
    market::{ErrorClass, MarketError, RemoteRef},
    state::GenerationState,
};
use palitra_store::generations::{self, Adopted};

/// Everything under way becomes ours. What needs a market or a commit goes on in the background.
pub(crate) async fn adopt(machine: &Machine) -> Result<()> {
    let (owner, now) = (machine.owner.as_str().to_owned(), machine.now());
    let adopted = machine.store.write(move |tx| generations::adopt(tx, &owner, now)).await?;
    if !adopted.is_empty() {
        tracing::info!(generations = adopted.len(), "took over work of a process that is gone");
    }
    for work in adopted {
        let (found, ticket) = split(machine, work);
        machine.spawn(go_on(machine.clone(), found, ticket));
    }
    Ok(())
}

/// What is recorded of an attempt.
struct Found {
    reference: Option<String>,
    outputs: Option<String>,
    accepted_at: Option<Timestamp>,
}

/// The ticket is made at once: whoever drains right after the start has to see that something is under way.
fn split(machine: &Machine, work: Adopted) -> (Found, Ticket) {
    let Adopted { fence, market, key, reason, longest_run, reference, outputs, accepted_at, .. } = work;
    let ticket = Ticket { fence, market, key, reason, longest_run, in_flight: machine.count_in_flight() };
    (Found { reference, outputs, accepted_at }, ticket)
}

async fn go_on(machine: Machine, found: Found, ticket: Ticket) {
    let in_process = machine.market(&ticket.market).is_ok_and(|market| market.capabilities().in_process);
    let outputs = found.outputs.as_deref().and_then(keep::restored);
    match (ticket.fence.from, found.reference, outputs) {
        (GenerationState::Storing, _, Some(outputs)) => keep::keep(&machine, ticket, outputs).await,
        // A result that was not recorded came inside an answer of the market, which is asked for it again.
        (GenerationState::Running | GenerationState::Storing, Some(reference), _) => {
            let accepted_at = found.accepted_at.unwrap_or_else(|| machine.now());
            look::at_once(&machine, ticket, RemoteRef(reference), accepted_at);
        }
        // Its work died with its process: nothing outside knows of it.
        (GenerationState::Submitting | GenerationState::Storing, ..) if in_process => {
            again::restart(&machine, ticket).await;
        }
        _ => {
            let error = MarketError::new(ErrorClass::Unavailable, "the process died during the call");
            submit::unknown(&machine, ticket, error).await;
        }
    }
}
