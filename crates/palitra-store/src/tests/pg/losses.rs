//! Connections that break: before the commit the transaction is run again on another one; at the commit
//! nobody can know.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::{
    super::{
        harness::{Fresh, PROBE, ids, insert},
        server::settings,
    },
    proxy::{Cut, Proxy},
};
use crate::{Error, Result, Store, Tx, p};

/// Ends the connection that says it.
fn kill_myself(tx: &mut Tx<'_>) -> Result<()> {
    tx.query("select pg_terminate_backend(pg_backend_pid())", p![]).map(drop)
}

/// Ends all connections of the store, from outside.
async fn kill_all(fresh: &Fresh) {
    let client = fresh.database().client().await;
    let theirs = "from pg_stat_activity where datname = current_database() and application_name = 'palitra'";
    client.execute(&format!("select pg_terminate_backend(pid) {theirs}"), &[]).await.unwrap();
    let left = format!("select count(*) {theirs}");
    while client.query_one(&left, &[]).await.unwrap().get::<_, i64>(0) > 0 {}
}

#[tokio::test]
async fn a_back_end_killed_in_a_transaction_is_replaced_and_the_transaction_run_again() {
    let fresh = Fresh::postgres(PROBE).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let answer = fresh.store.write(move |tx| {
        tx.execute("insert into probe(id) values(1)", p![])?;
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            kill_myself(tx)?;
        }
        insert(2)(tx)
    });
    assert_eq!(answer.await, Ok(()));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}

#[tokio::test]
async fn a_back_end_that_is_killed_each_time_is_told_in_the_end() {
    let fresh = Fresh::postgres(PROBE).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let mut settings = fresh.database().settings(1);
    settings.clock = Arc::new(super::Hurry);
    let store = Store::postgres(&settings).unwrap();
    let answer = store.write(move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        kill_myself(tx)
    });
    let answer = answer.await;
    assert!(
        matches!(&answer, Err(Error::Unavailable(why)) if why.starts_with("the connection was lost: 57P01 ")),
        "{answer:?}"
    );
    assert_eq!(runs.load(Ordering::Relaxed), 10);
    store.write(insert(1)).await.unwrap();
}

#[tokio::test]
async fn connections_killed_while_idle_are_replaced() {
    let fresh = Fresh::postgres(PROBE).await;
    fresh.store.write(insert(1)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [1]);
    kill_all(&fresh).await;
    fresh.store.write(insert(2)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}

#[tokio::test]
async fn a_back_end_killed_by_its_commit_leaves_doubt() {
    let fresh = Fresh::postgres(PROBE).await;
    let client = fresh.database().client().await;
    let deadly = "set search_path = palitra;
        create function die() returns trigger language plpgsql as
          $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
        create constraint trigger die after insert on probe deferrable initially deferred
          for each row execute function die()";
    client.batch_execute(deadly).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let answer = fresh.store.write(move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        insert(1)(tx)
    });
    let answer = answer.await;
    assert!(matches!(&answer, Err(Error::InDoubt(why)) if why.starts_with("57P01 ")), "{answer:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 1, "what may have happened is not done again");
    client.batch_execute("drop trigger die on palitra.probe").await.unwrap();
    fresh.store.write(insert(2)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [2], "this one had not happened");
}

/// A store whose connections go through a proxy.
async fn proxied() -> (Fresh, Proxy, Store) {
    let fresh = Fresh::postgres(PROBE).await;
    let proxy = Proxy::start(fresh.database().url());
    let store = Store::postgres(&settings(&proxy.url, 1)).unwrap();
    store.write(insert(1)).await.unwrap();
    (fresh, proxy, store)
}

#[tokio::test]
async fn a_connection_cut_at_the_commit_leaves_doubt() {
    for (cut, wanted) in [(Cut::Before("commit\0"), vec![1, 3]), (Cut::After("commit\0"), vec![1, 2, 3])] {
        let (fresh, proxy, store) = proxied().await;
        proxy.cut(cut);
        let answer = store.write(insert(2)).await;
        assert!(matches!(answer, Err(Error::InDoubt(_))), "{answer:?}");
        store.write(insert(3)).await.unwrap();
        assert_eq!(ids(&fresh.store).await, wanted);
    }
}

#[tokio::test]
async fn a_connection_cut_earlier_leaves_none() {
    // Before the first statement, after it, in the middle of what travels together.
    for cut in [Cut::Before("begin"), Cut::After("begin"), Cut::Before("two"), Cut::After("two")] {
        let (fresh, proxy, store) = proxied().await;
        proxy.cut(cut);
        let answer = store.write(|tx| {
            tx.must(1, "insert into probe(id, name) values($1, $2)", p![2_i64, "two"])?;
            insert(3)(tx)?;
            tx.query("select 1", p![])
        });
        answer.await.unwrap();
        assert!(proxy.has_cut());
        assert_eq!(ids(&fresh.store).await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_read_that_was_cut_is_read_again() {
    let (_fresh, proxy, store) = proxied().await;
    for cut in [Cut::Before("begin"), Cut::After("begin")] {
        proxy.cut(cut);
        assert_eq!(ids(&store).await, [1]);
        assert!(proxy.has_cut());
    }
}
