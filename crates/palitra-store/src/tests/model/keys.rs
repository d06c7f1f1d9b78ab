//! Keys in the model: how they fare, what is paused, limits of the operator, and a market that has stopped.

use super::{drive::KEYS, world::World};
use crate::{
    Result, Tx,
    markets::{self, Heard, Limits},
    tests::{
        harness::Fresh,
        keys::{away, error, locked},
        shop::{MARKET, at},
    },
};
use palitra_domain::{
    ErrorCode,
    catalogue::Lane,
    health::{Condition, KeyHealth, TRIAL},
    market::{ErrorClass, MarketError},
    state::{BatchState, GenerationState},
};
use std::time::Duration;

/// Something happens to a key, or the operator does something.
#[derive(Debug, Clone)]
pub(super) enum KeyOp {
    Hears {
        key: usize,
        what: Answer,
    },
    TryAgain,
    /// A key, the market, or the lane of all that is made here.
    Pause {
        what: Paused,
        on: bool,
    },
    Limit {
        key: usize,
        slots: Option<u32>,
    },
    /// Ends what is queued for a market that has stopped.
    Drain,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Took,
    Away,
    Told(u64),
    Locked,
    Wrong,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Paused {
    Key(usize),
    Market,
    Lane,
}

#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) conditions: [Condition; 2],
    paused: [bool; 2],
    market_paused: bool,
    lane_paused: bool,
    pub(super) stopped: Option<ErrorCode>,
    here: [Option<u32>; 2],
}

impl Default for Keys {
    fn default() -> Keys {
        Keys {
            conditions: [Condition::FRESH; 2],
            paused: [false; 2],
            market_paused: false,
            lane_paused: false,
            stopped: None,
            here: [None; 2],
        }
    }
}

impl Answer {
    fn error(self) -> Option<MarketError> {
        match self {
            Answer::Took => None,
            Answer::Away => Some(away()),
            Answer::Told(seconds) => Some(MarketError {
                retry_after: Some(Duration::from_secs(seconds)),
                ..error(ErrorClass::RateLimited, 429)
            }),
            Answer::Locked => Some(locked()),
            Answer::Wrong => Some(error(ErrorClass::Auth, 401)),
        }
    }
}

impl World {
    /// What holds for a key now.
    pub(super) fn limit(&self, key: usize) -> usize {
        usize::try_from(self.keys.here[key].unwrap_or(self.limits[key])).unwrap()
    }

    /// How many a claim may give to a key that has so many free slots.
    pub(super) fn gives(&self, key: usize, free: usize) -> usize {
        let (keys, of) = (&self.keys, &self.keys.conditions[key]);
        let is_shut = keys.market_paused || keys.lane_paused || keys.stopped.is_some() || keys.paused[key];
        match of.health {
            _ if is_shut || of.usable_at > at(self.now) => 0,
            KeyHealth::Ok => free,
            _ => free.min(1),
        }
    }

    /// A claim took the key: one that is not well is tried by nobody else for a while.
    pub(super) fn take_key(&mut self, key: usize) {
        assert!(self.gives(key, 1) == 1, "key {key} was not to be used");
        let now = at(self.now);
        let of = &mut self.keys.conditions[key];
        if of.health != KeyHealth::Ok {
            of.usable_at = now.plus(TRIAL);
        }
    }

    fn hear_key(&mut self, key: usize, what: Answer) {
        let (now, old) = (at(self.now), self.keys.conditions[key]);
        let new = match what.error() {
            Some(error) => old.after_failure(&error, now, 0, now),
            None => old.after_success(now, now),
        };
        let new = new.unwrap_or(old);
        self.keys.conditions[key] = new;
        if self.keys.conditions.iter().all(|of| of.health.is_out()) {
            self.keys.stopped = self.keys.stopped.or(new.health.code());
        } else if what.error().is_none() && new.health != old.health {
            self.keys.stopped = None;
        }
    }

    fn try_keys_again(&mut self) {
        let now = at(self.now);
        for of in self.keys.conditions.iter_mut().filter(|of| of.health != KeyHealth::Ok) {
            *of = of.tried_again(now);
            self.keys.stopped = None;
        }
    }

    fn drain(&mut self, code: ErrorCode) {
        let queued = |world: &World, n: u64| world.gens[&n].state == GenerationState::Queued;
        for batch in self.batches.keys().copied().collect::<Vec<_>>() {
            let it = &self.batches[&batch];
            let is_open = it.state == BatchState::Processing && it.stop.is_none();
            if is_open && self.gens.iter().any(|(n, of)| of.is_in(batch) && queued(self, *n)) {
                self.stop(batch, code);
                self.close(batch);
            }
        }
        for n in self.gens.keys().copied().collect::<Vec<_>>() {
            let of = &self.gens[&n];
            if of.place.is_none() && of.waits == 0 && queued(self, n) {
                self.end(n, GenerationState::Failed);
            }
        }
    }

    pub(super) fn key_lines(&self) -> Vec<String> {
        let keys = (0..2).map(|key| {
            let of = &self.keys.conditions[key];
            key_line(
                key,
                of.health.as_str(),
                [of.usable_at.micros(), of.failures, of.rounds],
                self.limit(key),
            )
        });
        keys.chain([format!("stopped: {:?}", self.keys.stopped)]).collect()
    }
}

fn key_line(key: usize, health: &str, numbers: [i64; 3], limit: usize) -> String {
    format!("key {key}: {health}, {numbers:?}, at most {limit}")
}

pub(super) fn lines(tx: &mut Tx) -> Result<Vec<String>> {
    let shown = markets::list(tx)?.remove(0);
    let rows = tx.query("select label, usable_at, failures, rounds from market_key", &[])?;
    let mut lines = vec![format!("stopped: {:?}", shown.stopped.map(|(_, code, _)| code))];
    for row in rows {
        let label: String = row.get(0)?;
        let key = KEYS.iter().position(|key| *key == label).unwrap();
        let of = shown.keys.iter().find(|shown| shown.label == label).unwrap();
        let limit = usize::try_from(of.slots_here.unwrap_or(of.slots)).unwrap();
        lines.push(key_line(key, of.health.as_str(), [row.get(1)?, row.get(2)?, row.get(3)?], limit));
    }
    Ok(lines)
}

pub(super) async fn happen(fresh: &Fresh, world: &mut World, op: &KeyOp) {
    let (now, store) = (at(world.now), &fresh.store);
    match *op {
        KeyOp::Hears { key, what } => {
            let heard = Heard {
                market: MARKET.to_owned(),
                label: KEYS[key].to_owned(),
                error: what.error(),
                claimed_at: now,
                random: 0,
            };
            let stopped = store.write(move |tx| markets::hear(tx, &heard, now)).await.unwrap();
            world.hear_key(key, what);
            let is_out = world.keys.conditions.iter().all(|of| of.health.is_out());
            assert_eq!(stopped.code.is_some(), is_out);
        }
        KeyOp::TryAgain => {
            store.write(move |tx| markets::try_again(tx, None, None, now)).await.unwrap();
            world.try_keys_again();
        }
        KeyOp::Pause { what, on } => {
            let since = on.then_some(now);
            let pause = move |tx: &mut Tx<'_>| match what {
                Paused::Key(key) => markets::pause_key(tx, MARKET, KEYS[key], since),
                Paused::Market => markets::pause_market(tx, MARKET, since),
                Paused::Lane => markets::pause_lane(tx, Lane::Image, since),
            };
            store.write(pause).await.unwrap();
            match what {
                Paused::Key(key) => world.keys.paused[key] = on,
                Paused::Market => world.keys.market_paused = on,
                Paused::Lane => world.keys.lane_paused = on,
            }
        }
        KeyOp::Limit { key, slots } => {
            let limits = Limits { slots, ..Limits::default() };
            let limit = move |tx: &mut Tx<'_>| match slots {
                Some(_) => markets::limit(tx, MARKET, Some(KEYS[key]), limits),
                None => markets::reset(tx, MARKET, Some(KEYS[key])),
            };
            assert_eq!(store.write(limit).await.unwrap(), [KEYS[key]]);
            world.keys.here[key] = slots;
        }
        KeyOp::Drain => {
            let code = world.keys.stopped.unwrap_or(ErrorCode::MarketCredits);
            let drain = move |tx: &mut Tx<'_>| markets::drain(tx, (MARKET, code), 2, now);
            let mut rounds = 0;
            while store.write(drain).await.unwrap() > 0 {
                rounds += 1;
            }
            assert!(rounds == 0 || world.keys.stopped.is_some(), "nothing has stopped");
            if world.keys.stopped.is_some() {
                world.drain(code);
            }
        }
    }
}
