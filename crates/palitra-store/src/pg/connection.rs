//! The connection of one thread, across all the links it needs, and the transaction that is open on it.
//!
//! A round trip costs more than most statements. So `begin` travels with the first statement, and those whose
//! answer is not needed (`must`, `send`) wait until one is: then all of them travel together. The last of them
//! travel with the commit (`farewell`).

use std::{mem, sync::Arc};

use tokio::runtime::Runtime;

use super::{
    errors::{Loss, error_from, loss_from},
    link::{Answer, Failure, Link, Prepared},
    pipeline::send_all,
    retry::Patience,
    server::Server,
    values::Bound,
};
use crate::{Error, Param, Result, Row, Tx, line::Job};

const BEGIN_WRITING: &str = "begin isolation level read committed read write";
const BEGIN_READING: &str = "begin isolation level repeatable read read only";

/// What the jobs of a thread may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    Write,
    Read,
}

/// What a transaction of [`crate::Tx`] runs its statements on.
pub(crate) struct Connection {
    server: Arc<Server>,
    purpose: Purpose,
    link: Option<Link>,
    transaction: Transaction,
    waiting: Vec<Deferred>,
    /// Why the link of this transaction is gone.
    loss: Option<Loss>,
    runtime: Runtime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transaction {
    None,
    /// `begin` travels with the first statement.
    Unsent,
    Open,
}

struct Deferred {
    prepared: Arc<Prepared>,
    params: Vec<Bound>,
    /// How many rows it has to write, when that matters.
    rows: Option<u64>,
}

impl Connection {
    pub(super) fn open(server: Arc<Server>, purpose: Purpose) -> Result<Connection> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| Error::Unavailable(format!("cannot start a runtime: {error}")))?;
        let link = Link::open(&runtime, &server).map_err(|failed| failed.error)?;
        Ok(Connection {
            server,
            purpose,
            link: Some(link),
            transaction: Transaction::None,
            waiting: Vec::new(),
            loss: None,
            runtime,
        })
    }

    /// Runs `job` in a transaction, again when it collided or lost its connection, and answers it.
    pub(super) fn serve(&mut self, mut job: Box<dyn Job>) {
        if job.abandoned() {
            return;
        }
        let mut patience = Patience::default();
        let end = loop {
            let end = self.attempt(job.as_mut());
            let lost = self.loss.as_ref().is_some_and(|loss| loss.may_pass);
            match patience.again(&end, lost, &*self.server.random) {
                // A clock may need to be inside a runtime already when it is asked.
                Some(pause) => self.runtime.block_on(async { self.server.clock.sleep(pause).await }),
                None => break end,
            }
        };
        job.answer(end);
        // A reader is answered before its snapshot is given back: nothing depends on that.
        self.roll_back();
    }

    /// Afterwards no transaction of a writer is open.
    fn attempt(&mut self, job: &mut dyn Job) -> Result<()> {
        self.roll_back();
        self.connect()?;
        let outcome = self.run(|tx| job.run(tx));
        match (&outcome, self.purpose) {
            (Ok(()), Purpose::Write) => {
                let end = self.begin().and_then(|()| match self.farewell() {
                    Some(end) => end,
                    None => self.flush().and_then(|()| self.commit()),
                });
                end.inspect_err(|_| self.roll_back())
            }
            (Ok(()), Purpose::Read) => self.flush(),
            (Err(_), _) => {
                self.roll_back();
                outcome
            }
        }
    }

    /// Runs `closure` in a transaction of its own, once, and rolls back.
    pub(super) fn look(&mut self, closure: fn(&mut Tx<'_>) -> Result<()>) -> Result<()> {
        let outcome = self.run(closure);
        self.roll_back();
        outcome
    }

    fn run(&mut self, closure: impl FnOnce(&mut Tx<'_>) -> Result<()>) -> Result<()> {
        self.transaction = Transaction::Unsent;
        closure(&mut Tx::pg(self))
    }

    fn connect(&mut self) -> Result<()> {
        self.loss = None;
        if self.link.as_ref().is_some_and(|link| !link.is_over()) {
            return Ok(());
        }
        self.link = None;
        match Link::open(&self.runtime, &self.server) {
            Ok(link) => {
                self.link = Some(link);
                Ok(())
            }
            Err(failed) => {
                self.loss = Some(Loss { why: String::new(), may_pass: failed.may_pass, was_idle: true });
                Err(failed.error)
            }
        }
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        self.answer(sql, params).map(|answer| answer.count)
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        self.answer(sql, params).map(|answer| answer.rows)
    }

    /// Only puts the statement in line: its verdict comes with the next answer, or with the commit.
    pub(crate) fn defer(&mut self, rows: Option<u64>, sql: &str, params: &[Param<'_>]) -> Result<()> {
        let prepared = self.prepare(sql, params)?;
        self.waiting.push(Deferred { prepared, params: Bound::all(params), rows });
        Ok(())
    }

    pub(crate) fn script(&mut self, text: &str) -> Result<()> {
        self.flush()?;
        self.exchange(Some(Last::Text(text))).map(drop)
    }

    fn answer(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Answer> {
        let prepared = self.prepare(sql, params)?;
        let params = Bound::all(params);
        self.exchange(Some(Last::Statement(&prepared, &params)))
    }

    fn prepare(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Arc<Prepared>> {
        if let Some(known) = self.link.as_ref().and_then(|link| link.prepared(sql, params)) {
            return Ok(known);
        }
        // It may need a table that a waiting statement makes, and must not be blamed for their mistakes.
        self.flush()?;
        let Some(link) = &mut self.link else {
            return Err(no_link());
        };
        link.prepare(&self.runtime, sql, params).map_err(|failure| self.failed(failure, sql))
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() { Ok(()) } else { self.exchange(None).map(drop) }
    }

    /// One round trip with `begin` if it has not been sent, all that waits, and `last`.
    fn exchange(&mut self, last: Option<Last<'_>>) -> Result<Answer> {
        let Some(link) = &self.link else {
            return Err(no_link());
        };
        let waiting = mem::take(&mut self.waiting);
        let mut requests = Vec::with_capacity(waiting.len() + 2);
        let begins = self.transaction == Transaction::Unsent;
        if begins {
            self.transaction = Transaction::Open;
            requests.push(link.run_text(match self.purpose {
                Purpose::Write => BEGIN_WRITING,
                Purpose::Read => BEGIN_READING,
            }));
        }
        requests.extend(waiting.iter().map(|deferred| link.run(&deferred.prepared, &deferred.params)));
        let text = match &last {
            Some(Last::Statement(prepared, params)) => {
                requests.push(link.run(prepared, params));
                &*prepared.text
            }
            Some(Last::Text(text)) => {
                requests.push(link.run_text(text));
                text
            }
            None => "",
        };
        let mut answers = self.runtime.block_on(send_all(requests)).into_iter();
        if begins && let Some(Err(failure)) = answers.next() {
            return Err(self.failed(failure, "begin"));
        }
        for Deferred { prepared, rows, .. } in &waiting {
            match answers.next() {
                Some(Err(failure)) => return Err(self.failed(failure, &prepared.text)),
                Some(Ok(answer)) => {
                    if let Some(wanted) = rows.filter(|wanted| *wanted != answer.count) {
                        return Err(Error::Rows {
                            sql: prepared.text.to_string(),
                            wanted,
                            got: answer.count,
                        });
                    }
                }
                None => {}
            }
        }
        match answers.next() {
            Some(answer) => answer.map_err(|failure| self.failed(failure, text)),
            None => Ok(Answer::default()),
        }
    }

    /// Where nothing was asked, the first statement goes ahead alone: a link that died while it was idle is found out before anything can be
    /// in doubt, and what others wait for, such as books, is locked by the last trip only.
    fn begin(&mut self) -> Result<()> {
        if self.transaction != Transaction::Unsent || self.waiting.is_empty() {
            return Ok(());
        }
        let rest = self.waiting.split_off(1);
        self.flush()?;
        self.waiting = rest;
        Ok(())
    }

    /// Sends what waits and the commit in one round trip; `None` when that cannot be done. A statement that has to write a certain
    /// number of rows checks it itself, so that the server refuses the commit (`Prepared::checked`).
    ///
    /// Only on a link that has answered in this transaction: on one that died while it was idle nothing is in doubt. But when the link
    /// breaks here, nobody knows how far the server has got.
    fn farewell(&mut self) -> Option<Result<()>> {
        if self.waiting.is_empty() || self.transaction != Transaction::Open {
            return None;
        }
        let mut checked = Vec::with_capacity(self.waiting.len());
        for deferred in &self.waiting {
            let link = self.link.as_mut()?;
            checked.push(match deferred.rows {
                None => deferred.prepared.clone(),
                Some(1) => link.checked(&self.runtime, &deferred.prepared)?,
                Some(_) => return None,
            });
        }
        let link = self.link.as_ref()?;
        let waiting = mem::take(&mut self.waiting);
        let statements =
            waiting.iter().zip(&checked).map(|(deferred, checked)| link.run(checked, &deferred.params));
        let mut requests: Vec<_> = statements.collect();
        requests.push(link.run_text("commit"));
        self.transaction = Transaction::None;
        let answers = self.runtime.block_on(send_all(requests));
        let mut texts = waiting.iter().map(|deferred| &*deferred.prepared.text).chain(["commit"]);
        for answer in answers {
            let text = texts.next().unwrap_or("commit");
            let Err(failure) = answer else { continue };
            let error = failure.rows(text).unwrap_or_else(|failure| self.failed(failure, text));
            // What the server has said of a statement, it has rolled back; what it has not said, nobody knows.
            return Some(match self.loss.take() {
                Some(loss) if !loss.was_idle => Err(Error::InDoubt(loss.why)),
                _ => Err(error),
            });
        }
        Some(Ok(()))
    }

    /// Every statement has been answered; what is not known after this is whether the last word arrived.
    fn commit(&mut self) -> Result<()> {
        let begun = mem::replace(&mut self.transaction, Transaction::None) == Transaction::Open;
        let Some(link) = self.link.as_ref().filter(|_| begun) else {
            return Ok(()); // nothing was sent
        };
        let Err(failure) = self.runtime.block_on(link.run_text("commit")) else {
            return Ok(());
        };
        let error = self.failed(failure, "commit");
        match self.loss.take() {
            Some(loss) if !loss.was_idle => Err(Error::InDoubt(loss.why)),
            _ => Err(error),
        }
    }

    /// Ends what is open. A link that cannot even do that is given up, and the server rolls back.
    pub(super) fn roll_back(&mut self) {
        self.waiting.clear();
        let begun = mem::replace(&mut self.transaction, Transaction::None) == Transaction::Open;
        if let Some(link) = self.link.as_ref().filter(|_| begun)
            && self.runtime.block_on(link.run_text("rollback")).is_err()
        {
            self.link = None;
        }
    }

    fn failed(&mut self, failure: Failure, sql: &str) -> Error {
        let error = match failure {
            Failure::Here(error) => return error,
            Failure::Server(error) => error,
        };
        if loss_from(&error).is_none()
            && let Some(said) = error.as_db_error()
        {
            let error = error_from(said, sql);
            if let (Error::Sql(_), Some(link)) = (&error, &mut self.link) {
                link.forget_statements();
            }
            return error;
        }
        let loss = self.link.take().and_then(|link| link.last_words(&self.runtime, &error));
        let why = loss.as_ref().map_or_else(|| error.to_string(), |loss| loss.why.clone());
        self.loss = loss;
        Error::Unavailable(format!("the connection was lost: {why}"))
    }

    pub(super) fn close(mut self) {
        if let Some(link) = self.link.take() {
            link.close(&self.runtime);
        }
    }
}

/// What ends a round trip.
enum Last<'a> {
    Statement(&'a Prepared, &'a [Bound]),
    Text(&'a str),
}

fn no_link() -> Error {
    Error::Unavailable("the connection was lost".to_owned())
}
