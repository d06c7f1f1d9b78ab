//! The manifest: what a batch is asked to make, as data. Whoever reads a deck, a word list or lines of JSON makes one; the rest is the
//! same for all of them.

use palitra_domain::{
    AccountId, AssetId, ErrorCode, KeyId, Livemode,
    state::{BatchKind, Priority, StepKind},
};
use serde_json::{Value, json};
use std::time::Duration;

/// The most steps an item has.
pub const STEPS_MAX: usize = StepKind::ALL.len();

/// The most items a batch has; more are several batches.
pub const ITEMS_MAX: usize = 10_000;

#[derive(Debug, Clone)]
pub struct Manifest {
    pub account: AccountId,
    pub livemode: Livemode,
    /// The key it is asked with: its budgets count all of it.
    pub key: Option<KeyId>,
    pub kind: BatchKind,
    /// Where it came from, such as the path of a deck: a changed manifest from there replaces what is left of the earlier one. Empty when
    /// that is nowhere in particular.
    pub source: String,
    pub title: String,
    /// Options, for people and for `jobs show`.
    pub shown: Value,
    /// At least this part of each stage has to succeed; 0: each item stands alone.
    pub gate_percent: u32,
    /// One call at a time, every prompt before the first picture (S0-38).
    pub sequential: bool,
    pub priority: Priority,
    pub workers: Vec<Worked>,
    /// Uploads that are given as faces, and are kept for less time.
    pub faces: Vec<AssetId>,
    pub items: Vec<ManifestItem>,
}

/// The workers of a kind of step. A kind that is not named has as many as there are steps.
#[derive(Debug, Clone, Copy)]
pub struct Worked {
    pub kind: StepKind,
    /// 0: as many as there are steps.
    pub count: u32,
    /// Start to start, per worker (S0-14, R-10).
    pub interval: Duration,
}

#[derive(Debug, Clone)]
pub struct ManifestItem {
    pub number: u32,
    pub title: String,
    /// Kept beside the item, so that a report can show it.
    pub content: Value,
    /// In an order in which nothing waits for what comes after it.
    pub steps: Vec<StepWish>,
}

/// One generation of an item.
#[derive(Debug, Clone)]
pub struct StepWish {
    pub kind: StepKind,
    /// Public id or alias.
    pub model: String,
    pub mode: String,
    /// In our words, without what the steps before it fill in.
    pub input: Value,
    /// Positions of the steps it waits for. A text becomes its prompt, cleaned (S0-08); pictures become its `images`.
    pub after: Vec<usize>,
    /// Cannot run, and why.
    pub refused: Option<ErrorCode>,
    /// Made anew with this seed, whatever is there; the result answers for the recipe as it was.
    pub redo: Option<u32>,
}

impl Manifest {
    /// How many workers carry out so many steps of a kind, one of them at least, and their interval.
    pub(super) fn workers_of(&self, kind: StepKind, steps: usize) -> (usize, Duration) {
        let worked = self.workers.iter().find(|worked| worked.kind == kind);
        let wanted = worked.and_then(|worked| usize::try_from(worked.count).ok()).filter(|count| *count > 0);
        let steps = steps.max(1);
        (
            wanted.map_or(steps, |wanted| wanted.min(steps)),
            worked.map_or(Duration::ZERO, |worked| worked.interval),
        )
    }
}

impl StepWish {
    /// A step that waits for nothing.
    pub fn new(kind: StepKind, model: &str, mode: &str, input: Value) -> StepWish {
        let (model, mode) = (model.to_owned(), mode.to_owned());
        StepWish { kind, model, mode, input, after: Vec::new(), refused: None, redo: None }
    }
}

impl ManifestItem {
    /// What decides its results.
    pub(super) fn fixed(&self, models: impl Fn(&StepWish) -> String) -> Value {
        let step = |step: &StepWish| {
            json!([
                step.kind,
                models(step),
                step.mode,
                step.input,
                step.after,
                step.refused,
                step.redo.is_some()
            ])
        };
        json!([self.number, self.title, self.content, self.steps.iter().map(step).collect::<Vec<_>>()])
    }
}
