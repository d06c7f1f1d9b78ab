//! Batches: a manifest planned before it is paid, carried out, reported.

mod fill;
mod leftover;
mod plan;
mod report;
mod start;

pub(crate) use fill::fill;
pub use palitra_store::batches::{Batch, Stage};
pub use plan::{ManifestItem, Plan, SlidesOptions};
pub use report::{Report, SlideError, SlideReport, Totals, WorkerReport};
pub use start::{BatchStep, StartedBatch};
