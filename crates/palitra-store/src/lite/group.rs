//! Group commit: everything that waits shares one durable commit. And the single read, on a thread of ours or on the one that asks.
//!
//! The closures of a group run one after another in one transaction. Only when one of them fails is the group run again, each closure
//! in a savepoint of its own: a savepoint copies every page that is written in it, a fifth of the work, and almost none is ever used.

use rusqlite::Connection;

use super::statement::run;
use crate::{Error, Result, Tx, line::Job};

/// Runs `jobs` in one transaction and answers each of them after the commit. When that fails the transaction
/// may still be open.
pub(super) fn commit(connection: &Connection, mut jobs: Vec<Box<dyn Job>>) {
    jobs.retain(|job| !job.abandoned());
    if let Err(error) = run(connection, "begin immediate") {
        return jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
    }
    let failed = jobs.iter_mut().find_map(|job| job.run(&mut Tx::lite(connection)).err());
    let Some(error) = failed else {
        let end = run(connection, "commit").map_err(unclear);
        return jobs.into_iter().for_each(|job| job.answer(end.clone()));
    };
    if !connection.is_autocommit()
        && let Err(error) = run(connection, "rollback")
    {
        return jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
    }
    match <[_; 1]>::try_from(jobs) {
        Ok([alone]) => alone.answer(Err(error)),
        Err(jobs) => commit_apart(connection, jobs),
    }
}

/// As [`commit`], but who fails takes nobody along.
fn commit_apart(connection: &Connection, jobs: Vec<Box<dyn Job>>) {
    if let Err(error) = run(connection, "begin immediate") {
        return jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
    }
    let mut ran = Vec::with_capacity(jobs.len());
    let mut lost: Option<Error> = None;
    for mut job in jobs {
        let outcome = match &lost {
            None => run_in_savepoint(connection, job.as_mut()),
            Some(error) => Err(error.clone()),
        };
        // On a full disk or a failing one SQLite may throw away the whole transaction by itself, neighbours
        // included.
        if lost.is_none() && connection.is_autocommit() {
            lost = Some(match &outcome {
                Err(error @ Error::Full(_)) => error.clone(),
                Ok(()) | Err(_) => Error::Unavailable("the transaction was rolled back by SQLite".to_owned()),
            });
        }
        ran.push((job, outcome));
    }
    // A failed commit undoes all of them: those that had succeeded are told so.
    let end = match lost {
        None => run(connection, "commit").map_err(unclear),
        Some(error) => Err(error),
    };
    for (job, outcome) in ran {
        job.answer(outcome.and(end.clone()));
    }
}

/// Runs each job on a snapshot of its own.
pub(super) fn read(connection: &Connection, jobs: Vec<Box<dyn Job>>) {
    for mut job in jobs {
        if job.abandoned() {
            continue;
        }
        let outcome = on_snapshot(connection, job.as_mut(), Tx::lite(connection));
        job.answer(outcome);
    }
}

/// Runs one job and does not answer it.
pub(crate) fn look(connection: &Connection, job: &mut dyn Job) -> Result<()> {
    on_snapshot(connection, job, Tx::look(connection))
}

/// The snapshot begins with the first statement of the job.
fn on_snapshot(connection: &Connection, job: &mut dyn Job, mut tx: Tx<'_>) -> Result<()> {
    let outcome = run(connection, "begin").and_then(|()| job.run(&mut tx));
    if !connection.is_autocommit() {
        run(connection, "rollback").ok();
    }
    outcome
}

fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<()> {
    run(connection, "savepoint closure")?;
    let outcome = job.run(&mut Tx::lite(connection));
    if connection.is_autocommit() {
        return outcome; // and the savepoint is gone with the transaction
    }
    let undone = if outcome.is_err() { run(connection, "rollback to closure") } else { Ok(()) };
    if let Err(error) = undone.and_then(|()| run(connection, "release closure")) {
        // What this closure wrote can no longer be told from the work of its neighbours: all of it goes.
        run(connection, "rollback").ok();
        return Err(error);
    }
    outcome
}

/// When the log cannot be written or synced, its last record may still be found after a power cut.
pub(super) fn unclear(error: Error) -> Error {
    match error {
        Error::Unavailable(why) => Error::InDoubt(why),
        other => other,
    }
}
