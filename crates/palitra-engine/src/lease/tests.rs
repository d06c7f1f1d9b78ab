//! Two processes on one database, as far as they can tell.

use super::*;
use crate::{
    Running, claims, scheduler,
    town::{Town, end_all_leases, order, service, until},
    work::{self, Ticket},
};
use palitra_domain::{GenerationId, state::GenerationState};
use palitra_store::{generations, p};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio_util::sync::CancellationToken;

/// Claims what there is and brings it to the market.
async fn submit_all(machine: &Machine) -> usize {
    let taken = claims::claim(machine, "fal").await.unwrap().claimed;
    let count = taken.len();
    for (ticket, claimed) in taken {
        work::submit(machine.clone(), ticket, claimed).await;
    }
    count
}

fn under_way(engine: &Engine) -> Vec<(GenerationId, i64)> {
    let mut under_way: Vec<_> = engine.in_flight.borrow().iter().cloned().collect();
    under_way.sort();
    under_way
}

async fn state(engine: &Engine, id: &GenerationId) -> GenerationState {
    engine.generation(id).await.unwrap().state
}

async fn workers_listed(engine: &Engine) -> i64 {
    let count = |tx: &mut palitra_store::Tx<'_>| tx.query_one("select count(*) from worker", p![])?.get(0);
    engine.store.read(count).await.unwrap()
}

#[tokio::test]
async fn s3_a_live_process_takes_over_from_a_dead_one_and_from_nobody_else() {
    let town = Town::new();
    let (first, second) = (town.process().await, town.process().await);
    let (one, two) = (service(&first), service(&second));
    join(&one).await.unwrap();
    join(&two).await.unwrap();
    let (cat, dog) = (order(&first, "a cat").await, order(&first, "a dog").await);
    assert_eq!(submit_all(&one).await, 2);
    work::adopt_dead(&two).await.unwrap();
    assert_eq!(under_way(&second), []);
    end_all_leases(&first).await;
    join_again(&two).await;
    work::adopt_dead(&two).await.unwrap();
    assert_eq!(under_way(&second), [(cat.clone(), 2), (dog, 2)]);
    // Nothing was sent to the market again, and the dead are off the list.
    assert_eq!(town.market.submitted.load(Ordering::SeqCst), 2);
    assert_eq!(workers_listed(&first).await, 1);
    // The first wakes: nothing it writes counts, and it learns that it is dead.
    let fence = generations::Fence { id: cat.clone(), epoch: 1, attempt: 1, from: GenerationState::Running };
    let now = one.now();
    let written = work::commit(&one, &cat, move |tx| generations::finish(tx, &fence, "{}", now)).await;
    assert_eq!(written, None);
    assert_eq!(state(&first, &cat).await, GenerationState::Running);
    assert_eq!(beat(&one).await, Beat::Ended);
}

/// Every lease was ended by hand; this process comes back as another.
async fn join_again(machine: &Machine) {
    let before = machine.lease.owner();
    assert_eq!(beat(machine).await, Beat::Ended);
    machine.lease.end();
    join(machine).await.unwrap();
    assert_ne!(machine.lease.owner(), before, "an owner is not used again");
}

#[tokio::test]
async fn s3_a_process_that_cannot_renew_lets_go_of_everything_after_15_s() {
    let town = Town::new();
    let engine = town.process().await;
    let machine = service(&engine);
    join(&machine).await.unwrap();
    order(&engine, "a cat").await;
    let claimed = claims::claim(&machine, "fal").await.unwrap().claimed;
    town.clock.turn(5);
    assert_eq!(beat(&machine).await, Beat::Renewed);
    town.clock.turn(14);
    assert!(engine.lease.is_held(engine.now()));
    town.clock.turn(1);
    assert!(!engine.lease.is_held(engine.now()));
    // What was claimed and has not left the process goes back to the queue, unbilled.
    let (ticket, claim) = claimed.into_iter().next().unwrap();
    let id = claim.id.clone();
    work::submit(machine.clone(), ticket, claim).await;
    assert_eq!(town.market.submitted.load(Ordering::SeqCst), 0);
    assert_eq!(state(&engine, &id).await, GenerationState::Queued);
    assert_eq!(submit_all(&machine).await, 0, "no claims");
    assert_eq!(beat(&machine).await, Beat::Ended, "although the database would renew it");
    fence(&machine);
    rejoin(&machine).await;
    assert_eq!(submit_all(&machine).await, 1, "a service goes on");
}

#[tokio::test]
async fn s3_a_fenced_process_waits_for_nothing_and_a_command_stops() {
    let town = Town::new();
    let engine = town.process().await;
    let machine = Machine::new(&engine, Some("one".to_owned()), CancellationToken::new());
    let mut events = engine.events();
    join(&machine).await.unwrap();
    order(&engine, "a cat").await;
    assert_eq!(submit_all(&service(&engine)).await, 1);
    assert_eq!(under_way(&engine).len(), 1);
    fence(&machine);
    assert_eq!(under_way(&engine), []);
    assert!(machine.stop.is_cancelled());
    let trouble = EngineEvent::Trouble(ErrorCode::StoreUnavailable);
    assert!(std::iter::from_fn(|| events.try_recv().ok()).any(|event| event == trouble));
}

#[tokio::test]
async fn s3_a_database_that_does_not_answer_ends_the_lease_too() {
    let town = Town::new();
    let engine = town.process().await;
    let machine = service(&engine);
    join(&machine).await.unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let held = engine.store.post(move |_| {
        wait.lock().unwrap().recv().ok();
        Ok(())
    });
    let (beat, ()) = tokio::join!(beat(&machine), async { town.clock.turn(15) });
    assert_eq!(beat, Beat::Ended);
    go.send(()).unwrap();
    held.await.unwrap();
}

#[tokio::test]
async fn s3_who_is_off_the_list_claims_nothing() {
    let town = Town::new();
    let engine = town.process().await;
    let machine = service(&engine);
    join(&machine).await.unwrap();
    order(&engine, "a cat").await;
    end_all_leases(&engine).await;
    assert!(engine.lease.is_held(engine.now()), "by its own clock");
    assert_eq!(submit_all(&machine).await, 0);
    engine.lease.lost.notified().await;
}

#[tokio::test]
async fn s3_a_service_comes_back_as_another_worker_and_takes_over_its_own_work() {
    let town = Town::new();
    let engine = town.process().await;
    let running: Running = engine.start(None).await.unwrap();
    let id = order(&engine, "a cat").await;
    until(|| town.market.submitted.load(Ordering::SeqCst) == 1).await;
    until(|| under_way(&engine) == [(id.clone(), 1)]).await;
    let before = engine.lease.owner();
    until(|| town.clock.asleep_for(HEARTBEAT) == 1).await;
    end_all_leases(&engine).await;
    town.clock.turn(5);
    until(|| engine.lease.owner() != before).await;
    // The claims and the housekeeping have a second of their own: then they sleep, and wake as the new worker.
    until(|| town.clock.asleep_for(scheduler::IDLE) == 2).await;
    town.clock.turn(1);
    until(|| under_way(&engine).contains(&(id.clone(), 2))).await;
    assert_eq!(town.market.submitted.load(Ordering::SeqCst), 1);
    running.abort().await;
    // It has left: what it owned is everybody's at once.
    let other = town.process().await;
    let two = service(&other);
    join(&two).await.unwrap();
    work::adopt_dead(&two).await.unwrap();
    assert_eq!(under_way(&other), [(id, 3)]);
    assert_eq!(workers_listed(&other).await, 1);
}

#[tokio::test]
async fn a_process_alone_needs_no_lease() {
    let town = Town::new();
    let engine = town.alone().await;
    let machine = service(&engine);
    work::adopt(&machine).await.unwrap();
    order(&engine, "a cat").await;
    town.clock.turn(3_600);
    assert!(engine.lease.is_held(engine.now()));
    assert_eq!(submit_all(&machine).await, 1);
    assert_eq!(workers_listed(&engine).await, 0);
}

#[tokio::test]
async fn what_a_commit_in_doubt_has_moved_on_is_found_again() {
    let town = Town::new();
    let engine = town.alone().await;
    let machine = service(&engine);
    let (cat, dog) = (order(&engine, "a cat").await, order(&engine, "a dog").await);
    let mut taken = claims::claim(&machine, "fal").await.unwrap().claimed;
    let (dog_ticket, _) = taken.pop().unwrap();
    let (cat_ticket, _) = taken.pop().unwrap();
    assert!(!engine.doubts.take());
    assert_eq!(accept_in_doubt(&town, &machine, &cat_ticket).await, None);
    // While somebody holds it, it is not forgotten.
    assert!(engine.doubts.take());
    work::recover(&machine).await.unwrap();
    assert_eq!(under_way(&engine), [(cat.clone(), 1), (dog.clone(), 1)]);
    drop(cat_ticket);
    assert!(engine.doubts.take());
    work::recover(&machine).await.unwrap();
    assert_eq!(under_way(&engine), [(cat, 2), (dog, 1)]);
    assert!(!engine.doubts.take(), "and then there is no reason to look");
    assert_eq!(town.market.submitted.load(Ordering::SeqCst), 0);
    drop(dog_ticket);
}

/// The acceptance is committed and nobody says so; the repetition finds another state.
async fn accept_in_doubt(town: &Town, machine: &Machine, ticket: &Ticket) -> Option<()> {
    let (fence, now) = (ticket.fence.clone(), machine.now());
    let accept = {
        let fence = fence.clone();
        move |tx: &mut palitra_store::Tx<'_>| generations::accept(tx, &fence, "ref", now)
    };
    let first = Arc::new(AtomicU32::new(0));
    let transaction = {
        let accept = accept.clone();
        move |tx: &mut palitra_store::Tx<'_>| match first.fetch_add(1, Ordering::SeqCst) {
            0 => Err(palitra_store::Error::InDoubt("the connection broke".to_owned())),
            _ => accept(tx),
        }
    };
    machine.store.write(accept).await.unwrap();
    let turning = async {
        loop {
            town.clock.turn(1);
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = work::commit(machine, &fence.id, transaction) => answer,
        () = turning => None,
    }
}
