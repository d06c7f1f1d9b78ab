//! The schema `palitra` is made when it is missing, and left alone when it is somebody else's.

use super::super::{
    harness::{Fresh, PROBE, ids, insert},
    server::settings,
};
use crate::{Error, MIGRATIONS, Store, p};

/// What [`Store::postgres`] and the migrator say to a database in this state.
async fn refusals(setup: &'static str) -> [String; 2] {
    let fresh = Fresh::postgres(&[]).await;
    fresh.database().client().await.batch_execute(setup).await.unwrap();
    let opened = Store::postgres(&fresh.database().settings(1)).err();
    let migrated = fresh.store.migrate(PROBE).await.err();
    let why = |error| match error {
        Some(Error::Refused(why)) => why,
        other => panic!("{setup}: {other:?}"),
    };
    [why(opened), why(migrated)]
}

#[tokio::test]
async fn the_schema_of_another_program_is_refused() {
    for setup in [
        "create table palitra.users(name text)",
        "create view palitra.users as select 1",
        "create materialized view palitra.users as select 1",
    ] {
        for why in refusals(setup).await {
            assert_eq!(why, "the database belongs to another program: it has tables, but none of `palitra`");
        }
    }
}

#[tokio::test]
async fn a_missing_schema_is_made_once() {
    let fresh = Fresh::postgres(&[]).await;
    fresh.database().client().await.batch_execute("drop schema palitra").await.unwrap();
    let other = fresh.again();
    let (one, two) = tokio::join!(fresh.store.migrate(PROBE), other.migrate(PROBE));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    fresh.store.write(insert(1)).await.unwrap();
    assert_eq!(ids(&other).await, [1]);
}

#[tokio::test]
async fn tables_outside_of_the_schema_are_nothing_to_us() {
    let fresh = Fresh::postgres(&[]).await;
    let client = fresh.database().client().await;
    let theirs =
        "drop schema if exists theirs cascade; create schema theirs; create table theirs.probe(id text)";
    client.batch_execute(theirs).await.unwrap();
    let store = Store::postgres(&fresh.database().settings(1)).unwrap();
    assert_eq!(store.migrate(PROBE).await, Ok(1));
    store.write(insert(1)).await.unwrap();
    let kept = client.query_one("select count(*) from theirs.probe", &[]).await.unwrap();
    assert_eq!(kept.get::<_, i64>(0), 0);
    client.batch_execute("drop schema theirs cascade").await.unwrap();
}

#[tokio::test]
async fn a_schema_we_may_not_use_is_refused() {
    let fresh = Fresh::postgres(&[]).await;
    let client = fresh.database().client().await;
    let number = fresh.database().number();
    let (guest, password) = (format!("palitra_guest_{number}"), "guest");
    let role = format!("drop role if exists {guest}; create role {guest} login password '{password}'");
    client.batch_execute(&role).await.unwrap();
    let url = fresh.database().url_as(&guest, password);
    let store = Store::postgres(&settings(&url, 1)).unwrap();
    let why = match store.migrate(PROBE).await {
        Err(Error::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.starts_with("the schema `palitra` belongs to another user"), "{why}");
    // And where there is none, to make one needs a right.
    client.batch_execute("drop schema palitra").await.unwrap();
    let answer = store.migrate(PROBE).await;
    assert!(
        matches!(&answer, Err(Error::Unavailable(why)) if why.contains("permission denied")),
        "{answer:?}"
    );
    drop(store);
}

#[tokio::test]
async fn the_database_itself_does_not_sort_by_bytes() {
    // Or `text_sorts_by_bytes` proves nothing.
    let fresh = Fresh::postgres(&[]).await;
    let row = fresh.store.read(|tx| tx.query_one("select 'a' < 'B'", p![])).await.unwrap();
    assert_eq!(row.get(0), Ok(true), "give the server of PALITRA_TEST_POSTGRES another locale than C");
}

#[tokio::test]
async fn every_text_column_sorts_by_bytes() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    let other = fresh.store.read(|tx| {
        tx.query(
            "select cast(table_name as text), cast(column_name as text) from information_schema.columns
             where table_schema = 'palitra' and data_type = 'text' and coalesce(collation_name, '') <> 'C'",
            p![],
        )
    });
    assert!(other.await.unwrap().is_empty());
    let texts = fresh.store.read(|tx| {
        tx.query_one(
            "select count(*) from information_schema.columns where table_schema = 'palitra' and data_type = 'text'",
            p![],
        )
    });
    assert!(texts.await.unwrap().get::<i64>(0).unwrap() > 50, "the question is wrong");
}
