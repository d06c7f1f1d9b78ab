//! Batches: a manifest planned before it is paid, carried out, followed, reported.
//!
//! `slides` and `words` make manifests of decks and word lists; everything else is the same for all of them.

mod fill;
mod follow;
mod leftover;
mod lines;
mod makespan;
mod manifest;
mod plan;
mod report;
mod resume;
mod slides;
mod start;
mod task;
mod words;

pub(crate) use fill::{Made, fill};
pub use follow::{BatchEvent, Follower, Progress};
pub use lines::{Line, LinesOptions};
pub use manifest::{ITEMS_MAX, Manifest, ManifestItem, STEPS_MAX, StepWish, Worked};
pub use palitra_store::batches::{Batch, Done, Stage};
pub use plan::Plan;
pub use report::{ItemReport, Report, StepError, StepReport, Totals, WorkerReport};
pub use slides::{Slide, SlidesOptions, Style};
pub use start::{BatchStep, StartedBatch};
pub use task::{ProgressDetail, Task};
pub use words::{Word, WordsOptions};

#[cfg(test)]
mod tests;
