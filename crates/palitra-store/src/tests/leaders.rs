//! One process at a time does a thing, and another once it has stopped or died.

use super::{
    harness::{Fresh, Held, on_every_database},
    shop::{commit, id},
};
use crate::{
    MIGRATIONS, Result, Tx, leaders, p,
    workers::{self, NewWorker},
};
use palitra_domain::WorkerId;
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    s3_one_process_leads_until_its_lease_ends_or_it_leaves,
    s3_nobody_leads_who_is_not_alive,
);

const LEASE: Duration = Duration::from_secs(60);
const HOUSE: &str = "house";

fn one() -> WorkerId {
    id(1)
}

fn two() -> WorkerId {
    id(2)
}

fn register(tx: &mut Tx<'_>, worker: &WorkerId) -> Result<()> {
    workers::register(tx, &NewWorker { id: worker, place: "here", roles: "worker" }, LEASE)
}

async fn take(fresh: &Fresh, worker: WorkerId) -> bool {
    commit(fresh, move |tx| leaders::take(tx, HOUSE, &worker, LEASE)).await
}

async fn found(fresh: &Fresh) -> Option<WorkerId> {
    fresh.store.read(|tx| leaders::find(tx, HOUSE)).await.unwrap().map(|leader| leader.worker)
}

async fn s3_one_process_leads_until_its_lease_ends_or_it_leaves(fresh: Fresh) {
    commit(&fresh, |tx| {
        register(tx, &one())?;
        register(tx, &two())
    })
    .await;
    assert_eq!(found(&fresh).await, None);
    assert!(take(&fresh, one()).await);
    assert!(!take(&fresh, two()).await);
    assert!(take(&fresh, one()).await, "it goes on");
    assert_eq!(found(&fresh).await, Some(one()));
    // Another thing is another matter.
    assert!(commit(&fresh, |tx| leaders::take(tx, "sync", &two(), LEASE)).await);
    let holds = |worker: WorkerId| commit(&fresh, move |tx| leaders::hold(tx, HOUSE, &worker));
    assert_eq!((holds(one()).await, holds(two()).await), (true, false));
    // Its lease ends.
    commit(&fresh, |tx| tx.must(1, "update leader set lease_until = 0 where name = $1", p![HOUSE])).await;
    assert_eq!((found(&fresh).await, holds(one()).await), (None, false));
    assert!(take(&fresh, two()).await);
    assert!(!take(&fresh, one()).await);
    // It leaves.
    commit(&fresh, |tx| leaders::leave(tx, &two())).await;
    assert_eq!(found(&fresh).await, None);
    assert!(take(&fresh, one()).await);
}

async fn s3_nobody_leads_who_is_not_alive(fresh: Fresh) {
    assert!(!take(&fresh, one()).await, "never heard of");
    commit(&fresh, |tx| register(tx, &one())).await;
    assert!(take(&fresh, one()).await);
    commit(&fresh, |tx| tx.send("update worker set lease_until = 0", p![])).await;
    assert!(!take(&fresh, one()).await);
}

/// What must not be done twice holds the row while it is done.
#[tokio::test]
async fn s3_nobody_begins_while_a_leader_commits() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    commit(&fresh, |tx| {
        register(tx, &one())?;
        register(tx, &two())?;
        leaders::take(tx, HOUSE, &one(), LEASE).map(drop)
    })
    .await;
    let other = fresh.again();
    let (held, doing) = Held::write(&other, |tx| {
        assert!(leaders::hold(tx, HOUSE, &one())?);
        Ok(())
    });
    let ended = fresh.store.post(|tx| {
        tx.send("update leader set lease_until = 0", p![])?;
        leaders::take(tx, HOUSE, &two(), LEASE)
    });
    let mut ended = std::pin::pin!(ended);
    super::harness::assert_pending(ended.as_mut());
    held.release();
    doing.await.unwrap();
    assert_eq!(ended.await, Ok(true));
    tokio::task::spawn_blocking(move || other.close()).await.unwrap();
}
