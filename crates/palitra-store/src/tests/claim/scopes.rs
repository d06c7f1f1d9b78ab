//! Slots beside the key's: workers of a batch with their start interval, limits of a model, and the focus of
//! a one-shot command.

use crate::{
    MIGRATIONS, Tx,
    batches::{self, NewBatch},
    generations::{self, Claim, Claims, NewGeneration},
    markets::{self, Scope},
    p,
    tests::{
        deck::{self, each, pictures, start},
        harness::{Fresh, on_every_database},
        shop::{
            MARKET, anna, at, boris, claim, claim_only, claiming, commit, create, failure, fence, id, number,
            open, trouble, wanted,
        },
    },
};
use palitra_domain::{
    BatchId, GenerationId,
    state::{AttemptState, Event, GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    workers_of_a_batch_start_at_their_interval,
    a_batch_takes_no_more_than_its_workers,
    a_models_limit_holds_for_batches_and_others,
    a_ghost_keeps_its_key_slot_only,
    a_focus_starts_nothing_else,
    a_full_scope_does_not_stop_others,
    lowered_workers_count_what_is_under_way,
);

/// A batch of pictures 1 to `count`.
fn batch(count: u64, workers: u32, seconds: u64) -> NewBatch {
    NewBatch { workers: vec![deck::workers(1, StepKind::Picture, workers, seconds)], ..pictures(1, count) }
}

async fn look(fresh: &Fresh, now: i64, focus: Option<String>) -> Claims {
    commit(fresh, move |tx| {
        let claim = Claim { focus: focus.clone(), ..claiming() };
        generations::claim(tx, &claim, at(now))
    })
    .await
}

async fn end(fresh: &Fresh, claimed: &generations::Claimed, delivery: u64, now: i64, attempt: AttemptState) {
    let fence = fence(claimed, GenerationState::Submitting);
    commit(fresh, move |tx| generations::fail(tx, &failure(&fence, delivery, Event::Fail, attempt), at(now)))
        .await;
}

async fn workers_of_a_batch_start_at_their_interval(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| start(tx, &batch(5, 2, 10))).await;
    let first = look(&fresh, 100, None).await;
    assert_eq!(first.claimed.iter().map(|claimed| claimed.worker).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(first.next_at, None, "no free worker rests");
    end(&fresh, &first.claimed[0], 1, 103, AttemptState::Failed).await;
    // The first worker is free, and may start again ten seconds after its last start.
    let resting = look(&fresh, 105, None).await;
    assert_eq!((resting.claimed.len(), resting.next_at), (0, Some(at(110))));
    let again = look(&fresh, 110, None).await;
    assert_eq!((again.claimed.len(), again.claimed[0].worker), (1, Some(1)));
}

async fn a_batch_takes_no_more_than_its_workers(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        start(tx, &batch(5, 2, 0))?;
        create(tx, &boris(), &[wanted(6)])
    })
    .await;
    let claimed = look(&fresh, 1, None).await.claimed;
    assert_eq!(claimed.len(), 3);
    assert_eq!(claimed.iter().find(|claimed| claimed.id == id(6)).unwrap().worker, None);
    assert!(look(&fresh, 1, None).await.claimed.is_empty());
}

fn model(tx: &mut Tx, count: u32, seconds: i64) -> crate::Result<()> {
    let scope = Scope { name: "model:m", kind: "model", market: MARKET, interval_us: seconds * 1_000_000 };
    markets::resize(tx, &scope, count)
}

fn of_model(new: NewGeneration) -> NewGeneration {
    NewGeneration { model_scope: Some("model:m".to_owned()), ..new }
}

async fn a_models_limit_holds_for_batches_and_others(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        model(tx, 2, 5)?;
        start(tx, &each(batch(3, 3, 0), of_model))?;
        create(tx, &anna(), &[of_model(wanted(4)), of_model(wanted(5))])
    })
    .await;
    let first = look(&fresh, 1, None).await.claimed;
    assert_eq!(first.iter().map(|claimed| claimed.id.clone()).collect::<Vec<_>>(), [id(1), id(2)]);
    for (n, claimed) in (1..).zip(&first) {
        end(&fresh, claimed, n, 2, AttemptState::Failed).await;
    }
    let resting = look(&fresh, 3, None).await;
    assert_eq!(
        (resting.claimed.len(), resting.next_at),
        (0, Some(at(6))),
        "five seconds from start to start"
    );
    let next = look(&fresh, 6, None).await.claimed;
    assert_eq!(next.iter().map(|claimed| claimed.id.clone()).collect::<Vec<_>>(), [id(3), id(4)]);
    // A model's slot is no worker of a batch.
    assert_eq!(next.iter().map(|claimed| claimed.worker).collect::<Vec<_>>(), [Some(3), None]);
}

async fn a_ghost_keeps_its_key_slot_only(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        model(tx, 1, 0)?;
        start(tx, &each(batch(2, 1, 0), of_model))
    })
    .await;
    let first = look(&fresh, 1, None).await.claimed.pop().unwrap();
    end(&fresh, &first, 1, 2, AttemptState::Unknown).await;
    assert_eq!(
        number(&fresh, "select count(*) from slot where generation_id is not null and kind = 'key'").await,
        1
    );
    assert_eq!(look(&fresh, 3, None).await.claimed.len(), 1);
    // A second life of the same generation has slots of its own beside the ghost's.
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(3)])).await;
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 3, at(4))?;
        generations::resubmit(tx, &fence, &trouble(), at(60), at(4))?;
        let again = claim_only(tx, 3, at(5))?;
        generations::refuse(tx, &again, &trouble(), at(5), at(5))
    })
    .await;
    assert_eq!(
        number(&fresh, "select count(*) from slot where generation_id is not null and kind = 'key'").await,
        3
    );
}

async fn a_focus_starts_nothing_else(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(3), wanted(4)])?;
        start(tx, &batch(2, 2, 0))
    })
    .await;
    let ids = |claims: Claims| claims.claimed.into_iter().map(|claimed| claimed.id).collect::<Vec<_>>();
    let four = id::<GenerationId>(4).to_string();
    assert_eq!(ids(look(&fresh, 1, Some(four)).await), [id(4)]);
    let batch = id::<BatchId>(1).to_string();
    assert_eq!(ids(look(&fresh, 1, Some(batch)).await), [id(1), id(2)]);
    assert_eq!(ids(look(&fresh, 1, Some("bat_none".to_owned())).await), [] as [GenerationId; 0]);
    assert_eq!(ids(look(&fresh, 1, None).await), [id(3)]);
}

async fn a_full_scope_does_not_stop_others(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        start(tx, &batch(50, 1, 0))?;
        create(tx, &anna(), &[wanted(60), wanted(61)])
    })
    .await;
    let claimed = commit(&fresh, |tx| claim(tx, 64, at(1))).await;
    assert_eq!(claimed.iter().map(|claimed| claimed.id.clone()).collect::<Vec<_>>(), [id(1), id(60)]);
}

async fn lowered_workers_count_what_is_under_way(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| start(tx, &batch(9, 3, 0))).await;
    let first = look(&fresh, 1, None).await.claimed;
    assert_eq!(first.len(), 3);
    let one = || [deck::workers(1, StepKind::Picture, 1, 0)];
    commit(&fresh, move |tx| batches::set_workers(tx, &one())).await;
    for (n, claimed) in (1..).zip(&first) {
        assert!(look(&fresh, 2, None).await.claimed.is_empty());
        end(&fresh, claimed, n, 2, AttemptState::Failed).await;
    }
    assert_eq!(look(&fresh, 3, None).await.claimed.len(), 1);
    // What they did stays for the report.
    let items = "select cast(sum(items) as bigint) from slot where kind = 'batch'";
    let items = fresh.store.read(move |tx| tx.query_one(items, p![])?.get::<i64>(0)).await.unwrap();
    assert_eq!(items, 3);
}
