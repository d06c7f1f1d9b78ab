//! Crash tests: the real binary is killed with SIGKILL, started again, and judged from our books, from the market's log and from the
//! files it left (design §1, invariants 1 to 4).
//!
//! Nothing here sleeps: a run is waited for, and a kill comes at a named point or when a run has not ended in time.

pub(crate) mod books;
mod play;
mod points;
pub(crate) mod process;
mod random;
pub(crate) mod scenario;
mod stop;
pub(crate) mod verdict;
