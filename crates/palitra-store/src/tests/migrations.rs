//! The migrator applies what is missing, once, and refuses every database it cannot be sure of.

use super::harness::{Files, Fresh, on_every_database};
use crate::{Error, p};

const FIRST: (&str, &str) = ("001_first", "create table first(id bigint primary key, name text not null);\n");
const SECOND: (&str, &str) =
    ("002_second", "alter table first add column flag smallint not null default 0;\n");
const CHANGED: (&str, &str) = ("001_first", "create table first(id bigint primary key, name text);\n");
const BROKEN: (&str, &str) = ("002_broken", "create table second(id bigint primary key);\nselec 1;\n");

const ONE: Files = &[FIRST];
const BOTH: Files = &[FIRST, SECOND];

on_every_database!(&[] =>
    what_is_missing_is_applied_once,
    a_changed_file_is_refused,
    a_newer_database_is_refused,
    a_file_slipped_in_before_an_applied_one_is_refused,
    a_foreign_database_is_refused,
    a_broken_file_leaves_nothing_behind,
    two_processes_migrate_one_after_the_other,
);

fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn what_is_missing_is_applied_once(fresh: Fresh) {
    assert_eq!(fresh.store.migrate(ONE).await, Ok(1));
    fresh.store.write(|tx| tx.must(1, "insert into first(id, name) values(1, 'cat')", p![])).await.unwrap();
    assert_eq!(fresh.store.migrate(ONE).await, Ok(0));
    assert_eq!(fresh.store.migrate(BOTH).await, Ok(1));
    assert_eq!(fresh.again().migrate(BOTH).await, Ok(0));
    let row = fresh.store.read(|tx| tx.query_one("select name, flag from first", p![])).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (Ok("cat".to_owned()), Ok(0_i64)));
}

async fn a_changed_file_is_refused(fresh: Fresh) {
    fresh.store.migrate(ONE).await.unwrap();
    let why = refusal(fresh.store.migrate(&[CHANGED, SECOND]).await);
    assert_eq!(
        why,
        "migration `001_first` was changed after it had been applied; put it back and add a new one"
    );
    assert_eq!(fresh.store.migrate(BOTH).await, Ok(1), "and nothing of the refused set was applied");
}

async fn a_newer_database_is_refused(fresh: Fresh) {
    fresh.store.migrate(BOTH).await.unwrap();
    let why = refusal(fresh.store.migrate(ONE).await);
    assert_eq!(
        why,
        "the database was used by a newer version: migration `002_second` is not known here; \
         run that version, or restore the backup made before the upgrade"
    );
}

async fn a_file_slipped_in_before_an_applied_one_is_refused(fresh: Fresh) {
    fresh.store.migrate(ONE).await.unwrap();
    let why = refusal(fresh.store.migrate(&[("000_zero", "select 1;"), FIRST]).await);
    assert_eq!(
        why,
        "migration `000_zero` stands where `001_first` was applied; new migrations go to the end"
    );
}

async fn a_foreign_database_is_refused(fresh: Fresh) {
    fresh.store.write(|tx| tx.script("create table migration(name text)")).await.unwrap();
    let why = refusal(fresh.store.migrate(ONE).await);
    assert_eq!(why, "the database belongs to another program: it has tables, but none of `palitra`");
    let first = fresh.store.read(|tx| tx.query("select 1 from first", p![])).await;
    assert!(matches!(first, Err(Error::Sql(_))), "{first:?}");
}

async fn a_broken_file_leaves_nothing_behind(fresh: Fresh) {
    let answer = fresh.store.migrate(&[FIRST, BROKEN]).await;
    assert!(
        matches!(&answer, Err(Error::Sql(why)) if why.starts_with("migration `002_broken`: ")),
        "{answer:?}"
    );
    assert_eq!(fresh.store.migrate(BOTH).await, Ok(2));
}

async fn two_processes_migrate_one_after_the_other(fresh: Fresh) {
    let other = fresh.again();
    let (one, two) = tokio::join!(fresh.store.migrate(BOTH), other.migrate(BOTH));
    assert_eq!(one.unwrap() + two.unwrap(), 2);
}
