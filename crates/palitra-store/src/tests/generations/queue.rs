//! How much of an account may wait: what is over is refused whole, with a time to come again.

use crate::{
    Dialect, Error, MIGRATIONS, Store, Tx, accounts,
    batches::{self, NewBatch},
    bounds::Bounds,
    generations::{self, NewGeneration},
    p,
    tests::{
        deck::{deck, run},
        harness::{Fresh, on_every_database},
        shop::{anna, at, boris, claim, commit, house, is_rule, number, open, refused, wanted},
    },
};
use palitra_domain::{AccountId, ErrorCode, Livemode, state::StepKind};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    what_is_over_the_limit_is_refused_with_a_time_to_come_again,
    a_batch_is_accepted_whole_or_not_at_all,
    more_than_may_ever_wait_is_refused_for_good,
    an_account_may_have_its_own_limit_and_the_house_has_none,
    the_limit_is_exact_when_many_ask_at_the_same_time,
);

const TEN: Bounds = Bounds {
    queued_max: 10,
    running_max: 0,
    upload_bytes_max: 0,
    loss_hour: 0,
    loss_day: 0,
    standard_wait: Duration::ZERO,
};

fn create(tx: &mut Tx, account: &AccountId, from: u64, count: u64) -> crate::Result<()> {
    let new: Vec<NewGeneration> = (from..from + count).map(wanted).collect();
    generations::create(tx, account, Livemode::Live, &new, &TEN, at(0))
}

fn wait(error: &Error) -> u64 {
    match error {
        Error::Later { code: ErrorCode::QueueFull, limit: 10, after } => after.as_secs(),
        other => panic!("{other:?}"),
    }
}

async fn what_is_over_the_limit_is_refused_with_a_time_to_come_again(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), 1, 8)?;
        create(tx, &boris(), 101, 10)
    })
    .await;
    // One place is needed, a run takes ten seconds, and nothing runs yet: one after the other.
    assert_eq!(wait(&refused(&fresh, |tx| create(tx, &anna(), 11, 3)).await), 10);
    commit(&fresh, |tx| create(tx, &anna(), 11, 2)).await;
    assert_eq!(wait(&refused(&fresh, |tx| create(tx, &anna(), 21, 4)).await), 40);
    // What is at work does not wait.
    let claimed = commit(&fresh, |tx| claim(tx, 2, at(1))).await;
    assert_eq!(claimed.len(), 2);
    assert_eq!(wait(&refused(&fresh, |tx| create(tx, &anna(), 21, 3)).await), 20);
    commit(&fresh, |tx| create(tx, &anna(), 21, 1)).await;
}

async fn a_batch_is_accepted_whole_or_not_at_all(fresh: Fresh) {
    open(&fresh, 2).await;
    let batch = |number: u64, items: u64| {
        let first = 100 * number;
        let steps = |n| vec![run(first + 2 * n, StepKind::Prompt), run(first + 2 * n + 1, StepKind::Picture)];
        NewBatch { account: anna(), ..deck(number, (0..items).map(steps).collect()) }
    };
    commit(&fresh, move |tx| batches::create(tx, &batch(1, 3), &TEN, at(0))).await;
    let error = refused(&fresh, move |tx| batches::create(tx, &batch(2, 3), &TEN, at(0))).await;
    assert!(wait(&error) >= 1);
    commit(&fresh, move |tx| batches::create(tx, &batch(2, 2), &TEN, at(0))).await;
}

async fn more_than_may_ever_wait_is_refused_for_good(fresh: Fresh) {
    open(&fresh, 2).await;
    let error = refused(&fresh, |tx| create(tx, &anna(), 1, 11)).await;
    assert!(is_rule(&error, ErrorCode::TooMuchAtOnce), "{error}");
    assert!(error.to_string().contains("10"));
}

async fn an_account_may_have_its_own_limit_and_the_house_has_none(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        accounts::set_limits(tx, &anna(), Some(2), None)?;
        accounts::set_limits(tx, &boris(), Some(0), None)?;
        create(tx, &house(), 1, 50)?;
        create(tx, &boris(), 101, 50)?;
        create(tx, &anna(), 201, 2)
    })
    .await;
    let error = refused(&fresh, |tx| create(tx, &anna(), 211, 1)).await;
    assert!(matches!(error, Error::Later { limit: 2, .. }), "{error}");
    commit(&fresh, |tx| {
        accounts::set_limits(tx, &anna(), None, None)?;
        create(tx, &anna(), 211, 8)
    })
    .await;
}

/// On PostgreSQL they run at the same time, and in both lines of two markets: no two of them wait for one turn.
async fn the_limit_is_exact_when_many_ask_at_the_same_time(fresh: Fresh) {
    open(&fresh, 2).await;
    let store = match fresh.store.dialect() {
        Dialect::Lite => fresh.store.clone(),
        Dialect::Pg => Store::postgres(&fresh.database().settings(8)).unwrap(),
    };
    let creates: Vec<_> = (1..=64u64)
        .map(|n| {
            let market = ["fal", "kie", "wavespeed", "openai"][usize::try_from(n % 4).unwrap()];
            let new = NewGeneration { market: market.to_owned(), ..wanted(n) };
            store.post(move |tx| {
                generations::create(tx, &anna(), Livemode::Live, std::slice::from_ref(&new), &TEN, at(0))
            })
        })
        .collect();
    let mut accepted = 0;
    for create in creates {
        match create.await {
            Ok(()) => accepted += 1,
            Err(error) => assert!(wait(&error) >= 1),
        }
    }
    assert_eq!(accepted, 10);
    assert_eq!(number(&fresh, "select count(*) from generation where state = 'queued'").await, 10);
    let cancelled = commit(&fresh, |tx| {
        let one = tx.query_one("select id from generation order by id limit 1", p![])?.get(0)?;
        generations::cancel(tx, &one, at(1))
    });
    cancelled.await;
    commit(&fresh, |tx| create(tx, &anna(), 101, 1)).await;
    assert_eq!(number(&fresh, "select count(*) from generation where state = 'queued'").await, 10);
    assert!(refused(&fresh, |tx| create(tx, &anna(), 102, 1)).await.to_string().contains("queue_full"));
    if fresh.store.dialect() == Dialect::Pg {
        store.close();
    }
}
