//! What SQLite alone does: one commit for a group, files of others, a second process that only reads.

use std::{
    fs,
    path::Path,
    sync::{Arc, Barrier},
    thread,
};

use super::harness::{Fresh, Held, PROBE, assert_pending, ids, insert};
use crate::{Constraint, Error, Store, Tx, Value, p};

#[tokio::test]
async fn a_group_shares_one_commit_and_is_answered_after_it() {
    let fresh = Fresh::sqlite(PROBE).await;
    let (before, first) = Held::write(&fresh.store, insert(0));
    let mut one = Box::pin(fresh.store.post(insert(1)));
    let (two, last) = Held::post(&fresh.store, insert(2));
    before.release();
    first.await.unwrap();
    two.reached();
    assert_pending(one.as_mut());
    assert_eq!(ids(&fresh.store).await, [0], "what `one` wrote waits for the commit of its group");
    two.release();
    one.await.unwrap();
    last.await.unwrap();
    assert_eq!(ids(&fresh.store).await, [0, 1, 2]);
}

#[tokio::test]
async fn a_failed_commit_tells_everyone_in_it() {
    const DEFERRED: &str =
        "create table late(id integer references probe(id) deferrable initially deferred) strict";
    let fresh = Fresh::sqlite(PROBE).await;
    fresh.store.write(|tx| tx.script(DEFERRED)).await.unwrap();
    let (before, first) = Held::write(&fresh.store, insert(0));
    let good = fresh.store.post(insert(1));
    let refused = fresh.store.post(|_| -> crate::Result<()> { Err(Error::Refused("no".to_owned())) });
    let bad = fresh.store.post(|tx| tx.must(1, "insert into late(id) values(99)", p![]));
    before.release();
    first.await.unwrap();
    let broken = |answer: crate::Result<()>| match answer {
        Err(Error::Constraint { kind, .. }) => assert_eq!(kind, Constraint::ForeignKey),
        other => panic!("{other:?}"),
    };
    broken(good.await);
    assert_eq!(refused.await, Err(Error::Refused("no".to_owned())));
    broken(bad.await);
    fresh.store.write(insert(2)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [0, 2]);
}

#[tokio::test]
async fn every_table_is_strict() {
    let fresh = Fresh::sqlite(PROBE).await;
    let loose = "select name from pragma_table_list where schema = 'main' and type = 'table' and strict = 0 and name not like 'sqlite\\_%' escape '\\'";
    assert!(fresh.store.read(move |tx| tx.query(loose, p![])).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_commit_is_synced_and_a_busy_file_waited_for() {
    let fresh = Fresh::sqlite(PROBE).await;
    let setting = |name: &'static str| {
        let answer = fresh.store.write(move |tx| tx.query_one(&format!("pragma {name}"), p![]));
        async move { answer.await.unwrap().values()[0].clone() }
    };
    assert_eq!(setting("journal_mode").await, Value::Text("wal".to_owned()));
    assert_eq!(setting("synchronous").await, Value::Int(2));
    assert_eq!(setting("foreign_keys").await, Value::Int(1));
    assert_eq!(setting("busy_timeout").await, Value::Int(5000));
}

#[tokio::test]
async fn a_second_process_reads_while_the_first_writes() {
    let fresh = Fresh::sqlite(PROBE).await;
    fresh.store.write(insert(1)).await.unwrap();
    let reader = fresh.read_only();
    let (held, answer) = Held::write(&fresh.store, insert(2));
    assert_eq!(ids(&reader).await, [1]);
    held.release();
    answer.await.unwrap();
    assert_eq!(ids(&reader).await, [1, 2]);
    let refused = Err(Error::Unavailable("opened read-only".to_owned()));
    assert_eq!(reader.write(insert(3)).await, refused);
    assert_eq!(reader.post(insert(3)).await, refused);
    assert!(matches!(reader.read(insert(3)).await, Err(Error::Sql(_))));
    assert!(matches!(reader.migrate(PROBE).await, Err(Error::Unavailable(_))));
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}

#[tokio::test]
async fn a_look_stays_where_it_is_asked_unless_it_takes_long_or_another_is_under_way() {
    let fresh = Fresh::sqlite(PROBE).await;
    let here = thread::current().id();
    let short = |_: &mut Tx<'_>| Ok(thread::current().id());
    let long = |tx: &mut Tx<'_>| tx.takes_long().map(|()| thread::current().id());
    assert_eq!(fresh.store.look(short).await, Ok(here));
    assert_ne!(fresh.store.look(long).await, Ok(here));
    let (store, barrier) = (fresh.store.clone(), Arc::new(Barrier::new(2)));
    let inside = barrier.clone();
    let other = tokio::task::spawn_blocking(move || {
        tokio::runtime::Handle::current().block_on(store.look(move |_| {
            inside.wait();
            inside.wait();
            Ok(thread::current().id())
        }))
    });
    barrier.wait();
    assert_ne!(fresh.store.look(short).await, Ok(here));
    barrier.wait();
    let there = other.await.unwrap().unwrap();
    assert_ne!(there, here);
    assert_eq!(fresh.store.look(short).await, Ok(here), "and after it again");
}

#[tokio::test]
async fn a_look_waits_for_nobody_who_holds_the_file() {
    let fresh = Fresh::sqlite(PROBE).await;
    assert_eq!(
        fresh.store.look(|tx| tx.query_one("pragma busy_timeout", p![])).await.unwrap().values(),
        [Value::Int(0)]
    );
}

#[tokio::test]
async fn a_database_nobody_writes_to_can_be_read() {
    let fresh = Fresh::sqlite(PROBE).await;
    fresh.store.write(insert(1)).await.unwrap();
    fresh.store.close();
    assert_eq!(ids(&fresh.read_only()).await, [1]);
    assert_eq!(ids(&fresh.again()).await, [1]);
}

#[tokio::test]
async fn the_file_of_another_program_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("theirs.db");
    rusqlite::Connection::open(&file).unwrap().execute_batch("create table users(name)").unwrap();
    let before = fs::read(&file).unwrap();
    for opened in [Store::sqlite(&file, 1), Store::sqlite_read_only(&file, 1)] {
        let why = opened.err().unwrap().to_string();
        assert!(
            why.starts_with(&format!("`{}`: the database belongs to another program", file.display())),
            "{why}"
        );
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no log beside it either");
}

#[tokio::test]
async fn what_is_no_database_cannot_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("letter.txt");
    fs::write(&text, "dear all, this is a letter and no database, however long it gets. ".repeat(20))
        .unwrap();
    let missing = dir.path().join("missing").join("palitra.db");
    for file in [&text, &missing, &dir.path().to_owned()] {
        for opened in [Store::sqlite(file, 1), Store::sqlite_read_only(file, 1)] {
            let why = opened.err().unwrap().to_string();
            let start = format!("the database is unavailable: cannot open `{}`: ", file.display());
            assert!(why.starts_with(&start), "{why}");
        }
    }
    let nobody = dir.path().join("palitra.db");
    assert!(matches!(Store::sqlite_read_only(&nobody, 1), Err(Error::Unavailable(_))));
    assert!(!nobody.exists(), "looking creates nothing");
}

#[tokio::test]
async fn without_a_write_ahead_log_nothing_is_opened() {
    // A database in memory is one that SQLite answers another journal mode for; every reader would see its
    // own.
    let why = Store::sqlite(Path::new(":memory:"), 1).err().unwrap().to_string();
    assert!(why.ends_with("cannot do write-ahead logging (journal mode stays `memory`)"), "{why}");
}
