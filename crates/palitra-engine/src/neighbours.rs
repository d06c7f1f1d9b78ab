//! Other processes on the same database: what they are told so that they look at once, and what is done when they tell. Nothing depends
//! on it: without a word everybody looks every second.

use crate::{Context, scheduler::Machine};
use palitra_store::hints::Hint;
use tokio::sync::broadcast::error::RecvError;

impl Context {
    /// Something may be claimable, by whatever process is free. After the commit.
    pub(crate) fn work_is_there(&self) {
        self.wake.notify_one();
        self.store.hints().tell(Hint::Work);
    }

    /// Something waits for the housekeeping of whoever owns it: a wish to stop, a late result. After the commit.
    pub(crate) fn housekeeping_is_due(&self) {
        self.nudge.notify_one();
        self.store.hints().tell(Hint::Housekeeping);
    }

    /// A callback came for work that is in the hands of somebody since that epoch.
    pub(crate) fn was_called(&self, id: palitra_domain::GenerationId, epoch: i64) {
        if !self.look_at(&id, epoch) {
            self.store.hints().tell(Hint::Called(id, epoch));
        }
    }

    /// Whether it is ours: then it is looked at at once.
    fn look_at(&self, id: &palitra_domain::GenerationId, epoch: i64) -> bool {
        let is_ours = self.in_flight.borrow().contains(&(id.clone(), epoch));
        if is_ours {
            self.called.notify_waiters();
            self.waits.hurry(id, self.now());
        }
        is_ours
    }
}

/// Acts on what the others tell.
pub(crate) async fn listen(machine: Machine) {
    let mut hints = machine.store.hints().listen();
    loop {
        match hints.recv().await {
            Ok(Hint::Work) => machine.wake.notify_one(),
            Ok(Hint::Housekeeping) => machine.nudge.notify_one(),
            Ok(Hint::Called(id, epoch)) => {
                machine.look_at(&id, epoch);
            }
            Ok(Hint::Everything) | Err(RecvError::Lagged(_)) => {
                machine.wake.notify_one();
                machine.nudge.notify_one();
                machine.called.notify_waiters();
            }
            Err(RecvError::Closed) => return,
        }
    }
}
