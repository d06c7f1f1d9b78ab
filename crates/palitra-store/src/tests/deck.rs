//! Batches for tests: pictures alone, and slides whose picture waits for its prompt.

use super::{
    harness::Fresh,
    shop::{anna, at, child, claim_only, failure, id, make, place, settlement},
};
use crate::{
    Result, Tx,
    batches::{self, Batch, NewBatch, NewItem, NewStep, Workers},
    generations::{self, Child, Fill, Finished, NewGeneration, Settlement},
};
use palitra_domain::{
    ErrorCode, Livemode,
    state::{AttemptState, BatchKind, Event, StepKind},
};
use std::time::Duration;

fn new_batch(n: u64, items: Vec<NewItem>, generations: Vec<NewGeneration>) -> NewBatch {
    NewBatch {
        id: id(n),
        account: anna(),
        livemode: Livemode::Live,
        kind: BatchKind::Slides,
        manifest: format!("manifest {n}"),
        title: "Deck".to_owned(),
        options: "{}".to_owned(),
        gate_percent: 0,
        barrier: false,
        source: String::new(),
        items,
        workers: vec![workers(n, StepKind::Prompt, 100, 0), workers(n, StepKind::Picture, 100, 0)],
        generations,
    }
}

/// `seconds` from start to start.
pub(crate) fn workers(batch: u64, step: StepKind, count: u32, seconds: u64) -> Workers {
    Workers { scope: place(batch, 1, step).scope, count, interval: Duration::from_secs(seconds) }
}

pub(crate) fn run(n: u64, kind: StepKind) -> NewStep {
    NewStep { kind, generation: Some(id(n)), reused: false, error: None }
}

pub(crate) fn reused(n: u64, kind: StepKind) -> NewStep {
    NewStep { reused: true, ..run(n, kind) }
}

pub(crate) fn refused(kind: StepKind, code: ErrorCode) -> NewStep {
    NewStep { kind, generation: None, reused: false, error: Some(code) }
}

fn item(batch: u64, number: u64, steps: Vec<NewStep>) -> NewItem {
    let (title, content) = (format!("Slide {number}"), String::new());
    NewItem { id: id(1_000 * batch + number), number: u32::try_from(number).unwrap(), title, content, steps }
}

/// A batch whose items have these steps. Steps that run get their generations, a picture waits for its item's
/// prompt.
pub(crate) fn deck(batch: u64, items: Vec<Vec<NewStep>>) -> NewBatch {
    let mut generations = Vec::new();
    let number_of = |step: &NewStep| (1..10_000).find(|n| step.generation == Some(id(*n)));
    for (number, steps) in (1..).zip(&items) {
        let mut parents = Vec::new();
        for step in steps.iter().filter(|step| !step.reused && step.error.is_none()) {
            let Some(n) = number_of(step) else { continue };
            let at = place(batch, 1_000 * batch + number, step.kind);
            generations.push(NewGeneration { batch: Some(at), ..child(n, &parents) });
            parents.push(n);
        }
    }
    let items = (1..).zip(items).map(|(number, steps)| item(batch, number, steps)).collect();
    new_batch(batch, items, generations)
}

/// Item `i` is picture `i`.
pub(crate) fn pictures(batch: u64, count: u64) -> NewBatch {
    deck(batch, (1..=count).map(|n| vec![run(n, StepKind::Picture)]).collect())
}

/// Item `i` has prompt `100 + i` and picture `200 + i`.
pub(crate) fn slides(batch: u64, count: u64) -> NewBatch {
    let steps = |n| vec![run(100 + n, StepKind::Prompt), run(200 + n, StepKind::Picture)];
    deck(batch, (1..=count).map(steps).collect())
}

pub(crate) fn start(tx: &mut Tx, batch: &NewBatch) -> Result<()> {
    batches::create(tx, batch, &Default::default(), at(0))
}

/// The same generations with something changed.
pub(crate) fn each(batch: NewBatch, change: impl Fn(NewGeneration) -> NewGeneration) -> NewBatch {
    let generations = batch.generations.into_iter().map(change).collect();
    NewBatch { generations, ..batch }
}

/// Claims `n`, and it goes well; its children get an input.
pub(crate) fn succeed(tx: &mut Tx, n: u64, now: i64) -> Result<Finished> {
    let fence = make(tx, n, at(now))?;
    let fill = |child: Child| Fill {
        child: child.id,
        to: Ok(generations::Told::Whole { input: "{}".to_owned(), recipe: "recipe".to_owned() }),
    };
    let fills = generations::children(tx, &id(n))?.into_iter().map(fill).collect();
    generations::settle(tx, &Settlement { fills, ..settlement(&fence, n) }, at(now))
}

/// Claims `n`, and the market fails it.
pub(crate) fn fail(tx: &mut Tx, n: u64, now: i64) -> Result<Finished> {
    let fence = claim_only(tx, n, at(now))?;
    generations::fail(tx, &failure(&fence, n, Event::Fail, AttemptState::Failed), at(now))
}

/// Total, succeeded, failed and skipped of each stage.
pub(crate) async fn stages(fresh: &Fresh, batch: u64) -> Vec<[i64; 4]> {
    let stages = fresh.store.read(move |tx| batches::stages(tx, &id(batch))).await.unwrap();
    stages.iter().map(|it| [it.total, it.succeeded, it.failed, it.skipped]).collect()
}

pub(crate) async fn found(fresh: &Fresh, batch: u64) -> Batch {
    fresh.store.read(move |tx| batches::find(tx, &id(batch))).await.unwrap().unwrap()
}
