//! The one process among all that does what has to be done once for all of them: the chores (`chores`). A row of the database says who
//! leads, for a few seconds at a time; when the leader stops or dies another takes its place.
//!
//! Where a process has the database to itself it leads, and there is no row.

use crate::{
    Context, Engine, Result,
    chores::{CHORES, Chore},
    lease,
    scheduler::Machine,
};
use palitra_domain::Timestamp;
use palitra_store::leaders;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

#[cfg(test)]
mod tests;

/// The row of the chores.
pub(crate) const ROW: &str = "chores";

/// Shorter than the lease of a process: others wait for it, and nothing is lost by stopping.
const LEADS_FOR: Duration = Duration::from_secs(10);

/// Before the row's lease ends: what is being done then must have stopped here before another begins.
const STOPS_AFTER: Duration = Duration::from_millis(7_500);

const RENEWAL: Duration = Duration::from_millis(2_500);

/// Since when this process leads, as far as it knows.
#[derive(Default)]
pub(crate) struct Leadership {
    /// When the last renewal that succeeded was sent.
    renewed_at: Mutex<Option<Timestamp>>,
    began: Notify,
}

impl Leadership {
    fn renewed_at(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.renewed_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers whether it led before.
    fn begin(&self, sent: Timestamp) -> bool {
        let led = self.renewed_at().replace(sent).is_some();
        self.began.notify_waiters();
        led
    }

    /// Answers whether it led until now.
    pub(crate) fn end(&self) -> bool {
        self.renewed_at().take().is_some()
    }
}

impl Context {
    /// How long this process may go on leading without another word from the database.
    fn leads_for(&self, now: Timestamp) -> Duration {
        if !self.lease.is_shared {
            return Duration::MAX;
        }
        if !self.lease.is_held(now) {
            return Duration::ZERO;
        }
        self.leadership.renewed_at().map_or(Duration::ZERO, |at| STOPS_AFTER.saturating_sub(now.since(at)))
    }
}

impl Engine {
    /// Whether this process does what is done once for all of them.
    pub fn is_leader(&self) -> bool {
        !self.leads_for(self.now()).is_zero()
    }
}

/// Takes the lead when nobody has it, and keeps it.
pub(crate) async fn lead(machine: Machine) {
    loop {
        if machine.lease.is_held(machine.now()) {
            let sent = machine.now();
            match take(&machine).await {
                Ok(true) => {
                    if !machine.leadership.begin(sent) {
                        tracing::info!("this process leads: it does the chores of all of them");
                    }
                }
                Ok(false) => {
                    if machine.leadership.end() {
                        tracing::warn!("another process leads now");
                    }
                }
                // Until its time is over it leads all the same.
                Err(error) => tracing::warn!(%error, "cannot find out who leads"),
            }
        }
        machine.clock.sleep(RENEWAL).await;
    }
}

/// Who does not lead only reads, until the place is free.
async fn take(machine: &Machine) -> Result<bool> {
    let us = machine.lease.owner();
    let leader = machine.store.read(|tx| leaders::find(tx, ROW)).await?;
    if leader.is_some_and(|leader| leader.worker != us) {
        return Ok(false);
    }
    let leads_for = lease::by_the_database(machine, LEADS_FOR);
    Ok(machine.store.write(move |tx| leaders::take(tx, ROW, &us, leads_for)).await?)
}

/// Starts every chore; each waits until this process leads.
pub(crate) fn start(machine: &Machine) {
    if machine.lease.is_shared {
        machine.spawn(lead(machine.clone()));
    }
    for chore in CHORES {
        machine.spawn(repeat(machine.clone(), chore));
    }
}

/// Does a chore again and again while this process leads; what is being done when it does not any more is dropped at its next await.
async fn repeat(machine: Machine, chore: &'static Chore) {
    loop {
        begins(&machine).await;
        tokio::select! {
            done = (chore.run)(machine.clone()) => {
                if let Err(error) = done {
                    tracing::warn!(chore = chore.name, %error, "a chore could not be done, it is tried again later");
                }
            }
            () = ends(&machine) => tracing::warn!(chore = chore.name, "a chore is left to the next leader"),
        }
        machine.clock.sleep(chore.every).await;
    }
}

async fn begins(machine: &Machine) {
    loop {
        let began = machine.leadership.began.notified();
        tokio::pin!(began);
        began.as_mut().enable();
        if machine.engine.is_leader() {
            return;
        }
        began.await;
    }
}

async fn ends(machine: &Machine) {
    if !machine.lease.is_shared {
        return std::future::pending().await;
    }
    loop {
        let left = machine.leads_for(machine.now());
        if left.is_zero() {
            return;
        }
        machine.clock.sleep(left).await;
    }
}
