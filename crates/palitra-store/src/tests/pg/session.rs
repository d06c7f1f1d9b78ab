//! What a session is set up for, whatever the administrator's defaults are, and its time-outs.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::super::harness::{Fresh, Held, PROBE, ids, insert};
use crate::{Error, PgSettings, Store, p};

const SHORT: Duration = Duration::from_millis(50);

fn with(fresh: &Fresh, change: impl FnOnce(&mut PgSettings)) -> Store {
    let mut settings = fresh.database().settings(1);
    change(&mut settings);
    Store::postgres(&settings).unwrap()
}

#[tokio::test]
async fn the_administrators_defaults_change_nothing() {
    let fresh = Fresh::postgres(PROBE).await;
    let client = fresh.database().client().await;
    let name: String = client.query_one("select current_database()", &[]).await.unwrap().get(0);
    let defaults = [
        ("synchronous_commit", "off"),
        ("standard_conforming_strings", "off"),
        ("default_transaction_isolation", "serializable"),
        ("search_path", "public"),
        ("statement_timeout", "250"),
    ];
    for (setting, value) in defaults {
        client.batch_execute(&format!("alter database {name} set {setting} = '{value}'")).await.unwrap();
    }
    let opened = Store::postgres(&fresh.database().settings(1));
    client.batch_execute(&format!("alter database {name} reset all")).await.unwrap();
    let wanted = [
        ("synchronous_commit", "on"),
        ("standard_conforming_strings", "on"),
        ("transaction_isolation", "read committed"),
        ("search_path", "palitra, pg_temp"),
        ("statement_timeout", "30s"),
        ("default_transaction_read_only", "on"),
        ("transaction_read_only", "off"),
        ("application_name", "palitra"),
        ("jit", "off"),
    ];
    let store = opened.unwrap();
    let rows = store.write(move |tx| {
        let ask =
            |(setting, _): &(&str, &str)| tx.query_one("select current_setting($1)", p![*setting])?.get(0);
        wanted.iter().map(ask).collect::<crate::Result<Vec<String>>>()
    });
    assert_eq!(rows.await.unwrap(), wanted.map(|(_, value)| value));
}

#[tokio::test]
async fn what_the_administrator_has_made_stricter_stays() {
    let fresh = Fresh::postgres(PROBE).await;
    let client = fresh.database().client().await;
    let name: String = client.query_one("select current_database()", &[]).await.unwrap().get(0);
    client
        .batch_execute(&format!("alter database {name} set synchronous_commit = 'remote_apply'"))
        .await
        .unwrap();
    let store = Store::postgres(&fresh.database().settings(1)).unwrap();
    client.batch_execute(&format!("alter database {name} reset all")).await.unwrap();
    let row =
        store.read(|tx| tx.query_one("select current_setting('synchronous_commit')", p![])).await.unwrap();
    assert_eq!(row.get::<String>(0).as_deref(), Ok("remote_apply"));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped_and_not_run_again() {
    let fresh = Fresh::postgres(PROBE).await;
    let store = with(&fresh, |settings| settings.statement_timeout = SHORT);
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let answer = store.write(move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        insert(1)(tx)?;
        tx.query("select 1 from pg_sleep(600)", p![])
    });
    let answer = answer.await;
    assert!(matches!(&answer, Err(Error::Unavailable(why)) if why.starts_with("57014 ")), "{answer:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    store.write(insert(2)).await.unwrap();
    assert_eq!(ids(&store).await, [2]);
}

#[tokio::test]
async fn a_migration_may_take_as_long_as_it_takes() {
    let fresh = Fresh::postgres(&[]).await;
    let store = with(&fresh, |settings| settings.statement_timeout = SHORT);
    assert_eq!(store.migrate(&[("001_slow", "--pg select pg_sleep(0.2);\n")]).await, Ok(1));
}

#[tokio::test]
async fn a_lock_is_waited_for_and_then_given_up() {
    let fresh = Fresh::postgres(PROBE).await;
    fresh.store.write(insert(1)).await.unwrap();
    let flag = |tx: &mut crate::Tx<'_>| tx.execute("update probe set flag = 1", p![]).map(drop);
    let (held, first) = Held::write(&fresh.store, flag);
    let store = with(&fresh, |settings| settings.lock_timeout = SHORT / 10);
    let answer = store.write(flag).await;
    assert!(matches!(&answer, Err(Error::Conflict(why)) if why.starts_with("55P03 ")), "{answer:?}");
    held.release();
    first.await.unwrap();
    store.write(flag).await.unwrap();
}

/// A closure that sits idle in its transaction until the server has ended it, then says more or not.
async fn sits_idle(says_more: bool) {
    let fresh = Fresh::postgres(PROBE).await;
    let store = with(&fresh, |settings| settings.idle_timeout = SHORT);
    let (runs, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(2)));
    let (counted, waits) = (runs.clone(), ended.clone());
    let answer = store.post(move |tx| {
        tx.execute("insert into probe(id) values(1)", p![])?;
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            waits.wait();
            waits.wait();
        }
        if says_more { insert(2)(tx) } else { Ok(()) }
    });
    ended.wait();
    let client = fresh.database().client().await;
    let idle = "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
    while client.query_one(idle, &[]).await.unwrap().get::<_, i64>(0) > 0 {}
    ended.wait();
    let answer = answer.await;
    assert!(matches!(&answer, Err(Error::Unavailable(why)) if why.contains("25P03 ")), "{answer:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    store.write(insert(3)).await.unwrap();
    assert_eq!(ids(&store).await, [3]);
}

#[tokio::test]
async fn a_transaction_that_sits_idle_is_ended_and_not_run_again() {
    sits_idle(true).await;
    sits_idle(false).await; // ended before its commit: no doubt either
}

#[tokio::test]
async fn a_table_that_another_process_has_changed_costs_one_error_at_most() {
    let fresh = Fresh::postgres(PROBE).await;
    fresh.store.write(insert(1)).await.unwrap();
    let flag = || fresh.store.write(|tx| tx.query_one("select flag from probe", p![])?.get::<i64>(0));
    assert_eq!(flag().await, Ok(0));
    let client = fresh.database().client().await;
    client.batch_execute("alter table palitra.probe alter column flag type bigint").await.unwrap();
    let stale = flag().await;
    assert!(matches!(&stale, Ok(0) | Err(Error::Sql(_))), "{stale:?}");
    assert_eq!(flag().await, Ok(0));
}

#[tokio::test]
async fn a_reader_leaves_no_snapshot_open() {
    let fresh = Fresh::postgres(PROBE).await;
    assert!(ids(&fresh.store).await.is_empty());
    let client = fresh.database().client().await;
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    while client.query_one(open, &[]).await.unwrap().get::<_, i64>(0) > 0 {}
}
