//! The processes that share a database, for people who look at them.

use crate::{Engine, Result, leader};
use palitra_domain::WorkerId;
use palitra_store::{installation, leaders, workers};

pub use installation::About;
pub use workers::Worker;

/// Who works with the database.
#[derive(Debug, Clone)]
pub struct Processes {
    pub about: About,
    pub workers: Vec<Worker>,
    /// Which of them does the chores.
    pub leader: Option<WorkerId>,
}

impl Engine {
    pub async fn processes(&self) -> Result<Processes> {
        let read = self.store.read(|tx| {
            Ok(Processes {
                about: installation::about(tx)?,
                workers: workers::list(tx)?,
                leader: leaders::find(tx, leader::ROW)?.map(|leader| leader.worker),
            })
        });
        Ok(read.await?)
    }

    /// Whether several processes may use the database at once.
    pub fn is_shared(&self) -> bool {
        self.lease.is_shared
    }
}
