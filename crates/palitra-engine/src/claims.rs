//! Claiming: the one loop that takes work from the queue. What it takes is among what is under way before anybody else may look.

use crate::{
    Error, Result,
    scheduler::{IDLE, Machine},
    trouble::{Patience, is_passing},
    work::{self, Ticket},
};
use futures_util::future;
use palitra_domain::{
    Timestamp,
    state::{Event, GenerationState},
};
use palitra_store::{
    generations::{self, Claim, Claimed},
    workers,
};
use std::time::Duration;

/// Claims of one transaction; more follow at once.
const CLAIMS_MAX: u32 = 64;

/// Claims whenever something was committed, a slot came free or a time has come.
pub(crate) async fn claims(machine: Machine) {
    let mut patience = Patience::default();
    while !machine.stop.is_cancelled() {
        let mut next_at = None;
        let (mut is_full, mut has_claimed, mut has_taken) = (false, false, false);
        let mut failed: Option<Error> = None;
        // At once, so that nobody waits for another market's commit: where commits are shared, all of them are one.
        let taking = machine.taking.lock().await;
        let claimed = future::join_all(machine.markets.keys().map(|market| claim(&machine, market))).await;
        drop(taking);
        for claims in claimed {
            match claims {
                Ok(claims) => {
                    next_at = [next_at, claims.next_at].into_iter().flatten().min();
                    has_taken |= claims.has_taken;
                    has_claimed |= !claims.claimed.is_empty();
                    is_full |= claims.claimed.len() >= usize::try_from(CLAIMS_MAX).unwrap_or(usize::MAX);
                    for (ticket, claimed) in claims.claimed {
                        machine.spawn(work::submit(machine.clone(), ticket, claimed));
                    }
                }
                // The trouble of one is mostly that of all. What does not pass counts before what does.
                Err(error) if failed.as_ref().is_none_or(is_passing) => failed = Some(error),
                Err(_) => {}
            }
        }
        match failed {
            Some(error) => drop(patience.has_more(&machine, &error).await),
            // A market where nothing was to be written says nothing about the disk.
            None => patience = Patience::default(),
        }
        // Markets that were claimed for at once may have been in each other's way, at an account that has work for both.
        if is_full || has_taken && has_claimed {
            continue;
        }
        let pause = until(machine.now(), next_at);
        tokio::select! {
            () = machine.wake.notified() => {}
            () = machine.clock.sleep(pause) => {}
            () = machine.stop.cancelled() => {}
        }
    }
}

fn until(now: Timestamp, at: Option<Timestamp>) -> Duration {
    at.map_or(IDLE, |at| at.since(now).min(IDLE))
}

/// Claimed work, already among what is under way.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) claimed: Vec<(Ticket, Claimed)>,
    next_at: Option<Timestamp>,
    has_taken: bool,
}

/// Nothing while the lease is not held. The caller holds `taking`.
pub(crate) async fn claim(machine: &Machine, market: &str) -> Result<Taken> {
    let (now, owner, is_shared) = (machine.now(), machine.lease.owner(), machine.lease.is_shared);
    if !machine.lease.is_held(now) {
        return Ok(Taken::default());
    }
    let claim = Claim {
        market: market.to_owned(),
        owner: owner.as_str().to_owned(),
        keys: machine.keys.get(market).cloned().unwrap_or_default(),
        max: CLAIMS_MAX,
        focus: machine.focus.get(),
        tokens: machine.tokens(market, CLAIMS_MAX),
        bounds: machine.settings.bounds,
    };
    machine.points.before(GenerationState::Queued, Event::Claim);
    let claims = machine.store.write(move |tx| {
        if is_shared && !workers::hold(tx, &owner)? {
            return Ok(None);
        }
        generations::claim(tx, &claim, now).map(Some)
    });
    let Some(claims) = claims.await.inspect_err(|error| machine.doubts.raise_if(error))? else {
        machine.lease.lost.notify_one();
        return Ok(Taken::default());
    };
    if !claims.claimed.is_empty() {
        machine.points.after(GenerationState::Queued, Event::Claim);
    }
    let with_ticket = |claimed: Claimed| (Ticket::claimed(machine, market, &claimed), claimed);
    let claimed = claims.claimed.into_iter().map(with_ticket).collect();
    Ok(Taken { claimed, next_at: claims.next_at, has_taken: claims.has_taken })
}
