//! A fresh database for a test, and the macro that runs one test on every database.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::{Result, Store};

/// The tables the tests use, in the words of a migration file.
pub(super) const TABLES: &[(&str, &str)] = &[(
    "001_probe",
    "create table probe(
  id bigint primary key, name text unique, flag smallint not null default 0 check(flag in (0, 1)), bytes bytea,
  parent bigint references probe(id)
);
",
)];

/// A migrated database of its own, gone with the test.
pub(super) struct Fresh {
    pub(super) store: Store,
    dir: TempDir,
}

impl Fresh {
    pub(super) async fn sqlite() -> Fresh {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::sqlite(&dir.path().join("palitra.db"), 2).unwrap();
        store.migrate(TABLES).await.unwrap();
        Fresh { store, dir }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.dir.path().join("palitra.db")
    }

    /// A second process at the same database, as far as the database can tell.
    pub(super) fn read_only(&self) -> Result<Store> {
        Store::sqlite_read_only(&self.file(), 1)
    }

    /// What is stored: the ids of `probe` in order.
    pub(super) async fn ids(&self) -> Vec<i64> {
        ids(&self.store).await
    }
}

pub(super) async fn ids(store: &Store) -> Vec<i64> {
    let rows = store.read(|tx| tx.query("select id from probe order by id", crate::p![])).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// `on_every_database! { async fn name(fresh) { … } }`: a test on each database, named after both.
macro_rules! on_every_database {
    ($($(#[$about:meta])* async fn $name:ident($fresh:ident) $body:block)+) => {
        $($(#[$about])* async fn $name($fresh: $crate::tests::harness::Fresh) $body)+
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::tests::harness::Fresh::sqlite().await).await;
            })+
        }
    };
}
pub(super) use on_every_database;
