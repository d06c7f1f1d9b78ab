//! A fresh database for a test, a way to hold its writer still, and the macro that runs a test on every
//! database. What a PostgreSQL database of a test is made of is in `server`.

use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Barrier},
    task::{Context, Waker},
};

use tempfile::TempDir;

use super::server::Database;
use crate::{Result, Store, Tx, p};

pub(crate) type Files = &'static [(&'static str, &'static str)];

/// The table the tests of the base layer use, in the words of a migration file.
pub(crate) const PROBE: Files = &[(
    "001_probe",
    "create table probe(
  id bigint primary key, name text unique, flag smallint not null default 0 check(flag in (0, 1)), bytes bytea,
  parent bigint references probe(id)
);
",
)];

/// A database of its own with one writer, gone with the test.
pub(crate) struct Fresh {
    pub(crate) store: Store,
    place: Place,
}

enum Place {
    File(TempDir),
    Server(Database),
}

impl Fresh {
    /// With `files` applied; none leaves the database empty.
    pub(crate) async fn sqlite(files: Files) -> Fresh {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::sqlite(&dir.path().join("palitra.db"), 2).unwrap();
        Fresh { store, place: Place::File(dir) }.with(files).await
    }

    /// The same on PostgreSQL.
    pub(crate) async fn postgres(files: Files) -> Fresh {
        let database = Database::take(files).await;
        let store = Store::postgres(&database.settings(1)).unwrap();
        Fresh { store, place: Place::Server(database) }.with(files).await
    }

    async fn with(self, files: Files) -> Fresh {
        if !files.is_empty() {
            self.store.migrate(files).await.unwrap();
        }
        self
    }

    pub(crate) fn file(&self) -> PathBuf {
        match &self.place {
            Place::File(dir) => dir.path().join("palitra.db"),
            Place::Server(_) => panic!("a server keeps no file for us"),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        match &self.place {
            Place::File(_) => panic!("a file has no server"),
            Place::Server(database) => database,
        }
    }

    /// The same database, opened by a second process as far as it can tell.
    pub(crate) fn again(&self) -> Store {
        match &self.place {
            Place::File(_) => Store::sqlite(&self.file(), 1).unwrap(),
            Place::Server(database) => Store::postgres(&database.settings(1)).unwrap(),
        }
    }

    pub(crate) fn read_only(&self) -> Store {
        Store::sqlite_read_only(&self.file(), 1).unwrap()
    }
}

impl Drop for Fresh {
    /// The next test may get the same PostgreSQL database: nothing of this one may still be under way. A
    /// failed test may have left a writer standing still for ever.
    fn drop(&mut self) {
        match &self.place {
            Place::File(_) => {}
            Place::Server(database) if std::thread::panicking() => database.give_up(),
            Place::Server(_) => self.store.close(),
        }
    }
}

/// `on_every_database!(PROBE => name, …)` makes a test of each `async fn name(fresh: Fresh)`, on each database
/// with those migrations.
macro_rules! on_every_database {
    ($files:expr => $($name:ident),+ $(,)?) => {
        const FILES: $crate::tests::harness::Files = $files;
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::tests::harness::Fresh::sqlite(super::FILES).await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::tests::harness::Fresh::postgres(super::FILES).await).await;
            })+
        }
    };
}
pub(crate) use on_every_database;

/// A write that stops before its end, with its transaction open and the one writer held.
pub(crate) struct Held(Arc<Barrier>);

impl Held {
    /// Puts a write in line that runs `closure` and then holds still. The future answers after `release`.
    pub(crate) fn post(store: &Store, closure: impl Closure) -> (Held, impl Future<Output = Result<()>>) {
        let barrier = Arc::new(Barrier::new(2));
        let inside = barrier.clone();
        let answer = store.post(move |tx| {
            let outcome = closure(tx);
            inside.wait();
            inside.wait();
            outcome
        });
        (Held(barrier), answer)
    }

    /// The same, and waits until it holds still.
    pub(crate) fn write(store: &Store, closure: impl Closure) -> (Held, impl Future<Output = Result<()>>) {
        let (held, answer) = Held::post(store, closure);
        held.reached();
        (held, answer)
    }

    pub(crate) fn reached(&self) {
        self.0.wait();
    }

    pub(crate) fn release(self) {
        self.0.wait();
    }
}

pub(crate) trait Closure: Fn(&mut Tx<'_>) -> Result<()> + Send + 'static {}
impl<F: Fn(&mut Tx<'_>) -> Result<()> + Send + 'static> Closure for F {}

/// Starts `future` as a task would; it must not be ready.
pub(crate) fn assert_pending<F: Future + ?Sized>(future: Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the answer came too early");
}

pub(crate) fn insert(id: i64) -> impl Closure {
    move |tx| tx.must(1, "insert into probe(id) values($1)", p![id])
}

/// What is committed: the ids of `probe` in order.
pub(crate) async fn ids(store: &Store) -> Vec<i64> {
    let rows = store.read(|tx| tx.query("select id from probe order by id", p![])).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}
