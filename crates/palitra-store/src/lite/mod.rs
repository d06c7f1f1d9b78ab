//! SQLite: one thread that writes, several that only read, a connection to look on the thread that asks; how a file is
//! opened, with which settings and why.
//! Nothing outside this folder knows SQLite, except that `tx` hands statements to it and `migrate` translates
//! for it.

mod group;
mod statement;

#[cfg(test)]
mod tests;

use std::{
    panic::AssertUnwindSafe,
    path::Path,
    sync::Arc,
    thread::{Builder, JoinHandle},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

pub(crate) use group::look;
pub(crate) use statement::{execute, query, script};

use crate::{
    Error, Result, Tx,
    line::{Job, Line},
    migrate,
};
use statement::{error_from, run};

/// Transactions that may share one commit. Measured with 32 and 256 producers: past this a bigger group gains
/// nothing.
const GROUP_MAX: usize = 256;

/// All statements of the product, and some: a statement is parsed once per connection.
const STATEMENTS_CACHED: usize = 512;

/// The connection that writes; creates `file` when it is missing. Refuses a database that is not ours before
/// it touches it.
pub(crate) fn open_writer(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file).map_err(|error| cannot_open(file, error_from(error)))?;
    // SQLite opens a write-protected file for reading, without a word.
    if connection.is_readonly("main").map_err(error_from)? {
        return Err(cannot_open(file, Error::Unavailable("the file is write-protected".to_owned())));
    }
    // FULL: with NORMAL a power cut can take back what was answered, and this is money. 4000 pages (16 MB)
    // between checkpoints, and a log that shrinks to 64 MiB after a burst. 6 MB of pages: more is not measurably faster, since what is not
    // there is in the system's cache.
    let settings = "pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma journal_size_limit = 67108864; \
        pragma cache_size = -6000;";
    prepare(&connection)
        .and_then(|()| write_ahead(&connection))
        .and_then(|()| script(&connection, settings))
        .map_err(|error| cannot_open(file, error))?;
    Ok(connection)
}

/// Where the file system has no shared memory SQLite keeps the old journal, without a word, and readers would
/// block the writer.
fn write_ahead(connection: &Connection) -> Result<()> {
    let answer = query(connection, "pragma journal_mode = wal", &[])?;
    let mode: String = answer.first().map_or(Ok(String::new()), |row| row.get(0))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(Error::Unavailable(format!(
        "its file system cannot do write-ahead logging (journal mode stays `{mode}`)"
    )))
}

fn open_reader(file: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(file, flags).map_err(error_from);
    opened
        .and_then(|connection| prepare(&connection).map(|()| connection))
        .map_err(|error| cannot_open(file, error))
}

/// The connection of [`crate::Store::look`]: it waits for nobody.
pub(crate) fn open_look(file: &Path) -> Result<Connection> {
    let connection = open_reader(file)?;
    // A few pages of a few trees: what it reads is soon written by somebody else.
    let settings = "pragma busy_timeout = 0; pragma cache_size = -512;";
    script(&connection, settings).map_err(|error| cannot_open(file, error))?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // A plan that may depend on a value is made anew whenever the value changes: with partial indices that is for every transition.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(error_from)?;
    // 5 s for another process at the same file, sorting in memory. A reader keeps SQLite's 2 MB of pages: it has to forget them whenever
    // somebody has written.
    script(connection, "pragma busy_timeout = 5000; pragma foreign_keys = on; pragma temp_store = memory;")?;
    migrate::refuse_foreign(&mut Tx::lite(connection))
}

fn cannot_open(file: &Path, error: Error) -> Error {
    match error {
        Error::Unavailable(why) => Error::Unavailable(format!("cannot open `{}`: {why}", file.display())),
        Error::Refused(why) => Error::Refused(format!("`{}`: {why}", file.display())),
        other => other,
    }
}

pub(crate) fn start_writer(connection: Connection, line: &Arc<Line>) -> Result<JoinHandle<()>> {
    start("sqlite-write".to_owned(), connection, line, GROUP_MAX, group::commit)
}

/// At least one of `count` read-only threads. On an error those already started end by themselves.
pub(crate) fn start_readers(file: &Path, count: usize, line: &Arc<Line>) -> Result<Vec<JoinHandle<()>>> {
    let connections = (0..count.max(1)).map(|_| open_reader(file)).collect::<Result<Vec<_>>>()?;
    let threads = connections
        .into_iter()
        .enumerate()
        .map(|(number, connection)| start(format!("sqlite-read-{number}"), connection, line, 1, group::read));
    threads.collect::<Result<Vec<_>>>().inspect_err(|_| line.close())
}

fn start(
    name: String,
    connection: Connection,
    line: &Arc<Line>,
    max: usize,
    work: fn(&Connection, Vec<Box<dyn Job>>),
) -> Result<JoinHandle<()>> {
    let line = line.clone();
    let thread = Builder::new().name(name).spawn(move || {
        while let Some(jobs) = line.take(max) {
            let (begun, count) = (Line::begun(), jobs.len());
            // Closures are guarded one by one. What is left are destructors of what they held: such a panic
            // costs its group an answer (`InDoubt`), not the thread.
            std::panic::catch_unwind(AssertUnwindSafe(|| work(&connection, jobs))).ok();
            line.done(begun, count);
            // After such a panic, and after a commit that failed.
            if !connection.is_autocommit() {
                run(&connection, "rollback").ok();
            }
        }
    });
    thread.map_err(|error| Error::Unavailable(format!("cannot start a database thread: {error}")))
}
