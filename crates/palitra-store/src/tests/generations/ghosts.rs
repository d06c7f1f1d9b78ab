//! Ghosts: attempts that may still be working at the market although their generation has moved on keep their
//! key slot (invariant 4).

use crate::{
    MIGRATIONS,
    generations::{self, Fence},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            LONGEST_RUN, anna, at, claim, claim_only, commit, create, failure, id, make, number, open,
            settlement, trouble, wanted,
        },
    },
};
use palitra_domain::state::{AttemptState, Event, GenerationState};

on_every_database!(MIGRATIONS =>
    a_ghost_keeps_its_slot_until_its_longest_run_has_passed,
    a_ghost_outlives_the_attempt_that_follows_it,
    only_ghosts_whose_time_has_passed_are_lost,
);

const TAKEN: &str = "select count(*) from slot where generation_id is not null";

async fn states(fresh: &Fresh, n: u64) -> Vec<AttemptState> {
    let attempts = fresh.store.read(move |tx| generations::attempts(tx, &id(n))).await.unwrap();
    attempts.into_iter().map(|attempt| attempt.state).collect()
}

async fn a_ghost_keeps_its_slot_until_its_longest_run_has_passed(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 1, at(1))?;
        generations::accept(tx, &fence, "ref", at(1))?;
        let running = Fence { from: GenerationState::Running, ..fence };
        generations::fail(tx, &failure(&running, 1, Event::TimeOut, AttemptState::Abandoned), at(100))
    })
    .await;
    let end = 100 + i64::try_from(LONGEST_RUN.as_secs()).unwrap();
    assert_eq!(commit(&fresh, move |tx| generations::expire_ghosts(tx, at(end - 1))).await, 0);
    assert_eq!(commit(&fresh, move |tx| claim(tx, 9, at(end - 1))).await.len(), 0);
    assert_eq!(states(&fresh, 1).await, [AttemptState::Abandoned]);
    assert_eq!(commit(&fresh, move |tx| generations::expire_ghosts(tx, at(end))).await, 1);
    assert_eq!(states(&fresh, 1).await, [AttemptState::Lost]);
    assert_eq!(commit(&fresh, move |tx| claim(tx, 9, at(end))).await.len(), 1);
}

async fn a_ghost_outlives_the_attempt_that_follows_it(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 1, at(1))?;
        generations::resubmit(tx, &fence, &trouble(), at(60), at(2))?;
        let again = make(tx, 1, at(3))?;
        assert_eq!(again.attempt, 2);
        generations::settle(tx, &settlement(&again, 1), at(4))
    })
    .await;
    assert_eq!(number(&fresh, TAKEN).await, 1);
    assert_eq!(states(&fresh, 1).await, [AttemptState::Unknown, AttemptState::Succeeded]);
    assert_eq!(commit(&fresh, |tx| generations::expire_ghosts(tx, at(60))).await, 1);
    assert_eq!(states(&fresh, 1).await, [AttemptState::Lost, AttemptState::Succeeded]);
    assert_eq!(number(&fresh, TAKEN).await, 0);
}

async fn only_ghosts_whose_time_has_passed_are_lost(fresh: Fresh) {
    open(&fresh, 3).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2), wanted(3)])).await;
    commit(&fresh, |tx| {
        for n in [1, 2] {
            let fence = claim_only(tx, n, at(1))?;
            let until = at(10 * i64::try_from(n).unwrap());
            generations::resubmit(tx, &fence, &trouble(), until, at(2))?;
        }
        claim_only(tx, 3, at(2))
    })
    .await;
    assert_eq!(commit(&fresh, |tx| generations::expire_ghosts(tx, at(10))).await, 1);
    assert_eq!(
        (states(&fresh, 1).await, states(&fresh, 2).await),
        (vec![AttemptState::Lost], vec![AttemptState::Unknown])
    );
    assert_eq!(states(&fresh, 3).await, [AttemptState::Submitting]);
    assert_eq!(number(&fresh, TAKEN).await, 2);
}
