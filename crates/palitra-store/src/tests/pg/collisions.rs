//! Transactions that collide are run again until one after the other has got through.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicU32, Ordering},
};

use super::super::harness::{Fresh, PROBE};
use crate::{Result, Store, Tx, p};

/// Both meet before their second statement, in their first run.
struct Meeting {
    barrier: Barrier,
    runs: AtomicU32,
}

impl Meeting {
    fn new() -> Arc<Meeting> {
        Arc::new(Meeting { barrier: Barrier::new(2), runs: AtomicU32::new(0) })
    }

    fn join(&self) {
        if self.runs.fetch_add(1, Ordering::SeqCst) < 2 {
            self.barrier.wait();
        }
    }
}

async fn two_writers(fresh: &Fresh) -> Store {
    fresh.store.write(|tx| tx.script("insert into probe(id) values(1), (2)")).await.unwrap();
    Store::postgres(&fresh.database().settings(2)).unwrap()
}

fn raise(tx: &mut Tx<'_>, id: i64) -> Result<u64> {
    tx.execute("update probe set parent = coalesce(parent, 0) + 1 where id = $1", p![id])
}

#[tokio::test]
async fn a_deadlock_is_resolved_by_running_one_again() {
    let fresh =
        Fresh::postgres(&[("001_probe", "create table probe(id bigint primary key, parent bigint);\n")])
            .await;
    let store = two_writers(&fresh).await;
    let meeting = Meeting::new();
    let crossing = |first: i64, second: i64| {
        let meeting = meeting.clone();
        store.post(move |tx| {
            raise(tx, first)?;
            meeting.join();
            raise(tx, second)
        })
    };
    let (one, two) = tokio::join!(crossing(1, 2), crossing(2, 1));
    assert_eq!((one, two), (Ok(1), Ok(1)));
    // PostgreSQL may find both guilty, so at least one.
    assert!(meeting.runs.load(Ordering::SeqCst) >= 3, "one of them was run again");
    let rows = store.read(|tx| tx.query("select parent from probe order by id", p![])).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0).unwrap()).collect::<Vec<i64>>(), [2, 2]);
}

#[tokio::test]
async fn writers_work_at_the_same_time() {
    let fresh = Fresh::postgres(PROBE).await;
    let store = Store::postgres(&fresh.database().settings(2)).unwrap();
    // Each waits for the other inside its transaction: one alone would never get through.
    let meeting = Arc::new(Barrier::new(2));
    let insert = |id: i64| {
        let meeting = meeting.clone();
        store.post(move |tx| {
            tx.execute("insert into probe(id) values($1)", p![id])?;
            meeting.wait();
            Ok(())
        })
    };
    assert_eq!(tokio::join!(insert(1), insert(2)), (Ok(()), Ok(())));
}

#[tokio::test]
async fn an_increment_under_fire_loses_nothing() {
    let fresh = Fresh::postgres(PROBE).await;
    fresh.store.write(|tx| tx.script("insert into probe(id, name) values(1, '0')")).await.unwrap();
    let store = Store::postgres(&fresh.database().settings(8)).unwrap();
    const READ: crate::Sql = crate::sql!("select cast(name as bigint) from probe where id = 1", FOR_UPDATE);
    let raises: Vec<_> = (0..200)
        .map(|_| {
            store.post(|tx| {
                let number: i64 = tx.query_one(READ, p![])?.get(0)?;
                tx.must(1, "update probe set name = $1 where id = 1", p![&(number + 1).to_string()])
            })
        })
        .collect();
    for raise in raises {
        raise.await.unwrap();
    }
    let row = store.read(|tx| tx.query_one("select name from probe", p![])).await.unwrap();
    assert_eq!(row.get::<String>(0).as_deref(), Ok("200"));
}
