//! The tasks of the simulated market: they wait, run as many at once per key as the script allows, and end.
//!
//! KIE cannot stop a task, and a line that nobody leaves has its times fixed when somebody joins it: start and end are
//! reckoned when a task is taken in, and a state is nothing but a comparison with now. A new script changes what comes after.

use super::models::Model;
use palitra_domain::Timestamp;
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How a task ends, decided when it is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Good,
    /// Links to this base.
    Foreign(String),
    /// `resultJson` is a string inside a string.
    TwiceEncoded,
    /// `resultJson` is this text.
    Result(String),
    Failed {
        code: String,
        message: String,
    },
}

/// A task as it is taken in.
#[derive(Debug, Clone)]
pub(super) struct NewTask {
    /// [`crate::market::log::key_tag`] of its key.
    pub(super) key: String,
    pub(super) model: &'static Model,
    pub(super) input: Value,
    pub(super) prompt: String,
    pub(super) webhook: Option<String>,
    pub(super) takes: Duration,
    pub(super) ending: Ending,
}

#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) new: NewTask,
    pub(super) created: Timestamp,
    pub(super) starts: Timestamp,
    pub(super) ends: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Queuing,
    Generating,
    Success,
    Fail,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Queuing => "queuing",
            State::Generating => "generating",
            State::Success => "success",
            State::Fail => "fail",
        }
    }
}

impl Task {
    pub(super) fn state(&self, now: Timestamp) -> State {
        if now >= self.ends {
            return self.ended();
        }
        match (now <= self.created, now < self.starts) {
            (true, _) => State::Waiting,
            (false, true) => State::Queuing,
            (false, false) => State::Generating,
        }
    }

    /// What it will have become.
    pub(super) fn ended(&self) -> State {
        if matches!(self.new.ending, Ending::Failed { .. }) { State::Fail } else { State::Success }
    }
}

#[derive(Default)]
pub(super) struct World {
    tasks: BTreeMap<String, Task>,
    keys: BTreeMap<String, Account>,
    looks: BTreeMap<String, Window>,
}

/// What is known of a key.
#[derive(Default)]
struct Account {
    creates: Window,
    questions: Window,
    /// When each of its tasks ends, in the order in which they start.
    ends: Vec<Timestamp>,
    /// Credits spent, in millionths.
    spent: i64,
}

impl World {
    /// Takes a task in and says how many of its key have not ended, this one included.
    pub(super) fn accept(&mut self, id: &str, new: NewTask, now: Timestamp, concurrency: u32) -> u32 {
        let account = self.keys.entry(new.key.clone()).or_default();
        account.ends.retain(|end| *end > now);
        let slots = usize::try_from(concurrency).unwrap_or(usize::MAX);
        account.ends.sort();
        // It starts when so many of those before it have ended that a slot is free.
        let starts = match account.ends.len().checked_sub(slots) {
            Some(at) => account.ends.get(at).copied().unwrap_or(now),
            None => now,
        };
        let ends = starts.plus(new.takes);
        account.ends.push(ends);
        if !matches!(new.ending, Ending::Failed { .. }) {
            account.spent = account.spent.saturating_add(new.model.credits(&new.input).0);
        }
        let unfinished = account.ends.len();
        self.tasks.insert(id.to_owned(), Task { new, created: now, starts, ends });
        u32::try_from(unfinished).unwrap_or(u32::MAX)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Task> {
        self.tasks.get(id)
    }

    /// Credits spent by this key, in millionths.
    pub(super) fn spent(&self, key: &str) -> i64 {
        self.keys.get(key).map_or(0, |account| account.spent)
    }

    /// May this key create one more task now? At most so many within 10 s.
    pub(super) fn admits_create(&mut self, key: &str, now: Timestamp, max: u32) -> bool {
        self.keys.entry(key.to_owned()).or_default().creates.admits(now, Duration::from_secs(10), max)
    }

    /// May somebody look at this task once more? At most so often within a second.
    pub(super) fn admits_look(&mut self, id: &str, now: Timestamp, max: u32) -> bool {
        self.looks.entry(id.to_owned()).or_default().admits(now, Duration::from_secs(1), max)
    }

    /// May this key ask about models once more? At most so often within a second.
    pub(super) fn admits_question(&mut self, key: &str, now: Timestamp, max: u32) -> bool {
        self.keys.entry(key.to_owned()).or_default().questions.admits(now, Duration::from_secs(1), max)
    }
}

/// The calls of the last while. What is refused does not count.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Timestamp>);

impl Window {
    pub(super) fn admits(&mut self, now: Timestamp, span: Duration, max: u32) -> bool {
        while self.0.front().is_some_and(|at| now.since(*at) >= span) {
            self.0.pop_front();
        }
        let admitted = self.0.len() < usize::try_from(max).unwrap_or(usize::MAX);
        if admitted {
            self.0.push_back(now);
        }
        admitted
    }
}
