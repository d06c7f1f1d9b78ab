//! From a plan to rows: accepted whole, in one transaction. And the ways to stop a batch.

use super::{
    manifest::{Manifest, StepWish},
    plan::{Plan, Step, model_of},
};
use crate::{Engine, Error, Result, generations::Once};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, ItemId,
    state::{BatchState, Event, GenerationState, StepKind},
};
use palitra_store::{
    batches::{self as rows, Follower, NewBatch, NewItem, NewStep, Workers},
    generations::{BatchPlace, NewGeneration},
    idempotency,
};

/// A step of a batch: which item, and what answers it.
#[derive(Debug, Clone)]
pub struct BatchStep {
    pub number: u32,
    pub kind: StepKind,
    pub generation: GenerationId,
}

/// A batch that was accepted.
#[derive(Debug, Clone)]
pub struct StartedBatch {
    pub id: BatchId,
    /// Earlier runs from the same source that it replaces.
    pub superseded: Vec<BatchId>,
    /// Whether this request made it, or an earlier one under the same key.
    pub is_new: bool,
}

impl StartedBatch {
    /// One that was there already.
    pub(super) fn there(id: &str) -> Result<StartedBatch> {
        let id =
            BatchId::parse(id).map_err(|_| Error::new(ErrorCode::IdempotencyConflict).with("value", id))?;
        Ok(StartedBatch { id, superseded: Vec::new(), is_new: false })
    }
}

/// What the plan of a batch once more knew of the others of its manifest.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) ended: rows::Batch,
    pub(super) followers: Vec<Follower>,
}

impl Known {
    /// The one that is making it already.
    pub(super) fn open(&self) -> Option<&BatchId> {
        let open = |follower: &&Follower| follower.state == BatchState::Processing && follower.stop.is_none();
        self.followers.iter().find(open).map(|follower| &follower.id)
    }

    /// One that was stopped and has not ended: what it still makes would be paid twice.
    pub(super) fn ending(&self) -> Option<&BatchId> {
        let ending =
            |follower: &&Follower| follower.state == BatchState::Processing && follower.stop.is_some();
        self.followers.iter().find(ending).map(|follower| &follower.id)
    }
}

/// What a transaction that starts a batch came to.
enum Became {
    /// Started, in the place of these.
    New(Vec<BatchId>),
    /// The same request, or another one, has made this.
    There(String),
    /// Planned beside what is not so any more.
    Stale,
}

impl Engine {
    /// Holds the money for the whole plan and queues it. What is left of an earlier run from the same source, as it was then, is stopped
    /// and its money given back.
    pub async fn start_batch(&self, plan: &Plan) -> Result<StartedBatch> {
        self.start_batch_once(plan, None).await
    }

    /// The same for a door: the same request again answers with the same batch.
    pub async fn start_batch_once(&self, plan: &Plan, once: Option<Once>) -> Result<StartedBatch> {
        let started = self.started(plan, once, None).await?;
        started.ok_or_else(|| Error::new(ErrorCode::Internal))
    }

    /// The same for what is left of a batch that has ended, unless that is at work already: then it is answered. `None`: what the plan knew of
    /// the manifest's batches is not so any more.
    pub(super) async fn start_once_more(
        &self,
        plan: &Plan,
        known: Known,
        once: Option<Once>,
    ) -> Result<Option<StartedBatch>> {
        self.started(plan, once, Some(known)).await
    }

    async fn started(
        &self,
        plan: &Plan,
        once: Option<Once>,
        known: Option<Known>,
    ) -> Result<Option<StartedBatch>> {
        let batch = self.new_batch(plan)?;
        let (id, now, bounds) = (batch.id.clone(), self.now(), self.settings.bounds);
        let (account, generations) = (batch.account.clone(), batch.generations.len());
        let faces = plan.manifest.faces.clone();
        let write = self.store.write(move |tx| {
            let mut open = None;
            if let Some(known) = &known {
                rows::lock(tx, &batch.account, batch.livemode)?;
                if rows::followers(tx, &known.ended, &batch.manifest)? != known.followers {
                    return Ok(Became::Stale);
                }
                open = known.open();
            }
            if let Some(once) = &once {
                let (owner, id) = ((&batch.account, batch.livemode), open.unwrap_or(&batch.id));
                if let Some(made) = idempotency::claim(tx, owner, once, id.as_str(), now)? {
                    return Ok(Became::There(made));
                }
            }
            if let Some(open) = open {
                return Ok(Became::There(open.to_string()));
            }
            // What is left of a batch is no newer word about its source.
            let superseded = if known.is_none() { rows::supersede(tx, &batch, now)? } else { Vec::new() };
            palitra_store::assets::mark_faces(tx, &batch.account, &faces)?;
            rows::create(tx, &batch, &bounds, now)?;
            Ok(Became::New(superseded))
        });
        let superseded = match write.await.map_err(|error| self.refused(error))? {
            Became::New(superseded) => superseded,
            Became::There(made) => return StartedBatch::there(&made).map(Some),
            Became::Stale => return Ok(None),
        };
        tracing::info!(batch.id = %id, account.id = %account, generations, "batch queued");
        self.work_is_there();
        Ok(Some(StartedBatch { id, superseded, is_new: true }))
    }

    fn new_batch(&self, plan: &Plan) -> Result<NewBatch> {
        let manifest = &plan.manifest;
        let id = BatchId::new(self.now(), self.random());
        let (mut items, mut generations) = (Vec::with_capacity(manifest.items.len()), Vec::new());
        for (item, planned) in manifest.items.iter().zip(&plan.steps) {
            let own = ItemId::new(self.now(), self.random());
            // Of each step, the generation that others wait for.
            let mut queued: Vec<Option<GenerationId>> = Vec::with_capacity(planned.len());
            let mut steps = Vec::with_capacity(planned.len());
            for (wish, step) in item.steps.iter().zip(planned) {
                let place = BatchPlace {
                    batch: id.clone(),
                    item: own.clone(),
                    step: wish.kind,
                    scope: scope(&id, manifest, wish.kind),
                };
                let (step, row) = self.step(plan, wish, step, place)?;
                let row = row.map(|row| NewGeneration {
                    parents: wish.after.iter().filter_map(|before| queued.get(*before)?.clone()).collect(),
                    ..row
                });
                queued.push(row.as_ref().map(|row| row.id.clone()));
                steps.push(step);
                generations.extend(row);
            }
            items.push(NewItem {
                id: own,
                number: item.number,
                title: item.title.clone(),
                content: item.content.to_string(),
                steps,
            });
        }
        Ok(NewBatch {
            id: id.clone(),
            account: manifest.account.clone(),
            livemode: manifest.livemode,
            kind: manifest.kind,
            manifest: plan.hash.clone(),
            source: manifest.source.clone(),
            title: manifest.title.clone(),
            options: manifest.shown.to_string(),
            gate_percent: manifest.gate_percent,
            items,
            workers: workers(plan, &id),
            barrier: manifest.sequential && generations.iter().any(|row| !row.parents.is_empty()),
            generations,
        })
    }

    fn step(
        &self,
        plan: &Plan,
        wish: &StepWish,
        step: &Step,
        place: BatchPlace,
    ) -> Result<(NewStep, Option<NewGeneration>)> {
        let answered = |generation, reused, error| NewStep { kind: wish.kind, generation, reused, error };
        Ok(match step {
            Step::Reused(found) => (answered(Some(found.id.clone()), true, None), None),
            Step::Refused(code) => (answered(None, false, Some(*code)), None),
            Step::Run { input, recipe } => {
                let (model, mode) =
                    model_of(&plan.models, wish).ok_or_else(|| Error::new(ErrorCode::Internal))?;
                let mut row = self.new_generation(plan.manifest.livemode, (model, mode), input)?;
                if self.is_free_step(plan.manifest.livemode, wish, (model, mode)) {
                    row.price = 0;
                }
                row.priority = plan.manifest.priority;
                row.key = self.bounded_key(plan.manifest.key.as_ref());
                row.batch = Some(place);
                if let Some(recipe) = recipe {
                    row.recipe.clone_from(recipe);
                }
                row.price = self.price_on_terms(&row, &plan.terms)?;
                (answered(Some(row.id.clone()), false, None), Some(row))
            }
        })
    }

    /// Continues an interrupted run with the workers that are asked for now; nothing that was accepted is created twice.
    pub async fn resume_batch(&self, plan: &Plan, id: &BatchId) -> Result<()> {
        let workers = workers(plan, id);
        self.store.write(move |tx| rows::set_workers(tx, &workers)).await?;
        self.work_is_there();
        Ok(())
    }

    pub async fn batch(&self, id: &BatchId) -> Result<rows::Batch> {
        let wanted = id.clone();
        let found = self.store.read(move |tx| rows::find(tx, &wanted)).await?;
        found.ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", id))
    }

    pub async fn stages(&self, id: &BatchId) -> Result<Vec<rows::Stage>> {
        let id = id.clone();
        Ok(self.store.read(move |tx| rows::stages(tx, &id)).await?)
    }

    /// The steps that this batch runs itself, by their generations.
    pub async fn batch_steps(&self, id: &BatchId) -> Result<Vec<BatchStep>> {
        let id = id.clone();
        let steps = self.store.read(move |tx| rows::steps(tx, &id)).await?;
        let own = steps.into_iter().filter(|step| !step.reused);
        Ok(own
            .filter_map(|step| {
                Some(BatchStep { number: step.number, kind: step.kind, generation: step.generation?.id })
            })
            .collect())
    }

    /// No new call from now on; what runs is asked to stop.
    pub async fn cancel_batch(&self, id: &BatchId) -> Result<()> {
        self.batch(id).await?;
        let (wanted, now) = (id.clone(), self.now());
        self.points.before(GenerationState::Queued, Event::Cancel);
        if !self.store.write(move |tx| rows::cancel(tx, &wanted, now)).await? {
            return Err(Error::new(ErrorCode::AlreadyFinished).with("value", id));
        }
        self.points.after(GenerationState::Queued, Event::Cancel);
        self.housekeeping_is_due();
        Ok(())
    }
}

/// The workers of a step by name; one does it all in sequential mode.
pub(super) fn scope_name(manifest: &Manifest, kind: StepKind) -> String {
    if manifest.sequential { "one".to_owned() } else { kind.to_string() }
}

fn scope(batch: &BatchId, manifest: &Manifest, kind: StepKind) -> String {
    format!("{batch}/{}", scope_name(manifest, kind))
}

/// Of each kind of step that runs its workers, each with its least interval (S0-10…S0-16).
fn workers(plan: &Plan, batch: &BatchId) -> Vec<Workers> {
    let manifest = &plan.manifest;
    let runs = |kind: StepKind| {
        let all =
            manifest.items.iter().zip(&plan.steps).flat_map(|(item, steps)| item.steps.iter().zip(steps));
        all.filter(|(wish, step)| wish.kind == kind && matches!(step, Step::Run { .. })).count()
    };
    let workers = |kind: StepKind, count: usize, interval| Workers {
        scope: scope(batch, manifest, kind),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        interval,
    };
    if manifest.sequential {
        let (_, interval) = manifest.workers_of(StepKind::Picture, 1);
        return vec![workers(StepKind::Picture, 1, interval)];
    }
    let kinds = StepKind::ALL.iter().map(|kind| (*kind, runs(*kind))).filter(|(_, runs)| *runs > 0);
    kinds
        .map(|(kind, runs)| {
            let (count, interval) = manifest.workers_of(kind, runs);
            workers(kind, count.min(WORKERS_MAX), interval)
        })
        .collect()
}

/// The most workers of one kind: more than any market's slots, and few enough rows.
const WORKERS_MAX: usize = 500;
