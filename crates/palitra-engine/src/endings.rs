//! Who waits for the end of a generation. Only those who wait for this one are woken, however many end meanwhile.

use crate::{Engine, Result, generations::Generation};
use palitra_domain::GenerationId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Between two looks at the database, for ends that another process brings about. No loop sleeps so long.
const LOOK: Duration = Duration::from_millis(950);

#[derive(Default)]
pub(crate) struct Endings(Mutex<HashMap<GenerationId, (usize, Arc<Notify>)>>);

/// Somebody who waits; leaves the list when dropped.
struct Waiting<'a> {
    endings: &'a Endings,
    id: &'a GenerationId,
    bell: Arc<Notify>,
}

impl Endings {
    fn all(&self) -> MutexGuard<'_, HashMap<GenerationId, (usize, Arc<Notify>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ended(&self, id: &GenerationId) {
        if let Some((_, bell)) = self.all().get(id) {
            bell.notify_waiters();
        }
    }

    fn join<'a>(&'a self, id: &'a GenerationId) -> Waiting<'a> {
        let mut all = self.all();
        let (waiting, bell) = all.entry(id.clone()).or_default();
        *waiting += 1;
        Waiting { endings: self, id, bell: bell.clone() }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut all = self.endings.all();
        if let Some((waiting, _)) = all.get_mut(self.id) {
            *waiting -= 1;
            if *waiting == 0 {
                all.remove(self.id);
            }
        }
    }
}

impl Engine {
    /// Waits for its end, for so long at most, and answers it as it is then.
    pub async fn wait(&self, id: &GenerationId, patience: Duration) -> Result<Generation> {
        let until = self.now().plus(patience);
        let waiting = self.endings.join(id);
        loop {
            // Listening before looking: an end in between is heard.
            let bell = waiting.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            let generation = self.generation(id).await?;
            let left = until.since(self.now());
            if generation.state.is_terminal() || left.is_zero() {
                return Ok(generation);
            }
            tokio::select! {
                () = bell => {}
                () = self.clock.sleep(left.min(LOOK)) => {}
            }
        }
    }
}
