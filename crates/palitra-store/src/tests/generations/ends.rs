//! How generations end: what is kept of the end, and that what nobody wants any more does not go back to the
//! queue.

use crate::{
    MIGRATIONS, Tx,
    generations::{self, CancelOutcome, Fence},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            PRICE, anna, at, balance, child, claim, claim_only, claiming, commit, create, failure, id, make,
            number, open, settlement, standing, trouble, wanted,
        },
    },
};
use palitra_domain::{
    Currency, ErrorCode, MarketCost,
    state::{AttemptReason, AttemptState, Event, GenerationState},
};

on_every_database!(MIGRATIONS =>
    a_cancel_says_what_it_came_to,
    what_is_to_be_cancelled_does_not_wait_again,
    an_extra_submission_stays_the_houses,
    a_refused_one_waits_for_its_time,
    an_end_keeps_what_the_market_said_and_took,
    a_charge_is_never_more_than_the_price,
    each_end_is_delivered_once,
    what_waits_is_told_in_the_order_of_its_making,
);

/// Whatever order the database finds it in: of two that cannot run the first takes the second along.
async fn what_waits_is_told_in_the_order_of_its_making(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), child(9, &[1]), child(5, &[1]), child(7, &[1])]))
        .await;
    let children = commit(&fresh, |tx| generations::children(tx, &id(1))).await;
    assert_eq!(children.into_iter().map(|child| child.id).collect::<Vec<_>>(), [5, 7, 9].map(id));
}

async fn a_cancel_says_what_it_came_to(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    let fence = commit(&fresh, |tx| claim_only(tx, 2, at(1))).await;
    let cancel = |n| commit(&fresh, move |tx| generations::cancel(tx, &id(n), at(2)));
    assert_eq!(cancel(1).await, CancelOutcome::Cancelled);
    assert_eq!(cancel(1).await, CancelOutcome::AlreadyFinished(GenerationState::Cancelled));
    assert_eq!(cancel(2).await, CancelOutcome::Requested);
    assert_eq!(cancel(9).await, CancelOutcome::NotFound);
    let wishes = |owner| fresh.store.read(move |tx| generations::cancel_wishes(tx, owner));
    assert_eq!(wishes("one").await, Ok(vec![]), "the market does not have it yet");
    commit(&fresh, move |tx| generations::accept(tx, &fence, "ref", at(3))).await;
    let wish = wishes("one").await.unwrap().pop().unwrap();
    assert_eq!((wish.id, wish.key.as_str(), wish.reference.as_str()), (id(2), "main", "ref"));
    assert_eq!(wishes("two").await, Ok(vec![]));
}

async fn what_is_to_be_cancelled_does_not_wait_again(fresh: Fresh) {
    type Way = fn(&mut Tx<'_>, &Fence) -> crate::Result<Option<generations::Finished>>;
    let ways: [(Way, i64); 3] = [
        (|tx, fence| generations::refuse(tx, fence, &trouble(), at(3), at(3)), 0),
        (|tx, fence| generations::restart(tx, fence, at(3)), 0),
        // The market may be working: the slot is kept.
        (|tx, fence| generations::resubmit(tx, fence, &trouble(), at(60), at(3)), 1),
    ];
    open(&fresh, 4).await;
    for (n, (way, kept)) in (1..).zip(ways) {
        let (n, waits) = (2 * n, 2 * n + 1);
        commit(&fresh, move |tx| create(tx, &anna(), &[wanted(n), child(waits, &[n])])).await;
        let fence = commit(&fresh, move |tx| claim_only(tx, n, at(1))).await;
        assert_eq!(
            commit(&fresh, move |tx| generations::cancel(tx, &id(n), at(2))).await,
            CancelOutcome::Requested
        );
        let finished = commit(&fresh, move |tx| way(tx, &fence)).await;
        assert!(finished.is_some());
        assert_eq!(standing(&fresh, n).await, (GenerationState::Cancelled, 1, "voided".to_owned()));
        assert_eq!(standing(&fresh, waits).await.0, GenerationState::Cancelled);
        assert_eq!(number(&fresh, "select count(*) from slot where generation_id is not null").await, kept);
    }
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

/// Invariant 2: from `unknown` at most one extra submission, however often that one is refused.
async fn an_extra_submission_stays_the_houses(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 1, at(1))?;
        assert_eq!(generations::refuse(tx, &fence, &trouble(), at(1), at(1))?, None);
        let fence = claim_only(tx, 1, at(2))?;
        assert_eq!(generations::resubmit(tx, &fence, &trouble(), at(60), at(2))?, None);
        let fence = claim_only(tx, 1, at(3))?;
        generations::refuse(tx, &fence, &trouble(), at(3), at(3))?;
        let fence = claim_only(tx, 1, at(4))?;
        generations::restart(tx, &fence, at(4))?;
        claim_only(tx, 1, at(5))
    })
    .await;
    let attempts = fresh.store.read(|tx| generations::attempts(tx, &id(1))).await.unwrap();
    let found: Vec<_> =
        attempts.iter().map(|attempt| (attempt.reason, attempt.paid_by.as_str(), attempt.state)).collect();
    let extra = AttemptReason::Unknown;
    assert_eq!(
        found,
        [
            (AttemptReason::First, "account", AttemptState::Refused),
            (AttemptReason::Retry, "account", AttemptState::Unknown),
            (extra, "house", AttemptState::Refused),
            (extra, "house", AttemptState::Vanished),
            (extra, "house", AttemptState::Submitting),
        ]
    );
}

async fn a_refused_one_waits_for_its_time(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    let look = |now| {
        commit(&fresh, move |tx| {
            let claim = generations::Claim { max: 4, ..claiming() };
            generations::claim(tx, &claim, at(now))
        })
    };
    let first = look(1).await.claimed.pop().unwrap();
    let fence = crate::tests::shop::fence(&first, GenerationState::Submitting);
    commit(&fresh, move |tx| generations::refuse(tx, &fence, &trouble(), at(10), at(2))).await;
    let early = look(9).await;
    assert!(early.claimed.is_empty());
    assert_eq!(early.next_at, Some(at(10)));
    let again = look(10).await;
    assert_eq!(
        (again.claimed[0].refusals, again.claimed[0].reason, again.next_at),
        (1, AttemptReason::Retry, None)
    );
}

async fn an_end_keeps_what_the_market_said_and_took(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    let cost = Some(MarketCost { micros: 25_000, currency: Currency::USD });
    commit(&fresh, move |tx| {
        let fence = make(tx, 1, at(1))?;
        let done = generations::Settlement { cost, output: Some("text".to_owned()), ..settlement(&fence, 1) };
        generations::settle(tx, &done, at(2))?;
        let fence = make(tx, 2, at(1))?;
        let failed = generations::Failure { cost, ..failure(&fence, 2, Event::Fail, AttemptState::Failed) };
        generations::fail(tx, &failed, at(3))
    })
    .await;
    let read = |n| {
        fresh.store.read(move |tx| Ok((generations::find(tx, &id(n))?, generations::attempts(tx, &id(n))?)))
    };
    let (done, attempts) = read(1).await.unwrap();
    let done = done.unwrap();
    assert_eq!(
        (done.output.as_deref(), done.error_code, done.finished_at),
        (Some("text"), None, Some(at(2)))
    );
    assert_eq!((attempts[0].cost_micros, attempts[0].cost_currency.as_deref()), (Some(25_000), Some("USD")));
    let (failed, attempts) = read(2).await.unwrap();
    let failed = failed.unwrap();
    assert_eq!(
        (failed.error_code, failed.error_text.as_deref()),
        (Some(ErrorCode::GenerationFailed), Some("no"))
    );
    assert_eq!((attempts[0].cost_micros, attempts[0].closed_at), (Some(25_000), Some(at(3))));
}

async fn a_charge_is_never_more_than_the_price(fresh: Fresh) {
    open(&fresh, 4).await;
    let charges = [(None, PRICE), (Some(7), 7), (Some(PRICE + 1), PRICE), (Some(-5), 0), (Some(0), 0)];
    for (n, (charge, taken)) in (1..).zip(charges) {
        let before = balance(&fresh, anna()).await.cash;
        commit(&fresh, move |tx| create(tx, &anna(), &[wanted(n)])).await;
        commit(&fresh, move |tx| {
            let fence = make(tx, n, at(1))?;
            generations::settle(tx, &generations::Settlement { charge, ..settlement(&fence, n) }, at(2))
        })
        .await;
        assert_eq!(before - balance(&fresh, anna()).await.cash, taken, "{charge:?}");
    }
}

async fn each_end_is_delivered_once(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    commit(&fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Failed), at(2))
    })
    .await;
    assert_eq!(number(&fresh, "select count(distinct generation_id) * 10 + count(*) from outbox").await, 22);
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(5))).await.len(), 0);
}
