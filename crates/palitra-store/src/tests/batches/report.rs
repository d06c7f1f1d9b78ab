//! What a report reads: steps in order with what answered them, workers and what they did (S0-26).

use crate::{
    MIGRATIONS,
    batches::{self, NewBatch},
    generations::{self, Settlement},
    tests::{
        deck::{deck, fail, pictures, refused, reused, run, start, succeed, workers},
        harness::{Fresh, on_every_database},
        shop::{
            PRICE, anna, at, boris, claim_only, commit, create, id, make, moved, number, open, settlement,
            trouble, wanted,
        },
    },
};
use palitra_domain::{
    BatchId, Currency, ErrorCode, Livemode, MarketCost,
    state::{GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    steps_come_in_the_order_of_items_then_stages,
    s0_26_workers_tell_what_they_did,
    the_workers_of_a_closed_batch_are_no_free_slots,
    calls_are_counted_since_a_time,
    batches_are_listed_newest_first,
);

async fn steps_come_in_the_order_of_items_then_stages(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(9)])).await;
    commit(&fresh, |tx| succeed(tx, 9, 1)).await;
    let (prompt, picture) = (StepKind::Prompt, StepKind::Picture);
    let items = move || {
        vec![
            vec![run(5, prompt), run(6, picture)],
            vec![reused(9, prompt), refused(picture, ErrorCode::EmptyPrompt)],
            vec![run(3, picture)],
        ]
    };
    commit(&fresh, move |tx| start(tx, &deck(1, items()))).await;
    commit(&fresh, |tx| {
        let fence = make(tx, 3, at(1))?;
        let cost = Some(MarketCost { micros: 7, currency: Currency::USD });
        generations::settle(tx, &Settlement { cost, charge: Some(40), ..settlement(&fence, 3) }, at(2))
    })
    .await;
    commit(&fresh, |tx| fail(tx, 5, 3)).await;
    let steps = fresh.store.read(|tx| batches::steps(tx, &id(1))).await.unwrap();
    let order: Vec<_> = steps.iter().map(|step| (step.number, step.kind)).collect();
    assert_eq!(order, [(1, prompt), (1, picture), (2, prompt), (2, picture), (3, picture)]);
    let failed = steps[0].generation.as_ref().unwrap();
    assert_eq!(
        (failed.state, failed.error_code, failed.charged),
        (GenerationState::Failed, Some(ErrorCode::GenerationFailed), 0)
    );
    assert_eq!((failed.attempts, failed.object_key.as_ref(), failed.finished_at), (1, None, Some(at(3))));
    let skipped = steps[1].generation.as_ref().unwrap();
    assert_eq!(
        (skipped.state, skipped.error_code),
        (GenerationState::Cancelled, Some(ErrorCode::StepBeforeFailed))
    );
    assert!(steps[2].reused && steps[2].error.is_none());
    assert_eq!(steps[2].generation.as_ref().map(|it| (it.id.clone(), it.charged)), Some((id(9), PRICE)));
    assert_eq!((steps[3].error, steps[3].generation.is_none()), (Some(ErrorCode::EmptyPrompt), true));
    let done = steps[4].generation.as_ref().unwrap();
    assert_eq!((done.charged, done.cost_micros, done.cost_currency.as_deref()), (40, 7, Some("USD")));
    assert_eq!((done.object_key.as_deref(), done.mime.as_deref()), (Some("images/3.png"), Some("image/png")));
    assert_eq!(steps[4].title, "Slide 3");
}

async fn s0_26_workers_tell_what_they_did(fresh: Fresh) {
    open(&fresh, 20).await;
    let two = || NewBatch { workers: vec![workers(1, StepKind::Picture, 2, 0)], ..pictures(1, 4) };
    commit(&fresh, move |tx| start(tx, &two())).await;
    let (one, two) = commit(&fresh, |tx| Ok((claim_only(tx, 1, at(10))?, claim_only(tx, 2, at(20))?))).await;
    commit(&fresh, move |tx| {
        generations::answer(tx, &one, None, at(12))?;
        generations::settle(tx, &settlement(&moved(&one, GenerationState::Storing), 1), at(15))?;
        // A refusal is time, but no item.
        generations::refuse(tx, &two, &trouble(), at(27), at(27))
    })
    .await;
    commit(&fresh, |tx| {
        fail(tx, 2, 30)?;
        succeed(tx, 3, 40)?;
        succeed(tx, 4, 50)
    })
    .await;
    let workers = fresh.store.read(|tx| batches::workers(tx, &id(1))).await.unwrap();
    let sum = |of: fn(&batches::Worker) -> i64| workers.iter().map(of).sum::<i64>();
    assert_eq!((sum(|w| w.items), sum(|w| w.ok), sum(|w| w.failed)), (4, 3, 1));
    assert_eq!(sum(|w| w.busy_us), (5 + 7) * 1_000_000);
    assert_eq!(workers.iter().map(|worker| worker.n).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((workers[0].first_at, workers[1].first_at), (Some(at(10)), Some(at(20))));
    assert!(
        workers
            .iter()
            .all(|worker| worker.items == worker.ok + worker.failed && worker.last_at >= Some(at(27)))
    );
}

async fn the_workers_of_a_closed_batch_are_no_free_slots(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| {
        start(tx, &pictures(1, 1))?;
        start(tx, &deck(2, vec![vec![run(2, StepKind::Picture)]]))
    })
    .await;
    let before = number(&fresh, "select count(*) from slot where kind = 'batch'").await;
    assert!(commit(&fresh, |tx| succeed(tx, 1, 1)).await.batch_finished);
    assert_eq!(number(&fresh, "select count(*) from slot where kind = 'batch'").await, before / 2);
    assert_eq!(fresh.store.read(|tx| batches::workers(tx, &id(1))).await.unwrap().len(), 200);
}

async fn calls_are_counted_since_a_time(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &pictures(1, 2))).await;
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 1, at(10))?;
        generations::refuse(tx, &fence, &trouble(), at(10), at(10))?;
        succeed(tx, 1, 20)?;
        succeed(tx, 2, 30)
    })
    .await;
    for (since, calls) in [(0, 3), (11, 2), (20, 2), (21, 1), (31, 0)] {
        let counted = fresh.store.read(move |tx| batches::calls_since(tx, &id(1), at(since))).await;
        assert_eq!(counted, Ok(calls), "since {since}");
    }
}

async fn batches_are_listed_newest_first(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| {
        start(tx, &pictures(1, 1))?;
        start(tx, &NewBatch { account: boris(), ..deck(2, vec![vec![run(2, StepKind::Picture)]]) })?;
        start(tx, &deck(3, vec![vec![run(3, StepKind::Picture)]]))
    })
    .await;
    let page = |account: Option<_>, after: Option<BatchId>, limit| {
        let listed = fresh.store.read(move |tx| {
            let owner = account.as_ref().map(|account| (account, Livemode::Live));
            batches::page(tx, owner, after.as_ref(), limit)
        });
        async { listed.await.unwrap().into_iter().map(|batch| batch.id).collect::<Vec<BatchId>>() }
    };
    assert_eq!(page(None, None, 9).await, [id(3), id(2), id(1)]);
    assert_eq!(page(None, None, 2).await, [id(3), id(2)]);
    assert_eq!(page(None, Some(id(2)), 2).await, [id(1)]);
    assert_eq!(page(Some(anna()), None, 9).await, [id(3), id(1)]);
    assert_eq!(page(Some(anna()), Some(id(3)), 9).await, [id(1)]);
    assert_eq!(page(Some(boris()), None, 9).await, [id(2)]);
}
