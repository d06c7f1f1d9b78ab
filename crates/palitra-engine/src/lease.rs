//! This process among those that share a database: its heartbeat, and letting go of everything when the lease may have ended.
//!
//! Only where several processes can use the database (PostgreSQL): an SQLite database has its directory's lock. What happens to the
//! work of a dead process is in `work/adopt`.

use crate::{Context, Engine, EngineEvent, Result, scheduler::Machine};
use palitra_domain::{ErrorCode, Timestamp, WorkerId};
use palitra_store::{
    leaders,
    workers::{self, NewWorker},
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

#[cfg(test)]
mod tests;

/// From one renewal to death: three heartbeats missed, and some.
pub(crate) const LEASE: Duration = Duration::from_secs(20);

/// One row is written this often, however much the process owns.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Before the lease ends in the database: what is under way then must have stopped here before others begin.
const FENCED_AFTER: Duration = Duration::from_secs(15);

/// Between tries while the database is away.
const RETRY: Duration = Duration::from_secs(1);

/// How long leaving may take; others learn of it by the end of the lease, too.
const LEAVE: Duration = Duration::from_secs(2);

/// Who we are to the other processes, and since when nobody may doubt it.
pub(crate) struct Lease {
    /// Several processes may use the database.
    pub(crate) is_shared: bool,
    state: Mutex<State>,
    /// A transaction has found that the lease has ended.
    pub(crate) lost: Notify,
}

struct State {
    owner: WorkerId,
    /// When the last renewal that succeeded was sent; `None` before the first and after the end.
    renewed_at: Option<Timestamp>,
}

impl Lease {
    pub(crate) fn new(owner: WorkerId, is_shared: bool) -> Lease {
        Lease { is_shared, state: Mutex::new(State { owner, renewed_at: None }), lost: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The owner of what is claimed from now on.
    pub(crate) fn owner(&self) -> WorkerId {
        self.state().owner.clone()
    }

    /// Whether this process may claim, submit and wait.
    pub(crate) fn is_held(&self, now: Timestamp) -> bool {
        !self.is_shared || !self.left(now).is_zero()
    }

    fn left(&self, now: Timestamp) -> Duration {
        self.state().renewed_at.map_or(Duration::ZERO, |at| FENCED_AFTER.saturating_sub(now.since(at)))
    }

    /// Since the last renewal that succeeded.
    pub(crate) fn age(&self, now: Timestamp) -> Option<Duration> {
        let renewed_at = self.state().renewed_at.filter(|_| self.is_shared);
        renewed_at.map(|at| now.since(at))
    }

    fn renewed(&self, sent: Timestamp) {
        self.state().renewed_at = Some(sent);
    }

    fn begin(&self, owner: WorkerId, sent: Timestamp) {
        *self.state() = State { owner, renewed_at: Some(sent) };
    }

    fn end(&self) {
        self.state().renewed_at = None;
    }
}

/// What the database is told: its clock is never scaled, ours is in rehearsals.
pub(crate) fn by_the_database(context: &Context, duration: Duration) -> Duration {
    duration / context.clock.scale()
}

/// Puts this process on the list as a new worker: an owner is not used again.
pub(crate) async fn join(context: &Context) -> Result<()> {
    let sent = context.now();
    if context.lease.is_held(sent) {
        return Ok(());
    }
    let id = WorkerId::new(sent, context.random());
    let (new, place, roles) = (id.clone(), context.place().to_owned(), context.roles().to_owned());
    let lease = by_the_database(context, LEASE);
    let register = move |tx: &mut palitra_store::Tx<'_>| {
        workers::register(tx, &NewWorker { id: &new, place: &place, roles: &roles }, lease)
    };
    context.store.write(register).await?;
    tracing::info!(worker.id = %id, "this process is a worker");
    context.lease.begin(id, sent);
    Ok(())
}

/// What others find of this process is theirs at once.
pub(crate) async fn leave(engine: &Engine) {
    if !engine.lease.is_shared || !engine.lease.is_held(engine.now()) {
        return;
    }
    let owner = engine.lease.owner();
    engine.lease.end();
    tokio::select! {
        left = engine.store.write(move |tx| {
            leaders::leave(tx, &owner)?;
            workers::remove(tx, &owner)
        }) => {
            if let Err(error) = left {
                tracing::warn!(%error, "could not leave, the lease has to end by itself");
            }
        }
        () = engine.clock.sleep(LEAVE) => {}
    }
}

/// Renews the lease as long as the machine runs. When it cannot, this process lets go of everything and, if it is a service, comes
/// back as another worker.
pub(crate) async fn heartbeat(machine: Machine) {
    let mut pause = HEARTBEAT;
    loop {
        tokio::select! {
            () = machine.clock.sleep(pause.min(machine.lease.left(machine.now()))) => {}
            () = machine.lease.lost.notified() => {}
        }
        pause = match beat(&machine).await {
            Beat::Renewed => HEARTBEAT,
            Beat::Missed => RETRY,
            Beat::Ended => {
                fence(&machine);
                if !machine.is_service {
                    return;
                }
                rejoin(&machine).await;
                HEARTBEAT
            }
        };
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Beat {
    Renewed,
    /// The database did not do it, and there is still time.
    Missed,
    /// The lease has ended, or may have.
    Ended,
}

async fn beat(machine: &Machine) -> Beat {
    let (owner, sent) = (machine.lease.owner(), machine.now());
    let left = machine.lease.left(sent);
    if left.is_zero() {
        return Beat::Ended;
    }
    let lease = by_the_database(machine, LEASE);
    let answer = tokio::select! {
        answer = machine.store.write(move |tx| workers::renew(tx, &owner, lease)) => answer,
        // No answer at all: the time is over all the same.
        () = machine.clock.sleep(left) => return Beat::Ended,
    };
    match answer {
        Ok(()) => {
            machine.lease.renewed(sent);
            Beat::Renewed
        }
        Err(palitra_store::Error::Rows { .. }) => Beat::Ended,
        Err(error) => {
            tracing::warn!(%error, "cannot renew the lease");
            Beat::Missed
        }
    }
}

/// No claims, no submissions, no looks. What is in the middle of a call to a market still says what it was told: whether that counts
/// is decided by its epoch.
fn fence(machine: &Machine) {
    machine.lease.end();
    machine.metrics.leases_lost.one();
    machine.leadership.end();
    machine.waits.clear();
    tracing::error!(
        worker.id = %machine.lease.owner(),
        "the lease of this process has ended or cannot be renewed: it lets go of all its work, which others take over"
    );
    if !machine.is_service {
        machine.events.send(EngineEvent::Trouble(ErrorCode::StoreUnavailable)).ok();
        machine.stop.cancel();
    }
}

async fn rejoin(machine: &Machine) {
    while let Err(error) = join(machine).await {
        tracing::warn!(%error, "cannot come back yet");
        machine.clock.sleep(RETRY).await;
    }
    machine.wake.notify_one();
}
