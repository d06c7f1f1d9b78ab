//! The work of the simulated market: requests wait, run as many at once per key as the script allows, and end.
//!
//! There are no tasks: every look first brings the world up to date, event by event, so the times do not depend on who
//! looks when. Work goes on whether or not anybody was answered.

use super::schema::Model;
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
    /// Pictures in base64 inside the result.
    Inline,
    /// Black pictures that are marked as refused.
    Nsfw,
    /// `completed`, and nothing was made.
    Nothing,
    /// Another end, with what it says.
    Bad {
        status: String,
        error: String,
    },
}

/// A request as it is taken in.
#[derive(Debug, Clone)]
pub(super) struct NewWork {
    /// [`crate::market::log::key_tag`] of its key.
    pub(super) key: String,
    pub(super) model: &'static Model,
    pub(super) input: Value,
    pub(super) prompt: String,
    /// Of the pictures that come out.
    pub(super) size: (u32, u32),
    pub(super) takes: Duration,
    pub(super) ending: Ending,
}

#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) new: NewWork,
    pub(super) accepted_at: Timestamp,
    started_at: Option<Timestamp>,
    finished: bool,
    /// Its record was deleted; it goes on.
    pub(super) deleted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It waits for a slot of its key.
    Created,
    Processing,
    Ended,
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
        let work = Work { new, accepted_at: now, started_at: None, finished: false, deleted: false };
        self.work.insert(id.to_owned(), work);
        self.keys.entry(key.clone()).or_default().waiting.push_back(id.to_owned());
        self.advance(now, concurrency);
        self.unfinished(&key)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Work> {
        self.work.get(id)
    }

    pub(super) fn state(&self, id: &str) -> Option<State> {
        let work = self.work.get(id)?;
        if work.finished {
            return Some(State::Ended);
        }
        let waits = self.keys.get(&work.new.key)?.waiting.iter().any(|waiting| waiting == id);
        Some(if waits { State::Created } else { State::Processing })
    }

    /// When it will have ended, as far as that is known: not while it waits.
    pub(super) fn ends_at(&self, id: &str) -> Option<Timestamp> {
        let lane = self.keys.get(&self.work.get(id)?.new.key)?;
        lane.running.iter().find(|(_, running)| running == id).map(|(done_at, _)| *done_at)
    }

    /// Deletes the record, not the work: whether a deletion stops anything is not documented.
    pub(super) fn delete(&mut self, id: &str) {
        if let Some(work) = self.work.get_mut(id) {
            work.deleted = true;
        }
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
                item.started_at = Some(start);
                self.running.push((start.plus(item.new.takes), id));
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
    }
}

impl Work {
    /// How long it ran, in milliseconds.
    pub(super) fn ran_ms(&self) -> u128 {
        self.started_at.map_or(0, |_| self.new.takes.as_millis())
    }
}
