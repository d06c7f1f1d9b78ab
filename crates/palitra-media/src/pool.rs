//! Where heavy work is done: on a few threads of its own, within a budget of memory. However many ask, it takes longer, never more.

use std::sync::Arc;
use tokio::sync::{AcquireError, Semaphore};

/// Shared by everything of one process; clones are the same pool.
#[derive(Clone)]
pub struct Pool {
    threads: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_mib: u32,
}

/// The work did not come to its end: it panicked, or the process is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work broke off")]
pub struct BrokeOff;

impl From<AcquireError> for BrokeOff {
    fn from(_: AcquireError) -> BrokeOff {
        BrokeOff
    }
}

impl Pool {
    /// At most `threads` pieces of work at once, in `memory_mib` MiB all together.
    pub fn new(threads: usize, memory_mib: u32) -> Pool {
        Pool {
            threads: Arc::new(Semaphore::new(threads.max(1))),
            memory: Arc::new(Semaphore::new(usize::try_from(memory_mib).unwrap_or(usize::MAX))),
            memory_mib,
        }
    }

    /// Does it when there is room for its `mib` and a thread; what needs more than there is has all of it for itself.
    pub async fn run<T: Send + 'static>(
        &self,
        mib: u32,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        // Memory first: who waits for it keeps no thread from the others.
        let memory = self.memory.clone().acquire_many_owned(mib.clamp(1, self.memory_mib)).await?;
        let thread = self.threads.clone().acquire_owned().await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((memory, thread));
            done
        });
        done.await.map_err(|_| BrokeOff)
    }

    /// MiB that nobody uses.
    pub fn free_mib(&self) -> usize {
        self.memory.available_permits()
    }
}
