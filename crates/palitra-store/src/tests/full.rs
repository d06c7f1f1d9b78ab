//! A full disk (SQLite's page limit stands in for it) fails what did not fit, keeps what was committed and
//! stops nothing.

use super::harness::{Fresh, Held, PROBE, ids, insert};
use crate::{Error, Result, p};

/// One row of many pages. SQLite keeps no statement journal for it and throws away the whole transaction.
const ONE_ROW: &str = "insert into probe(id, bytes) values(100, zeroblob(4000000))";
/// Many rows. SQLite keeps a statement journal and undoes the statement alone.
const MANY_ROWS: &str = "insert into probe(id, bytes) \
     with recursive n(i) as (select 100 union all select i + 1 from n where i < 999) select i, zeroblob(4000) from n";

/// Lets the database grow by no more than ten pages, about 40 kB.
async fn almost_full() -> Fresh {
    let fresh = Fresh::sqlite(PROBE).await;
    fresh.store.write(insert(0)).await.unwrap();
    let limit = fresh.store.write(|tx| {
        let pages: i64 = tx.query_one("pragma page_count", p![])?.get(0)?;
        tx.query_one(&format!("pragma max_page_count = {}", pages + 10), p![])
    });
    limit.await.unwrap();
    fresh
}

async fn lives_on(fresh: &Fresh, stored: &[i64]) {
    assert_eq!(ids(&fresh.store).await, stored);
    fresh.store.write(insert(500)).await.expect("there is room for a small row");
    fresh.store.write(|tx| tx.query_one("pragma max_page_count = 1000000", p![])).await.unwrap();
    fresh.store.write(|tx| tx.execute("delete from probe where id = 500", p![])).await.unwrap();
    fresh.store.write(|tx| tx.execute(ONE_ROW, p![])).await.expect("there is room again");
    let check = fresh.store.read(|tx| tx.query_one("pragma integrity_check", p![])).await.unwrap();
    assert_eq!(check.get::<String>(0).as_deref(), Ok("ok"));
    assert_eq!(ids(&fresh.store).await, [stored, &[100]].concat());
}

fn is_full<T: std::fmt::Debug>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Full(_)))
}

#[tokio::test]
async fn r_08_a_full_disk_loses_no_earlier_commit() {
    for sql in [ONE_ROW, MANY_ROWS] {
        let fresh = almost_full().await;
        let answer = fresh.store.write(move |tx| tx.execute(sql, p![])).await;
        assert!(is_full(&answer), "{sql}: {answer:?}");
        lives_on(&fresh, &[0]).await;
    }
}

#[tokio::test]
async fn when_sqlite_throws_the_transaction_away_its_group_is_told() {
    let fresh = almost_full().await;
    let (before, first) = Held::write(&fresh.store, |_| Ok(()));
    let earlier = fresh.store.post(insert(1));
    let refused = fresh.store.post(|_| -> Result<()> { Err(Error::Refused("no".to_owned())) });
    let swallowed = fresh.store.post(|tx| Ok(tx.execute(ONE_ROW, p![]).is_ok()));
    let later = fresh.store.post(insert(2));
    before.release();
    first.await.unwrap();
    let (earlier, swallowed, later) = (earlier.await, swallowed.await, later.await);
    assert!(
        is_full(&earlier) && is_full(&swallowed) && is_full(&later),
        "{earlier:?} {swallowed:?} {later:?}"
    );
    assert_eq!(refused.await, Err(Error::Refused("no".to_owned())));
    lives_on(&fresh, &[0]).await;
}

#[tokio::test]
async fn when_sqlite_undoes_one_statement_its_group_goes_on() {
    let fresh = almost_full().await;
    let (before, first) = Held::write(&fresh.store, |_| Ok(()));
    let earlier = fresh.store.post(insert(1));
    let full = fresh.store.post(|tx| tx.execute(MANY_ROWS, p![]));
    let later = fresh.store.post(insert(2));
    before.release();
    first.await.unwrap();
    assert_eq!(earlier.await, Ok(()));
    assert!(is_full(&full.await));
    assert_eq!(later.await, Ok(()));
    lives_on(&fresh, &[0, 1, 2]).await;
}
