//! Who leads, and what only the leader does.

use super::*;
use crate::town::{Town, end_all_leases, service, until};
use palitra_domain::BoxFuture;
use std::sync::atomic::{AtomicU32, Ordering};

static DONE: AtomicU32 = AtomicU32::new(0);

/// Done once, then counted as under way for ever.
static COUNTED: Chore = Chore {
    name: "counted",
    every: Duration::from_secs(3_600),
    run: |_| -> BoxFuture<'static, Result<()>> {
        DONE.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    },
};

async fn leads(machine: &Machine) -> bool {
    let sent = machine.now();
    if take(machine).await.unwrap() {
        machine.leadership.begin(sent);
    } else {
        machine.leadership.end();
    }
    machine.engine.is_leader()
}

#[tokio::test]
async fn s3_one_process_leads_and_another_takes_over_when_it_stops_or_dies() {
    let town = Town::new();
    let (first, second) = (town.process().await, town.process().await);
    let (one, two) = (service(&first), service(&second));
    assert!(!first.is_leader(), "it is not even a worker");
    lease::join(&one).await.unwrap();
    lease::join(&two).await.unwrap();
    assert!(leads(&one).await);
    assert!(!leads(&two).await);
    assert!(leads(&one).await);
    // Nothing is heard from the database: it stops by itself before others may begin.
    town.clock.turn(7);
    assert!(first.is_leader());
    town.clock.turn(1);
    assert!(!first.is_leader() && first.lease.is_held(first.now()));
    assert!(leads(&one).await);
    // It stops.
    lease::leave(&first).await;
    assert!(!first.is_leader());
    assert!(leads(&two).await);
    // It dies: its row ends by itself.
    second.store.write(|tx| tx.send("update leader set lease_until = 0", palitra_store::p![])).await.unwrap();
    end_all_leases(&second).await;
    assert!(!leads(&two).await, "the dead do not lead");
    lease::join(&one).await.unwrap();
    assert!(leads(&one).await);
}

#[tokio::test]
async fn s3_a_chore_is_done_by_the_leader_and_dropped_when_it_leads_no_more() {
    let town = Town::new();
    let (engine, other) = (town.process().await, town.process().await);
    let (machine, idle) = (service(&engine), service(&other));
    lease::join(&machine).await.unwrap();
    lease::join(&idle).await.unwrap();
    assert!(leads(&machine).await && !leads(&idle).await);
    // The other waits for as long as it does not lead.
    let waiting = idle.spawn(repeat(idle.clone(), &COUNTED));
    let chore = machine.spawn(repeat(machine.clone(), &COUNTED));
    until(|| DONE.load(Ordering::SeqCst) == 1).await;
    until(|| town.clock.asleep_for(STOPS_AFTER) == 1).await;
    town.clock.turn(8);
    // Dropped: it sleeps until its next turn.
    until(|| town.clock.asleep_for(COUNTED.every) == 1).await;
    assert_eq!(DONE.load(Ordering::SeqCst), 1);
    assert!(!chore.is_finished() && !waiting.is_finished());
    lease::leave(&engine).await;
    assert!(leads(&idle).await);
    until(|| DONE.load(Ordering::SeqCst) == 2).await;
}

#[tokio::test]
async fn a_process_alone_leads() {
    let town = Town::new();
    assert!(town.alone().await.is_leader());
}
