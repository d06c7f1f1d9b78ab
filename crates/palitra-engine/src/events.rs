//! What happened just now, for doors that show progress. The database is the truth; a listener that lags reads it again.

use palitra_domain::{BatchId, ErrorCode, GenerationId, state::GenerationState};

/// One thing that happened to one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    pub generation: GenerationId,
    pub batch: Option<BatchId>,
    pub happened: Happened,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// Sent to the market, by which worker of its batch.
    Started {
        worker: Option<i64>,
    },
    Ended {
        state: GenerationState,
        error: Option<ErrorCode>,
        batch_finished: bool,
    },
    /// The engine cannot record what it does (disk full, database gone) and stops.
    Trouble(ErrorCode),
}
