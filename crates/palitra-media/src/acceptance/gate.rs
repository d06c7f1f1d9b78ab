//! Threads and memory for the gate: so many results are looked at at once, and no more memory is taken than the budget.

use super::{examine, memory_bytes};
use bytes::Bytes;
use palitra_domain::BoxFuture;
use palitra_domain::acceptance::{Examination, Examiner, Expected, Facts};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Memory for decoding, of all threads together: one picture at the bound of decoding, and many common ones beside it.
const MEMORY_MIB: u32 = 768;

/// The port's examiner. Waiting costs no thread; the order of coming is kept.
pub struct Gate {
    threads: Arc<Semaphore>,
    /// In MiB.
    memory: Arc<Semaphore>,
    memory_mib: u32,
}

impl Gate {
    /// At most `threads` examinations at once (at least one), within 768 MiB.
    #[must_use]
    pub fn new(threads: usize) -> Gate {
        Gate::within(threads, MEMORY_MIB)
    }

    /// The same with another budget; at least one picture is looked at, whatever it needs.
    #[must_use]
    pub fn within(threads: usize, memory_mib: u32) -> Gate {
        let memory_mib = memory_mib.max(1);
        Gate {
            threads: Arc::new(Semaphore::new(threads.max(1))),
            memory: Arc::new(Semaphore::new(usize::try_from(memory_mib).unwrap_or(1))),
            memory_mib,
        }
    }
}

impl Examiner for Gate {
    fn examine(&self, expected: Expected, files: Vec<Bytes>) -> BoxFuture<'_, Examination> {
        Box::pin(async move {
            let count = files.len();
            // What decoding would exceed by itself is not decoded ([`crate::decode::MEMORY_BYTES_MAX`]), so nobody waits for ever.
            let needed =
                files.iter().chain(&expected.given).map(|file| memory_bytes(file)).max().unwrap_or(0);
            let needed =
                u32::try_from(needed.div_ceil(1 << 20)).unwrap_or(u32::MAX).clamp(1, self.memory_mib);
            let memory = Arc::clone(&self.memory).acquire_many_owned(needed).await;
            let thread = Arc::clone(&self.threads).acquire_owned().await;
            let looked = tokio::task::spawn_blocking(move || {
                let examination = examine(&expected, &files);
                drop((memory, thread));
                examination
            });
            // It never panics; were it to, a result would be taken as it is.
            looked.await.unwrap_or_else(|_| Examination {
                facts: vec![Facts::default(); count],
                findings: Vec::new(),
            })
        })
    }
}
