//! Whether this process may own what it does not remember: then housekeeping compares the database with its memory (`work/adopt`).

use palitra_store::Error;
use std::sync::atomic::{AtomicU8, Ordering};

/// Looks that are still to be taken.
#[derive(Default)]
pub(crate) struct Doubts(AtomicU8);

impl Doubts {
    /// A commit was in doubt. Two looks, because whoever doubts may still hold what it is about to drop.
    pub(crate) fn raise(&self) {
        self.0.store(2, Ordering::SeqCst);
    }

    /// [`Doubts::raise`] when the error says so.
    pub(crate) fn raise_if(&self, error: &Error) {
        if matches!(error, Error::InDoubt(_)) {
            self.raise();
        }
    }

    /// Whether there is a reason to look; one less from now on.
    pub(crate) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}
