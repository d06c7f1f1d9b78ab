//! The way into a database: `write`, `post` and `read` put a closure in line and wait for its answer; `look` runs a short one where it is.
//! It opens databases and starts their threads; it knows no table.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use crate::{
    Dialect, Error, Result, Tx,
    figures::AtWork,
    hints::Hints,
    line::{IfDropped, Line, call},
    lite,
    pg::{self, PgSettings},
};

/// Transactions that may wait for the database; past it callers get [`Error::Busy`]. At a few hundred bytes
/// each and ten thousand a second (measured, with group commit) a full line is some 20 MB and 7 s of work.
pub(crate) const WAITING_MAX: usize = 65_536;

/// An open database. Clones share it; when the last one is dropped its threads finish what waits and end.
///
/// A transaction is a plain function over [`Tx`]. It may run more than once, so it must have no effect
/// outside `tx`: ids and times are made before it and moved in. Where several rows are locked the order is
/// the one `generations` names. Transactions may run at the same time: one that needs what another has written
/// is put in line after that one's answer.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    /// `None` when opened read-only.
    write: Option<Arc<Line>>,
    read: Arc<Line>,
    /// Of [`Store::look`]; `None` where every look is read in line.
    look: Mutex<Option<rusqlite::Connection>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    dialect: Dialect,
    hints: Hints,
}

impl Store {
    /// Opens or creates the SQLite database `file`, with one writer and at least one of `readers` read-only
    /// threads. One process writes to a file at a time: locking its directory is the caller's part.
    pub fn sqlite(file: &Path, readers: usize) -> Result<Store> {
        let writer = lite::open_writer(file)?;
        let look = lite::open_look(file)?;
        let (write, read) = (Line::new(WAITING_MAX), Line::new(WAITING_MAX));
        let mut threads = lite::start_readers(file, readers, &read)?;
        match lite::start_writer(writer, &write) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                read.close();
                return Err(error);
            }
        }
        Ok(Store(Arc::new(Inner {
            write: Some(write),
            read,
            look: Mutex::new(Some(look)),
            threads: Mutex::new(threads),
            dialect: Dialect::Lite,
            hints: Hints::new(false),
        })))
    }

    /// Opens `file` to look at it, beside the process that writes to it or without one. Every `write` is
    /// refused.
    pub fn sqlite_read_only(file: &Path, readers: usize) -> Result<Store> {
        let read = Line::new(WAITING_MAX);
        let threads = lite::start_readers(file, readers, &read)?;
        Ok(Store(Arc::new(Inner {
            write: None,
            read,
            look: Mutex::new(None),
            threads: Mutex::new(threads),
            dialect: Dialect::Lite,
            hints: Hints::new(false),
        })))
    }

    /// Connects to a PostgreSQL database with all its writers and readers. Any number of processes may use it.
    /// [`Error::Refused`] when the address, the server or the database is not one we can use,
    /// [`Error::Unavailable`] when it cannot be reached or lets us not in. It blocks until all are connected.
    pub fn postgres(settings: &PgSettings) -> Result<Store> {
        let (write, read) = (Line::new(WAITING_MAX), Line::new(WAITING_MAX));
        let hints = Hints::new(true);
        let threads = pg::start(settings, &write, &read, &hints)?;
        Ok(Store(Arc::new(Inner {
            write: Some(write),
            read,
            look: Mutex::new(None),
            threads: Mutex::new(threads),
            dialect: Dialect::Pg,
            hints,
        })))
    }

    /// What the database threads of this process do, and how many wait for them.
    pub fn at_work(&self) -> impl Iterator<Item = AtWork<'_>> {
        let lines = self.0.write.iter().map(|line| ("write", line)).chain([("read", &self.0.read)]);
        lines.map(|(name, line)| AtWork { name, line: &line.figures, waiting: line.len() })
    }

    /// The way to other processes that use this database.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// Runs `closure` in a transaction and answers when it is durable. Any error rolls it back, a statement's
    /// error even when the closure swallows it. A future dropped before the closure starts means it never
    /// runs; dropped later, it still commits.
    pub async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        wait(self.send_write(closure, IfDropped::Skip)).await
    }

    /// Like `write`, but the closure is in line when this returns and runs even when the future is dropped:
    /// settling money must not depend on a client that hangs up. The line's bound holds here too: who drops
    /// the future never learns of [`Error::Busy`].
    pub fn post<T, F>(&self, closure: F) -> impl Future<Output = Result<T>> + Send + 'static
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        wait(self.send_write(closure, IfDropped::Run))
    }

    /// Runs `closure` on a snapshot that no write disturbs. A statement that writes is [`Error::Sql`].
    pub async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = call(closure, IfDropped::Skip);
        self.0.read.push(job);
        wait(answer).await
    }

    /// Like `read`, for a few rows found by their keys. Where SQLite has them it takes less than to wake another thread, so they are read
    /// on the thread that asks; in line when somebody else looks, when the file is held, and where the closure finds that it
    /// [`Tx::takes_long`].
    pub async fn look<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        wait(self.send_look(closure)).await
    }

    /// Refuses new work, finishes what waits and joins the threads. It blocks: call it outside the runtime or
    /// in `spawn_blocking`, never inside a transaction.
    pub fn close(&self) {
        self.0.close_lines();
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            thread.join().ok(); // its panic was printed when it happened
        }
    }

    fn send_look<T, F>(&self, closure: F) -> oneshot::Receiver<Result<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (mut job, answer) = call(closure, IfDropped::Skip);
        let (line, begun) = (&self.0.read, Line::begun());
        let looked = self
            .0
            .look
            .try_lock()
            .ok()
            .and_then(|connection| Some(lite::look(connection.as_ref()?, job.as_mut())));
        match looked {
            // A thread of the database waits for a held file, and has the time for what takes long.
            None | Some(Err(Error::Unavailable(_))) => line.push(job),
            Some(end) => {
                line.done(begun, 1);
                job.answer(end);
            }
        }
        answer
    }

    fn send_write<T, F>(&self, closure: F, if_dropped: IfDropped) -> oneshot::Receiver<Result<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = call(closure, if_dropped);
        match &self.0.write {
            Some(line) => line.push(job),
            None => job.answer(Err(Error::Unavailable("opened read-only".to_owned()))),
        }
        answer
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dialect", &self.0.dialect).finish_non_exhaustive()
    }
}

impl Inner {
    fn close_lines(&self) {
        self.hints.close();
        // Before the writer: who closes a file as the last one empties its log, and this one could not.
        drop(self.look.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(line) = &self.write {
            line.close();
        }
        self.read.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close_lines();
    }
}

async fn wait<T>(answer: oneshot::Receiver<Result<T>>) -> Result<T> {
    answer.await.unwrap_or_else(|_| Err(Error::InDoubt("the database thread broke off".to_owned())))
}
