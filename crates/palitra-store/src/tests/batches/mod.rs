//! Batches, from their creation to their report.

mod barrier;
mod counters;
mod create;
mod gate;
mod report;
mod stop;
