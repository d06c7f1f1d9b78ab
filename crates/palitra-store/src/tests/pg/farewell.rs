//! The last trip of a transaction: statements that nobody waited for, and the commit, together. What misses there takes everything back;
//! a connection that breaks there leaves doubt, and nothing is done twice.

use super::{
    super::{
        harness::{Fresh, PROBE, ids, insert},
        server::settings,
    },
    proxy::{Cut, Proxy},
};
use crate::{Constraint, Error, Result, Store, Tx, p};
use std::sync::{
    Arc, Barrier,
    atomic::{AtomicU32, Ordering},
};

const NAME: &str = "update probe set name = $2 where id = $1";

/// The link has answered, so what follows may travel with the commit.
fn ask(tx: &mut Tx<'_>) -> Result<()> {
    tx.query("select 1", p![]).map(drop)
}

#[tokio::test]
async fn a_write_that_misses_in_the_last_trip_takes_everything_back() {
    let fresh = Fresh::postgres(PROBE).await;
    for id in [1, 3] {
        fresh.store.write(insert(id)).await.unwrap();
    }
    let none = fresh.store.write(|tx| {
        ask(tx)?;
        insert(2)(tx)?;
        tx.must(1, NAME, p![99_i64, "nobody"])
    });
    assert!(matches!(none.await, Err(Error::Rows { wanted: 1, got: 0, .. })));
    let both = fresh.store.write(|tx| {
        ask(tx)?;
        tx.must(1, "update probe set name = id || ' of both' where id > 0", p![])?;
        insert(2)(tx)
    });
    assert!(matches!(both.await, Err(Error::Rows { wanted: 1, got: 2, .. })));
    // Without a question before: the first statement goes ahead, the second misses at the end.
    let later = fresh.store.write(|tx| {
        insert(2)(tx)?;
        tx.must(1, NAME, p![99_i64, "nobody"])
    });
    assert!(matches!(later.await, Err(Error::Rows { wanted: 1, got: 0, .. })));
    let rows = fresh.store.read(|tx| tx.query("select id from probe where name is not null", p![])).await;
    assert_eq!(rows.map(|rows| rows.len()), Ok(0), "no name has stayed");
    // The same connection goes on.
    fresh.store.write(insert(4)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [1, 3, 4]);
}

#[tokio::test]
async fn a_rule_that_is_broken_in_the_last_trip_is_told_as_anywhere() {
    let fresh = Fresh::postgres(PROBE).await;
    fresh.store.write(insert(1)).await.unwrap();
    let twice = fresh.store.write(|tx| {
        ask(tx)?;
        insert(2)(tx)?;
        insert(1)(tx)
    });
    let twice = twice.await;
    assert!(matches!(twice, Err(Error::Constraint { kind: Constraint::Unique, .. })), "{twice:?}");
    assert_eq!(ids(&fresh.store).await, [1]);
}

#[tokio::test]
async fn a_deadlock_in_the_last_trip_is_resolved_by_running_one_again() {
    let fresh = Fresh::postgres(PROBE).await;
    fresh.store.write(|tx| tx.script("insert into probe(id, name) values(1, 'a'), (2, 'b')")).await.unwrap();
    let store = Store::postgres(&fresh.database().settings(2)).unwrap();
    let (meeting, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let crossing = |first: i64, second: i64| {
        let (meeting, runs) = (meeting.clone(), runs.clone());
        store.post(move |tx| {
            const LONGER: &str = "update probe set name = name || '.' where id = $1";
            tx.execute(LONGER, p![first])?;
            if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                meeting.wait();
            }
            tx.must(1, LONGER, p![second])
        })
    };
    assert_eq!(tokio::join!(crossing(1, 2), crossing(2, 1)), (Ok(()), Ok(())));
    assert!(runs.load(Ordering::SeqCst) >= 3, "one of them was run again");
    let rows = store.read(|tx| tx.query("select name from probe order by id", p![])).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0).unwrap()).collect::<Vec<String>>(), ["a..", "b.."]);
}

#[tokio::test]
async fn a_connection_cut_in_the_last_trip_leaves_doubt() {
    for (cut, wanted) in [(Cut::Before("two"), vec![1, 3]), (Cut::After("two"), vec![1, 2, 3])] {
        let fresh = Fresh::postgres(PROBE).await;
        let proxy = Proxy::start(fresh.database().url());
        let store = Store::postgres(&settings(&proxy.url, 1)).unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let two = |id: i64, name: &'static str| {
            let runs = runs.clone();
            move |tx: &mut Tx<'_>| {
                runs.fetch_add(1, Ordering::Relaxed);
                ask(tx)?;
                tx.must(1, "insert into probe(id, name) values($1, $2)", p![id, name])
            }
        };
        // Once before, so that nothing has to be prepared any more.
        store.write(two(1, "one")).await.unwrap();
        proxy.cut(cut);
        let answer = store.write(two(2, "two")).await;
        assert!(matches!(answer, Err(Error::InDoubt(_))), "{answer:?}");
        assert!(proxy.has_cut());
        assert_eq!(runs.load(Ordering::Relaxed), 2, "what may have happened is not done again");
        store.write(two(3, "three")).await.unwrap();
        assert_eq!(ids(&fresh.store).await, wanted);
    }
}

#[tokio::test]
async fn a_connection_that_died_while_it_was_idle_leaves_no_doubt() {
    let fresh = Fresh::postgres(PROBE).await;
    let proxy = Proxy::start(fresh.database().url());
    let store = Store::postgres(&settings(&proxy.url, 1)).unwrap();
    let pair = |from: i64| {
        move |tx: &mut Tx<'_>| {
            tx.must(1, "insert into probe(id, name) values($1, $2)", p![from, &format!("first {from}")])?;
            tx.must(1, NAME, p![from, &format!("second {from}")])
        }
    };
    store.write(pair(1)).await.unwrap();
    // The first statement goes alone, and finds out.
    proxy.cut(Cut::Before("first 2"));
    store.write(pair(2)).await.unwrap();
    assert!(proxy.has_cut());
    proxy.cut(Cut::Before("second 3"));
    let answer = store.write(pair(3)).await;
    assert!(matches!(answer, Err(Error::InDoubt(_))), "{answer:?}");
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}
