//! What one account may have at work at once, and that nobody is forgotten for it.

use crate::{
    MIGRATIONS, Tx, accounts,
    bounds::Bounds,
    generations::{self, Claim, Claimed, NewGeneration},
    p,
    tests::{
        deck::{self, deck, run, start},
        harness::{Fresh, on_every_database},
        shop::{
            anna, at, boris, claiming, commit, create, failure, fence, house, id, number, open, trouble,
            wanted,
        },
    },
};
use palitra_domain::{
    GenerationId,
    state::{AttemptState, Event, GenerationState, Priority, StepKind},
};
use std::{collections::BTreeSet, time::Duration};

on_every_database!(MIGRATIONS =>
    an_account_has_no_more_at_work_than_it_may,
    others_get_the_slots_that_an_account_may_not_use,
    an_account_may_have_its_own_limit_and_the_house_has_none,
    what_waits_for_a_worker_hides_nothing_of_its_account,
    parked_work_ends_and_starts_like_any_other,
    a_retry_is_parked_again,
    fast_work_goes_first_and_each_line_is_fair,
    standard_work_gets_one_of_eight_starts_once_it_is_overdue,
    overdue_work_of_batches_gets_its_share,
    work_that_is_not_overdue_waits_for_fast_work,
);

const TWO: Bounds = Bounds {
    upload_bytes_max: 0,
    queued_max: 0,
    running_max: 2,
    loss_hour: 0,
    loss_day: 0,
    standard_wait: Duration::from_secs(60),
};

fn claim(tx: &mut Tx, max: u32, now: i64) -> crate::Result<Vec<Claimed>> {
    let claim = Claim { max, bounds: TWO, ..claiming() };
    Ok(generations::claim(tx, &claim, at(now))?.claimed)
}

fn numbers(claimed: &[Claimed]) -> Vec<u64> {
    let number = |of: &GenerationId| (1..5_000).find(|n| id::<GenerationId>(*n) == *of).unwrap();
    claimed.iter().map(|claimed| number(&claimed.id)).collect()
}

fn end(tx: &mut Tx, claimed: &Claimed) -> crate::Result<()> {
    let n = numbers(std::slice::from_ref(claimed))[0];
    let submitting = fence(claimed, GenerationState::Submitting);
    generations::fail(tx, &failure(&submitting, n, Event::Fail, AttemptState::Failed), at(1)).map(drop)
}

/// What is claimed when all of it ends at once before the next claim.
async fn turns(fresh: &Fresh, count: usize) -> Vec<Vec<u64>> {
    let mut turns = Vec::new();
    for _ in 0..count {
        let turn = commit(fresh, |tx| {
            let claimed = claim(tx, 64, 1)?;
            claimed.iter().try_for_each(|claimed| end(tx, claimed))?;
            Ok(numbers(&claimed))
        });
        turns.push(turn.await);
    }
    turns
}

fn many(from: u64, count: u64) -> Vec<NewGeneration> {
    (from..from + count).map(wanted).collect()
}

async fn an_account_has_no_more_at_work_than_it_may(fresh: Fresh) {
    open(&fresh, 5).await;
    commit(&fresh, |tx| create(tx, &anna(), &many(1, 1_500))).await;
    let first = commit(&fresh, |tx| claim(tx, 64, 1)).await;
    assert_eq!(numbers(&first), [1, 2]);
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, 64, 1)?.len())).await, 0);
    // Nothing is claimable any more: no claim walks past the others.
    assert_eq!(
        number(&fresh, "select count(*) from generation where state = 'queued' and ready = 1").await,
        0
    );
    commit(&fresh, move |tx| end(tx, &first[0])).await;
    assert_eq!(numbers(&commit(&fresh, |tx| claim(tx, 64, 1)).await), [3]);
    commit(&fresh, |tx| create(tx, &anna(), &many(2_001, 1))).await;
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, 64, 1)?.len())).await, 0);
    // At another market it has no more either.
    commit(&fresh, |tx| create(tx, &boris(), &many(2_002, 1))).await;
    assert_eq!(numbers(&commit(&fresh, |tx| claim(tx, 64, 1)).await), [2_002]);
}

async fn others_get_the_slots_that_an_account_may_not_use(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &many(1, 1_000))?;
        create(tx, &boris(), &many(2_001, 3))
    })
    .await;
    let turns = turns(&fresh, 3).await;
    assert_eq!(turns[0], [1, 2_001, 2, 2_002]);
    assert_eq!(turns[1], [3, 2_003, 4]);
    assert_eq!(turns[2], [5, 6]);
}

async fn an_account_may_have_its_own_limit_and_the_house_has_none(fresh: Fresh) {
    open(&fresh, 40).await;
    commit(&fresh, |tx| {
        accounts::set_limits(tx, &anna(), None, Some(5))?;
        accounts::set_limits(tx, &boris(), None, Some(0))?;
        create(tx, &anna(), &many(1, 10))?;
        create(tx, &boris(), &many(101, 10))?;
        create(tx, &house(), &many(201, 10))
    })
    .await;
    let claimed = numbers(&commit(&fresh, |tx| claim(tx, 64, 1)).await);
    let of = |from: u64| claimed.iter().filter(|n| **n > from && **n <= from + 100).count();
    assert_eq!((of(0), of(100), of(200)), (5, 10, 10));
    // A limit that is lifted holds no longer, and one that is set holds for what is at work.
    commit(&fresh, |tx| accounts::set_limits(tx, &anna(), None, Some(0))).await;
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, 64, 1)?.len())).await, 5);
    assert_eq!(number(&fresh, "select count(*) from generation where state = 'queued'").await, 0);
}

async fn what_waits_for_a_worker_hides_nothing_of_its_account(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        // A batch with one worker, in front of work that needs none.
        let steps = (1..=50).map(|n| vec![run(n, StepKind::Picture)]).collect();
        let batch = deck(1, steps);
        let workers = vec![deck::workers(1, StepKind::Picture, 1, 0)];
        start(tx, &crate::batches::NewBatch { account: anna(), gate_percent: 0, workers, ..batch })?;
        create(tx, &anna(), &many(101, 3))
    })
    .await;
    let turns = turns(&fresh, 4).await;
    assert_eq!(turns[0], [1, 101]);
    assert_eq!(turns[1], [2, 102]);
    assert_eq!(turns[2], [3, 103]);
    assert_eq!(turns[3], [4]);
}

async fn parked_work_ends_and_starts_like_any_other(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &many(1, 6))).await;
    let first = commit(&fresh, |tx| claim(tx, 64, 1)).await;
    assert_eq!(numbers(&first), [1, 2]);
    commit(&fresh, |tx| generations::cancel(tx, &id(3), at(1))).await;
    commit(&fresh, move |tx| first.iter().try_for_each(|claimed| end(tx, claimed))).await;
    assert_eq!(turns(&fresh, 2).await, [vec![4, 5], vec![6]]);
    assert_eq!(number(&fresh, "select count(*) from generation where finished_at is null").await, 0);
}

async fn a_retry_is_parked_again(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &many(1, 4))).await;
    let first = commit(&fresh, |tx| claim(tx, 64, 1)).await;
    commit(&fresh, move |tx| {
        let fence = fence(&first[0], GenerationState::Submitting);
        generations::refuse(tx, &fence, &trouble(), at(1), at(1))
    })
    .await;
    // It keeps its place, and takes the room it has left.
    assert_eq!(numbers(&commit(&fresh, |tx| claim(tx, 64, 1)).await), [1]);
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, 64, 1)?.len())).await, 0);
    assert_eq!(
        number(&fresh, "select count(*) from generation where state = 'queued' and ready = 2").await,
        2
    );
}

fn fast(from: u64, count: u64) -> Vec<NewGeneration> {
    many(from, count).into_iter().map(|new| NewGeneration { priority: Priority::Fast, ..new }).collect()
}

async fn fast_work_goes_first_and_each_line_is_fair(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        accounts::set_limits(tx, &anna(), None, Some(0))?;
        accounts::set_limits(tx, &boris(), None, Some(0))?;
        create(tx, &anna(), &many(1, 1_000))?;
        // Her waiting work does not count against her fast work.
        create(tx, &anna(), &fast(1_001, 3))?;
        create(tx, &boris(), &fast(2_001, 3))?;
        create(tx, &boris(), &many(2_101, 3))
    })
    .await;
    let turns = turns(&fresh, 3).await;
    assert_eq!(turns[0], [1_001, 2_001, 1_002, 2_002]);
    assert_eq!(turns[1], [1_003, 2_003, 1, 2_101]);
    assert_eq!(turns[2], [2, 2_102, 3, 2_103]);
    // What was never started gives its turn back to its own line.
    commit(&fresh, |tx| create(tx, &anna(), &fast(1_101, 1))).await;
    let before =
        number(&fresh, "select vfinish from turn where market = 'fal fast' order by vfinish desc limit 1")
            .await;
    commit(&fresh, |tx| generations::cancel(tx, &id(1_101), at(1))).await;
    let after =
        number(&fresh, "select vfinish from turn where market = 'fal fast' order by vfinish desc limit 1")
            .await;
    assert!(after < before, "{before} {after}");
}

/// Claims one slot after the other at `now`, and ends it.
async fn one_by_one(fresh: &Fresh, count: usize, now: i64) -> Vec<u64> {
    let mut started = Vec::new();
    for _ in 0..count {
        started.extend(
            commit(fresh, move |tx| {
                let claimed = claim(tx, 1, now)?;
                claimed.iter().try_for_each(|claimed| end(tx, claimed))?;
                Ok(numbers(&claimed))
            })
            .await,
        );
    }
    started
}

async fn standard_work_gets_one_of_eight_starts_once_it_is_overdue(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &fast(1_001, 200))?;
        create(tx, &anna(), &many(1, 4))?;
        create(tx, &boris(), &many(11, 2))
    })
    .await;
    let started = one_by_one(&fresh, 48, 61).await;
    let standard = |(n, of): (usize, &u64)| (*of < 1_000).then_some((n, *of));
    let standard: Vec<_> = started.iter().enumerate().filter_map(standard).collect();
    // The bound, and the line in its own order.
    assert_eq!(standard, [(7, 1), (15, 11), (23, 2), (31, 12), (39, 3), (47, 4)]);
    // Several slots at once get the same.
    commit(&fresh, |tx| {
        crate::markets::configure_keys(tx, &[crate::tests::shop::key("main", 1, 24)])?;
        for account in [anna(), boris()] {
            accounts::set_limits(tx, &account, None, Some(0))?;
        }
        create(tx, &boris(), &many(21, 5))
    })
    .await;
    let at_once = numbers(&commit(&fresh, |tx| claim(tx, 24, 61)).await);
    assert_eq!(at_once.iter().filter(|n| **n < 1_000).count(), 3, "{at_once:?}");
}

async fn overdue_work_of_batches_gets_its_share(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        start(tx, &deck(1, (1..=3).map(|n| vec![run(n, StepKind::Picture)]).collect()))?;
        create(tx, &boris(), &fast(1_001, 100))
    })
    .await;
    let started: BTreeSet<u64> =
        one_by_one(&fresh, 24, 61).await.into_iter().filter(|n| *n < 1_000).collect();
    assert_eq!(started, BTreeSet::from([1, 2, 3]));
}

async fn work_that_is_not_overdue_waits_for_fast_work(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        create(tx, &boris(), &fast(1_001, 20))?;
        create(tx, &anna(), &many(1, 4))
    })
    .await;
    let started = one_by_one(&fresh, 21, 59).await;
    assert_eq!(started.iter().position(|n| *n < 1_000), Some(20));
    let rows = fresh
        .store
        .read(|tx| tx.query("select v from virtual_clock where market = 'fal overdue'", p![]))
        .await;
    assert_eq!(rows.unwrap().len(), 0);
}
