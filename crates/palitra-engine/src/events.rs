//! What happened just now, for doors that show progress. The database is the truth; a listener that lags reads it again.

use palitra_domain::{ErrorCode, GenerationId, state::GenerationState};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// About to be sent to the market.
    Started(Started),
    Ended(Ended),
    /// The engine cannot record what it does (disk full, database gone) and stops.
    Trouble(ErrorCode),
}

/// A submission that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    pub generation: GenerationId,
    /// Which worker of its batch does it.
    pub worker: Option<i64>,
    /// The first 100 characters of what is sent (S0-39).
    pub prompt: String,
}

/// A generation in a final state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub generation: GenerationId,
    pub state: GenerationState,
    pub error: Option<ErrorCode>,
}
