//! How often a transaction is repeated, and how long before. Each pause is at least half of what the round
//! allows and random beyond, so that those who collided do not meet again.

use std::time::Duration;

use crate::{Error, Result};

/// Deadlocks need a second to be found, and collisions pass within milliseconds.
const CONFLICTS_MAX: u32 = 10;
const CONFLICT_PAUSE: Duration = Duration::from_millis(1);
const CONFLICT_PAUSE_MAX: Duration = Duration::from_millis(200);

/// A restart takes a second or two: together some five seconds. Longer than that and callers have to know.
const LOSSES_MAX: u32 = 9;
const LOSS_PAUSE: Duration = Duration::from_millis(25);
const LOSS_PAUSE_MAX: Duration = Duration::from_millis(1_600);

/// What one transaction has been through.
#[derive(Default)]
pub(super) struct Patience {
    conflicts: u32,
    losses: u32,
}

impl Patience {
    /// How long to wait before the transaction is run again; `None` when `end` is to be told. `lost`: its
    /// connection broke before the commit was sent, and another may do better.
    pub(super) fn again(
        &mut self,
        end: &Result<()>,
        lost: bool,
        random: impl FnOnce() -> u128,
    ) -> Option<Duration> {
        match end {
            Err(Error::Conflict(_)) if self.conflicts < CONFLICTS_MAX => {
                self.conflicts += 1;
                Some(pause(CONFLICT_PAUSE, self.conflicts, CONFLICT_PAUSE_MAX, random()))
            }
            // At once the first time: the server may have come back while nobody asked.
            Err(Error::Unavailable(_) | Error::Unreachable { .. }) if lost && self.losses < LOSSES_MAX => {
                self.losses += 1;
                let round = self.losses - 1;
                Some(if round == 0 {
                    Duration::ZERO
                } else {
                    pause(LOSS_PAUSE, round, LOSS_PAUSE_MAX, random())
                })
            }
            _ => None,
        }
    }
}

/// Twice as long each round, up to `longest`; between half of it and all of it.
fn pause(first: Duration, round: u32, longest: Duration, random: u128) -> Duration {
    let whole = first.saturating_mul(2_u32.saturating_pow(round)).min(longest);
    let half = whole / 2;
    let share = u32::try_from(random % 1_000).unwrap_or(0);
    half + half * share / 1_000
}
