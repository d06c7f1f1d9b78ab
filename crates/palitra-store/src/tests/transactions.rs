//! A transaction happens as a whole or not at all, whatever its closure and its neighbours do.

use std::sync::{Arc, Barrier};

use super::harness::{Fresh, Held, PROBE, assert_pending, ids, insert, on_every_database};
use crate::{Constraint, Error, Result, p};

on_every_database!(PROBE =>
    a_failing_closure_leaves_its_neighbours_alone,
    a_refusal_rolls_back,
    a_swallowed_error_still_fails,
    a_panic_fails_only_itself,
    must_with_another_number_of_rows_rolls_back,
    what_is_sent_may_write_any_number_of_rows_and_may_fail,
    a_missing_row_fails_even_when_swallowed,
    constraints_are_told_apart,
    a_reader_sees_no_open_transaction,
    a_snapshot_stands_still,
    a_read_cannot_write,
    a_look_is_a_read,
    close_finishes_what_waits,
);

async fn a_failing_closure_leaves_its_neighbours_alone(fresh: Fresh) {
    let (held, first) = Held::write(&fresh.store, insert(0));
    let answers: Vec<_> = (1..=9)
        .map(|id| {
            fresh.store.post(move |tx| {
                insert(id)(tx)?;
                match id {
                    3 => Err(Error::Refused("no".to_owned())),
                    5 => panic!("boom"),
                    7 => tx.must(1, "insert into probe(id) values($1)", p![1_i64]),
                    _ => Ok(()),
                }
            })
        })
        .collect();
    held.release();
    first.await.unwrap();
    let mut failed = Vec::new();
    for (id, answer) in (1..).zip(answers) {
        if let Err(error) = answer.await {
            failed.push((id, error));
        }
    }
    assert_eq!(failed[0], (3, Error::Refused("no".to_owned())));
    assert_eq!(failed[1], (5, Error::Panicked("boom".to_owned())));
    assert!(matches!(failed[2], (7, Error::Constraint { kind: Constraint::Unique, .. })), "{failed:?}");
    assert_eq!(failed.len(), 3);
    assert_eq!(ids(&fresh.store).await, [0, 1, 2, 4, 6, 8, 9]);
}

async fn a_refusal_rolls_back(fresh: Fresh) {
    let refused = || Error::Refused("not enough money".to_owned());
    let answer: Result<()> = fresh.store.write(move |tx| insert(1)(tx).and(Err(refused()))).await;
    assert_eq!(answer, Err(refused()));
    assert!(ids(&fresh.store).await.is_empty());
}

async fn a_swallowed_error_still_fails(fresh: Fresh) {
    let answer = fresh.store.write(|tx| {
        insert(1)(tx)?;
        let first = insert(1)(tx);
        let later = insert(2)(tx);
        assert_eq!(first, later, "after an error every statement answers that error");
        Ok(())
    });
    assert!(matches!(answer.await, Err(Error::Constraint { kind: Constraint::Unique, .. })));
    assert!(ids(&fresh.store).await.is_empty());
}

async fn a_panic_fails_only_itself(fresh: Fresh) {
    let number = 7;
    let answer: Result<()> =
        fresh.store.write(move |tx| insert(1)(tx).map(|()| panic!("boom {number}"))).await;
    assert_eq!(answer, Err(Error::Panicked("boom 7".to_owned())));
    let answer: Result<()> = fresh.store.read(|_| panic!("boom")).await;
    assert_eq!(answer, Err(Error::Panicked("boom".to_owned())));
    fresh.store.write(insert(2)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [2]);
}

async fn must_with_another_number_of_rows_rolls_back(fresh: Fresh) {
    const SQL: &str = "update probe set flag = 1 where id < $1";
    fresh.store.write(|tx| insert(1)(tx).and(insert(2)(tx))).await.unwrap();
    for (below, got) in [(0, 0), (9, 2)] {
        let answer = fresh.store.write(move |tx| insert(30)(tx).and(tx.must(1, SQL, p![below])));
        assert_eq!(answer.await, Err(Error::Rows { sql: SQL.to_owned(), wanted: 1, got }));
    }
    let flagged =
        fresh.store.read(|tx| tx.query_one("select sum(flag), count(*) from probe", p![])).await.unwrap();
    assert_eq!((flagged.get(0), flagged.get(1)), (Ok(0_i64), Ok(2_i64)));
}

async fn what_is_sent_may_write_any_number_of_rows_and_may_fail(fresh: Fresh) {
    let sent = fresh.store.write(|tx| {
        tx.send("update probe set flag = 1", p![])?;
        tx.send("insert into probe(id) values($1), ($2)", p![1_i64, 2_i64])?;
        tx.query_one("select count(*) from probe", p![])?.get::<i64>(0)
    });
    assert_eq!(sent.await, Ok(2), "who asks sees what was sent before");
    let twice = fresh.store.write(|tx| {
        insert(3)(tx)?;
        tx.send("insert into probe(id) values($1)", p![1_i64])
    });
    assert!(matches!(twice.await, Err(Error::Constraint { kind: Constraint::Unique, .. })));
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}

async fn a_missing_row_fails_even_when_swallowed(fresh: Fresh) {
    const SQL: &str = "select id from probe where id = $1";
    let answer = fresh.store.write(|tx| {
        assert!(tx.query_opt(SQL, p![9_i64])?.is_none());
        insert(1)(tx)?;
        assert!(tx.query_one(SQL, p![9_i64]).is_err());
        Ok(())
    });
    assert_eq!(answer.await, Err(Error::Rows { sql: SQL.to_owned(), wanted: 1, got: 0 }));
    assert!(ids(&fresh.store).await.is_empty());
}

async fn constraints_are_told_apart(fresh: Fresh) {
    fresh.store.write(|tx| tx.must(1, "insert into probe(id, name) values(1, 'cat')", p![])).await.unwrap();
    let cases = [
        ("insert into probe(id) values(1)", Constraint::Unique),
        ("insert into probe(id, name) values(2, 'cat')", Constraint::Unique),
        ("insert into probe(id, flag) values(2, 2)", Constraint::Check),
        ("insert into probe(id, flag) values(2, null)", Constraint::NotNull),
        ("insert into probe(id, parent) values(2, 3)", Constraint::ForeignKey),
    ];
    for (sql, wanted) in cases {
        match fresh.store.write(move |tx| tx.execute(sql, p![])).await {
            Err(Error::Constraint { kind, .. }) => assert_eq!(kind, wanted, "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
    // A value of the wrong kind is no rule of the business but a mistake.
    let answer =
        fresh.store.write(|tx| tx.execute("insert into probe(id, flag) values(2, 'no')", p![])).await;
    assert!(matches!(answer, Err(Error::Sql(_))), "{answer:?}");
}

async fn a_reader_sees_no_open_transaction(fresh: Fresh) {
    let (held, answer) = Held::write(&fresh.store, insert(1));
    assert!(ids(&fresh.store).await.is_empty());
    held.release();
    answer.await.unwrap();
    assert_eq!(ids(&fresh.store).await, [1]);
}

async fn a_snapshot_stands_still(fresh: Fresh) {
    const COUNT: &str = "select count(*) from probe";
    let barrier = Arc::new(Barrier::new(2));
    let inside = barrier.clone();
    let mut counts = Box::pin(fresh.store.read(move |tx| {
        let before: i64 = tx.query_one(COUNT, p![])?.get(0)?;
        inside.wait();
        inside.wait();
        Ok((before, tx.query_one(COUNT, p![])?.get::<i64>(0)?))
    }));
    assert_pending(counts.as_mut());
    barrier.wait();
    fresh.store.write(insert(1)).await.unwrap();
    barrier.wait();
    assert_eq!(counts.await, Ok((0, 0)));
}

async fn a_read_cannot_write(fresh: Fresh) {
    let answer = fresh.store.read(insert(1)).await;
    assert!(matches!(answer, Err(Error::Sql(_))), "{answer:?}");
    assert!(ids(&fresh.store).await.is_empty());
}

async fn a_look_is_a_read(fresh: Fresh) {
    const COUNT: &str = "select count(*) from probe";
    for written in 1..=3_i64 {
        fresh.store.write(insert(written)).await.unwrap();
        let seen = fresh.store.look(|tx| tx.query_one(COUNT, p![])?.get::<i64>(0)).await;
        assert_eq!(seen, Ok(written), "what was answered is seen");
    }
    assert!(matches!(fresh.store.look(insert(9)).await, Err(Error::Sql(_))));
    let refused = || Error::Refused("no".to_owned());
    assert_eq!(fresh.store.look(move |_| Err::<(), _>(refused())).await, Err(refused()));
    let panicked: Result<()> = fresh.store.look(|_| panic!("boom")).await;
    assert_eq!(panicked, Err(Error::Panicked("boom".to_owned())));
    let long = fresh.store.look(|tx| {
        tx.takes_long()?;
        tx.query_one(COUNT, p![])?.get::<i64>(0)
    });
    assert_eq!(long.await, Ok(3));
    assert_eq!(ids(&fresh.store).await, [1, 2, 3]);
}

async fn close_finishes_what_waits(fresh: Fresh) {
    let (held, first) = Held::write(&fresh.store, insert(0));
    let answers: Vec<_> = (1..100).map(|id| fresh.store.post(insert(id))).collect();
    held.release();
    let store = fresh.store.clone();
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
    first.await.unwrap();
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(fresh.store.write(insert(100)).await, Err(Error::Closed));
    assert_eq!(fresh.store.read(|_| Ok(())).await, Err(Error::Closed));
    assert_eq!(fresh.store.look(|_| Ok(())).await, Err(Error::Closed));
    assert_eq!(ids(&fresh.again()).await, (0..100).collect::<Vec<_>>());
}
