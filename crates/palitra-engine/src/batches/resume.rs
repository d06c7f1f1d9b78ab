//! A batch once more: what was cancelled, failed or was not reached is planned anew from its rows, as a batch of its own beside which the
//! rest stands as it is. Nothing that succeeded is asked for again, whatever it was asked with.

use super::{
    manifest::{Manifest, ManifestItem, StepWish, Worked},
    plan::{Asked, Models, Plan, Step, asked_of},
    start::StartedBatch,
};
use crate::{Engine, Error, Result, generations::Once};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, KeyId,
    state::{BatchState, GenerationState, Priority, StepKind},
};
use palitra_store::{
    batches::{self as rows, Kept, StepGeneration, StepRow},
    generations::Reusable,
};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

impl Engine {
    /// Starts what a batch has not made as another one, held at today's prices; `key`: on whose budgets. Where the batch is still at work, or
    /// what is left of it is already, that is answered. `AlreadyFinished`: nothing is left that can be tried.
    pub async fn start_again(
        &self,
        id: &BatchId,
        key: Option<KeyId>,
        once: Option<Once>,
    ) -> Result<StartedBatch> {
        if self.batch(id).await?.state == BatchState::Processing {
            return Ok(StartedBatch { id: id.clone(), superseded: Vec::new(), is_new: false });
        }
        let plan = self.plan_again(id, key).await?;
        if plan.to_run == 0 {
            return Err(Error::new(ErrorCode::AlreadyFinished).with("value", id));
        }
        self.start_once_more(&plan, id, once).await
    }

    async fn plan_again(&self, id: &BatchId, key: Option<KeyId>) -> Result<Plan> {
        let wanted = id.clone();
        let read = self.store.read(move |tx| {
            Ok((rows::find(tx, &wanted)?, rows::kept(tx, &wanted)?, rows::steps(tx, &wanted)?))
        });
        let (Some(batch), Some(kept), rows) = read.await? else {
            return Err(Error::new(ErrorCode::NotFound).with("value", id));
        };
        let Kept { manifest: hash, options, workers, edges } = kept;
        let sequential = workers.iter().any(|workers| workers.scope.ends_with("/one"));
        let mut manifest = Manifest {
            account: batch.account,
            livemode: batch.livemode,
            key,
            kind: batch.kind,
            source: batch.source,
            title: batch.title,
            shown: serde_json::from_str(&options).unwrap_or_default(),
            gate_percent: batch.gate_percent,
            sequential,
            priority: Priority::Standard,
            workers: workers.iter().filter_map(worked).collect(),
            faces: Vec::new(),
            items: Vec::new(),
        };
        let made = rows.iter().filter_map(|row| row.generation.as_ref().filter(|made| is_made(made)));
        let found = self.reusable(&manifest, made.map(|made| made.recipe.clone()).collect()).await?;
        let models = self.models_again(&manifest, &rows)?;
        let edges: HashSet<(GenerationId, GenerationId)> = edges.into_iter().collect();
        let mut steps = Vec::new();
        for rows in rows.chunk_by(|a, b| a.item == b.item) {
            let (item, decided) = again(rows, &edges, &found, &models);
            manifest.items.push(item);
            steps.push(decided);
        }
        let failed = steps.iter().filter(|steps| has_run(steps)).count();
        self.priced(manifest, steps, models, hash, failed).await
    }

    /// The models of what is to be run; one that is gone matters only then.
    fn models_again(&self, manifest: &Manifest, rows: &[StepRow]) -> Result<Models> {
        let mut models = Models::new();
        for row in rows {
            let Some(asked) = &row.generation else { continue };
            let name = (asked.model.clone(), asked.mode.clone());
            if models.contains_key(&name) {
                continue;
            }
            match self.model_for(manifest.livemode, &asked.model, &asked.mode) {
                Ok(found) => drop(models.insert(name, found)),
                Err(_) if is_made(asked) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(models)
    }
}

fn is_made(asked: &StepGeneration) -> bool {
    asked.state == GenerationState::Succeeded
}

fn has_run(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Run { .. }))
}

/// `bat_…/picture`, so many at once.
fn worked(workers: &rows::Workers) -> Option<Worked> {
    let kind = match workers.scope.rsplit_once('/')?.1 {
        "one" => StepKind::Picture,
        name => StepKind::parse(name)?,
    };
    Some(Worked { kind, count: workers.count, interval: workers.interval })
}

/// An item with what becomes of its steps. `edges`: a child, its parent. What was reused was told to the steps behind it when they were made.
fn again(
    rows: &[StepRow],
    edges: &HashSet<(GenerationId, GenerationId)>,
    found: &HashMap<String, Reusable>,
    models: &Models,
) -> (ManifestItem, Vec<Step>) {
    let (mut wishes, mut steps): (Vec<StepWish>, Vec<Step>) = (Vec::new(), Vec::new());
    for row in rows {
        let Some(asked) = &row.generation else {
            let refused = row.error.unwrap_or(ErrorCode::Internal);
            wishes.push(StepWish { refused: Some(refused), ..StepWish::new(row.kind, "", "", Value::Null) });
            steps.push(Step::Refused(refused));
            continue;
        };
        let waited = |before: &StepRow| {
            let parent = before.generation.as_ref();
            parent.is_some_and(|parent| edges.contains(&(asked.id.clone(), parent.id.clone())))
        };
        let after = (0..wishes.len()).filter(|at| waited(&rows[*at])).collect();
        let input = serde_json::from_str(&asked.input).unwrap_or_default();
        let wish = StepWish { after, ..StepWish::new(row.kind, &asked.model, &asked.mode, input) };
        let reused = found.get(&asked.recipe).filter(|_| is_made(asked)).cloned();
        steps.push(match (reused, asked_of(&wish, &steps, models)) {
            (Some(reused), _) => Step::Reused(reused),
            (None, Asked::Answered(step)) => step,
            // What was asked for whole keeps what it answers for: of two of the same the second, of one made anew the first.
            (None, Asked::Whole { input, .. } | Asked::Anew { input, .. }) => {
                let recipe = (input == wish.input).then(|| asked.recipe.clone());
                Step::Run { input, recipe }
            }
        });
        wishes.push(wish);
    }
    let first = &rows[0];
    let content = serde_json::from_str(&first.content).unwrap_or_default();
    (ManifestItem { number: first.number, title: first.title.clone(), content, steps: wishes }, steps)
}
