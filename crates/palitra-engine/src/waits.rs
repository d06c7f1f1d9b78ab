//! Waiting generations: a row in the database plus an entry here. No task and no connection waits.

use palitra_domain::{GenerationId, Timestamp, market::RemoteRef};
use palitra_store::generations::Fence;
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// What this process has under way: generations with the epoch in which they are ours.
pub(crate) type UnderWay = Arc<watch::Sender<HashSet<(GenerationId, i64)>>>;

/// Keeps a generation among those under way until it is dropped.
pub(crate) struct InFlight {
    all: UnderWay,
    this: (GenerationId, i64),
}

impl InFlight {
    pub(crate) fn new(all: &UnderWay, fence: &Fence) -> InFlight {
        let this = (fence.id.clone(), fence.epoch);
        all.send_modify(|all| {
            all.insert(this.clone());
        });
        InFlight { all: all.clone(), this }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.all.send_modify(|all| {
            all.remove(&self.this);
        });
    }
}

/// Work at a market, to be looked at again.
pub(crate) struct Waiting {
    pub(crate) fence: Fence,
    pub(crate) market: String,
    pub(crate) key: String,
    pub(crate) remote: RemoteRef,
    pub(crate) accepted_at: Timestamp,
    pub(crate) longest_run: Duration,
    pub(crate) in_flight: InFlight,
}

/// Looks soon after the start and ever more rarely: each interval is a fiftieth of the time waited so far, so what is ready is seen
/// within 2 % of its run time. Between a tenth of a second (fal's own Python client) and ten seconds.
pub(crate) fn interval(waited: Duration) -> Duration {
    (waited / 50).clamp(Duration::from_millis(100), Duration::from_secs(10))
}

/// Entries by due time.
#[derive(Default)]
pub(crate) struct Waits {
    entries: Mutex<BTreeMap<(Timestamp, GenerationId), Waiting>>,
    pub(crate) changed: Notify,
}

impl Waits {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<(Timestamp, GenerationId), Waiting>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, due: Timestamp, waiting: Waiting) {
        let key = (due, waiting.fence.id.clone());
        let mut entries = self.entries();
        let is_first = entries.first_key_value().is_none_or(|(first, _)| key < *first);
        entries.insert(key, waiting);
        drop(entries);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// The first entry that is due, or when the next one will be.
    pub(crate) fn take_due(&self, now: Timestamp) -> Result<Waiting, Option<Timestamp>> {
        let mut entries = self.entries();
        match entries.first_entry() {
            Some(entry) if entry.key().0 <= now => Ok(entry.remove()),
            Some(entry) => Err(Some(entry.key().0)),
            None => Err(None),
        }
    }

    /// Makes an entry due at once: somebody wants it stopped, or a callback came.
    pub(crate) fn hurry(&self, id: &GenerationId, now: Timestamp) {
        let mut entries = self.entries();
        let Some(key) = entries.keys().find(|(_, entry)| entry == id).cloned() else { return };
        if let Some(waiting) = entries.remove(&key) {
            entries.insert((now, id.clone()), waiting);
        }
        drop(entries);
        self.changed.notify_one();
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_seen_within_two_percent_of_its_run_time() {
        for run_ms in [200u64, 1_000, 3_000, 15_000, 60_000, 400_000] {
            let run = Duration::from_millis(run_ms);
            let mut waited = Duration::ZERO;
            let mut looks = 0;
            while waited < run {
                waited += interval(waited);
                looks += 1;
            }
            let late = waited - run;
            assert!(late <= (run / 50).max(Duration::from_millis(100)), "{run:?} seen {late:?} late");
            assert!(looks < 400, "{run:?} took {looks} looks");
        }
    }
}
