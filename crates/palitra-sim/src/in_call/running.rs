//! What runs at once, and how many calls of a key were taken in within the minute.

use palitra_domain::Timestamp;
use std::{collections::BTreeMap, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);

/// By the tag of the key.
#[derive(Default)]
pub(super) struct Running {
    at_once: BTreeMap<String, u32>,
    minutes: BTreeMap<String, (Timestamp, u32)>,
}

impl Running {
    /// One more runs; how many these are now.
    pub(super) fn begins(&mut self, key: &str) -> u32 {
        let at_once = self.at_once.entry(key.to_owned()).or_default();
        *at_once += 1;
        *at_once
    }

    pub(super) fn ends(&mut self, key: &str) {
        if let Some(at_once) = self.at_once.get_mut(key) {
            *at_once = at_once.saturating_sub(1);
        }
    }

    /// Counts one call, or says that the minute is full.
    pub(super) fn has_room(&mut self, key: &str, now: Timestamp, per_minute: Option<u32>) -> bool {
        let Some(per_minute) = per_minute else { return true };
        let minute = self.minutes.entry(key.to_owned()).or_insert((now, 0));
        if now.since(minute.0) >= MINUTE {
            *minute = (now, 0);
        }
        let free = minute.1 < per_minute;
        minute.1 += u32::from(free);
        free
    }
}
