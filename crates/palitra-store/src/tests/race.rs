//! Several processes at the same work, as they are on PostgreSQL; on SQLite they are tasks of one process.
//! Nobody's work is taken by two, nothing is lost, and every batch closes once.

use super::{
    deck::{deck, found, run, start},
    harness::{Fresh, on_every_database},
    shop::{
        anna, at, balance, boris, claiming, commit, create, failure, fence, id, moved, number, open,
        settlement, trouble, wanted,
    },
};
use crate::{
    Dialect, MIGRATIONS, Result, Store, Tx,
    batches::{self, NewBatch},
    generations::{self, Child, Claim, Claimed, Fill, Finished, Settlement},
};
use palitra_domain::{
    AccountId, GenerationId,
    state::{AttemptState, BatchState, Event, GenerationState, StepKind},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use tokio::task::JoinSet;

on_every_database!(MIGRATIONS => several_processes_share_the_work);

const PROCESSES: usize = 4;
const ITEMS: u64 = 8;

/// Batch `b` of an account, with a prompt and a picture an item.
fn batch(b: u64, account: AccountId) -> NewBatch {
    let first = |n| 1_000 * b + 2 * n;
    let steps = |n| vec![run(first(n), StepKind::Prompt), run(first(n) + 1, StepKind::Picture)];
    NewBatch { account, ..deck(b, (1..=ITEMS).map(steps).collect()) }
}

async fn several_processes_share_the_work(fresh: Fresh) {
    open(&fresh, 6).await;
    commit(&fresh, |tx| {
        for (b, account) in [(1, anna()), (2, anna()), (3, boris())] {
            start(tx, &batch(b, account))?;
        }
        create(tx, &anna(), &(1..=20).map(wanted).collect::<Vec<_>>())
    })
    .await;
    let mut tasks = JoinSet::new();
    let held = Arc::new(Mutex::new(BTreeSet::new()));
    for n in 0..PROCESSES {
        let store = if fresh.store.dialect() == Dialect::Pg { fresh.again() } else { fresh.store.clone() };
        tasks.spawn(process(store, format!("process {n}"), held.clone()));
    }
    let person = fresh.store.clone();
    tasks.spawn(async move {
        person.write(|tx| generations::cancel(tx, &id(20), at(1))).await.unwrap();
        person.write(|tx| batches::cancel(tx, &id(2), at(1))).await.unwrap();
        Vec::new()
    });
    let closed: usize = tasks.join_all().await.iter().flatten().filter(|end| end.batch_finished).count();

    // Nothing is under way, every hold has ended, every slot is free, and the books balance.
    commit(&fresh, |tx| generations::expire_ghosts(tx, at(1_000))).await;
    assert_eq!(number(&fresh, "select count(*) from generation where finished_at is null").await, 0);
    assert_eq!(number(&fresh, "select count(*) from slot where generation_id is not null").await, 0);
    assert_eq!((balance(&fresh, anna()).await.held, balance(&fresh, boris()).await.held), (0, 0));
    // The one that was cancelled may have been closed by the cancel itself.
    assert!((2..=3).contains(&closed), "{closed} batches were closed");
    let states = [found(&fresh, 1).await.state, found(&fresh, 2).await.state, found(&fresh, 3).await.state];
    assert_eq!(states, [BatchState::Completed, BatchState::Cancelled, BatchState::Completed]);
    let lines = "select count(*) from stage where total <> succeeded + failed + skipped";
    assert_eq!(number(&fresh, lines).await, 0);
}

/// Claims and works until there is nothing left. Answers how its work ended.
async fn process(store: Store, owner: String, held: Arc<Mutex<BTreeSet<GenerationId>>>) -> Vec<Finished> {
    let mut ends = Vec::new();
    loop {
        let claim = Claim { owner: owner.clone(), max: 3, ..claiming() };
        let claims = store.write(move |tx| generations::claim(tx, &claim, at(1))).await.unwrap();
        for claimed in &claims.claimed {
            assert!(held.lock().unwrap().insert(claimed.id.clone()), "{} was taken twice", claimed.id);
        }
        for claimed in &claims.claimed {
            let step = claimed.clone();
            let prepared = store.write(move |tx| prepare(tx, &step)).await.unwrap();
            held.lock().unwrap().remove(&claimed.id);
            let step = claimed.clone();
            ends.extend(store.write(move |tx| end(tx, &step, prepared.clone())).await.unwrap());
        }
        if claims.claimed.is_empty() {
            let open = |tx: &mut Tx<'_>| {
                let sql = "select count(*) from generation where finished_at is null";
                tx.query_one(sql, crate::p![])?.get::<i64>(0)
            };
            if store.read(open).await.unwrap() == 0 {
                return ends;
            }
            store.write(|tx| generations::expire_ghosts(tx, at(1_000))).await.unwrap();
        }
    }
}

/// Every third goes wrong in one of three ways, at its first two attempts.
fn goes_wrong(claimed: &Claimed) -> Option<u8> {
    let chance = claimed.id.as_str().bytes().fold(7u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    (claimed.attempt < 3 && chance % 3 == 0).then_some(chance / 3 % 3)
}

fn prepare(tx: &mut Tx, claimed: &Claimed) -> Result<Vec<Fill>> {
    if goes_wrong(claimed).is_some() {
        return Ok(Vec::new());
    }
    generations::answer(tx, &fence(claimed, GenerationState::Submitting), None, at(1))?;
    let fill = |child: Child| Fill {
        child: child.id,
        to: Ok(generations::Told::Whole { input: "{}".to_owned(), recipe: "recipe".to_owned() }),
    };
    Ok(generations::children(tx, &claimed.id)?.into_iter().map(fill).collect())
}

fn end(tx: &mut Tx, claimed: &Claimed, fills: Vec<Fill>) -> Result<Option<Finished>> {
    let number = (1..10_000).find(|n| id::<GenerationId>(*n) == claimed.id).unwrap();
    let fence = fence(claimed, GenerationState::Submitting);
    match goes_wrong(claimed) {
        None => {
            let done = settlement(&moved(&fence, GenerationState::Storing), number);
            generations::settle(tx, &Settlement { fills, ..done }, at(1)).map(Some)
        }
        Some(0) => generations::refuse(tx, &fence, &trouble(), at(1), at(1)),
        Some(1) => generations::resubmit(tx, &fence, &trouble(), at(60), at(1)),
        Some(_) => generations::fail(tx, &failure(&fence, number, Event::Fail, AttemptState::Unknown), at(1))
            .map(Some),
    }
}
