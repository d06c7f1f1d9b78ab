//! Who comes next: priority, then virtual time, so that nobody's thousand jobs are in front of another's
//! first (invariant 5).

use crate::{
    Dialect, MIGRATIONS, Tx, accounts,
    generations::{self, NewGeneration},
    p,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            anna, at, boris, child, claim, claim_only, commit, create, failure, fence, id, is_rule, number,
            open, refused, settlement, trouble, wanted,
        },
    },
};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId,
    state::{AttemptState, Event, GenerationState},
};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    order_is_priority_then_virtual_time,
    a_thousand_jobs_delay_another_users_first_by_at_most_two_turns,
    turns_go_by_weight,
    weight_2_gets_twice_the_turns,
    creates_of_one_account_take_different_turns,
    work_that_takes_no_time_takes_turns_too,
    whoever_cancels_gets_the_turns_back,
    a_retry_keeps_its_place,
    one_market_does_not_wait_for_another,
);

fn numbers(claimed: &[generations::Claimed]) -> Vec<u64> {
    let number = |of: &GenerationId| (1..5_000).find(|n| id::<GenerationId>(*n) == *of).unwrap();
    claimed.iter().map(|claimed| number(&claimed.id)).collect()
}

fn create_many(tx: &mut Tx, account: &AccountId, from: u64, count: u64) -> crate::Result<()> {
    create(tx, account, &(from..from + count).map(wanted).collect::<Vec<_>>())
}

/// Claims, and ends what it claimed: one turn of every slot. Answers the numbers in order.
async fn turn(fresh: &Fresh) -> Vec<u64> {
    commit(fresh, |tx| {
        let claimed = claim(tx, 64, at(1))?;
        for claimed in &claimed {
            let fence = fence(claimed, GenerationState::Submitting);
            generations::answer(tx, &fence, None, at(1))?;
            let fence = generations::Fence { from: GenerationState::Storing, ..fence };
            let done = generations::Settlement {
                assets: Vec::new(),
                ..settlement(&fence, numbers(std::slice::from_ref(claimed))[0])
            };
            generations::settle(tx, &done, at(1))?;
        }
        Ok(numbers(&claimed))
    })
    .await
}

async fn order_is_priority_then_virtual_time(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        create_many(tx, &anna(), 1, 4)?;
        create_many(tx, &boris(), 5, 2)?;
        tx.must(1, "update generation set priority = -1 where id = $1", p![id::<GenerationId>(3).as_str()])?;
        tx.must(1, "update generation set priority = 1 where id = $1", p![id::<GenerationId>(1).as_str()])
    })
    .await;
    assert_eq!(turn(&fresh).await, [3, 5, 2, 6, 4, 1]);
}

async fn a_thousand_jobs_delay_another_users_first_by_at_most_two_turns(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create_many(tx, &anna(), 1, 1_000)).await;
    assert_eq!(turn(&fresh).await, [1, 2, 3, 4]);
    // While Anna's next four run, Boris comes.
    let running = commit(&fresh, |tx| claim(tx, 64, at(1))).await;
    assert_eq!(numbers(&running), [5, 6, 7, 8]);
    commit(&fresh, |tx| create_many(tx, &boris(), 2_001, 10)).await;
    commit(&fresh, move |tx| {
        for (n, claimed) in (1..).zip(&running) {
            let fence = fence(claimed, GenerationState::Submitting);
            generations::fail(tx, &failure(&fence, 900_000 + n, Event::Fail, AttemptState::Failed), at(2))?;
        }
        Ok(())
    })
    .await;
    let (first, second) = (turn(&fresh).await, turn(&fresh).await);
    assert!(first.contains(&2_001), "the first slot turn after: {first:?}");
    // From then on they share.
    let boris = |turn: &[u64]| turn.iter().filter(|n| **n > 2_000).count();
    assert_eq!((boris(&first), boris(&second)), (2, 2));
}

async fn turns_go_by_weight(fresh: Fresh) {
    open(&fresh, 8).await;
    commit(&fresh, |tx| {
        accounts::set_weight(tx, &anna(), 3)?;
        create_many(tx, &anna(), 1, 400)?;
        create_many(tx, &boris(), 2_001, 400)
    })
    .await;
    let mut claimed = Vec::new();
    for _ in 0..20 {
        claimed.extend(turn(&fresh).await);
    }
    let (of_anna, of_boris): (Vec<u64>, Vec<u64>) = claimed.iter().partition(|n| **n <= 400);
    assert_eq!((of_anna.len(), of_boris.len()), (120, 40));
    // However heavy the other is, the light one is not forgotten for long.
    assert!(claimed.chunks(8).all(|turn| turn.iter().any(|n| *n > 400)));
}

async fn weight_2_gets_twice_the_turns(fresh: Fresh) {
    open(&fresh, 3).await;
    commit(&fresh, |tx| {
        accounts::set_weight(tx, &boris(), 2)?;
        create_many(tx, &anna(), 1, 60)?;
        create_many(tx, &boris(), 2_001, 60)
    })
    .await;
    for n in 0..10 {
        let turn = turn(&fresh).await;
        assert_eq!(turn.iter().filter(|n| **n > 2_000).count(), 2, "turn {n}: {turn:?}");
    }
    for weight in [0, accounts::WEIGHT_MAX + 1] {
        let error = refused(&fresh, move |tx| accounts::set_weight(tx, &anna(), weight)).await;
        assert!(is_rule(&error, ErrorCode::InvalidInput));
    }
    assert!(is_rule(&refused(&fresh, |tx| accounts::set_weight(tx, &id(9), 1)).await, ErrorCode::NotFound));
}

/// On PostgreSQL they run at the same time.
async fn creates_of_one_account_take_different_turns(fresh: Fresh) {
    open(&fresh, 4).await;
    let store = match fresh.store.dialect() {
        Dialect::Lite => fresh.store.clone(),
        Dialect::Pg => crate::Store::postgres(&fresh.database().settings(6)).unwrap(),
    };
    let elsewhere = |n| NewGeneration { market: "kie".to_owned(), ..wanted(n) };
    let creates: Vec<_> = (0..60)
        .map(|n| {
            // In one order or the other, and each gets through.
            let new = if n % 2 == 0 {
                [wanted(2 * n + 1), elsewhere(2 * n + 2)]
            } else {
                [elsewhere(2 * n + 1), wanted(2 * n + 2)]
            };
            store.post(move |tx| create(tx, &anna(), &new))
        })
        .collect();
    for create in creates {
        create.await.unwrap();
    }
    assert_eq!(number(&fresh, "select count(*) from generation").await, 120);
    assert_eq!(
        number(&fresh, "select count(distinct vstart) from generation where market = 'fal'").await,
        60
    );
    let run = i64::try_from(crate::tests::shop::USUAL_RUN.as_micros()).unwrap();
    assert_eq!(number(&fresh, "select min(vfinish) from turn").await, 60 * run);
    assert_eq!(number(&fresh, "select max(vfinish) from turn").await, 60 * run);
    commit(&fresh, |_| Ok(())).await;
    if fresh.store.dialect() == Dialect::Pg {
        store.close();
    }
}

async fn work_that_takes_no_time_takes_turns_too(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        accounts::set_weight(tx, &anna(), accounts::WEIGHT_MAX)?;
        let new: Vec<_> =
            (1..=100).map(|n| NewGeneration { usual_run: Duration::ZERO, ..wanted(n) }).collect();
        create(tx, &anna(), &new)?;
        create(tx, &boris(), &[NewGeneration { usual_run: Duration::ZERO, ..wanted(2_001) }])
    })
    .await;
    assert!(turn(&fresh).await.contains(&2_001));
}

async fn whoever_cancels_gets_the_turns_back(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create_many(tx, &anna(), 1, 200)?;
        // Children come back with their parents.
        create(tx, &anna(), &[wanted(201), child(202, &[201])])
    })
    .await;
    assert_eq!(turn(&fresh).await, [1, 2, 3, 4]);
    let started = commit(&fresh, |tx| claim_only(tx, 5, at(1))).await;
    commit(&fresh, move |tx| {
        for n in 6..=201 {
            generations::cancel(tx, &id(n), at(2))?;
        }
        // What was claimed has used its turn.
        generations::refuse(tx, &started, &trouble(), at(2), at(2))?;
        generations::cancel(tx, &id(5), at(2))
    })
    .await;
    let run = i64::try_from(crate::tests::shop::USUAL_RUN.as_micros()).unwrap();
    assert_eq!(number(&fresh, "select vfinish from turn").await, 5 * run);
    commit(&fresh, |tx| {
        create_many(tx, &boris(), 2_001, 200)?;
        create_many(tx, &anna(), 301, 1)
    })
    .await;
    assert!(turn(&fresh).await.contains(&301), "anna's first job is not behind boris' two hundred");
}

async fn a_retry_keeps_its_place(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create_many(tx, &anna(), 1, 3)).await;
    let first = commit(&fresh, |tx| claim_only(tx, 1, at(1))).await;
    commit(&fresh, move |tx| generations::refuse(tx, &first, &trouble(), at(2), at(2))).await;
    assert_eq!(numbers(&commit(&fresh, |tx| claim(tx, 64, at(2))).await), [1]);
}

async fn one_market_does_not_wait_for_another(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        let elsewhere = |n| NewGeneration { market: "kie".to_owned(), ..wanted(n) };
        create(tx, &anna(), &[elsewhere(1), wanted(2), elsewhere(3), wanted(4)])
    })
    .await;
    assert_eq!(turn(&fresh).await, [2, 4]);
    assert_eq!(number(&fresh, "select count(*) from virtual_clock where v > 0").await, 1);
}
