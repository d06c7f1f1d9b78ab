//! A batch is accepted whole or not at all; what is answered already counts at once.

use crate::{
    Error, MIGRATIONS, Tx,
    batches::{self, NewBatch},
    tests::{
        deck::{
            deck, fail, found, pictures, refused as step_refused, reused, run, slides, stages, start, succeed,
        },
        harness::{Fresh, on_every_database},
        shop::{
            CASH, PRICE, anna, at, balance, boris, claim_only, commit, create, id, is_rule, number, open,
            refused, wanted,
        },
    },
};
use palitra_domain::{
    ErrorCode, Livemode,
    state::{BatchState, StepKind},
};

on_every_database!(MIGRATIONS =>
    a_batch_holds_the_money_of_all_its_steps,
    a_batch_that_is_too_dear_leaves_nothing,
    a_batch_where_everything_is_reused_closes_at_creation,
    a_batch_without_items_closes_at_creation,
    errors_before_any_call_count,
    s0_25_a_gate_out_of_reach_at_creation_starts_nothing,
    every_step_is_answered_by_something,
    an_interrupted_run_is_found_by_its_manifest,
);

async fn a_batch_holds_the_money_of_all_its_steps(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| start(tx, &slides(1, 3))).await;
    assert_eq!(balance(&fresh, anna()).await.held, 6 * PRICE);
    assert_eq!(stages(&fresh, 1).await, [[3, 0, 0, 0], [3, 0, 0, 0]]);
    assert_eq!(found(&fresh, 1).await.state, BatchState::Processing);
}

async fn a_batch_that_is_too_dear_leaves_nothing(fresh: Fresh) {
    open(&fresh, 4).await;
    let dear = |tx: &mut Tx<'_>| {
        let each = |new| crate::generations::NewGeneration { price: CASH / 3 + 1, ..new };
        start(tx, &crate::tests::deck::each(pictures(1, 3), each))
    };
    assert!(is_rule(&refused(&fresh, dear).await, ErrorCode::InsufficientFunds));
    assert_eq!(number(&fresh, "select (select count(*) from item) + (select count(*) from step)").await, 0);
}

async fn a_batch_where_everything_is_reused_closes_at_creation(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2)])?;
        succeed(tx, 1, 1)?;
        succeed(tx, 2, 1)
    })
    .await;
    let again = || vec![vec![reused(1, StepKind::Prompt), reused(2, StepKind::Picture)]];
    commit(&fresh, move |tx| {
        batches::create(tx, &NewBatch { gate_percent: 80, ..deck(1, again()) }, &Default::default(), at(5))
    })
    .await;
    let batch = found(&fresh, 1).await;
    assert_eq!((batch.state, batch.error, batch.finished_at), (BatchState::Completed, None, Some(at(5))));
    assert_eq!(stages(&fresh, 1).await, [[1, 1, 0, 0], [1, 1, 0, 0]]);
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

async fn a_batch_without_items_closes_at_creation(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| start(tx, &NewBatch { gate_percent: 80, ..pictures(1, 0) })).await;
    assert_eq!(found(&fresh, 1).await.state, BatchState::Completed);
}

async fn errors_before_any_call_count(fresh: Fresh) {
    open(&fresh, 4).await;
    let items = || {
        let (prompt, picture) = (StepKind::Prompt, StepKind::Picture);
        vec![
            vec![run(1, prompt), run(2, picture)],
            vec![
                step_refused(prompt, ErrorCode::EmptyPrompt),
                step_refused(picture, ErrorCode::StepBeforeFailed),
            ],
        ]
    };
    commit(&fresh, move |tx| start(tx, &deck(1, items()))).await;
    assert_eq!(stages(&fresh, 1).await, [[2, 0, 1, 0], [2, 0, 0, 1]]);
    commit(&fresh, |tx| succeed(tx, 1, 1)).await;
    assert!(commit(&fresh, |tx| succeed(tx, 2, 1)).await.batch_finished);
}

async fn s0_25_a_gate_out_of_reach_at_creation_starts_nothing(fresh: Fresh) {
    open(&fresh, 4).await;
    let batch = |bad: u64| {
        let step = |n| {
            if n <= bad {
                step_refused(StepKind::Picture, ErrorCode::EmptyPrompt)
            } else {
                run(1_000 * bad + n, StepKind::Picture)
            }
        };
        NewBatch { gate_percent: 80, ..deck(bad, (1..=12).map(|n| vec![step(n)]).collect()) }
    };
    commit(&fresh, move |tx| start(tx, &batch(2))).await;
    commit(&fresh, move |tx| start(tx, &batch(3))).await;
    assert_eq!(
        (found(&fresh, 2).await.state, stages(&fresh, 2).await),
        (BatchState::Processing, vec![[12, 0, 2, 0]])
    );
    let stopped = found(&fresh, 3).await;
    assert_eq!((stopped.state, stopped.error), (BatchState::Failed, Some(ErrorCode::GateFailed)));
    assert_eq!(stages(&fresh, 3).await, [[12, 0, 3, 9]]);
    assert_eq!(balance(&fresh, anna()).await.held, 10 * PRICE);
}

async fn every_step_is_answered_by_something(fresh: Fresh) {
    open(&fresh, 4).await;
    let picture = StepKind::Picture;
    let nothing = batches::NewStep { generation: None, ..run(1, picture) };
    let both = batches::NewStep { error: Some(ErrorCode::EmptyPrompt), ..run(1, picture) };
    let without_row = NewBatch { generations: Vec::new(), ..pictures(1, 1) };
    let without_step = NewBatch { generations: vec![wanted(1), wanted(2)], ..pictures(1, 1) };
    for batch in [deck(1, vec![vec![nothing]]), deck(1, vec![vec![both]]), without_row, without_step] {
        let error = refused(&fresh, move |tx| start(tx, &batch)).await;
        assert_eq!(error, Error::Rule { code: ErrorCode::InvalidInput, value: "steps".to_owned() });
    }
}

async fn an_interrupted_run_is_found_by_its_manifest(fresh: Fresh) {
    open(&fresh, 8).await;
    let open = |account, livemode| {
        let read = move |tx: &mut Tx<'_>| batches::open(tx, &account, livemode, "manifest");
        let found = fresh.store.read(read);
        async { found.await.unwrap().map(|batch| batch.id) }
    };
    let again = |batch: NewBatch| NewBatch { manifest: "manifest".to_owned(), ..batch };
    commit(&fresh, move |tx| start(tx, &again(pictures(1, 1)))).await;
    assert_eq!(open(anna(), Livemode::Live).await, Some(id(1)));
    assert_eq!(open(boris(), Livemode::Live).await, None);
    assert_eq!(open(anna(), Livemode::Test).await, None);
    commit(&fresh, |tx| succeed(tx, 1, 1)).await;
    assert_eq!(open(anna(), Livemode::Live).await, None, "it is complete");
    let two = || deck(2, vec![vec![run(21, StepKind::Picture)], vec![run(22, StepKind::Picture)]]);
    commit(&fresh, move |tx| start(tx, &again(two()))).await;
    commit(&fresh, |tx| {
        let _waits = claim_only(tx, 21, at(1))?;
        fail(tx, 22, 1)?;
        batches::cancel(tx, &id(2), at(2))
    })
    .await;
    assert_eq!(found(&fresh, 2).await.state, BatchState::Processing);
    assert_eq!(open(anna(), Livemode::Live).await, None, "it was cancelled and only waits for its end");
}
