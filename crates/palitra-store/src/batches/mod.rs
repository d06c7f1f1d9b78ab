//! Batches: a manifest carried out. Items, steps, counters, workers, the gate and the report's rows.

mod count;
mod create;
mod read;

pub(crate) use count::{Tally, count, lock_of};
pub use count::{cancel, lock, set_workers, stop, supersede};
pub use create::{NewBatch, NewItem, NewStep, Workers, create};
pub use read::{
    Batch, Done, Follower, Kept, Stage, StepGeneration, StepRow, Worker, calls_since, changed_items, done,
    failed_items, find, followers, kept, last_of, moved, open, open_from, page, stages, steps, workers,
};
