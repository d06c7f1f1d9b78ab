//! Late results: of attempts that were given up (unknown, abandoned, lost) and of which it is known where their work is.
//!
//! Nobody owns such an attempt. Its row says when it is looked at next; whoever takes it for one look says when the next one is due, so
//! it survives every process. A generation that waits for its second submission takes the first one back; under way, the result that is
//! stored first counts; one that has ended gets a gift.

use super::{Ticket, answers, commit, ended, keep, look};
use crate::{
    Result,
    scheduler::Machine,
    waits::{self, About},
};
use palitra_domain::{
    DeliveryId, Timestamp,
    market::{CancelAnswer, ErrorClass, MarketError, Outputs, Polled, RemoteRef},
    state::{AttemptReason, AttemptState, Event, GenerationState},
};
use palitra_store::{
    generations::{self, Fence, Ghost, Late, NewAsset, Settlement},
    workers,
};
use std::time::Duration;

/// Looks that one round begins; more follow with the next.
const GHOSTS_MAX: i64 = 32;

/// One look is over by then, downloads included; if not, its process has died or hangs.
const HOLD: Duration = Duration::from_secs(60);

/// What stands in the way now is over soon: a step of another attempt, an answer to a cancel.
const SOON: Duration = Duration::from_secs(2);

/// Begins a look at every ghost that is due.
pub(crate) async fn look_at_ghosts(machine: &Machine) -> Result<()> {
    let now = machine.now();
    if !machine.store.read(move |tx| generations::is_ghost_due(tx, now)).await? {
        return Ok(());
    }
    let until = now.plus(HOLD);
    let due = machine.store.write(move |tx| generations::due_ghosts(tx, GHOSTS_MAX, until, now)).await?;
    for ghost in due {
        machine.spawn(look_at(machine.clone(), ghost));
    }
    Ok(())
}

/// An answer to a submission came after its generation had gone on without it: it is known where its work is.
pub(super) async fn leave_reference(machine: &Machine, fence: &Fence, remote: &RemoteRef) {
    // Whose lease has ended changes nothing, not even this.
    if !machine.lease.is_held(machine.now()) {
        return;
    }
    let (id, n, reference, now) = (fence.id.clone(), fence.attempt, remote.0.clone(), machine.now());
    match machine.store.post(move |tx| generations::note_ghost(tx, &id, n, &reference, now)).await {
        Ok(true) => machine.nudge.notify_one(),
        Ok(false) => {}
        Err(error) => tracing::warn!(generation.id = %fence.id, %error, "an answer that came late is lost"),
    }
}

async fn look_at(machine: Machine, ghost: Ghost) {
    if ghost.state == GenerationState::Queued {
        return adopt(&machine, ghost).await;
    }
    let Ok(market) = machine.market(&ghost.market).cloned() else { return };
    let remote = RemoteRef(ghost.reference.clone());
    let polled = look::poll(&machine, &market, &ghost.key, (&ghost.id, ghost.attempt), &remote).await;
    let waited = machine.now().since(ghost.opened_at);
    match polled {
        Polled::Pending { .. } => pending(&machine, &ghost, &remote).await,
        Polled::NotFound if waited < look::VISIBLE_AFTER => pending(&machine, &ghost, &remote).await,
        Polled::Unreachable(error) => {
            tracing::warn!(generation.id = %ghost.id, error.message = error.message, "cannot look at a ghost now");
            again(&machine, &ghost, false).await;
        }
        Polled::Done(outputs) => done(&machine, ghost, outputs).await,
        Polled::Failed(error) => close(&machine, &ghost, AttemptState::Failed, Some(error)).await,
        Polled::Cancelled => close(&machine, &ghost, AttemptState::Cancelled, None).await,
        Polled::NotFound => {
            let error = MarketError::new(ErrorClass::ResultExpired, "the market does not know it any more");
            close(&machine, &ghost, AttemptState::Lost, Some(error)).await;
        }
    }
}

/// It takes the place of the submission that would have followed.
async fn adopt(machine: &Machine, ghost: Ghost) {
    let (now, owner, is_shared) = (machine.now(), machine.lease.owner(), machine.lease.is_shared);
    let wanted = ghost.clone();
    machine.points.before(GenerationState::Queued, Event::Adopt);
    let taking = machine.taking.lock().await;
    let adopted = machine.store.write(move |tx| {
        if is_shared && !workers::hold(tx, &owner)? {
            return Ok(None);
        }
        generations::adopt_known(tx, &wanted, &owner, now)
    });
    let fence = match adopted.await {
        Ok(Some(fence)) => fence,
        Ok(None) => return later(machine, &ghost, SOON, false).await,
        Err(error) => {
            machine.doubts.raise_if(&error);
            tracing::warn!(generation.id = %ghost.id, %error, "a submission that was found cannot be adopted now");
            return;
        }
    };
    machine.points.after(GenerationState::Queued, Event::Adopt);
    go_on(machine, fence, ghost);
    drop(taking);
}

/// It was adopted: it is looked at as if its market's answer had come in time.
pub(super) fn go_on(machine: &Machine, fence: Fence, ghost: Ghost) {
    tracing::info!(generation.id = %ghost.id, attempt = ghost.attempt, "a submission whose outcome was unknown was found and adopted");
    let (reference, opened_at) = (ghost.reference.clone(), ghost.opened_at);
    look::at_once(machine, ticket(machine, fence, ghost), RemoteRef(reference), opened_at);
}

fn ticket(machine: &Machine, fence: Fence, ghost: Ghost) -> Ticket {
    Ticket {
        in_flight: machine.in_flight(&fence),
        fence,
        market: ghost.market,
        key: ghost.key,
        reason: AttemptReason::First,
        longest_run: ghost.longest_run,
        called_after: None,
        spool: None,
        early: None,
        about: About { account: ghost.account, batch: ghost.batch, lane: ghost.lane, began: ghost.opened_at },
    }
}

/// Still at work. Nobody waits for it when its generation has ended: then its market is asked, once, to stop it.
async fn pending(machine: &Machine, ghost: &Ghost, remote: &RemoteRef) {
    if !ghost.state.is_terminal() || ghost.stop_asked {
        return again(machine, ghost, false).await;
    }
    let Ok(market) = machine.market(&ghost.market) else { return };
    let answer = market.cancel(&ghost.key, remote).await;
    tracing::info!(generation.id = %ghost.id, attempt = ghost.attempt, ?answer, "asked the market to stop what nobody waits for");
    match answer {
        CancelAnswer::Requested | CancelAnswer::TooLate => later(machine, ghost, SOON, true).await,
        CancelAnswer::Unsupported => again(machine, ghost, true).await,
    }
}

/// Looks again after a while that grows; a lost one only as long again as its longest run.
async fn again(machine: &Machine, ghost: &Ghost, stop_asked: bool) {
    let waited = machine.now().since(ghost.opened_at);
    if ghost.ended == AttemptState::Lost && waited > ghost.longest_run * 2 {
        return next(machine, ghost, None, stop_asked).await;
    }
    later(machine, ghost, waits::ghost_interval(waited, machine.random()), stop_asked).await;
}

async fn later(machine: &Machine, ghost: &Ghost, after: Duration, stop_asked: bool) {
    next(machine, ghost, Some(machine.now().plus(after)), stop_asked).await;
}

async fn next(machine: &Machine, ghost: &Ghost, at: Option<Timestamp>, stop_asked: bool) {
    let (of, now) = (ghost.clone(), machine.now());
    let write = machine.store.write(move |tx| generations::look_later(tx, &of, at, stop_asked, now));
    if let Err(error) = write.await {
        // The hold ends by itself.
        tracing::warn!(generation.id = %ghost.id, %error, "the next look at a ghost is not written down");
    }
}

async fn close(machine: &Machine, ghost: &Ghost, state: AttemptState, error: Option<MarketError>) {
    let (id, n, now) = (ghost.id.clone(), ghost.attempt, machine.now());
    let closing = commit(machine, &ghost.id, move |tx| {
        generations::close_ghost(tx, &id, n, state, error.as_ref(), now)
    });
    if closing.await.is_some() {
        tracing::info!(generation.id = %ghost.id, attempt = n, %state, "a ghost has ended without a result");
        answers::let_go_of(machine, &ghost.market, &ghost.id, n).await;
        machine.wake.notify_one();
    }
}

async fn done(machine: &Machine, ghost: Ghost, outputs: Outputs) {
    // The result of another attempt is being stored: whether this one is a gift shows in a moment.
    if ghost.state == GenerationState::Storing {
        return later(machine, &ghost, SOON, false).await;
    }
    let made = keep::Made { id: &ghost.id, market: &ghost.market, own_name: Some(ghost.attempt) };
    let keep::Stored { generation, assets, .. } = match keep::store(machine, made, &outputs).await {
        Ok(stored) => stored,
        Err(keep::Trouble::Market(error, ..)) => {
            return close(machine, &ghost, AttemptState::Failed, Some(error)).await;
        }
        Err(keep::Trouble::Here(error)) => {
            tracing::error!(generation.id = %ghost.id, %error, "a late result cannot be stored now");
            return again(machine, &ghost, false).await;
        }
    };
    if ghost.state.is_terminal() {
        return give(machine, ghost, &generation, assets, outputs).await;
    }
    overtake(machine, ghost, &generation, assets, outputs).await;
}

/// It was stored first, so it is the one that is charged; the attempt under way becomes the ghost.
async fn overtake(
    machine: &Machine,
    ghost: Ghost,
    generation: &generations::Generation,
    assets: Vec<NewAsset>,
    outputs: Outputs,
) {
    let fills = match keep::fills(machine, &ghost.id, &outputs, &assets).await {
        Ok(fills) => fills,
        Err(error) => {
            tracing::error!(generation.id = %ghost.id, %error, "a late result cannot be settled now");
            return again(machine, &ghost, false).await;
        }
    };
    let settlement = Settlement {
        fence: Fence { id: ghost.id.clone(), epoch: ghost.epoch, attempt: ghost.attempt, from: ghost.state },
        assets,
        cost: keep::cost(machine, (&generation.model, &generation.mode), &outputs),
        output: outputs.text,
        charge: None,
        fills,
        delivery: DeliveryId::new(machine.now(), machine.random()),
    };
    let (now, owner, of) = (machine.now(), machine.lease.owner(), ghost.clone());
    machine.points.before(ghost.state, Event::Adopt);
    machine.points.before(GenerationState::Storing, Event::Settle);
    let settled = commit(machine, &ghost.id, move |tx| {
        let fence = generations::overtake(tx, &of, &owner, now)?;
        generations::settle(tx, &Settlement { fence, ..settlement.clone() }, now)
    });
    if settled.await.is_none() {
        return later(machine, &ghost, SOON, false).await;
    }
    machine.points.after(ghost.state, Event::Adopt);
    machine.points.after(GenerationState::Storing, Event::Settle);
    tracing::info!(generation.id = %ghost.id, attempt = ghost.attempt, "the first submission brought its result before the second");
    answers::let_go_of(machine, &ghost.market, &ghost.id, ghost.attempt).await;
    machine.nudge.notify_one();
    let fence = Fence {
        id: ghost.id.clone(),
        epoch: ghost.epoch + 1,
        attempt: ghost.attempt,
        from: GenerationState::Storing,
    };
    ended(machine, ticket(machine, fence, ghost), GenerationState::Succeeded, None);
}

/// After the end: a gift, at the house's cost.
async fn give(
    machine: &Machine,
    ghost: Ghost,
    generation: &generations::Generation,
    assets: Vec<NewAsset>,
    outputs: Outputs,
) {
    let late = Late {
        generation: ghost.id.clone(),
        attempt: ghost.attempt,
        assets,
        cost: keep::cost(machine, (&generation.model, &generation.mode), &outputs),
        output: outputs.text,
        delivery: DeliveryId::new(machine.now(), machine.random()),
    };
    let now = machine.now();
    let given = commit(machine, &ghost.id, move |tx| generations::late(tx, &late, now)).await;
    if given == Some(true) {
        tracing::warn!(
            generation.id = %ghost.id, attempt = ghost.attempt, state = %ghost.state,
            "a result came late: it was added at the house's cost"
        );
        answers::let_go_of(machine, &ghost.market, &ghost.id, ghost.attempt).await;
        machine.wake.notify_one();
    }
}
