//! The gate: each stage has to reach its part (S0-24), and what cannot reach it any more stops at once
//! (S0-25).

use crate::{
    MIGRATIONS,
    batches::NewBatch,
    generations::{self, Finished},
    tests::{
        deck::{fail, found, pictures, slides, stages, start, succeed},
        harness::{Fresh, on_every_database},
        shop::{PRICE, anna, at, balance, claim_only, commit, failure, id, number, open, standing},
    },
};
use palitra_domain::{
    ErrorCode,
    state::{AttemptState, BatchState, Event, GenerationState},
};

on_every_database!(MIGRATIONS =>
    s0_24_ten_of_twelve_pass,
    s0_24_nine_of_twelve_fail,
    s0_25_the_third_failure_of_twelve_stops,
    s0_25_a_critical_error_stops_at_once,
    s0_24_every_stage_has_its_gate,
    without_a_gate_everything_may_fail,
);

const OPEN: Finished = Finished { batch_finished: false };
const CLOSED: Finished = Finished { batch_finished: true };

/// Twelve pictures, of which four fifths have to succeed.
async fn twelve(fresh: &Fresh) {
    open(fresh, 20).await;
    commit(fresh, |tx| start(tx, &NewBatch { gate_percent: 80, ..pictures(1, 12) })).await;
}

async fn s0_24_ten_of_twelve_pass(fresh: Fresh) {
    twelve(&fresh).await;
    for n in 1..=12 {
        let finished =
            commit(&fresh, move |tx| if n <= 2 { fail(tx, n, 1) } else { succeed(tx, n, 1) }).await;
        assert_eq!(finished, if n == 12 { CLOSED } else { OPEN }, "{n}");
    }
    assert_eq!(stages(&fresh, 1).await, [[12, 10, 2, 0]]);
    let batch = found(&fresh, 1).await;
    assert_eq!((batch.state, batch.error, batch.finished_at), (BatchState::Completed, None, Some(at(1))));
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

async fn s0_24_nine_of_twelve_fail(fresh: Fresh) {
    twelve(&fresh).await;
    for n in 1..=12 {
        let finished =
            commit(&fresh, move |tx| if n <= 9 { succeed(tx, n, 1) } else { fail(tx, n, 1) }).await;
        assert_eq!(finished, if n == 12 { CLOSED } else { OPEN }, "{n}");
    }
    assert_eq!(stages(&fresh, 1).await, [[12, 9, 3, 0]]);
    let batch = found(&fresh, 1).await;
    assert_eq!((batch.state, batch.error), (BatchState::Failed, Some(ErrorCode::GateFailed)));
}

async fn s0_25_the_third_failure_of_twelve_stops(fresh: Fresh) {
    twelve(&fresh).await;
    for (n, finished) in [(1, OPEN), (2, OPEN), (3, CLOSED)] {
        assert_eq!(commit(&fresh, move |tx| fail(tx, n, 1)).await, finished, "{n}");
    }
    assert_eq!(number(&fresh, "select count(*) from generation where state = 'queued'").await, 0);
    assert_eq!(stages(&fresh, 1).await, [[12, 0, 3, 9]]);
    let batch = found(&fresh, 1).await;
    assert_eq!(
        (batch.state, batch.error, batch.stop),
        (BatchState::Failed, Some(ErrorCode::GateFailed), Some(ErrorCode::GateFailed))
    );
    assert_eq!(balance(&fresh, anna()).await.held, 0);
    let skipped = fresh.store.read(|tx| generations::find(tx, &id(4))).await.unwrap().unwrap();
    assert_eq!(
        (skipped.state, skipped.error_code),
        (GenerationState::Cancelled, Some(ErrorCode::BatchStopped))
    );
}

async fn s0_25_a_critical_error_stops_at_once(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &slides(1, 5))).await;
    commit(&fresh, |tx| succeed(tx, 101, 1)).await;
    // Picture 1 and prompt 2 are at the market when prompt 3 finds the key refused.
    let (picture, prompt) =
        commit(&fresh, |tx| Ok((claim_only(tx, 201, at(2))?, claim_only(tx, 102, at(2))?))).await;
    let finished = commit(&fresh, |tx| {
        let fence = claim_only(tx, 103, at(2))?;
        let mut failure = failure(&fence, 103, Event::Fail, AttemptState::Refused);
        (failure.code, failure.critical) = (ErrorCode::MarketAuth, true);
        generations::fail(tx, &failure, at(3))
    })
    .await;
    assert_eq!(finished, OPEN, "what is at the market finishes and is kept");
    assert_eq!(number(&fresh, "select count(*) from generation where state = 'queued'").await, 0);
    assert_eq!(stages(&fresh, 1).await, [[5, 1, 1, 2], [5, 0, 0, 4]]);
    assert_eq!(balance(&fresh, anna()).await.held, 2 * PRICE);
    let kept = commit(&fresh, move |tx| {
        generations::answer(tx, &picture, None, at(4))?;
        let picture = crate::tests::shop::moved(&picture, GenerationState::Storing);
        generations::settle(tx, &crate::tests::shop::settlement(&picture, 201), at(4))
    })
    .await;
    assert_eq!((kept, standing(&fresh, 201).await.2.as_str()), (OPEN, "posted"));
    let last = commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&prompt, 102, Event::Fail, AttemptState::Failed), at(5))
    })
    .await;
    assert_eq!(last, CLOSED);
    assert_eq!(stages(&fresh, 1).await, [[5, 1, 2, 2], [5, 1, 0, 4]]);
    let batch = found(&fresh, 1).await;
    assert_eq!(
        (batch.state, batch.error, batch.finished_at),
        (BatchState::Failed, Some(ErrorCode::MarketAuth), Some(at(5)))
    );
}

async fn s0_24_every_stage_has_its_gate(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &NewBatch { gate_percent: 80, ..slides(1, 12) })).await;
    for n in 1..=12 {
        commit(&fresh, move |tx| if n <= 2 { fail(tx, 100 + n, 1) } else { succeed(tx, 100 + n, 1) }).await;
    }
    assert_eq!(stages(&fresh, 1).await, [[12, 10, 2, 0], [12, 0, 0, 2]]);
    for n in 3..=11 {
        assert_eq!(commit(&fresh, move |tx| succeed(tx, 200 + n, 2)).await, OPEN);
    }
    // Two pictures were skipped with their prompts: no other may fail.
    assert_eq!(commit(&fresh, |tx| fail(tx, 212, 3)).await, CLOSED);
    assert_eq!(found(&fresh, 1).await.error, Some(ErrorCode::GateFailed));
}

async fn without_a_gate_everything_may_fail(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| start(tx, &pictures(1, 3))).await;
    for (n, finished) in [(1, OPEN), (2, OPEN), (3, CLOSED)] {
        assert_eq!(commit(&fresh, move |tx| fail(tx, n, 1)).await, finished);
    }
    assert_eq!(
        (found(&fresh, 1).await.state, stages(&fresh, 1).await),
        (BatchState::Completed, vec![[3, 0, 3, 0]])
    );
}
