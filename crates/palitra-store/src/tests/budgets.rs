//! Budgets of keys: what is held counts, what is not charged comes back, and two at once do not both slip under.

use super::{
    api_keys::new_key,
    deck::{each, pictures, start},
    harness::{Fresh, on_every_database},
    property::check,
    shop::{anna, at, claim_only, commit, failure, id, make, open, refused, settlement, wanted},
};
use crate::{
    Dialect, Error, MIGRATIONS, Result, Tx,
    api_keys::{self, Budgets, NewApiKey},
    batches,
    bounds::Bounds,
    budgets::{self, Spent},
    generations::{self, CancelOutcome, NewGeneration},
    ledger, p,
};
use palitra_domain::{
    KeyId, Livemode, Timestamp,
    budget::Budget,
    state::{AttemptState, Event},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

on_every_database!(MIGRATIONS =>
    s2_57_more_than_a_budget_has_left_is_refused_and_said,
    s2_57_what_is_not_charged_comes_back_to_its_own_day,
    s2_57_a_batch_counts_as_a_whole_and_its_cancelled_rest_comes_back,
    s2_57_two_requests_at_once_do_not_both_slip_under_a_budget,
    a_key_without_budgets_and_free_work_leave_no_trace,
    what_a_key_has_spent_is_always_the_sum_of_its_holds,
);

const DAY: i64 = 86_400;

fn key() -> KeyId {
    id(1)
}

fn insert(tx: &mut Tx, budgets: Budgets) -> Result<()> {
    api_keys::insert(tx, &NewApiKey { livemode: Livemode::Live, budgets, ..new_key(1) }, at(0))
}

async fn opened(fresh: &Fresh, budgets: Budgets) {
    open(fresh, 4).await;
    commit(fresh, move |tx| insert(tx, budgets)).await;
}

fn keyed(n: u64, price: i64) -> NewGeneration {
    NewGeneration { price, key: Some(key()), ..wanted(n) }
}

fn create(tx: &mut Tx, new: &[NewGeneration], now: i64) -> Result<()> {
    generations::create(tx, &anna(), Livemode::Live, new, &Bounds::default(), at(now))
}

async fn spent(fresh: &Fresh, now: i64) -> (i64, i64, i64) {
    let Spent { day, month, total } =
        fresh.store.read(move |tx| budgets::spent(tx, &key(), at(now))).await.unwrap();
    (day, month, total)
}

async fn s2_57_more_than_a_budget_has_left_is_refused_and_said(fresh: Fresh) {
    opened(&fresh, Budgets { day: Some(100), month: Some(250), total: Some(1_000) }).await;
    commit(&fresh, |tx| create(tx, &[keyed(1, 60)], 5)).await;
    let over = |budget, needed, left, anew_at: Option<i64>| Error::OverBudget {
        budget,
        needed,
        left,
        anew_at: anew_at.map(at),
    };
    // Two of 21 are 42, and 40 are left: none of them is taken.
    let error = refused(&fresh, |tx| create(tx, &[keyed(2, 21), keyed(3, 21)], 6)).await;
    assert_eq!(error, over(Budget::Day, 42, 40, Some(DAY)));
    commit(&fresh, |tx| create(tx, &[keyed(2, 20), keyed(3, 20)], 6)).await;
    let error = refused(&fresh, |tx| create(tx, &[keyed(4, 1)], DAY - 1)).await;
    assert_eq!(error, over(Budget::Day, 1, 0, Some(DAY)));
    commit(&fresh, |tx| create(tx, &[keyed(4, 100)], DAY)).await;
    // Of the month are 50 left: to say that the day begins anew would help nobody.
    let error = refused(&fresh, |tx| create(tx, &[keyed(5, 101)], 2 * DAY)).await;
    assert_eq!(error, over(Budget::Month, 101, 50, Some(31 * DAY)));
    for (n, day) in (5..13).zip(31..) {
        commit(&fresh, move |tx| create(tx, &[keyed(n, 100)], 31 * DAY * (day - 30))).await;
    }
    assert_eq!(spent(&fresh, 40 * 31 * DAY).await, (0, 0, 1_000));
    let error = refused(&fresh, |tx| create(tx, &[keyed(13, 1)], 40 * 31 * DAY)).await;
    assert_eq!(error, over(Budget::Total, 1, 0, None));
}

async fn s2_57_what_is_not_charged_comes_back_to_its_own_day(fresh: Fresh) {
    opened(&fresh, Budgets { day: Some(300), ..Budgets::default() }).await;
    commit(&fresh, |tx| create(tx, &[keyed(1, 100), keyed(2, 100), keyed(3, 100)], 5)).await;
    assert_eq!(spent(&fresh, 5).await, (300, 300, 300));
    // The first is charged 30 of 100, the second fails, the third is cancelled: all on the next day.
    commit(&fresh, |tx| {
        let fence = make(tx, 1, at(DAY))?;
        let settlement = generations::Settlement { charge: Some(30), ..settlement(&fence, 1) };
        generations::settle(tx, &settlement, at(DAY + 1))
    })
    .await;
    assert_eq!((spent(&fresh, 5).await, spent(&fresh, DAY).await), ((230, 230, 230), (0, 230, 230)));
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 2, at(DAY))?;
        let failure = failure(&fence, 2, Event::Fail, AttemptState::Failed);
        generations::fail(tx, &failure, at(DAY + 1))
    })
    .await;
    assert_eq!(spent(&fresh, 5).await, (130, 130, 130));
    let cancelled = commit(&fresh, |tx| generations::cancel(tx, &id(3), at(DAY))).await;
    assert_eq!((cancelled, spent(&fresh, 5).await), (CancelOutcome::Cancelled, (30, 30, 30)));
}

async fn s2_57_a_batch_counts_as_a_whole_and_its_cancelled_rest_comes_back(fresh: Fresh) {
    opened(&fresh, Budgets { month: Some(1_000), ..Budgets::default() }).await;
    let batch = |n, count| each(pictures(n, count), |row| NewGeneration { key: Some(key()), ..row });
    commit(&fresh, move |tx| start(tx, &batch(1, 7))).await;
    assert_eq!(spent(&fresh, 0).await, (700, 700, 700));
    let error = refused(&fresh, |tx| create(tx, &[keyed(5_000, 301)], 0)).await;
    assert!(matches!(error, Error::OverBudget { left: 300, .. }), "{error}");
    commit(&fresh, |tx| batches::cancel(tx, &id(1), at(1))).await;
    assert_eq!(spent(&fresh, 0).await, (0, 0, 0));
}

async fn s2_57_two_requests_at_once_do_not_both_slip_under_a_budget(fresh: Fresh) {
    opened(&fresh, Budgets { total: Some(500), ..Budgets::default() }).await;
    let mut tasks = JoinSet::new();
    for n in 1..=12 {
        let store = if fresh.store.dialect() == Dialect::Pg { fresh.again() } else { fresh.store.clone() };
        tasks.spawn(async move { store.write(move |tx| create(tx, &[keyed(n, 100)], 5)).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    let others: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert!(others.iter().all(|error| matches!(error, Error::OverBudget { left: 0, .. })), "{others:?}");
    assert_eq!(spent(&fresh, 5).await.2, 500);
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
}

async fn a_key_without_budgets_and_free_work_leave_no_trace(fresh: Fresh) {
    opened(&fresh, Budgets::default()).await;
    let counted = async || {
        let sql = "select (select count(*) from key_budget_use), (select count(*) from transfer where key_id is not null)";
        let row = fresh.store.read(move |tx| tx.query_one(sql, p![])).await.unwrap();
        (row.get::<i64>(0).unwrap(), row.get::<i64>(1).unwrap())
    };
    commit(&fresh, |tx| create(tx, &[keyed(1, 100)], 5)).await;
    assert_eq!(counted().await, (0, 0));
    commit(&fresh, |tx| {
        let other = NewApiKey {
            id: id(2),
            livemode: Livemode::Live,
            budgets: Budgets { day: Some(0), ..Budgets::default() },
            ..new_key(2)
        };
        api_keys::insert(tx, &other, at(0))?;
        create(tx, &[NewGeneration { key: Some(id(2)), ..keyed(2, 0) }], 5)
    })
    .await;
    assert_eq!(counted().await, (0, 0));
}

/// Something that may happen.
#[derive(Debug, Clone)]
enum Step {
    Create { prices: Vec<i64> },
    Settle { which: usize, charge: i64 },
    Fail { which: usize },
    Cancel { which: usize },
    Wait { seconds: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        proptest::collection::vec(0i64..80, 1..4).prop_map(|prices| Step::Create { prices }),
        (any::<usize>(), 0i64..90).prop_map(|(which, charge)| Step::Settle { which, charge }),
        any::<usize>().prop_map(|which| Step::Fail { which }),
        any::<usize>().prop_map(|which| Step::Cancel { which }),
        (1i64..3 * DAY).prop_map(|seconds| Step::Wait { seconds }),
    ];
    proptest::collection::vec(step, 1..25)
}

async fn what_a_key_has_spent_is_always_the_sum_of_its_holds(fresh: Fresh) {
    let cases = if fresh.store.dialect() == Dialect::Pg { 15 } else { 40 };
    check(&fresh, cases, steps(), async |steps: Vec<Step>| {
        opened(&fresh, Budgets { day: Some(100), month: Some(400), total: Some(900) }).await;
        let (mut now, mut next, mut queued) = (10, 1, Vec::new());
        for step in steps {
            match step {
                Step::Wait { seconds } => now += seconds,
                Step::Create { prices } => {
                    let rows: Vec<_> = (next..).zip(prices).map(|(n, price)| keyed(n, price)).collect();
                    let (count, sum) = (rows.len() as u64, rows.iter().map(|row| row.price).sum::<i64>());
                    let before = spent(&fresh, now).await;
                    let fits = before.0 + sum <= 100 && before.1 + sum <= 400 && before.2 + sum <= 900;
                    let answer = fresh.store.write(move |tx| create(tx, &rows, now)).await;
                    assert_eq!(answer.is_ok(), fits, "{answer:?} of {sum} after {before:?}");
                    if fits {
                        queued.extend(next..next + count);
                    }
                    next += count;
                }
                Step::Settle { which, charge } if !queued.is_empty() => {
                    let n = queued.remove(which % queued.len());
                    commit(&fresh, move |tx| {
                        let fence = make(tx, n, at(now))?;
                        let end = generations::Settlement { charge: Some(charge), ..settlement(&fence, n) };
                        generations::settle(tx, &end, at(now))
                    })
                    .await;
                }
                Step::Fail { which } if !queued.is_empty() => {
                    let n = queued.remove(which % queued.len());
                    commit(&fresh, move |tx| {
                        let fence = claim_only(tx, n, at(now))?;
                        let end = failure(&fence, n, Event::Fail, AttemptState::Failed);
                        generations::fail(tx, &end, at(now))
                    })
                    .await;
                }
                Step::Cancel { which } if !queued.is_empty() => {
                    let n = queued.remove(which % queued.len());
                    commit(&fresh, move |tx| generations::cancel(tx, &id(n), at(now))).await;
                }
                Step::Settle { .. } | Step::Fail { .. } | Step::Cancel { .. } => {}
            }
            assert_eq!(fresh.store.read(counted).await, fresh.store.read(held).await);
            assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
        }
    });
}

/// What is counted for the key by period, without what is nothing.
fn counted(tx: &mut Tx) -> Result<BTreeMap<String, i64>> {
    let rows = tx.query("select period, spent from key_budget_use where spent <> 0", p![])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// The same from its holds.
fn held(tx: &mut Tx) -> Result<BTreeMap<String, i64>> {
    let rows = tx.query(
        "select created_at, case state when 'pending' then cash + bonus when 'posted' then charged_cash + charged_bonus else 0 end
         from transfer where kind = 'hold'",
        p![],
    )?;
    let mut sums = BTreeMap::new();
    for row in &rows {
        let (taken_at, amount): (Timestamp, i64) = (row.get(0)?, row.get(1)?);
        for budget in Budget::ALL {
            *sums.entry(budget.period(taken_at)).or_default() += amount;
        }
    }
    sums.retain(|_, amount| *amount != 0);
    Ok(sums)
}
