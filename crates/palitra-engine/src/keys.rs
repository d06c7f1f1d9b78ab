//! Keys of markets while work goes on: what each answer says about its key, and what happens when a market has none left.

use crate::{
    Engine, Result,
    scheduler::Machine,
    work::{self, Ticket},
};
use palitra_domain::{
    ErrorCode,
    health::KeyHealth,
    market::{MarketError, Submitted},
    state::{Event, GenerationState},
};
use palitra_store::{
    generations::Claimed,
    markets::{self, Heard, Stopped},
};
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Generations that end in one transaction when a market has stopped.
const DRAINED_MAX: u32 = 100;

/// Keys that this process has seen failing: submissions that were claimed before and get through are news.
#[derive(Default)]
pub(crate) struct Unwell(Mutex<HashSet<(String, String)>>);

impl Unwell {
    fn keys(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records what the market's answer to a submission says about the key. An answer that says nothing new costs nothing. When the market has
/// stopped over it, what is queued ends ([`drain_in_background`]) after the caller has recorded the answer: who dies between the two must
/// not leave a refusal that nobody knows of, which would keep its slot.
pub(crate) async fn hear(
    machine: &Machine,
    ticket: &Ticket,
    claimed: &Claimed,
    answer: &Submitted,
) -> Stopped {
    let key = (ticket.market.clone(), ticket.key.clone());
    let error = match answer {
        Submitted::Accepted(_) | Submitted::Done(_) => {
            // Short-circuits keep the lock away from the usual case.
            if !claimed.is_key_unwell && !machine.unwell.keys().contains(&key) {
                return Stopped::default();
            }
            machine.unwell.keys().remove(&key);
            None
        }
        Submitted::Refused(error) | Submitted::Unknown(error) => {
            machine.unwell.keys().insert(key);
            Some(error.clone())
        }
    };
    let heard = Heard {
        market: ticket.market.clone(),
        label: ticket.key.clone(),
        error,
        claimed_at: claimed.claimed_at,
        random: machine.random(),
    };
    let (now, recorded) = (machine.now(), heard.clone());
    let stopped = work::commit(machine, ticket.id(), move |tx| markets::hear(tx, &recorded, now)).await;
    let stopped = stopped.unwrap_or_default();
    say(&heard, &stopped);
    if stopped.changed == Some(KeyHealth::Ok) {
        machine.work_is_there();
    }
    stopped
}

fn say(heard: &Heard, stopped: &Stopped) {
    let (market, key) = (heard.market.as_str(), heard.label.as_str());
    let said = heard.error.as_ref().map_or("", |error| error.message.as_str());
    let body = heard.error.as_ref().and_then(|error| error.body.as_deref());
    match stopped.changed {
        Some(health) if health.is_out() => tracing::error!(
            market,
            key,
            health = health.as_str(),
            error.message = said,
            error.body = body,
            "a key cannot be used any more until somebody has seen to it, then: `palitra markets resume {market}/{key}`"
        ),
        Some(KeyHealth::Cooling) => {
            tracing::warn!(
                market,
                key,
                error.message = said,
                error.body = body,
                "a key fails and is left alone for a while"
            );
        }
        Some(_) => tracing::info!(market, key, "a key works again"),
        None => {}
    }
    if let (true, Some(code)) = (stopped.just_now, stopped.code) {
        tracing::error!(
            market,
            code = code.name(),
            error.message = said,
            "no key of the market can be used: queued work ends and its money goes back, new work is refused"
        );
    }
}

/// Whether a refusal of this kind takes the key out, so that the generation itself may pass with another.
pub(crate) fn takes_key_out(error: &MarketError) -> bool {
    matches!(error.class.code(), ErrorCode::MarketAuth | ErrorCode::MarketCredits)
}

pub(crate) async fn drain_in_background(machine: Machine) {
    if let Err(error) = drain_stopped(machine).await {
        tracing::error!(%error, "cannot end the work of a stopped market now");
    }
}

/// Ends what is queued for markets that have stopped: at once by who finds out, the rest by the leader.
pub(crate) async fn drain_stopped(machine: Machine) -> Result<()> {
    for (market, code) in machine.store.read(markets::stops).await? {
        let mut ended = 0;
        loop {
            let (now, of) = (machine.now(), market.clone());
            machine.points.before(GenerationState::Queued, Event::Fail);
            let drained =
                machine.store.write(move |tx| markets::drain(tx, (&of, code), DRAINED_MAX, now)).await?;
            if drained == 0 {
                break;
            }
            machine.points.after(GenerationState::Queued, Event::Fail);
            ended += drained;
        }
        if ended > 0 {
            tracing::warn!(market, ended, code = code.name(), "ended what was queued for a stopped market");
            machine.work_is_there();
        }
    }
    Ok(())
}

impl Engine {
    /// Somebody starts the program to make something: keys that were found locked, empty or wrong before, or that cool, are tried
    /// again with one generation each. What the operator has paused stays paused.
    pub async fn retry_keys(&self) -> Result<()> {
        let now = self.now();
        let tried = self.store.write(move |tx| markets::try_again(tx, None, None, now)).await?;
        if tried > 0 {
            tracing::info!(keys = tried, "keys that failed before are tried again");
            self.work_is_there();
        }
        Ok(())
    }
}
