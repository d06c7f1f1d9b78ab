//! Taking over what a dead process left: every state of the table has its one way on.

use super::{Ticket, commit, keep, submit};
use crate::{Result, scheduler::Machine};
use palitra_domain::{
    market::{ErrorClass, MarketError, RemoteRef},
    state::{Event, GenerationState},
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
        machine.tasks.spawn(go_on(machine.clone(), work));
    }
    Ok(())
}

async fn go_on(machine: Machine, work: Adopted) {
    let Adopted { fence, market, key, reason, longest_run, reference, outputs, accepted_at, .. } = work;
    let in_process = machine.market(&market).is_ok_and(|market| market.capabilities().in_process);
    let state = fence.from;
    let ticket = Ticket { fence, market, key, reason, longest_run, in_flight: machine.count_in_flight() };
    match (state, reference, outputs.as_deref().and_then(keep::restored)) {
        (GenerationState::Running, Some(reference), _) => {
            let accepted_at = accepted_at.unwrap_or_else(|| machine.now());
            submit::wait(&machine, ticket, RemoteRef(reference), accepted_at);
        }
        (GenerationState::Storing, _, Some(outputs)) => keep::keep(&machine, ticket, outputs).await,
        // Its work died with its process: nothing outside knows of it.
        (GenerationState::Submitting | GenerationState::Storing, ..) if in_process => {
            restart(&machine, ticket).await
        }
        _ => {
            let error = MarketError::new(ErrorClass::Unavailable, "the process died during the call");
            submit::unknown(&machine, ticket, error).await;
        }
    }
}

async fn restart(machine: &Machine, ticket: Ticket) {
    let (fence, from, now) = (ticket.fence.clone(), ticket.fence.from, machine.now());
    machine.points.before(from, Event::Restart);
    commit(machine, ticket.id(), move |tx| generations::restart(tx, &fence, now)).await;
    machine.points.after(from, Event::Restart);
    machine.wake.notify_one();
}
