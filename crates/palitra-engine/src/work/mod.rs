//! One generation at a time: submitting, looking, storing, ending, and taking over what a dead process left.
//!
//! Each step follows one rule: the outside answers, the commit records it, only then the next step begins. A step whose commit
//! finds another epoch has lost its generation and drops everything.

mod adopt;
mod again;
pub(crate) mod answers;
mod end;
pub(crate) mod examine;
mod ghosts;
mod keep;
mod look;
mod submit;
#[cfg(test)]
mod tests;

pub(crate) use adopt::{adopt, adopt_dead, recover};
pub(crate) use ghosts::look_at_ghosts;
pub(crate) use look::{ask_to_cancel, look};
pub(crate) use submit::submit;

use crate::{
    Ended, EngineEvent,
    early::Shown,
    scheduler::Machine,
    trouble::Patience,
    waits::{About, InFlight},
};
use palitra_domain::{
    ErrorCode, GenerationId, Timestamp,
    market::Spool,
    state::{AttemptReason, GenerationState},
};
use palitra_store::generations::{Claimed, Fence};
use std::{sync::Arc, time::Duration};

/// A generation in our hands: where it stands and what it needs on the way.
pub(crate) struct Ticket {
    pub(crate) fence: Fence,
    pub(crate) market: String,
    pub(crate) key: String,
    pub(crate) reason: AttemptReason,
    pub(crate) longest_run: Duration,
    /// The market was given an address to call: how long the work usually runs.
    pub(crate) called_after: Option<Duration>,
    /// Of a call that this process has made: where its answer is held.
    pub(crate) spool: Option<Spool>,
    /// What its market has shown of the picture, until this ends.
    pub(crate) early: Option<Arc<Shown>>,
    pub(crate) in_flight: InFlight,
    pub(crate) about: About,
}

impl Ticket {
    pub(crate) fn claimed(machine: &Machine, market: &str, claimed: &Claimed) -> Ticket {
        let fence = Fence {
            id: claimed.id.clone(),
            epoch: claimed.epoch,
            attempt: claimed.attempt,
            from: GenerationState::Submitting,
        };
        Ticket {
            in_flight: machine.in_flight(&fence),
            fence,
            market: market.to_owned(),
            key: claimed.key.clone(),
            reason: claimed.reason,
            longest_run: claimed.longest_run,
            about: About {
                account: claimed.facts.account.clone(),
                batch: claimed.facts.step.as_ref().map(|(batch, _)| batch.clone()),
                lane: claimed.lane,
                began: machine.now(),
            },
            spool: None,
            early: None,
            called_after: claimed.token.as_ref().map(|_| machine.usual_run(market, claimed)),
        }
    }

    pub(crate) fn id(&self) -> &GenerationId {
        &self.fence.id
    }

    /// The same generation after a transition.
    pub(crate) fn now_in(mut self, state: GenerationState) -> Ticket {
        self.fence.from = state;
        self
    }
}

/// One line of the log for a transition, with everything by which it may be looked for.
macro_rules! tell {
    ($level:ident, $machine:expr, $ticket:expr, $message:literal $(, $($field:tt)*)?) => {
        tracing::$level!(
            generation.id = %$ticket.id(), attempt = $ticket.fence.attempt, market = $ticket.market, key = $ticket.key,
            account.id = %$ticket.about.account, batch.id = $ticket.about.batch.as_ref().map(tracing::field::display),
            worker.id = %$machine.lease.owner(), $($($field)*,)? $message
        )
    };
}
use tell;

/// Commits, and repeats while the database is away: what a market has answered must not be forgotten because of a hiccup. `None` when
/// the generation is not ours any more, or when the machine stops: then the next start continues from what is recorded.
pub(crate) async fn commit<T: Send + 'static>(
    machine: &Machine,
    id: &GenerationId,
    transaction: impl Fn(&mut palitra_store::Tx<'_>) -> palitra_store::Result<T> + Send + Clone + 'static,
) -> Option<T> {
    let mut patience = Patience::default();
    let mut in_doubt = false;
    loop {
        let error = match machine.store.post(transaction.clone()).await {
            Ok(value) => return Some(value),
            // It may be ours and moved on, by the commit that was in doubt: then housekeeping finds it.
            Err(palitra_store::Error::Rows { .. }) if in_doubt => {
                machine.doubts.raise();
                tracing::warn!(generation.id = %id, "lost, or moved on by a commit that was in doubt");
                return None;
            }
            Err(palitra_store::Error::Rows { .. }) => {
                tracing::warn!(generation.id = %id, "lost to another owner, dropped");
                return None;
            }
            Err(palitra_store::Error::Closed) => return None,
            Err(error) => {
                in_doubt |= matches!(error, palitra_store::Error::InDoubt(_));
                error.into()
            }
        };
        if !patience.has_more(machine, &error).await {
            if in_doubt {
                machine.doubts.raise();
            }
            return None;
        }
    }
}

/// Tells that a generation has ended and that slots came free; nobody listening is fine.
pub(crate) fn ended(machine: &Machine, ticket: Ticket, state: GenerationState, error: Option<ErrorCode>) {
    let (id, ran) = (ticket.id().clone(), machine.now().since(ticket.about.began));
    let (code, duration_ms) = (error.map(ErrorCode::name), millis(ran));
    tell!(info, machine, ticket, "ended", state = state.as_str(), error = code, duration_ms);
    machine.metrics.ended(&ticket.market, ticket.about.lane, state, ran);
    // Who hears of the end finds nothing under way any more.
    drop(ticket);
    machine.waits.forget(&id);
    machine.endings.ended(&id);
    machine.events.send(EngineEvent::Ended(Ended { generation: id, state, error })).ok();
    if machine.focus.get().is_none() && !machine.stop.is_cancelled() {
        machine.wake.notify_one();
    } else {
        // It claims nothing more itself, or only its own.
        machine.work_is_there();
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Exponential with full jitter, between a quarter of a second and a minute.
pub(crate) fn back_off(round: i64, random: u128, now: Timestamp) -> Timestamp {
    let exponent = u32::try_from(round.clamp(0, 8)).unwrap_or(8);
    let ceiling_ms = (500u64 << exponent).min(60_000);
    let jitter_ms = u64::try_from(random % u128::from(ceiling_ms)).unwrap_or(0);
    now.plus(Duration::from_millis(250 + jitter_ms))
}
