//! From a plan to rows: accepted whole, in one transaction. And the ways to stop a batch.

use super::plan::{Plan, PlannedItem, Step, worker_count};
use crate::{Engine, Error, Result};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, ItemId, Livemode,
    catalogue::{Mode, Model},
    state::{Event, GenerationState, StepKind},
};
use palitra_store::{
    batches::{self as rows, NewBatch, NewItem, NewStep, Workers},
    generations::{BatchPlace, NewGeneration},
};
use serde_json::{Value, json};
use std::sync::Arc;

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
    /// Earlier runs of the same deck that it replaces.
    pub superseded: Vec<BatchId>,
}

impl Engine {
    /// Holds the money for the whole plan and queues it.
    /// What is left of an earlier run of the same deck, as it was then, is stopped and its money given back.
    pub async fn start_slides(&self, plan: &Plan) -> Result<StartedBatch> {
        let batch = self.new_batch(plan)?;
        let (id, now, bounds) = (batch.id.clone(), self.now(), self.settings.bounds);
        let (account, generations) = (batch.account.clone(), batch.generations.len());
        let write = self.store.write(move |tx| {
            let superseded = rows::supersede(tx, &batch, now)?;
            rows::create(tx, &batch, &bounds, now)?;
            Ok(superseded)
        });
        let superseded = write.await?;
        tracing::info!(batch.id = %id, account.id = %account, generations, "batch queued");
        self.work_is_there();
        Ok(StartedBatch { id, superseded })
    }

    fn new_batch(&self, plan: &Plan) -> Result<NewBatch> {
        let options = &plan.options;
        let image = self.model_for(options.livemode, &options.model, "create")?;
        let writer = self.model_for(options.livemode, &options.prompt_model, "write")?;
        let id = BatchId::new(self.now(), self.random());
        let scope =
            |kind: StepKind| if options.sequential { format!("{id}/one") } else { format!("{id}/{kind}") };
        let (mut items, mut generations) = (Vec::new(), Vec::new());
        for planned in &plan.items {
            let item = ItemId::new(self.now(), self.random());
            let place = |step| BatchPlace { batch: id.clone(), item: item.clone(), step, scope: scope(step) };
            let mut steps = Vec::new();
            let mut parents = Vec::new();
            if let Some(prompt) = &planned.prompt {
                let (step, row) = self.step(
                    StepKind::Prompt,
                    options.livemode,
                    prompt,
                    (&writer.0, &writer.1),
                    place(StepKind::Prompt),
                    Vec::new(),
                )?;
                let row = row.map(|row| NewGeneration { priority: options.priority, ..row });
                parents.extend(row.as_ref().map(|row| row.id.clone()));
                steps.push(step);
                generations.extend(row);
            }
            let (step, row) = self.step(
                StepKind::Picture,
                options.livemode,
                &planned.picture,
                (&image.0, &image.1),
                place(StepKind::Picture),
                parents,
            )?;
            steps.push(step);
            generations.extend(row.map(|row| NewGeneration { priority: options.priority, ..row }));
            items.push(new_item(item, planned, steps));
        }
        for row in &mut generations {
            row.price = self.price_on_terms(row, &plan.terms)?;
        }
        let shown = json!({
            "model": options.model, "prompt_model": options.prompt_model, "format": options.format.to_string(), "seed": options.seed,
            "image_workers": options.image_workers, "sequential": options.sequential,
        });
        Ok(NewBatch {
            id: id.clone(),
            account: options.account.clone(),
            livemode: options.livemode,
            kind: "slides",
            manifest: plan.manifest.clone(),
            source: options.source.clone(),
            title: options.title.clone(),
            options: shown.to_string(),
            gate_percent: options.gate_percent,
            items,
            workers: workers(plan, scope),
            barrier: options.sequential && generations.iter().any(|row| !row.parents.is_empty()),
            generations,
        })
    }

    fn step(
        &self,
        kind: StepKind,
        livemode: Livemode,
        step: &Step,
        (model, mode): (&Arc<Model>, &Arc<Mode>),
        place: BatchPlace,
        parents: Vec<GenerationId>,
    ) -> Result<(NewStep, Option<NewGeneration>)> {
        let answered = |generation, reused, error| NewStep { kind, generation, reused, error };
        Ok(match step {
            Step::Reused(found) => (answered(Some(found.id.clone()), true, None), None),
            Step::Refused(code) => (answered(None, false, Some(*code)), None),
            Step::Run(input) => {
                let mut row = self.new_generation(livemode, (model, mode), input)?;
                (row.batch, row.parents) = (Some(place), parents);
                (answered(Some(row.id.clone()), false, None), Some(row))
            }
        })
    }

    /// Continues an interrupted run with the workers that are asked for now; nothing that was accepted is created twice.
    pub async fn resume_slides(&self, plan: &Plan, id: &BatchId) -> Result<()> {
        let workers = workers(plan, |kind| worker_scope(id, kind, plan.options.sequential));
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

fn worker_scope(batch: &BatchId, kind: StepKind, sequential: bool) -> String {
    if sequential { format!("{batch}/one") } else { format!("{batch}/{kind}") }
}

fn new_item(id: ItemId, planned: &PlannedItem, steps: Vec<NewStep>) -> NewItem {
    let item = &planned.item;
    // A ready prompt has no step of its own; it is kept with the content, so that a report can show it.
    let content = json!({ "content": item.content, "prompt": item.prompt });
    NewItem { id, number: item.number, title: item.title.clone(), content: content.to_string(), steps }
}

/// One prompt worker and the picture workers, each with its least interval (S0-10…S0-16). In sequential mode one worker does it all.
fn workers(plan: &Plan, scope: impl Fn(StepKind) -> String) -> Vec<Workers> {
    let options = &plan.options;
    let runs = |wanted: fn(&PlannedItem) -> bool| plan.items.iter().filter(|item| wanted(item)).count();
    let prompts = runs(|item| matches!(item.prompt, Some(Step::Run(_))));
    let pictures = runs(|item| matches!(item.picture, Step::Run(_)));
    if options.sequential {
        return vec![Workers { scope: scope(StepKind::Picture), count: 1, interval: options.image_delay }];
    }
    let mut workers = Vec::new();
    if prompts > 0 {
        workers.push(Workers { scope: scope(StepKind::Prompt), count: 1, interval: options.prompt_delay });
    }
    if pictures > 0 {
        let count = u32::try_from(worker_count(options.image_workers, pictures)).unwrap_or(u32::MAX);
        workers.push(Workers { scope: scope(StepKind::Picture), count, interval: options.image_delay });
    }
    workers
}

/// The prompt that an item brought along.
pub(super) fn ready_prompt(content: &str) -> Option<String> {
    let content: Value = serde_json::from_str(content).ok()?;
    content.get("prompt")?.as_str().map(str::to_owned)
}
