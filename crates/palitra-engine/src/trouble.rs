//! When this machine cannot hold up its own end: disk full, database away.
//!
//! A one-shot command gives up after some ten seconds and says so; what it did is recorded and the next start continues. A service waits
//! for better days, however long: nobody is there to start it again.

use crate::{EngineEvent, Error, scheduler::Machine};
use palitra_domain::ErrorCode;
use std::time::Duration;

/// Tries of a one-shot command.
const TRIES: u32 = 8;

/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Repeats of one thing that has to be done, with growing pauses.
#[derive(Default)]
pub(crate) struct Patience {
    round: u32,
}

impl Patience {
    /// Waits before the next try. `false`: there is none. A one-shot command then stops and says why; a service leaves this one thing
    /// to the next start and goes on with the others.
    pub(crate) async fn has_more(&mut self, machine: &Machine, error: &Error) -> bool {
        if !is_passing(error) || !machine.is_service && self.round >= TRIES {
            tracing::error!(%error, "cannot go on");
            if !machine.is_service {
                machine.events.send(EngineEvent::Trouble(error.code)).ok();
                machine.stop.cancel();
            }
            return false;
        }
        tracing::warn!(%error, round = self.round, "cannot go on now, trying again");
        let pause = Duration::from_millis(50) * 2u32.saturating_pow(self.round.min(16));
        machine.clock.sleep(pause.min(PAUSE_MAX)).await;
        self.round += 1;
        true
    }
}

/// A password that is being changed passes, too.
pub(crate) fn is_passing(error: &Error) -> bool {
    matches!(
        error.code,
        ErrorCode::DiskFull | ErrorCode::StoreBusy | ErrorCode::StoreUnavailable | ErrorCode::DatabaseLogin
    )
}
