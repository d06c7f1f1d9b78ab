//! Several real processes on one PostgreSQL database: started together, killed, stopped for longer than their lease, cut off from the
//! server. After each story everything has ended, and books, market and files agree (`crash/verdict`).
//!
//! The clock of the processes runs ten times as fast and so do their leases: two seconds instead of twenty. Nothing is asserted about time.

mod boot;
pub(crate) mod database;
mod kills;
mod server;
mod town;
mod zombie;
