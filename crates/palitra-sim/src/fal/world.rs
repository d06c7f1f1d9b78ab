//! The work of the simulated market: requests wait, run as many at once per key as the script allows, and end.
//!
//! There are no tasks: every look first brings the world up to date, event by event, so the times do not depend on who
//! looks when. Work goes on whether or not anybody was answered.

use super::schema::Endpoint;
use palitra_domain::Timestamp;
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How a request ends, decided when it is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Good,
    /// A text model that answers with this.
    Says(String),
    /// Pictures inside the result.
    Inline,
    /// Black pictures that are marked as refused.
    Nsfw,
    /// A good answer with `error` in it.
    OutputError(String),
    /// `COMPLETED` with this error type.
    Failed(String),
}

/// A request as it is taken in.
#[derive(Debug, Clone)]
pub(super) struct NewWork {
    /// [`super::log::key_tag`] of its key.
    pub(super) key: String,
    pub(super) endpoint: &'static Endpoint,
    pub(super) input: Value,
    /// What is asked for in words: `prompt`, or the `text` that is spoken.
    pub(super) prompt: String,
    /// Of the pictures it makes.
    pub(super) size: (u32, u32),
    pub(super) takes: Duration,
    /// `X-Fal-Request-Timeout`: not started by then, it ends.
    pub(super) start_within: Option<Duration>,
    pub(super) ending: Ending,
}

#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) new: NewWork,
    accepted_at: Timestamp,
    started_at: Option<Timestamp>,
    finished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// So many are in front of it.
    InQueue(usize),
    InProgress,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancelled {
    Requested,
    AlreadyCompleted,
}

#[derive(Default)]
pub(super) struct World {
    work: BTreeMap<String, Work>,
    keys: BTreeMap<String, Lane>,
}

/// The requests of one key that have not ended.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<String>,
    /// With the time at which each will be done.
    running: Vec<(Timestamp, String)>,
    /// When a slot last became free: a waiting request starts then, not when somebody looks.
    freed_at: Timestamp,
}

impl World {
    /// Takes a request in and says how many of its key have not ended, this one included.
    pub(super) fn accept(&mut self, id: &str, new: NewWork, now: Timestamp, concurrency: u32) -> u32 {
        self.advance(now, concurrency);
        let key = new.key.clone();
        let work = Work { new, accepted_at: now, started_at: None, finished: false };
        self.work.insert(id.to_owned(), work);
        self.keys.entry(key.clone()).or_default().waiting.push_back(id.to_owned());
        self.advance(now, concurrency);
        self.unfinished(&key)
    }

    /// How many of this key wait to be started.
    pub(super) fn waiting(&self, key: &str) -> usize {
        self.keys.get(key).map_or(0, |lane| lane.waiting.len())
    }

    pub(super) fn find(&self, id: &str) -> Option<&Work> {
        self.work.get(id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Work)> {
        self.work.iter().map(|(id, work)| (id.as_str(), work))
    }

    pub(super) fn state(&self, id: &str) -> Option<State> {
        let work = self.work.get(id)?;
        if work.finished {
            return Some(State::Completed);
        }
        let place = self.keys.get(&work.new.key)?.waiting.iter().position(|waiting| waiting == id);
        Some(place.map_or(State::InProgress, State::InQueue))
    }

    /// When it will have ended, as far as that is known: not while it waits.
    pub(super) fn ends_at(&self, id: &str) -> Option<Timestamp> {
        let lane = self.keys.get(&self.work.get(id)?.new.key)?;
        lane.running.iter().find(|(_, running)| running == id).map(|(done_at, _)| *done_at)
    }

    /// Ends a request that has not ended, whether it runs or waits.
    pub(super) fn cancel(&mut self, id: &str, now: Timestamp, concurrency: u32) -> Option<Cancelled> {
        self.advance(now, concurrency);
        let work = self.work.get_mut(id)?;
        if work.finished {
            return Some(Cancelled::AlreadyCompleted);
        }
        work.new.ending = Ending::Failed("client_cancelled".into());
        work.finished = true;
        let lane = self.keys.entry(work.new.key.clone()).or_default();
        lane.waiting.retain(|waiting| waiting != id);
        lane.running.retain(|(_, running)| running != id);
        lane.freed_at = now;
        self.advance(now, concurrency);
        Some(Cancelled::Requested)
    }

    pub(super) fn advance(&mut self, now: Timestamp, concurrency: u32) {
        for lane in self.keys.values_mut() {
            lane.advance(&mut self.work, now, usize::try_from(concurrency).unwrap_or(usize::MAX));
        }
    }

    fn unfinished(&self, key: &str) -> u32 {
        let count = self.keys.get(key).map_or(0, |lane| lane.waiting.len() + lane.running.len());
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Lane {
    fn advance(&mut self, work: &mut BTreeMap<String, Work>, now: Timestamp, concurrency: usize) {
        loop {
            while self.running.len() < concurrency
                && let Some(id) = self.waiting.pop_front()
            {
                let item = work.get_mut(&id).expect("a waiting request exists");
                let start = self.freed_at.max(item.accepted_at);
                if item.misses_its_start(start) {
                    item.time_out();
                } else {
                    item.started_at = Some(start);
                    self.running.push((start.plus(item.new.takes), id));
                }
            }
            self.running.sort();
            match self.running.first() {
                Some((done_at, _)) if *done_at <= now => {
                    let (done_at, id) = self.running.remove(0);
                    self.freed_at = done_at;
                    work.get_mut(&id).expect("a running request exists").finished = true;
                }
                _ => break,
            }
        }
        self.waiting.retain(|id| {
            let item = work.get_mut(id).expect("a waiting request exists");
            let late = item.misses_its_start(now);
            if late {
                item.time_out();
            }
            !late
        });
    }
}

impl Work {
    fn misses_its_start(&self, at: Timestamp) -> bool {
        self.new.start_within.is_some_and(|within| self.accepted_at.plus(within) < at)
    }

    fn time_out(&mut self) {
        self.new.ending = Ending::Failed("user_timeout".into());
        self.finished = true;
    }

    /// How long it ran, in milliseconds.
    pub(super) fn ran_ms(&self) -> u128 {
        self.started_at.map_or(0, |_| self.new.takes.as_millis())
    }
}
