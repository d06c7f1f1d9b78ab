//! The barrier of a sequential run: no step of the second stage before every step of the first has ended
//! (S0-38).

use crate::{
    MIGRATIONS,
    batches::NewBatch,
    generations,
    tests::{
        deck::{deck, fail, found, reused, run, slides, start, succeed},
        harness::{Fresh, on_every_database},
        shop::{anna, at, claim, commit, create, id, open, wanted},
    },
};
use palitra_domain::{
    GenerationId,
    state::{BatchState, StepKind},
};

on_every_database!(MIGRATIONS =>
    s0_38_no_picture_before_the_last_prompt,
    a_ready_prompt_waits_for_the_barrier_too,
    a_cancelled_prompt_does_not_keep_the_barrier_down,
    a_barrier_with_nothing_behind_it_is_lifted_at_once,
);

async fn claimable(fresh: &Fresh) -> Vec<GenerationId> {
    // Looks and takes nothing.
    let looked = fresh.store.write(|tx| {
        let claimed = claim(tx, 64, at(5))?;
        let ids: Vec<String> = claimed.iter().map(|claimed| claimed.id.to_string()).collect();
        Err::<(), _>(crate::Error::Refused(ids.join(" ")))
    });
    let ids = looked.await.unwrap_err().to_string();
    ids.split_whitespace().map(|id| GenerationId::parse(id).unwrap()).collect()
}

async fn s0_38_no_picture_before_the_last_prompt(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &NewBatch { barrier: true, ..slides(1, 3) })).await;
    assert_eq!(claimable(&fresh).await, [id(101), id(102), id(103)]);
    commit(&fresh, |tx| succeed(tx, 101, 1)).await;
    commit(&fresh, |tx| fail(tx, 102, 1)).await;
    assert_eq!(claimable(&fresh).await, [id(103)]);
    commit(&fresh, |tx| succeed(tx, 103, 1)).await;
    assert_eq!(claimable(&fresh).await, [id(201), id(203)]);
    commit(&fresh, |tx| succeed(tx, 201, 2)).await;
    assert!(commit(&fresh, |tx| succeed(tx, 203, 2)).await.batch_finished);
}

async fn a_ready_prompt_waits_for_the_barrier_too(fresh: Fresh) {
    open(&fresh, 20).await;
    let items =
        || vec![vec![run(1, StepKind::Picture)], vec![run(2, StepKind::Prompt), run(3, StepKind::Picture)]];
    commit(&fresh, move |tx| start(tx, &NewBatch { barrier: true, ..deck(1, items()) })).await;
    assert_eq!(claimable(&fresh).await, [id(2)]);
    commit(&fresh, |tx| fail(tx, 2, 1)).await;
    assert_eq!(claimable(&fresh).await, [id(1)]);
}

async fn a_cancelled_prompt_does_not_keep_the_barrier_down(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &NewBatch { barrier: true, ..slides(1, 2) })).await;
    commit(&fresh, |tx| succeed(tx, 101, 1)).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(102), at(2))).await;
    assert_eq!(claimable(&fresh).await, [id(201)]);
}

async fn a_barrier_with_nothing_behind_it_is_lifted_at_once(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(9)])).await;
    commit(&fresh, |tx| succeed(tx, 9, 1)).await;
    let reuses = || deck(1, vec![vec![reused(9, StepKind::Prompt), run(1, StepKind::Picture)]]);
    commit(&fresh, move |tx| start(tx, &NewBatch { barrier: true, ..reuses() })).await;
    let pictures = || deck(2, vec![vec![run(2, StepKind::Picture)]]);
    commit(&fresh, move |tx| start(tx, &NewBatch { barrier: true, ..pictures() })).await;
    assert_eq!(claimable(&fresh).await, [id(1), id(2)]);
    commit(&fresh, |tx| succeed(tx, 1, 1)).await;
    assert_eq!(found(&fresh, 1).await.state, BatchState::Completed);
}
