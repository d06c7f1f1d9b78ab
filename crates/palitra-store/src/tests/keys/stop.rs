//! S3-51: a market without a key that works stops: queued work ends unpaid, new work is refused, the operator is told; what runs goes on.

use super::{claims, error, hear, locked, queue, say, two_keys};
use crate::{
    MIGRATIONS, alerts,
    generations::{self, NewGeneration},
    markets,
    tests::{
        deck::{self, pictures, slides, start},
        harness::{Fresh, on_every_database},
        shop::{MARKET, anna, at, commit, create, fence, is_rule, number, open, refused, settlement, wanted},
    },
};
use palitra_domain::{
    ErrorCode,
    market::ErrorClass,
    state::{BatchState, GenerationState},
};

on_every_database!(MIGRATIONS =>
    s3_51_the_last_key_stops_the_market_and_the_holds_go_back,
    a_stop_is_told_once_and_ends_with_the_first_success,
    a_batch_that_needs_the_market_stops_whole,
    work_in_other_places_of_the_queue_ends_too,
    a_key_that_the_operator_has_paused_is_no_reason_to_stop,
    tried_again_work_is_taken_once_more,
);

const HELD: &str = "select cast(sum(cash_held + bonus_held) as bigint) from book";

async fn drain(fresh: &Fresh, max: u32) -> usize {
    commit(fresh, move |tx| markets::drain(tx, (MARKET, ErrorCode::MarketCredits), max, at(50))).await
}

async fn s3_51_the_last_key_stops_the_market_and_the_holds_go_back(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [1, 1]).await;
    queue(&fresh, 1..=9).await;
    let running = claims(&fresh, 1).await.remove(0);
    assert_eq!(drain(&fresh, 4).await, 0, "nothing has stopped");
    assert_eq!(say(&fresh, "one", Some(locked()), 10).await.code, None);
    let stopped = say(&fresh, "two", Some(error(ErrorClass::Credits, 402)), 10).await;
    assert_eq!((stopped.code, stopped.just_now, stopped.others), (Some(ErrorCode::MarketCredits), true, 0));
    assert_eq!(commit(&fresh, markets::stops).await, [(MARKET.to_owned(), ErrorCode::MarketCredits)]);
    // Before any money is held.
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(99)])).await;
    assert!(is_rule(&error, ErrorCode::MarketCredits), "{error}");
    // A little at a time, and again from where it broke off.
    assert_eq!((drain(&fresh, 4).await, drain(&fresh, 4).await, drain(&fresh, 4).await), (4, 3, 0));
    let failed = "select count(*) from generation where state = 'failed' and error_code = 'market_credits'";
    assert_eq!((number(&fresh, failed).await, number(&fresh, "select count(*) from outbox").await), (7, 7));
    // The two that were claimed are still held for: one of them ends well, and is charged.
    assert_eq!(number(&fresh, HELD).await, 200);
    commit(&fresh, move |tx| {
        let fence = fence(&running, GenerationState::Submitting);
        generations::answer(tx, &fence, None, at(60))?;
        generations::settle(
            tx,
            &settlement(&crate::tests::shop::moved(&fence, GenerationState::Storing), 1),
            at(60),
        )
    })
    .await;
    assert_eq!(number(&fresh, HELD).await, 100);
    let shown = commit(&fresh, markets::list).await.remove(0);
    assert_eq!(shown.stopped, Some((at(10), ErrorCode::MarketCredits, "the market says no".to_owned())));
    let subjects: Vec<_> =
        commit(&fresh, alerts::list).await.into_iter().map(|alert| alert.subject).collect();
    assert_eq!(subjects, ["fal", "fal/one", "fal/two"]);
}

async fn a_stop_is_told_once_and_ends_with_the_first_success(fresh: Fresh) {
    open(&fresh, 4).await;
    queue(&fresh, 1..=1).await;
    let first = say(&fresh, "main", Some(locked()), 10).await;
    // Three more submissions that were under way say the same.
    let later = commit(&fresh, |tx| hear(tx, "main", Some(locked()), 9)).await;
    assert_eq!((first.just_now, later.just_now, later.code), (true, false, Some(ErrorCode::MarketCredits)));
    assert_eq!(commit(&fresh, alerts::list).await.len(), 2);
    let back = say(&fresh, "main", None, 11).await;
    assert_eq!((back.code, commit(&fresh, markets::stops).await.len()), (None, 0));
    assert_eq!(commit(&fresh, alerts::list).await, []);
    assert_eq!(drain(&fresh, 4).await, 0);
    assert_eq!(claims(&fresh, 12).await.len(), 1);
}

async fn a_batch_that_needs_the_market_stops_whole(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        start(tx, &pictures(1, 3))?;
        // Prompts elsewhere, pictures here.
        let elsewhere = |new: NewGeneration| {
            if new.parents.is_empty() { NewGeneration { market: "kie".to_owned(), ..new } } else { new }
        };
        start(tx, &deck::each(slides(2, 3), elsewhere))?;
        let other = |new| NewGeneration { market: "kie".to_owned(), ..new };
        let ids = (301..=302).map(|n| vec![deck::run(n, palitra_domain::state::StepKind::Picture)]);
        start(tx, &deck::each(deck::deck(3, ids.collect()), other))
    })
    .await;
    say(&fresh, "main", Some(locked()), 10).await;
    assert_eq!((drain(&fresh, 9).await, drain(&fresh, 9).await, drain(&fresh, 9).await), (1, 1, 0));
    let states = "select count(*) from generation where state = 'queued'";
    assert_eq!(
        (number(&fresh, states).await, number(&fresh, HELD).await),
        (2, 200),
        "the third batch goes on"
    );
    let (first, second) = (deck::found(&fresh, 1).await.state, deck::found(&fresh, 2).await.state);
    assert_eq!((first, second), (BatchState::Failed, BatchState::Failed));
}

async fn work_in_other_places_of_the_queue_ends_too(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        let scope = markets::Scope { name: "model:m", kind: "model", market: MARKET, interval_us: 0 };
        markets::resize(tx, &scope, 2)?;
        let of_model = NewGeneration { model_scope: Some("model:m".to_owned()), ..wanted(1) };
        create(tx, &anna(), &[of_model, wanted(2), NewGeneration { market: "kie".to_owned(), ..wanted(3) }])?;
        let later = crate::tests::shop::claim_only(tx, 2, at(1))?;
        generations::refuse(tx, &later, &crate::tests::shop::trouble(), at(1_000), at(1))
    })
    .await;
    say(&fresh, "main", Some(locked()), 10).await;
    assert_eq!((drain(&fresh, 9).await, drain(&fresh, 9).await, drain(&fresh, 9).await), (1, 1, 0));
    assert_eq!(number(&fresh, HELD).await, 100);
}

async fn a_key_that_the_operator_has_paused_is_no_reason_to_stop(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [1, 1]).await;
    queue(&fresh, 1..=2).await;
    commit(&fresh, |tx| markets::pause_key(tx, MARKET, "two", Some(at(1)))).await;
    let stopped = say(&fresh, "one", Some(locked()), 10).await;
    assert_eq!((stopped.code, stopped.others), (None, 0));
    assert_eq!((drain(&fresh, 9).await, claims(&fresh, 11).await.len()), (0, 0));
    commit(&fresh, |tx| markets::pause_key(tx, MARKET, "two", None)).await;
    assert_eq!(claims(&fresh, 12).await.len(), 1);
}

async fn tried_again_work_is_taken_once_more(fresh: Fresh) {
    open(&fresh, 4).await;
    say(&fresh, "main", Some(error(ErrorClass::Auth, 401)), 10).await;
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    assert!(is_rule(&error, ErrorCode::MarketAuth), "{error}");
    assert_eq!(commit(&fresh, |tx| markets::try_again(tx, None, None, at(20))).await, 1);
    queue(&fresh, 1..=3).await;
    assert_eq!(claims(&fresh, 20).await.len(), 1, "one tries");
    assert_eq!(commit(&fresh, alerts::list).await, []);
}
