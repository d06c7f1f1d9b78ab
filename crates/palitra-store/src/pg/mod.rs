//! PostgreSQL: threads with one connection each; how they are set up. Nothing outside this folder knows
//! PostgreSQL, except that `tx` hands statements to it and `migrate` translates for it.
//!
//! Transactions do not share commits as on SQLite: a group would lock accounts in an order that nobody chose
//! and deadlock with the next one.

mod connection;
mod errors;
mod hints;
mod link;
mod pipeline;
mod retry;
mod server;
mod tls;
mod values;

#[cfg(test)]
mod tests;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, mpsc},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use palitra_domain::{Clock, secret::Secret};

pub(crate) use connection::Connection;

use crate::{Error, Result, hints::Hints, line::Line, migrate};
use connection::Purpose;
use server::Server;

/// Where a PostgreSQL database is and how it is used.
///
/// `url` is `postgres://user:password@host:5432/database`, with the options of PostgreSQL's own clients:
/// `sslmode` is `disable`, `prefer` (the default: encrypted when the server can, certificate not checked),
/// `require` or `verify-full`, the latter with `sslrootcert=FILE` for authorities of one's own; a `host` that
/// begins with `/` is the folder of a socket. A pooler in between has to keep sessions apart (PgBouncer:
/// `pool_mode = session`).
#[derive(Clone)]
pub struct PgSettings {
    pub url: Secret,
    /// Connections that write: as many transactions run at once, in no order. Measured on a server with two
    /// cores: 8 do more than 4 or 16.
    pub writers: usize,
    /// Connections that only read.
    pub readers: usize,
    pub connect_timeout: Duration,
    /// For one statement; past it the transaction is [`Error::Unavailable`]. Migrations are exempt.
    pub statement_timeout: Duration,
    /// For one row or table that another transaction holds; past it the transaction is run again, and at
    /// last [`Error::Conflict`].
    pub lock_timeout: Duration,
    /// For a closure between two statements: it holds locks while it does something else.
    pub idle_timeout: Duration,
    /// For the pauses before a transaction is run again.
    pub clock: Arc<dyn Clock>,
    /// 128 bits of randomness, so that those who collided do not meet again.
    pub random: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl PgSettings {
    /// With 8 writers, 4 readers and the usual time-outs: 5 s to connect and for a lock, 30 s for a
    /// statement, and 3 s for an idle transaction: a process that stands still inside of one (stopped,
    /// swapped out) lets go of its locks before those who wait for them give up.
    pub fn new(
        url: Secret,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Fn() -> u128 + Send + Sync>,
    ) -> PgSettings {
        PgSettings {
            url,
            writers: 8,
            readers: 4,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(3),
            clock,
            random,
        }
    }
}

impl std::fmt::Debug for PgSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PgSettings { url, writers, readers, .. } = self;
        f.debug_struct("PgSettings")
            .field("url", url)
            .field("writers", writers)
            .field("readers", readers)
            .finish_non_exhaustive()
    }
}

/// Connects at least one writer and one reader and starts their threads. Refuses a database that is not ours
/// before it touches it.
pub(crate) fn start(
    settings: &PgSettings,
    write: &Arc<Line>,
    read: &Arc<Line>,
    hints: &Hints,
) -> Result<Vec<JoinHandle<()>>> {
    let server = Arc::new(Server::new(settings)?);
    let mut started = Vec::new();
    for (purpose, count, line) in
        [(Purpose::Write, settings.writers, write), (Purpose::Read, settings.readers, read)]
    {
        for number in 0..count.max(1) {
            started.push(start_thread(&server, purpose, number, line));
        }
    }
    // All connect at the same time, and all have to.
    let ready = |(thread, connected): (JoinHandle<()>, mpsc::Receiver<Result<()>>)| {
        connected
            .recv()
            .unwrap_or_else(|_| Err(Error::Unavailable("a database thread broke off".to_owned())))?;
        Ok(thread)
    };
    let mut threads: Result<Vec<_>> = started.into_iter().map(|thread| thread.and_then(ready)).collect();
    if let Ok(threads) = &mut threads {
        let (server, hints) = (server.clone(), hints.clone());
        // Nobody waits for it: hints are a convenience.
        let carrying =
            Builder::new().name("pg-hints".to_owned()).spawn(move || hints::carry(&server, &hints));
        threads.extend(carrying.ok());
    }
    threads.inspect_err(|_| {
        write.close();
        read.close();
    })
}

fn start_thread(
    server: &Arc<Server>,
    purpose: Purpose,
    number: usize,
    line: &Arc<Line>,
) -> Result<(JoinHandle<()>, mpsc::Receiver<Result<()>>)> {
    let (server, line) = (server.clone(), line.clone());
    let (ready, connected) = mpsc::sync_channel(1);
    let name = match purpose {
        Purpose::Write => format!("pg-write-{number}"),
        Purpose::Read => format!("pg-read-{number}"),
    };
    // A connection lives on its own thread: it blocks, and the caller's runtime must not.
    let thread = Builder::new().name(name).spawn(move || {
        let opened = Connection::open(server, purpose).and_then(|mut connection| {
            // One look is enough for all of them.
            if purpose == Purpose::Read && number == 0 {
                connection.look(migrate::refuse_foreign)?;
            }
            Ok(connection)
        });
        match opened {
            Ok(connection) => {
                ready.send(Ok(())).ok();
                work(connection, &line);
            }
            Err(error) => {
                ready.send(Err(error)).ok();
            }
        }
    });
    let thread =
        thread.map_err(|error| Error::Unavailable(format!("cannot start a database thread: {error}")))?;
    Ok((thread, connected))
}

fn work(mut connection: Connection, line: &Line) {
    while let Some(jobs) = line.take(1) {
        for job in jobs {
            let begun = Line::begun();
            // Closures are guarded one by one. What is left are destructors of what they held: such a panic
            // costs an answer at most, not the thread.
            if std::panic::catch_unwind(AssertUnwindSafe(|| connection.serve(job))).is_err() {
                connection.roll_back();
            }
            line.done(begun, 1);
        }
    }
    connection.close();
}
