//! Waiting generations: a row in the database plus an entry here. No task and no connection waits.

use palitra_domain::{AccountId, BatchId, GenerationId, Timestamp, catalogue::Lane, market::RemoteRef};
use palitra_store::generations::Fence;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
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

/// Whose work it is, for logs and figures.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) account: AccountId,
    pub(crate) batch: Option<BatchId>,
    pub(crate) lane: Lane,
    /// When this attempt was claimed.
    pub(crate) began: Timestamp,
}

/// Work at a market, to be looked at again.
pub(crate) struct Waiting {
    pub(crate) fence: Fence,
    pub(crate) market: String,
    pub(crate) key: String,
    pub(crate) remote: RemoteRef,
    pub(crate) accepted_at: Timestamp,
    pub(crate) longest_run: Duration,
    /// The market calls when it is done: how long the work usually runs.
    pub(crate) called_after: Option<Duration>,
    pub(crate) in_flight: InFlight,
    pub(crate) about: About,
}

/// Without a callback, looks soon after the start and ever more rarely: each interval is a fiftieth of the time waited so far, so what
/// is ready is seen within 2 % of its run time. Between a tenth of a second (fal's own Python client) and ten seconds.
///
/// Where the market calls when the work has ended (`called_after`: how long it usually runs), looking is the safety net: a minute after
/// that time and ever more rarely, up to ten minutes, and up to a tenth more by chance, so that what began together is not looked at
/// together.
pub(crate) fn interval(waited: Duration, called_after: Option<Duration>, random: u128) -> Duration {
    let Some(usual) = called_after else {
        return (waited / 50).clamp(Duration::from_millis(100), Duration::from_secs(10));
    };
    jittered(usual.saturating_sub(waited) + (waited / 5).clamp(SAFETY, SAFETY_MAX), random)
}

/// Nobody waits for a ghost as one waits for a result: from five seconds to a minute, and up to a tenth more by chance.
pub(crate) fn ghost_interval(waited: Duration, random: u128) -> Duration {
    jittered((waited / 5).clamp(Duration::from_secs(5), Duration::from_secs(60)), random)
}

fn jittered(interval: Duration, random: u128) -> Duration {
    let jitter_ms = u64::try_from(random % (interval.as_millis() / 10 + 1)).unwrap_or(0);
    interval + Duration::from_millis(jitter_ms)
}

const SAFETY: Duration = Duration::from_secs(60);
const SAFETY_MAX: Duration = Duration::from_secs(600);

/// Entries by due time.
#[derive(Default)]
pub(crate) struct Waits {
    entries: Mutex<Entries>,
    pub(crate) changed: Notify,
}

#[derive(Default)]
struct Entries {
    /// In boxes: a tree keeps half of its places free.
    by_time: BTreeMap<(Timestamp, GenerationId), Box<Waiting>>,
    due: HashMap<GenerationId, Timestamp>,
    /// Hurried while nothing was waiting: a callback that came before the answer to the submission, or during a look.
    hurried: HashSet<GenerationId>,
}

impl Waits {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, due: Timestamp, mut waiting: Waiting, now: Timestamp) {
        let id = waiting.fence.id.clone();
        // It may wait for an hour, and was written into more room than it needs.
        waiting.remote.0.shrink_to_fit();
        let mut entries = self.entries();
        let mut key = (due, id.clone());
        if entries.hurried.remove(&id) {
            key.0 = now;
            waiting.called_after = None;
        }
        // What was here of an earlier owner, or of another attempt, is over.
        if let Some(before) = entries.due.get(&id).copied() {
            entries.by_time.remove(&(before, id.clone()));
        }
        let is_first = entries.by_time.first_key_value().is_none_or(|(first, _)| key < *first);
        entries.due.insert(id, key.0);
        entries.by_time.insert(key, Box::new(waiting));
        drop(entries);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// The first entry that is due, or when the next one will be.
    pub(crate) fn take_due(&self, now: Timestamp) -> Result<Waiting, Option<Timestamp>> {
        let mut entries = self.entries();
        match entries.by_time.first_entry() {
            Some(entry) if entry.key().0 <= now => {
                let waiting = entry.remove();
                entries.due.remove(&waiting.fence.id);
                Ok(*waiting)
            }
            Some(entry) => Err(Some(entry.key().0)),
            None => Err(None),
        }
    }

    /// Makes an entry due at once, now or as soon as there is one: somebody wants it stopped, or a callback came. From then on it is
    /// looked at closely: the market's record may be a little behind its callback.
    pub(crate) fn hurry(&self, id: &GenerationId, now: Timestamp) {
        let mut entries = self.entries();
        let waiting = entries.due.get(id).copied().and_then(|due| entries.by_time.remove(&(due, id.clone())));
        if let Some(mut waiting) = waiting {
            waiting.called_after = None;
            entries.due.insert(id.clone(), now);
            entries.by_time.insert((now, id.clone()), waiting);
        } else {
            entries.hurried.insert(id.clone());
        }
        drop(entries);
        self.changed.notify_one();
    }

    /// It has ended, or another attempt of it counts.
    pub(crate) fn forget(&self, id: &GenerationId) {
        let mut entries = self.entries();
        entries.hurried.remove(id);
        let waiting = entries.due.remove(id).and_then(|due| entries.by_time.remove(&(due, id.clone())));
        drop(entries);
        drop(waiting);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries().by_time.len()
    }

    pub(crate) fn clear(&self) {
        *self.entries() = Entries::default();
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
                waited += interval(waited, None, 0);
                looks += 1;
            }
            let late = waited - run;
            assert!(late <= (run / 50).max(Duration::from_millis(100)), "{run:?} seen {late:?} late");
            assert!(looks < 400, "{run:?} took {looks} looks");
        }
    }

    #[test]
    fn where_the_market_calls_looks_begin_a_minute_after_the_usual_run_and_grow() {
        for (usual, random) in [(0, 0), (4, u128::MAX), (600, 77_777)] {
            let usual = Duration::from_secs(usual);
            let first = interval(Duration::ZERO, Some(usual), random);
            assert!(first >= usual + SAFETY && first <= (usual + SAFETY) * 11 / 10, "{usual:?}: {first:?}");
            let (mut waited, mut last, mut looks) = (first, Duration::ZERO, 1);
            while waited < Duration::from_secs(24 * 3600) {
                let next = interval(waited, Some(usual), 0);
                assert!(next >= SAFETY && next >= last && next <= SAFETY_MAX, "{usual:?}: {next:?}");
                (waited, last, looks) = (waited + next, next, looks + 1);
            }
            assert!(looks < 200, "{looks} looks a day");
        }
    }

    #[test]
    fn a_callback_hurries_what_waits_and_what_will_wait() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (count, waits) = (UnderWay::new(watch::channel(HashSet::new()).0), Waits::default());
        let fence = |n| Fence {
            id: GenerationId::new(at(0), n),
            epoch: 1,
            attempt: 1,
            from: palitra_domain::state::GenerationState::Running,
        };
        let about = About { account: AccountId::new(at(0), 1), batch: None, lane: Lane::Image, began: at(0) };
        let waiting = |n| Waiting {
            about: about.clone(),
            fence: fence(n),
            market: "fal".into(),
            key: "main".into(),
            remote: RemoteRef("{}".into()),
            accepted_at: at(0),
            longest_run: Duration::from_secs(600),
            called_after: Some(Duration::ZERO),
            in_flight: InFlight::new(&count, &fence(n)),
        };
        let id = |n| GenerationId::new(at(0), n);
        waits.insert(at(100), waiting(1), at(1));
        waits.insert(at(90), waiting(2), at(1));
        assert_eq!(waits.take_due(at(5)).err(), Some(Some(at(90))));
        // Twice, and before it waits.
        waits.hurry(&id(1), at(5));
        waits.hurry(&id(1), at(6));
        waits.hurry(&id(3), at(6));
        waits.insert(at(100), waiting(3), at(7));
        for n in [1, 3] {
            let taken = waits.take_due(at(7)).expect("one is due");
            assert_eq!((taken.fence.id, taken.called_after), (id(n), None));
        }
        assert_eq!(waits.take_due(at(7)).err(), Some(Some(at(90))));
        // What has ended leaves nothing behind.
        waits.hurry(&id(4), at(8));
        waits.forget(&id(4));
        waits.insert(at(100), waiting(4), at(9));
        assert_eq!(waits.take_due(at(9)).err(), Some(Some(at(90))));
    }
}
