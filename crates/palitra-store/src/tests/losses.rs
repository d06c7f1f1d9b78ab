//! What the house may lose by one account: counted once for each attempt, and past it the account waits, nobody else.

use crate::{
    Error, MIGRATIONS, Result, Tx,
    bounds::Bounds,
    generations::{self, Claim, NewGeneration},
    losses::{self, Loss, Mark, Spent},
    p,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            anna, at, boris, claiming, commit, failure, fence, house, id, moved, number, open, refused,
            wanted,
        },
    },
};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, Livemode,
    loss::LossReason,
    state::{AttemptState, Event, GenerationState},
};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    an_attempt_is_lost_once_whatever_becomes_of_it,
    past_the_budget_new_work_is_refused_until_the_oldest_losses_are_past,
    past_the_budget_what_is_queued_waits_and_nobody_else,
    the_day_has_a_budget_of_its_own,
    the_house_and_test_money_lose_nothing,
    what_the_house_gives_counts_where_nobody_pays,
    the_operator_is_told_once_in_a_window,
    whoever_cancels_after_every_start_costs_the_budget_and_what_was_at_work,
);

const HOUR: i64 = 3600;
/// What the market is expected to take for one.
const COST: i64 = crate::tests::shop::PRICE / 2;
const BOUNDS: Bounds = Bounds {
    upload_bytes_max: 0,
    queued_max: 0,
    running_max: 2,
    loss_hour: 2 * COST,
    loss_day: 5 * COST,
    standard_wait: Duration::ZERO,
};

fn create(tx: &mut Tx, account: &AccountId, new: &[NewGeneration], now: i64) -> Result<()> {
    generations::create(tx, account, Livemode::Live, new, &BOUNDS, at(now))
}

fn claim(tx: &mut Tx, now: i64) -> Result<Vec<generations::Claimed>> {
    let claim = Claim { bounds: BOUNDS, ..claiming() };
    Ok(generations::claim(tx, &claim, at(now))?.claimed)
}

fn lose(tx: &mut Tx, n: u64, attempt: i64, amount: Option<i64>, now: i64) -> Result<Vec<Mark>> {
    let loss = Loss { attempt, reason: LossReason::Cancelled, amount };
    losses::record(tx, &id::<GenerationId>(n), &loss, &BOUNDS, at(now))
}

async fn lost(fresh: &Fresh) -> i64 {
    number(fresh, "select cast(coalesce(sum(amount), 0) as bigint) from loss").await
}

fn wait(error: &Error) -> i64 {
    match error {
        Error::Later { code: ErrorCode::HouseLoss, after, .. } => i64::try_from(after.as_secs()).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn an_attempt_is_lost_once_whatever_becomes_of_it(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)], 0)).await;
    for _ in 0..2 {
        commit(&fresh, |tx| lose(tx, 1, 1, None, 1)).await;
    }
    assert_eq!(lost(&fresh).await, COST);
    // Another attempt is another loss, and what the market said counts more than what was expected.
    commit(&fresh, |tx| lose(tx, 1, 2, Some(7), 1)).await;
    assert_eq!(lost(&fresh).await, COST + 7);
    commit(&fresh, |tx| lose(tx, 2, 1, Some(0), 1)).await;
    assert_eq!(number(&fresh, "select count(*) from loss").await, 2);
}

async fn past_the_budget_new_work_is_refused_until_the_oldest_losses_are_past(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=4).map(wanted).collect::<Vec<_>>(), 0)).await;
    commit(&fresh, |tx| lose(tx, 1, 1, None, 100)).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(11)], 150)).await;
    commit(&fresh, |tx| lose(tx, 2, 1, None, 200)).await;
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(12)], 300)).await;
    assert_eq!(wait(&error), HOUR - 200, "the first loss is past an hour after it was made");
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(12)], HOUR + 99)).await;
    assert_eq!(wait(&error), 1);
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(12)], HOUR + 100)).await;
    // Others had nothing to do with it.
    commit(&fresh, |tx| create(tx, &boris(), &[wanted(13)], 300)).await;
}

async fn past_the_budget_what_is_queued_waits_and_nobody_else(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &(1..=20).map(wanted).collect::<Vec<_>>(), 0)?;
        create(tx, &boris(), &(101..=102).map(wanted).collect::<Vec<_>>(), 0)
    })
    .await;
    commit(&fresh, |tx| {
        lose(tx, 1, 1, None, 1)?;
        lose(tx, 2, 1, None, 1)
    })
    .await;
    let claimed = commit(&fresh, |tx| claim(tx, 2)).await;
    let expected: Vec<GenerationId> = vec![id(101), id(102)];
    assert_eq!(claimed.into_iter().map(|claimed| claimed.id).collect::<Vec<_>>(), expected);
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, HOUR)?.len())).await, 0);
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, HOUR + 1)?.len())).await, 2);
}

async fn the_day_has_a_budget_of_its_own(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=6).map(wanted).collect::<Vec<_>>(), 0)).await;
    for n in 1..=5 {
        let hours = i64::try_from(n).unwrap() * HOUR;
        commit(&fresh, move |tx| lose(tx, n, 1, None, hours)).await;
    }
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(12)], 7 * HOUR)).await;
    assert_eq!(wait(&error), 18 * HOUR, "a day after the first of the five");
    let spent = |now: i64| fresh.store.read(move |tx| losses::spent(tx, &BOUNDS, at(now)));
    let anna = Spent { account: "anna".to_owned(), hour: 0, day: 5 * COST };
    assert_eq!(spent(7 * HOUR).await, Ok(vec![anna]));
    assert_eq!(spent(25 * HOUR).await, Ok(vec![]));
}

async fn the_house_and_test_money_lose_nothing(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &house(), &[wanted(1)], 0)?;
        let free = NewGeneration { price: 0, ..wanted(2) };
        generations::create(tx, &anna(), Livemode::Test, &[free], &BOUNDS, at(0))?;
        lose(tx, 1, 1, None, 1)?;
        lose(tx, 2, 1, None, 1)
    })
    .await;
    assert_eq!(lost(&fresh).await, 0);
}

async fn what_the_house_gives_counts_where_nobody_pays(fresh: Fresh) {
    open(&fresh, 4).await;
    let given = |tx: &mut Tx, n, now| {
        let loss = Loss { attempt: 1, reason: LossReason::Given, amount: Some(COST) };
        losses::record(tx, &id::<GenerationId>(n), &loss, &BOUNDS, at(now))
    };
    commit(&fresh, move |tx| {
        let free = |n| NewGeneration { price: 0, ..wanted(n) };
        create(tx, &anna(), &[free(1), free(2), wanted(3)], 0)?;
        create(tx, &boris(), &[free(4)], 0)?;
        tx.execute("update account set has_free_access = 1 where id = $1", p![boris().as_str()])?;
        // Paid by anna, and given to boris by the operator.
        given(tx, 3, 1)?;
        given(tx, 4, 1)?;
        given(tx, 1, 1)
    })
    .await;
    assert_eq!(lost(&fresh).await, COST);
    let marks = commit(&fresh, move |tx| given(tx, 2, 2)).await;
    assert_eq!(marks.iter().map(|mark| mark.window).collect::<Vec<_>>(), ["hour"]);
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(5)], 3)).await;
    assert!(wait(&error) > 0);
}

async fn the_operator_is_told_once_in_a_window(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=9).map(wanted).collect::<Vec<_>>(), 0)).await;
    let mut told = Vec::new();
    for (n, now) in [(1, 10), (2, 20), (3, 30), (4, HOUR + 15), (5, HOUR + 40), (6, 2 * HOUR)] {
        for mark in commit(&fresh, move |tx| lose(tx, n, 1, None, now)).await {
            told.push((n, mark.account, mark.window));
        }
    }
    let told: Vec<_> = told.iter().map(|(n, account, window)| (*n, account.as_str(), *window)).collect();
    // The hour's budget by the second; by the fourth again, for the second is still of that hour, so nothing is said;
    // then the day's; then an hour later the hour's again.
    assert_eq!(told, [(2, "anna", "hour"), (5, "anna", "day"), (5, "anna", "hour")]);
}

/// Invariant 9. As fast as claims go: everything is stopped right after its start, and new work is asked for at once.
async fn whoever_cancels_after_every_start_costs_the_budget_and_what_was_at_work(fresh: Fresh) {
    open(&fresh, 8).await;
    let mut refusals = 0;
    for (n, now) in (1..).zip(1..60) {
        let asked = fresh.store.write(move |tx| create(tx, &anna(), &[wanted(n)], now)).await;
        refusals += i64::from(asked.is_err());
        commit(&fresh, move |tx| {
            let claimed = claim(tx, now)?;
            for claimed in claimed {
                let fence = fence(&claimed, GenerationState::Submitting);
                generations::accept(tx, &fence, "reference", at(now))?;
                let running = moved(&fence, GenerationState::Running);
                let of = (1..100).find(|n| id::<GenerationId>(*n) == claimed.id).unwrap();
                let failure = failure(&running, of, Event::Cancel, AttemptState::Cancelled);
                generations::fail(tx, &failure, at(now))?;
                lose(tx, of, 1, None, now)?;
            }
            Ok(())
        })
        .await;
    }
    assert!(lost(&fresh).await <= BOUNDS.loss_hour + BOUNDS.running_max * COST);
    assert!(refusals > 50, "{refusals}");
    commit(&fresh, |tx| create(tx, &boris(), &[wanted(200)], 60)).await;
    assert_eq!(commit(&fresh, |tx| Ok(claim(tx, 60)?.len())).await, 1);
}
