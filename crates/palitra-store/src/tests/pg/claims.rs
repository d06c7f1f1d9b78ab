//! Several processes claim from one queue at once. What is looked at from outside is one snapshot after the
//! other: in none of them is more under way than there are slots.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use palitra_domain::{GenerationId, state::GenerationState};
use tokio::task::JoinSet;

use super::super::{
    harness::Fresh,
    shop::{anna, at, boris, claiming, commit, create, fence, moved, number, open, settlement, wanted},
};
use crate::{
    MIGRATIONS, Store,
    generations::{self, Claim, Claimed},
    p,
};

const SLOTS: u32 = 5;
const GENERATIONS: u64 = 120;
const STORES: usize = 2;
const CLAIMERS: usize = 4;

/// Claims and settles until the queue is empty.
async fn work(store: Store, owner: String, claimed: Arc<Mutex<Vec<GenerationId>>>) {
    loop {
        let claim = Claim { owner: owner.clone(), max: 2, ..claiming() };
        let claims = store.write(move |tx| generations::claim(tx, &claim, at(1))).await.unwrap().claimed;
        claimed.lock().unwrap().extend(claims.iter().map(|claimed| claimed.id.clone()));
        let done = claims.is_empty();
        for claim in claims {
            store.write(move |tx| settle(tx, &claim)).await.unwrap();
        }
        let queued = "select count(*) from generation where state = 'queued'";
        let left = store.read(move |tx| tx.query_one(queued, p![])?.get::<i64>(0)).await.unwrap();
        if done && left == 0 {
            return;
        }
    }
}

fn settle(tx: &mut crate::Tx<'_>, claimed: &Claimed) -> crate::Result<()> {
    let submitting = fence(claimed, GenerationState::Submitting);
    generations::answer(tx, &submitting, Some("{}"), at(2))?;
    let n = (1..=GENERATIONS).find(|n| super::super::shop::id::<GenerationId>(*n) == claimed.id).unwrap();
    let storing = moved(&submitting, GenerationState::Storing);
    generations::settle(tx, &settlement(&storing, n), at(3)).map(drop)
}

/// Looks at snapshots until `stop`. Answers the most that was under way, and how often it looked.
async fn watch(store: Store, stop: Arc<AtomicBool>) -> (i64, u32) {
    let (mut most, mut looks) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        let row = store.read(|tx| {
            tx.query_one(
                "select (select count(*) from generation where state in ('submitting', 'running', 'storing')),
                        (select count(*) from slot where generation_id is not null)",
                p![],
            )
        });
        let row = row.await.unwrap();
        let (under_way, taken): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        assert_eq!(under_way, taken, "everything under way has one slot");
        (most, looks) = (most.max(taken), looks + 1);
    }
    (most, looks)
}

#[tokio::test]
async fn s3_several_processes_never_take_more_than_the_slots() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    open(&fresh, SLOTS).await;
    commit(&fresh, |tx| {
        let new = |range: std::ops::RangeInclusive<u64>| range.map(wanted).collect::<Vec<_>>();
        create(tx, &anna(), &new(1..=GENERATIONS / 2))?;
        create(tx, &boris(), &new(GENERATIONS / 2 + 1..=GENERATIONS))
    })
    .await;
    let stores: Vec<Store> =
        (0..STORES).map(|_| Store::postgres(&fresh.database().settings(CLAIMERS)).unwrap()).collect();
    let (stop, claimed) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let watching = tokio::spawn(watch(fresh.store.clone(), stop.clone()));
    let mut tasks = JoinSet::new();
    for (process, store) in stores.iter().enumerate() {
        for _ in 0..CLAIMERS {
            tasks.spawn(work(store.clone(), format!("process {process}"), claimed.clone()));
        }
    }
    tasks.join_all().await;
    stop.store(true, Ordering::SeqCst);
    let (most, looks) = watching.await.unwrap();
    assert!(most > 1 && most <= i64::from(SLOTS), "{most} under way at once, seen in {looks} looks");
    let claimed = claimed.lock().unwrap().clone();
    let different: BTreeSet<_> = claimed.iter().collect();
    let wanted = usize::try_from(GENERATIONS).unwrap();
    assert_eq!((claimed.len(), different.len()), (wanted, wanted), "each was claimed once");
    for count in ["select count(*) from attempt", "select count(*) from generation where state = 'succeeded'"]
    {
        assert_eq!(u64::try_from(number(&fresh, count).await), Ok(GENERATIONS), "{count}");
    }
    commit(&fresh, |_| Ok(())).await; // and the books balance
}
