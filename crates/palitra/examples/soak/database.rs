//! The database of a run, looked at beside the services: SQLite's file, or a PostgreSQL of its own that can be crashed.

use crate::options::Backend;
use palitra::clock::{SystemClock, random};
use palitra_domain::secret::Secret;
use palitra_store::{PgSettings, Result, Store, Tx, p};
use std::{path::PathBuf, sync::Arc};
use xtask::postgres::Cluster;

pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(Box<Cluster>),
}

impl Database {
    pub(crate) fn new(backend: Backend, file: PathBuf) -> Database {
        match backend {
            Backend::Sqlite => Database::Sqlite(file),
            Backend::Postgres => Database::Postgres(Box::new(Cluster::start().unwrap())),
        }
    }

    /// `PALITRA_DATABASE__URL` of the services; empty is the file in the data directory.
    pub(crate) fn url(&self) -> String {
        match self {
            Database::Sqlite(_) => String::new(),
            Database::Postgres(cluster) => cluster.url().to_owned(),
        }
    }

    /// One look, by a connection of its own that is closed afterwards.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        reads: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = match self {
            Database::Sqlite(file) => Store::sqlite_read_only(file, 1)?,
            Database::Postgres(cluster) => {
                let url = Secret::new(cluster.url());
                let settings = PgSettings::new(url, Arc::new(SystemClock::new(1)), Arc::new(random));
                Store::postgres(&PgSettings { writers: 1, readers: 1, ..settings })?
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(store.read(reads));
        store.close();
        answer
    }

    /// As a power cut, and back.
    pub(crate) fn crash(&mut self) {
        if let Database::Postgres(cluster) = self {
            cluster.crash().unwrap();
            cluster.start_again().unwrap();
        }
    }

    /// In order, and back.
    pub(crate) fn restart(&mut self) {
        if let Database::Postgres(cluster) = self {
            cluster.stop().unwrap();
            cluster.start_again().unwrap();
        }
    }

    /// Ends every connection of the services in the middle of what they do.
    pub(crate) fn end_connections(&self) {
        let ended = self.look(|tx| {
            tx.query(
                "select cast(count(pg_terminate_backend(pid)) as bigint) from pg_stat_activity
                 where pid <> pg_backend_pid() and datname = current_database() and backend_type = 'client backend'",
                p![],
            )
        });
        ended.ok();
    }

    /// Dead rows of the tables that are written most, as PostgreSQL counts them.
    pub(crate) fn dead_rows(&self) -> i64 {
        if matches!(self, Database::Sqlite(_)) {
            return 0;
        }
        let dead = self.look(|tx| {
            tx.query_one(
                "select cast(coalesce(max(n_dead_tup), 0) as bigint) from pg_stat_user_tables where schemaname = 'palitra'",
                p![],
            )?
            .get(0)
        });
        dead.unwrap_or(0)
    }

    /// Generations that have not ended.
    pub(crate) fn open(&self) -> Result<i64> {
        self.look(|tx| {
            tx.query_one(
                "select count(*) from generation where state not in ('succeeded', 'failed', 'cancelled', 'timed_out')",
                p![],
            )?
            .get(0)
        })
    }
}
