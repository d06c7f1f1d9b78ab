//! The line in front of the database threads, and the jobs that stand in it. It knows no database.

use std::{
    any::Any,
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::oneshot;

use crate::{Error, Result, Tx, figures::Line as Figures};

/// A closure on its way through a database thread: run as often as the database asks, answered once.
pub(crate) trait Job: Send {
    /// Nobody waits for the answer any more, and the job may be skipped.
    fn abandoned(&self) -> bool;
    /// An error means that whatever was written must be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    fn answer(self: Box<Self>, end: Result<()>);
}

/// Whether a job whose future was dropped before it started still runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfDropped {
    Skip,
    Run,
}

struct Call<F, T> {
    closure: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T>>,
    if_dropped: IfDropped,
}

/// The job that runs `closure`, and where its answer will arrive.
pub(crate) fn call<T, F>(closure: F, if_dropped: IfDropped) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>)
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Call { closure, value: None, reply, if_dropped }), answer)
}

impl<T: Send, F: Fn(&mut Tx<'_>) -> Result<T> + Send> Job for Call<F, T> {
    fn abandoned(&self) -> bool {
        self.if_dropped == IfDropped::Skip && self.reply.is_closed()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        self.value = None; // a second run must not leave the answer of the first
        // What a panic leaves half done is rolled back with its transaction.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| (self.closure)(tx)))
            .unwrap_or_else(|panic| Err(Error::Panicked(panic_text(&*panic))));
        let value = outcome?;
        if let Some(error) = tx.failure() {
            return Err(error.clone());
        }
        self.value = Some(value);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let Call { value, reply, .. } = *self;
        let outcome = end.map(|()| value.expect("a job that ended well has run and left its value"));
        reply.send(outcome).ok(); // nobody waits: nothing to tell
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

/// A bounded line. Any number of threads put jobs in and take them out.
pub(crate) struct Line {
    state: Mutex<State>,
    changed: Condvar,
    waiting_max: usize,
    pub(crate) figures: Figures,
}

struct State {
    waiting: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Line {
    pub(crate) fn new(waiting_max: usize) -> Arc<Line> {
        let state = Mutex::new(State { waiting: VecDeque::new(), closed: false });
        Arc::new(Line { state, changed: Condvar::new(), waiting_max, figures: Figures::default() })
    }

    /// Puts `job` at the end of the line, or answers it at once: [`Error::Busy`] when the line is full,
    /// [`Error::Closed`] after `close`.
    pub(crate) fn push(&self, job: Box<dyn Job>) {
        let mut state = self.lock();
        let refused = if state.closed {
            Error::Closed
        } else if state.waiting.len() >= self.waiting_max {
            self.figures.turned_away.one();
            Error::Busy
        } else {
            state.waiting.push_back(job);
            drop(state);
            return self.changed.notify_one();
        };
        drop(state);
        job.answer(Err(refused));
    }

    /// Up to `max` jobs, waiting for the first. `None` when the line is closed and empty.
    pub(crate) fn take(&self, max: usize) -> Option<Vec<Box<dyn Job>>> {
        let mut state = self.lock();
        loop {
            let count = state.waiting.len().min(max);
            if count > 0 {
                return Some(state.waiting.drain(..count).collect());
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// When work on what was taken begins.
    #[expect(clippy::disallowed_methods, reason = "a stopwatch for an operator: nothing is decided by it")]
    pub(crate) fn begun() -> Instant {
        Instant::now()
    }

    /// What was taken has been answered.
    pub(crate) fn done(&self, begun: Instant, jobs: usize) {
        self.figures.took_us.time(begun.elapsed());
        self.figures.group.observe(u64::try_from(jobs).unwrap_or(u64::MAX));
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Nothing more comes in; what waits can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs while the line is held, so a poisoned lock holds a sound line.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
