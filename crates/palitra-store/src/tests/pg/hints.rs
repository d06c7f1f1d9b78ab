//! Hints between processes: they travel on a connection of their own, come again after a break, and nobody hears itself.

use super::{
    super::{
        harness::{Fresh, PROBE, insert},
        server::settings,
    },
    proxy::Proxy,
};
use crate::{Store, hints::Hint};
use palitra_domain::{GenerationId, Timestamp};
use tokio::sync::broadcast::Receiver;

fn called() -> Hint {
    Hint::Called(GenerationId::new(Timestamp::from_micros(7), 7), 3)
}

/// Says it until it is heard: whether the other has connected yet nobody can know.
async fn heard(from: &Store, by: &mut Receiver<Hint>, hint: &Hint) {
    let saying = async {
        loop {
            from.hints().tell(hint.clone());
            tokio::task::yield_now().await;
        }
    };
    let hearing = async { while by.recv().await.unwrap() != *hint {} };
    tokio::select! {
        () = hearing => {}
        () = saying => {}
    }
}

async fn close(store: Store) {
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

#[tokio::test]
async fn s3_hints_are_never_sent_inside_a_transaction() {
    let fresh = Fresh::postgres(PROBE).await;
    let proxy = Proxy::start(fresh.database().url());
    let (one, two) = (Store::postgres(&settings(&proxy.url, 2)).unwrap(), fresh.again());
    let mut hearing = two.hints().listen();
    for (id, hint) in (1..).zip([Hint::Work, called(), Hint::Housekeeping]) {
        one.write(insert(id)).await.unwrap();
        heard(&one, &mut hearing, &hint).await;
    }
    let begun = proxy.who_says("begin isolation level", "notify palitra");
    assert!(!begun.is_empty() && !begun.contains(&true), "{begun:?}");
    assert_eq!(proxy.who_says("notify palitra", "begin"), [false], "one connection, no transaction");
    close(one).await;
    close(two).await;
}

#[tokio::test]
async fn s3_a_lost_listener_comes_back_and_looks_at_everything() {
    let fresh = Fresh::postgres(PROBE).await;
    let other = fresh.again();
    let mut hearing = other.hints().listen();
    heard(&fresh.store, &mut hearing, &Hint::Work).await;
    let client = fresh.database().client().await;
    let killed = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and application_name = 'palitra hints'";
    assert_eq!(client.query_one(killed, &[]).await.unwrap().get::<_, i64>(0), 2);
    while hearing.recv().await.unwrap() != Hint::Everything {}
    heard(&fresh.store, &mut hearing, &called()).await;
    close(other).await;
}

/// What this process says is not for itself: the first thing it hears is the other's.
#[tokio::test]
async fn nobody_hears_itself() {
    let fresh = Fresh::postgres(PROBE).await;
    let other = fresh.again();
    let (mut ours, mut theirs) = (fresh.store.hints().listen(), other.hints().listen());
    heard(&fresh.store, &mut theirs, &Hint::Housekeeping).await;
    heard(&other, &mut ours, &Hint::Work).await;
    while let Ok(hint) = ours.try_recv() {
        assert_ne!(hint, Hint::Housekeeping);
    }
    close(other).await;
}
