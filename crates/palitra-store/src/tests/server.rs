//! A PostgreSQL database for a test. The server is whoever `PALITRA_TEST_POSTGRES` names: `cargo xtask test`
//! starts one.
//!
//! Databases `palitra_test_0`, `palitra_test_1`, … are made when they are first needed and taken again by
//! later tests, of this process or another: who holds the advisory lock in one has it alone. (One for each
//! test would have to be dropped, which costs a checkpoint.) The tables of the product are kept and emptied;
//! a test that makes or changes tables begins with others, and those are made anew.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use palitra_domain::{BoxFuture, Clock, Timestamp, secret::Secret};
use tokio_postgres::{Client, Config, NoTls, config::Host, error::SqlState};

use super::harness::Files;
use crate::{MIGRATIONS, PgSettings};

const LOCK: i64 = 7_272_712;

/// Databases in which a failed test may still be at work.
static GIVEN_UP: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Empties what has rows: to truncate makes new files, and most tables are empty.
const EMPTY: &str = "do $$
declare
  name text; used boolean; list text;
begin
  for name in select format('palitra.%I', tablename) from pg_tables
      where schemaname = 'palitra' and tablename <> 'palitra_migration' loop
    execute format('select exists(select from %s)', name) into used;
    if used then list := concat_ws(', ', list, name); end if;
  end loop;
  if list is not null then execute format('truncate %s cascade', list); end if;
end $$";

pub(crate) struct Database {
    number: u32,
    url: String,
    /// Holds the lock as long as it lives.
    _lock: Client,
}

impl Database {
    /// One whose tables are those of `files` or are still to be made; all of them are empty.
    pub(crate) async fn take(files: Files) -> Database {
        let server = server();
        let mut number = 0;
        let (url, lock) = loop {
            let given_up = GIVEN_UP.lock().unwrap().contains(&number);
            if !given_up && let Some(taken) = take_number(&server, number).await {
                break taken;
            }
            number += 1;
        };
        let clear = if files == MIGRATIONS && holds(&lock, files).await {
            EMPTY
        } else {
            "drop schema if exists palitra cascade; create schema palitra"
        };
        lock.batch_execute(clear).await.unwrap();
        Database { number, url, _lock: lock }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// User and password.
    pub(crate) fn credentials(&self) -> (String, String) {
        let (_, user, password, _) = parts(&self.url);
        (user, password)
    }

    pub(crate) fn url_as(&self, user: &str, password: &str) -> String {
        let (place, _, _, name) = parts(&self.url);
        format!("postgres://{user}:{password}@{place}/{name}")
    }

    /// A connection that bypasses the store.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.url).await
    }

    pub(crate) fn settings(&self, writers: usize) -> PgSettings {
        settings(&self.url, writers)
    }

    /// No other test of this process gets it.
    pub(crate) fn give_up(&self) {
        GIVEN_UP.lock().unwrap().insert(self.number);
    }
}

/// Two readers and `writers`.
pub(crate) fn settings(url: &str, writers: usize) -> PgSettings {
    let random = AtomicU64::new(1);
    let random = move || u128::from(random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
    let settings = PgSettings::new(Secret::new(url), Arc::new(RealTime), Arc::new(random));
    PgSettings { writers, readers: 2, ..settings }
}

/// A server that restarts takes the time it takes.
struct RealTime;

impl Clock for RealTime {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    #[expect(clippy::disallowed_methods, reason = "a server outside of the test keeps its own time")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where tests read where their server is")]
fn server() -> String {
    std::env::var("PALITRA_TEST_POSTGRES")
        .expect("no PostgreSQL for the tests: run `cargo xtask test --install`, or set PALITRA_TEST_POSTGRES")
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Its address and a connection that holds its lock, unless another test does.
async fn take_number(server: &str, number: u32) -> Option<(String, Client)> {
    let name = format!("palitra_test_{number}");
    let url = with_database(server, &name);
    let client = match tokio_postgres::connect(&url, NoTls).await {
        Ok((client, connection)) => {
            tokio::spawn(connection);
            client
        }
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {
            let create = format!("create database {name} encoding 'UTF8' template template0");
            // Another process may have been faster.
            connect(server).await.batch_execute(&create).await.ok();
            connect(&url).await
        }
        Err(error) => panic!("the server of PALITRA_TEST_POSTGRES cannot be used: {error:?}"),
    };
    let row = client.query_one("select pg_try_advisory_lock($1)", &[&LOCK]).await.unwrap();
    row.get::<_, bool>(0).then_some((url, client))
}

/// Whether exactly those migrations have been applied.
async fn holds(client: &Client, files: Files) -> bool {
    let rows = client.query("select name, body from palitra.palitra_migration order by n", &[]).await;
    let applied = rows.unwrap_or_default(); // no table: none has
    applied.iter().map(|row| (row.get::<_, &str>(0), row.get::<_, &str>(1))).eq(files.iter().copied())
}

/// The same server and user, another database.
pub(crate) fn with_database(url: &str, name: &str) -> String {
    let (place, options) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let (server, _) = place.rsplit_once('/').unwrap();
    format!("{server}/{name}{options}")
}

/// The same database and user by another port of 127.0.0.1, and where the server really is.
pub(crate) fn through(url: &str, port: u16) -> (String, String) {
    let (place, user, password, name) = parts(url);
    (format!("postgres://{user}:{password}@127.0.0.1:{port}/{name}"), place)
}

/// Place, user, password and database of a URL that names a host and a port.
fn parts(url: &str) -> (String, String, String, String) {
    let config: Config = url.parse().unwrap();
    let (Some(Host::Tcp(host)), Some(port)) = (config.get_hosts().first(), config.get_ports().first()) else {
        panic!("PALITRA_TEST_POSTGRES has to name a host and a port");
    };
    let password = String::from_utf8(config.get_password().unwrap_or_default().to_vec()).unwrap();
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    (format!("{host}:{port}"), text(config.get_user()), password, text(config.get_dbname()))
}
