//! Stopping: nothing is queued afterwards, whatever comes back from the market; and a batch closes exactly
//! once.

use crate::{
    MIGRATIONS, batches,
    generations::{self, CancelOutcome, Finished},
    tests::{
        deck::{fail, found, pictures, slides, stages, start, succeed},
        harness::{Fresh, on_every_database},
        shop::{anna, at, balance, claim_only, commit, failure, id, number, open, standing, trouble},
    },
};
use palitra_domain::{
    ErrorCode,
    state::{AttemptState, BatchState, Event, GenerationState},
};

on_every_database!(MIGRATIONS =>
    a_cancelled_batch_ends_what_waits_and_asks_the_rest,
    a_batch_is_cancelled_once,
    nothing_goes_back_to_the_queue_of_a_stopped_batch,
    cancelled_steps_count_as_skipped_and_the_last_closes_the_batch,
    a_batch_that_has_ended_is_not_stopped_again,
    a_stop_is_kept_for_the_end,
);

async fn a_cancelled_batch_ends_what_waits_and_asks_the_rest(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &slides(1, 4))).await;
    commit(&fresh, |tx| succeed(tx, 101, 1)).await;
    let running = commit(&fresh, |tx| {
        let fence = claim_only(tx, 201, at(1))?;
        generations::accept(tx, &fence, "ref", at(1))?;
        Ok(crate::tests::shop::moved(&fence, GenerationState::Running))
    })
    .await;
    assert!(commit(&fresh, |tx| batches::cancel(tx, &id(1), at(2))).await);
    let waited = fresh.store.read(|tx| generations::find(tx, &id(104))).await.unwrap().unwrap();
    assert_eq!((waited.state, waited.error_code), (GenerationState::Cancelled, Some(ErrorCode::Cancelled)));
    assert_eq!(found(&fresh, 1).await.state, BatchState::Processing, "one is at the market");
    assert_eq!(stages(&fresh, 1).await, [[4, 1, 0, 3], [4, 0, 0, 3]]);
    let wishes = fresh.store.read(|tx| generations::cancel_wishes(tx, "one")).await.unwrap();
    assert_eq!(wishes.iter().map(|wish| wish.id.clone()).collect::<Vec<_>>(), [id(201)]);
    let finished = commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&running, 201, Event::Cancel, AttemptState::Cancelled), at(3))
    })
    .await;
    assert!(finished.batch_finished);
    assert_eq!(stages(&fresh, 1).await, [[4, 1, 0, 3], [4, 0, 0, 4]]);
    let batch = found(&fresh, 1).await;
    assert_eq!(
        (batch.state, batch.error, batch.finished_at),
        (BatchState::Cancelled, Some(ErrorCode::Cancelled), Some(at(3)))
    );
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

async fn a_batch_is_cancelled_once(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &pictures(1, 3))).await;
    let cancel = || commit(&fresh, |tx| batches::cancel(tx, &id(1), at(2)));
    assert!(cancel().await);
    assert_eq!(
        (found(&fresh, 1).await.state, stages(&fresh, 1).await),
        (BatchState::Cancelled, vec![[3, 0, 0, 3]])
    );
    assert!(!cancel().await);
    assert!(!commit(&fresh, |tx| batches::cancel(tx, &id(9), at(2))).await);
}

async fn nothing_goes_back_to_the_queue_of_a_stopped_batch(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &pictures(1, 5))).await;
    let fences =
        commit(&fresh, |tx| (1..=3).map(|n| claim_only(tx, n, at(1))).collect::<crate::Result<Vec<_>>>())
            .await;
    commit(&fresh, |tx| batches::stop(tx, &id(1), ErrorCode::GateFailed, at(2))).await;
    let [refused, unknown, vanished] = fences.try_into().unwrap();
    let open = Some(Finished { batch_finished: false });
    assert_eq!(
        commit(&fresh, move |tx| generations::refuse(tx, &refused, &trouble(), at(9), at(3))).await,
        open
    );
    assert_eq!(
        commit(&fresh, move |tx| generations::resubmit(tx, &unknown, &trouble(), at(60), at(3))).await,
        open
    );
    let last = commit(&fresh, move |tx| generations::restart(tx, &vanished, at(3))).await;
    assert_eq!(last, Some(Finished { batch_finished: true }));
    assert_eq!(number(&fresh, "select count(*) from generation where state = 'queued'").await, 0);
    for n in 1..=5 {
        assert_eq!(standing(&fresh, n).await.2, "voided");
    }
    let refused = fresh.store.read(|tx| generations::find(tx, &id(1))).await.unwrap().unwrap();
    assert_eq!(refused.error_code, Some(ErrorCode::BatchStopped));
    assert_eq!(stages(&fresh, 1).await, [[5, 0, 0, 5]]);
}

async fn cancelled_steps_count_as_skipped_and_the_last_closes_the_batch(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &slides(1, 2))).await;
    commit(&fresh, |tx| succeed(tx, 101, 1)).await;
    commit(&fresh, |tx| succeed(tx, 201, 1)).await;
    assert_eq!(commit(&fresh, |tx| generations::cancel(tx, &id(102), at(2))).await, CancelOutcome::Cancelled);
    assert_eq!(stages(&fresh, 1).await, [[2, 1, 0, 1], [2, 1, 0, 1]]);
    assert_eq!(
        found(&fresh, 1).await.state,
        BatchState::Completed,
        "there is no gate, and nobody has cancelled the batch"
    );
}

async fn a_batch_that_has_ended_is_not_stopped_again(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &pictures(1, 1))).await;
    assert!(commit(&fresh, |tx| succeed(tx, 1, 1)).await.batch_finished);
    commit(&fresh, |tx| batches::stop(tx, &id(1), ErrorCode::GateFailed, at(5))).await;
    let batch = found(&fresh, 1).await;
    assert_eq!((batch.state, batch.stop, batch.finished_at), (BatchState::Completed, None, Some(at(1))));
}

async fn a_stop_is_kept_for_the_end(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &pictures(1, 3))).await;
    let fence = commit(&fresh, |tx| claim_only(tx, 1, at(1))).await;
    commit(&fresh, |tx| fail(tx, 2, 1)).await;
    commit(&fresh, |tx| batches::stop(tx, &id(1), ErrorCode::MarketCredits, at(2))).await;
    // The first reason stays.
    assert!(commit(&fresh, |tx| batches::cancel(tx, &id(1), at(3))).await);
    commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&fence, 1, Event::Fail, AttemptState::Failed), at(4))
    })
    .await;
    let batch = found(&fresh, 1).await;
    assert_eq!((batch.state, batch.error), (BatchState::Failed, Some(ErrorCode::MarketCredits)));
}
