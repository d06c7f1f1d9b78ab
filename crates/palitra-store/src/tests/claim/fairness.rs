//! Invariant 5 as a property: whatever somebody has queued, and however it was queued, another's first starts within
//! two slot turns.

use crate::{
    MIGRATIONS, Tx, accounts,
    generations::{self, Claimed, NewGeneration},
    tests::{
        harness::{Fresh, on_every_database},
        property,
        shop::{anna, at, boris, claim, create, failure, fence, id, open, wanted},
    },
};
use palitra_domain::state::{AttemptState, Event, GenerationState, Priority};
use proptest::{collection::vec, prelude::*};
use std::time::Duration;

on_every_database!(MIGRATIONS => whatever_one_has_queued_anothers_first_starts_within_two_turns);

const FIRST: u64 = 4_000;

/// What Anna asks for at once: so many, of so many seconds each, fast or not; and how many turns pass before the next.
type Order = (u64, u64, bool, usize);

#[derive(Debug, Clone)]
struct Case {
    slots: u32,
    weight: i64,
    orders: Vec<Order>,
    /// Boris' first.
    seconds: u64,
    is_fast: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let order = (1u64..120, 0u64..300, any::<bool>(), 0usize..4);
    let boris = (0u64..300, any::<bool>());
    (1u32..6, 1i64..8, vec(order, 1..6), boris).prop_map(|(slots, weight, orders, (seconds, is_fast))| Case {
        slots,
        weight,
        orders,
        seconds,
        is_fast,
    })
}

fn new(n: u64, seconds: u64, is_fast: bool) -> NewGeneration {
    let priority = if is_fast { Priority::Fast } else { Priority::Standard };
    NewGeneration { usual_run: Duration::from_secs(seconds), priority, ..wanted(n) }
}

fn end(tx: &mut Tx, claimed: &[Claimed], first: u64) -> crate::Result<()> {
    for (n, claimed) in (first..).zip(claimed) {
        let fence = fence(claimed, GenerationState::Submitting);
        generations::fail(tx, &failure(&fence, n, Event::Fail, AttemptState::Failed), at(1))?;
    }
    Ok(())
}

/// Every slot starts something; what ran before ends first.
async fn turn(fresh: &Fresh, running: &mut Vec<Claimed>) {
    let ended = std::mem::take(running);
    *running = fresh
        .store
        .write(move |tx| {
            end(tx, &ended, 1)?;
            claim(tx, 64, at(1))
        })
        .await
        .unwrap();
}

async fn whatever_one_has_queued_anothers_first_starts_within_two_turns(fresh: Fresh) {
    property::check(&fresh, 24, case(), async |case: Case| {
        open(&fresh, case.slots).await;
        let weight = case.weight;
        fresh.store.write(move |tx| accounts::set_weight(tx, &anna(), weight)).await.unwrap();
        let (mut next, mut running) = (1, Vec::new());
        for (count, seconds, is_fast, turns) in case.orders {
            // Her fast work would go before his standard work by right.
            let is_fast = is_fast && case.is_fast;
            let rows: Vec<_> = (next..next + count).map(|n| new(n, seconds, is_fast)).collect();
            next += count;
            fresh.store.write(move |tx| create(tx, &anna(), &rows)).await.unwrap();
            for _ in 0..turns {
                turn(&fresh, &mut running).await;
            }
        }
        let (seconds, is_fast) = (case.seconds, case.is_fast);
        let first = new(FIRST, seconds, is_fast);
        let write = move |tx: &mut Tx<'_>| create(tx, &boris(), std::slice::from_ref(&first));
        fresh.store.write(write).await.unwrap();
        let mut turns = 0;
        while !running.iter().any(|claimed| claimed.id == id(FIRST)) {
            turns += 1;
            assert!(turns <= 2, "boris waits for more than two turns");
            turn(&fresh, &mut running).await;
        }
    });
}
