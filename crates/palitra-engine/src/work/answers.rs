//! Answers that come in the call itself: kept in an object named after their attempt unless a row says the same at once, and read again
//! after a crash, so that a process takes nothing with it that was paid for (invariant 3).

use super::{Ticket, commit, submit::Asked};
use crate::{Result, scheduler::Machine};
use futures_util::stream;
use palitra_domain::{
    GenerationId,
    market::{ErrorClass, Market, MarketError, Polled, RemoteRef, Request, Spool, Submitted},
    objects::{Listed, ObjectError},
    state::AttemptState,
};
use palitra_store::{
    Tx,
    generations::{self, Fence},
};
use std::{pin::pin, sync::Arc, time::Duration};

/// Where such a market's answer to this attempt goes.
pub(super) fn place(machine: &Machine, market: &Arc<dyn Market>, fence: &Fence) -> Option<Spool> {
    let answers = market.capabilities().answers_in_call;
    answers.then(|| Spool::new(machine.objects.clone(), key(&fence.id, fence.attempt)))
}

/// Writes down what a spool holds.
pub(super) async fn write(spool: Option<&Spool>) {
    let Some((spool, body)) = spool.and_then(|spool| Some((spool, spool.take()?))) else { return };
    if let Err(error) = spool.put(Box::pin(stream::iter([Ok(body)]))).await {
        tracing::warn!(%error, "an answer could not be kept; it is used all the same");
    }
}

/// A commit that takes longer has met with trouble.
const SOON: Duration = Duration::from_millis(250);

/// [`commit`] for a record that says all that the answer does: the answer is written beside it only if that record fails or takes its time.
pub(super) async fn record<T: Send + 'static>(
    machine: &Machine,
    ticket: &Ticket,
    transaction: impl Fn(&mut Tx<'_>) -> palitra_store::Result<T> + Send + Clone + 'static,
) -> Option<T> {
    let spool = ticket.spool.as_ref();
    let mut recording = pin!(commit(machine, ticket.id(), transaction));
    let recorded = tokio::select! {
        recorded = &mut recording => recorded,
        () = machine.clock.sleep(SOON) => {
            write(spool).await;
            recording.await
        }
    };
    if recorded.is_none() {
        write(spool).await;
    }
    recorded
}

const FOLDER: &str = "answers";

fn key(id: &GenerationId, attempt: i64) -> String {
    format!("{FOLDER}/{id}.{attempt}.bin")
}

/// Whose answer it is.
fn named(key: &str) -> Option<(GenerationId, i64)> {
    let (id, attempt) =
        key.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".bin")?.rsplit_once('.')?;
    Some((GenerationId::parse(id).ok()?, attempt.parse().ok()?))
}

/// What was kept of the answer to an attempt whose process has died; `None` when nothing was. An error says that it cannot be read now.
pub(super) async fn kept(machine: &Machine, ticket: &Ticket) -> Result<Option<Submitted>> {
    let Ok(market) = machine.market(&ticket.market) else { return Ok(None) };
    if !market.capabilities().answers_in_call {
        return Ok(None);
    }
    read(machine, market, ticket.id(), ticket.fence.attempt).await
}

async fn read(
    machine: &Machine,
    market: &Arc<dyn Market>,
    id: &GenerationId,
    attempt: i64,
) -> Result<Option<Submitted>> {
    let key = key(id, attempt);
    if !machine.objects.exists(&key).await? {
        return Ok(None);
    }
    let of = id.clone();
    let found = machine.store.read(move |tx| generations::find_with_market_model(tx, &of)).await?;
    let Some((generation, model)) = found else { return Ok(None) };
    let unread = |source| ObjectError { key: key.clone(), doing: "read", source };
    let whole = machine.whole(&key).await.map_err(unread)?;
    let input = serde_json::from_str(&generation.input).unwrap_or_default();
    let asked = Asked { market: &generation.market, model: &model, mode: &generation.mode, input };
    let request = Request {
        generation: generation.id.to_string(),
        attempt,
        model: model.clone(),
        mode: generation.mode.clone(),
        input: asked.fitted(machine).1,
        files: Vec::new(),
        spool: None,
        early: None,
        longest_run: Duration::ZERO,
        webhook: None,
    };
    Ok(Some(market.answered(&request, &whole)))
}

/// An answer that came after its attempt was given up has a reference, as work elsewhere has: its key. So it is a ghost that can be
/// looked at. `None`: this reference is the market's own.
pub(super) async fn poll(
    machine: &Machine,
    market: &Arc<dyn Market>,
    (id, attempt): (&GenerationId, i64),
    remote: &RemoteRef,
) -> Option<Polled> {
    named(&remote.0)?;
    Some(match read(machine, market, id, attempt).await {
        Ok(Some(Submitted::Done(outputs))) => Polled::Done(outputs),
        Ok(Some(Submitted::Refused(error))) => Polled::Failed(error),
        // Half an answer says no more the second time.
        Ok(Some(Submitted::Accepted(_) | Submitted::Unknown(_)) | None) => {
            Polled::Failed(MarketError::new(ErrorClass::ResultExpired, "its answer cannot be read"))
        }
        Err(error) => {
            Polled::Unreachable(MarketError::new(ErrorClass::Unavailable, format!("its answer: {error}")))
        }
    })
}

/// The answer came after its attempt was given up. What becomes of it is decided as with any other late result (`ghosts`).
pub(super) fn reference(fence: &Fence) -> RemoteRef {
    RemoteRef(key(&fence.id, fence.attempt))
}

/// Answers that are looked at in one go.
const PAGE: usize = 200;

/// The chore: answers that nobody works on, because their process died, or was given up and wrote them all the same. Those of attempts
/// that were given up are looked at, as late results; the others are in our books, or worth nothing.
pub(crate) async fn sweep(machine: Machine) -> Result<()> {
    let mut after = String::new();
    loop {
        let page = machine.objects.list(FOLDER, &after, PAGE).await?;
        for Listed { key, .. } in &page {
            sweep_one(&machine, key).await?;
        }
        let Some(last) = page.into_iter().next_back() else { return Ok(()) };
        after = last.key;
    }
}

async fn sweep_one(machine: &Machine, key: &str) -> Result<()> {
    let Some((id, attempt)) = named(key) else { return Ok(()) };
    let of = id.clone();
    let hook = machine.store.read(move |tx| generations::hook(tx, &of, attempt)).await?;
    let is_over = match &hook {
        None => true,
        Some(hook) => match hook.attempt {
            // A ghost that has a reference is being looked at.
            AttemptState::Unknown | AttemptState::Abandoned | AttemptState::Lost => {
                if hook.reference.is_none() {
                    let (reference, now) = (key.to_owned(), machine.now());
                    tracing::info!(generation.id = %id, attempt, "an answer came late and was found");
                    let note =
                        move |tx: &mut Tx<'_>| generations::note_ghost(tx, &id, attempt, &reference, now);
                    machine.store.write(note).await?;
                    machine.nudge.notify_one();
                }
                false
            }
            AttemptState::Submitting | AttemptState::Accepted => false,
            AttemptState::Succeeded
            | AttemptState::Failed
            | AttemptState::Cancelled
            | AttemptState::Refused
            | AttemptState::Vanished => hook.state.is_terminal(),
        },
    };
    if is_over {
        machine.objects.delete(key).await?;
    }
    Ok(())
}

/// The attempt has ended: its answer is in our books or worth nothing. Before anybody hears of the end, for a command is over then. No
/// harm when it stays: it is swept.
pub(super) async fn let_go(machine: &Machine, ticket: &Ticket) {
    // A call of this process whose answer was never written.
    if ticket.spool.as_ref().is_some_and(|spool| !spool.is_written()) {
        return;
    }
    let_go_of(machine, &ticket.market, ticket.id(), ticket.fence.attempt).await;
}

/// [`let_go`] of an attempt that nobody owns.
pub(super) async fn let_go_of(machine: &Machine, market: &str, id: &GenerationId, attempt: i64) {
    if !machine.market(market).is_ok_and(|market| market.capabilities().answers_in_call) {
        return;
    }
    if let Err(error) = machine.objects.delete(&key(id, attempt)).await {
        tracing::warn!(%error, "an answer that is not needed any more cannot be deleted");
    }
}

#[cfg(test)]
mod tests;
