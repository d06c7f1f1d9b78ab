//! Hints between processes that share a database: look now, instead of at the next second. PostgreSQL carries them by NOTIFY on a
//! connection of its own (`pg/hints`), after the transactions they speak of and never in one: a transaction with a notification takes a
//! lock of the whole server at its commit, so commits would queue up behind each other.
//!
//! A hint may be late, double or lost: it carries nothing that a look at the database would not find.

use palitra_domain::GenerationId;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, broadcast, watch};

/// What another process should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// Something may be claimable.
    Work,
    /// Somebody wants work under way stopped, or a late result has come.
    Housekeeping,
    /// A callback came for what its owner has had since that epoch.
    Called(GenerationId, i64),
    /// Hints may have been lost: everything.
    Everything,
}

/// Hints that wait to be sent together; past it they say [`Hint::Everything`]. A notification holds 8,000 bytes.
const WAITING_MAX: usize = 100;

/// Hints that a slow listener may be behind.
const KEPT: usize = 256;

/// The way to the other processes, and from them. Clones share it. Where there are no others nothing is sent and nothing comes.
#[derive(Clone)]
pub struct Hints(Arc<Shared>);

struct Shared {
    /// `None` where there are no others.
    waiting: Option<Mutex<BTreeSet<Hint>>>,
    changed: Notify,
    heard: broadcast::Sender<Hint>,
    closed: watch::Sender<bool>,
}

impl Hints {
    pub(crate) fn new(are_there_others: bool) -> Hints {
        Hints(Arc::new(Shared {
            waiting: are_there_others.then(Mutex::default),
            changed: Notify::new(),
            heard: broadcast::channel(KEPT).0,
            closed: watch::channel(false).0,
        }))
    }

    /// After the commit that it speaks of. It returns at once.
    pub fn tell(&self, hint: Hint) {
        let Some(waiting) = &self.0.waiting else { return };
        let mut waiting = locked(waiting);
        if waiting.len() < WAITING_MAX {
            waiting.insert(hint);
        } else {
            *waiting = BTreeSet::from([Hint::Everything]);
        }
        drop(waiting);
        self.0.changed.notify_one();
    }

    /// What other processes say from now on.
    pub fn listen(&self) -> broadcast::Receiver<Hint> {
        self.0.heard.subscribe()
    }

    pub(crate) fn take(&self) -> BTreeSet<Hint> {
        self.0.waiting.as_ref().map(|waiting| std::mem::take(&mut *locked(waiting))).unwrap_or_default()
    }

    pub(crate) fn hear(&self, hint: Hint) {
        self.0.heard.send(hint).ok(); // nobody listens
    }

    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    pub(crate) fn close(&self) {
        self.0.closed.send_replace(true);
    }

    pub(crate) async fn closed(&self) {
        self.0.closed.subscribe().wait_for(|closed| *closed).await.ok();
    }
}

fn locked(waiting: &Mutex<BTreeSet<Hint>>) -> MutexGuard<'_, BTreeSet<Hint>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hint {
    /// Letters, digits, `_` and `.` alone.
    fn word(&self) -> String {
        match self {
            Hint::Work => "work".to_owned(),
            Hint::Housekeeping => "housekeeping".to_owned(),
            Hint::Called(id, epoch) => format!("{id}.{epoch}"),
            Hint::Everything => "everything".to_owned(),
        }
    }

    fn read(word: &str) -> Option<Hint> {
        match word {
            "work" => Some(Hint::Work),
            "housekeeping" => Some(Hint::Housekeeping),
            "everything" => Some(Hint::Everything),
            _ => {
                let (id, epoch) = word.rsplit_once('.')?;
                Some(Hint::Called(GenerationId::parse(id).ok()?, epoch.parse().ok()?))
            }
        }
    }
}

/// Hints as one notification carries them.
pub(crate) fn written(hints: &BTreeSet<Hint>) -> String {
    hints.iter().map(Hint::word).collect::<Vec<_>>().join(" ")
}

/// Words of a version that we do not know say that there is something to look at.
pub(crate) fn read(payload: &str) -> impl Iterator<Item = Hint> {
    payload.split_whitespace().map(|word| Hint::read(word).unwrap_or(Hint::Everything))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(n: u128) -> Hint {
        Hint::Called(GenerationId::new(palitra_domain::Timestamp::from_micros(5), n), 3)
    }

    #[test]
    fn what_waits_is_sent_together_and_bounded() {
        let hints = Hints::new(true);
        for hint in [Hint::Work, called(7), Hint::Work, Hint::Housekeeping, called(7)] {
            hints.tell(hint);
        }
        let waiting = hints.take();
        assert_eq!(waiting.len(), 3);
        assert_eq!(read(&written(&waiting)).collect::<BTreeSet<_>>(), waiting);
        for n in 0..1_000 {
            hints.tell(called(n));
        }
        let waiting = hints.take();
        assert!(waiting.contains(&Hint::Everything) && written(&waiting).len() < 8_000);
        assert!(hints.take().is_empty());
    }

    #[test]
    fn a_word_of_another_version_means_to_look_at_everything() {
        assert_eq!(read("work paused:fal").collect::<Vec<_>>(), [Hint::Work, Hint::Everything]);
    }

    #[test]
    fn where_there_are_no_others_nothing_waits() {
        let hints = Hints::new(false);
        hints.tell(Hint::Work);
        assert!(hints.take().is_empty());
    }
}
