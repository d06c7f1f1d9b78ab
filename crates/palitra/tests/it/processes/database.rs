//! A PostgreSQL database of its own for a test, on the server of `PALITRA_TEST_POSTGRES`; and what is done to a server.

use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

static MADE: AtomicU32 = AtomicU32::new(0);

/// Gone with the test.
pub(crate) struct Database {
    runtime: Runtime,
    server: String,
    name: String,
}

impl Database {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where these tests read where their server is"
    )]
    pub(crate) fn new() -> Database {
        let server = std::env::var("PALITRA_TEST_POSTGRES");
        let server = server.expect(
            "no PostgreSQL for the tests: run `cargo xtask test --install`, or set PALITRA_TEST_POSTGRES",
        );
        Database::on(&server)
    }

    pub(super) fn on(server: &str) -> Database {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let name = format!("palitra_it_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let database = Database { runtime, server: server.to_owned(), name };
        database.server(&format!("create database {}", database.name));
        database
    }

    pub(crate) fn url(&self) -> String {
        let (place, options) =
            self.server.find('?').map_or((&*self.server, ""), |at| self.server.split_at(at));
        let (place, _) = place.rsplit_once('/').unwrap();
        format!("{place}/{}{options}", self.name)
    }

    /// Ends every connection to it that is called so, in the middle of what it does. Answers how many.
    pub(super) fn end_connections(&self, name: &str) -> i64 {
        let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1 and application_name like $2";
        self.runtime.block_on(async {
            let client = connect(&self.server).await;
            client.query_one(sql, &[&self.name, &name]).await.unwrap().get(0)
        })
    }

    fn server(&self, sql: &str) {
        self.runtime.block_on(async { connect(&self.server).await.batch_execute(sql).await.unwrap() });
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that has failed leaves it to be looked at.
        if !std::thread::panicking() {
            self.server(&format!("drop database {} with (force)", self.name));
        }
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
