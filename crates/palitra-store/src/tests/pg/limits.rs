//! Several processes claim for the same accounts at once: together they start no more than each account may have at
//! work, and nothing is left behind.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use palitra_domain::state::{AttemptState, Event, GenerationState};
use tokio::task::JoinSet;

use super::super::{
    harness::Fresh,
    shop::{anna, at, boris, claiming, commit, create, failure, fence, id, number, open, wanted},
};
use crate::{
    MIGRATIONS, Store,
    bounds::Bounds,
    generations::{self, Claim, Claimed},
    p,
};

const LIMIT: i64 = 3;
const GENERATIONS: u64 = 120;
const BOUNDS: Bounds = Bounds {
    queued_max: 0,
    running_max: LIMIT,
    upload_bytes_max: 0,
    loss_hour: 0,
    loss_day: 0,
    standard_wait: Duration::ZERO,
};

/// Claims and ends until nothing is queued.
async fn work(store: Store, owner: String) {
    loop {
        let claim = Claim { owner: owner.clone(), max: 4, bounds: BOUNDS, ..claiming() };
        let claims = store.write(move |tx| generations::claim(tx, &claim, at(1))).await.unwrap().claimed;
        let done = claims.is_empty();
        for claimed in claims {
            store.write(move |tx| end(tx, &claimed)).await.unwrap();
        }
        let queued = "select count(*) from generation where state = 'queued'";
        if done && store.read(move |tx| tx.query_one(queued, p![])?.get::<i64>(0)).await.unwrap() == 0 {
            return;
        }
    }
}

fn end(tx: &mut crate::Tx<'_>, claimed: &Claimed) -> crate::Result<()> {
    let n = (1..=GENERATIONS).find(|n| id::<palitra_domain::GenerationId>(*n) == claimed.id).unwrap();
    let submitting = fence(claimed, GenerationState::Submitting);
    generations::fail(tx, &failure(&submitting, n, Event::Fail, AttemptState::Failed), at(2)).map(drop)
}

/// The most that an account had at work in any snapshot.
async fn watch(store: Store, stop: Arc<AtomicBool>) -> i64 {
    let mut most = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        let sql = "select account_id, count(*) from generation where state in ('submitting', 'running', 'storing') group by account_id";
        for row in store.read(move |tx| tx.query(sql, p![])).await.unwrap() {
            let seen = most.entry(row.get::<String>(0).unwrap()).or_insert(0);
            *seen = row.get::<i64>(1).unwrap().max(*seen);
        }
    }
    most.into_values().max().unwrap_or(0)
}

#[tokio::test]
async fn several_processes_never_start_more_than_an_account_may_have_at_work() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    open(&fresh, 12).await;
    commit(&fresh, |tx| {
        let new = |range: std::ops::RangeInclusive<u64>| range.map(wanted).collect::<Vec<_>>();
        create(tx, &anna(), &new(1..=GENERATIONS / 2))?;
        create(tx, &boris(), &new(GENERATIONS / 2 + 1..=GENERATIONS))
    })
    .await;
    let stores: Vec<Store> =
        (0..2).map(|_| Store::postgres(&fresh.database().settings(4)).unwrap()).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn(watch(fresh.store.clone(), stop.clone()));
    let mut tasks = JoinSet::new();
    for (process, store) in stores.iter().enumerate() {
        for _ in 0..4 {
            tasks.spawn(work(store.clone(), format!("process {process}")));
        }
    }
    tasks.join_all().await;
    stop.store(true, Ordering::SeqCst);
    let most = watching.await.unwrap();
    assert!((1..=LIMIT).contains(&most), "{most} of one account were at work at once");
    assert_eq!(number(&fresh, "select count(*) from generation where finished_at is null").await, 0);
    assert_eq!(u64::try_from(number(&fresh, "select count(*) from attempt").await), Ok(GENERATIONS));
    commit(&fresh, |_| Ok(())).await; // and the books balance
}
