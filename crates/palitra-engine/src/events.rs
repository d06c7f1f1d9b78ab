//! What happened just now, for doors that show progress. The database is the truth; a listener that lags reads it again.

use palitra_domain::{ErrorCode, GenerationId, state::GenerationState};

/// One thing that happened to one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    pub generation: GenerationId,
    pub happened: Happened,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// About to be sent to the market.
    Started(Started),
    Ended {
        state: GenerationState,
        error: Option<ErrorCode>,
        batch_finished: bool,
    },
    /// The engine cannot record what it does (disk full, database gone) and stops.
    Trouble(ErrorCode),
}

/// A submission that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Which worker of its batch does it.
    pub worker: Option<i64>,
    /// The first 100 characters of what is sent (S0-39).
    pub prompt: String,
}
