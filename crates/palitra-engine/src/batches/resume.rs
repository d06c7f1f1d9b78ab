//! A batch once more: what was cancelled, failed or was not reached is planned anew from its rows, as a batch of its own beside which the
//! rest stands as it is. Nothing that succeeded is asked for again, whatever it was asked with.

use super::{
    manifest::{Manifest, ManifestItem, StepWish, Worked},
    plan::{Asked, Models, Plan, Step, asked_of},
    start::{Known, StartedBatch},
};
use crate::{Engine, Error, Result, generations::Once};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, KeyId,
    state::{BatchState, GenerationState, Priority, StepKind},
};
use palitra_store::{
    batches::{self as rows, Kept, StepGeneration, StepRow},
    idempotency,
};
use serde_json::Value;
use std::collections::HashSet;

/// How often it is planned again because another batch of the manifest has begun or ended meanwhile.
const TRIES: u32 = 5;

impl Engine {
    /// Starts what a batch has not made as another one, held at today's prices; `key`: on whose budgets. Where the batch is still at work, or
    /// what is left of it is already, that is answered. `AlreadyFinished`: nothing is left that can be tried. `StillEnding`: some of it is at a
    /// market, and may yet be made.
    pub async fn start_again(
        &self,
        id: &BatchId,
        key: Option<KeyId>,
        once: Option<Once>,
    ) -> Result<StartedBatch> {
        for _ in 0..TRIES {
            let (plan, known) = match self.plan_again(id, key.clone()).await? {
                Left::AtWork(batch) => return self.goes_on(*batch, once).await,
                Left::Planned(planned) => *planned,
            };
            if plan.to_run == 0 {
                return Err(Error::new(ErrorCode::AlreadyFinished).with("value", id));
            }
            if let Some(started) = self.start_once_more(&plan, known, once.clone()).await? {
                return Ok(started);
            }
        }
        Err(Error::new(ErrorCode::StoreBusy))
    }

    /// It is at work: the same request again is answered so when it is not any more.
    async fn goes_on(&self, batch: rows::Batch, once: Option<Once>) -> Result<StartedBatch> {
        let now = self.now();
        let Some(once) = once else { return StartedBatch::there(batch.id.as_str()) };
        let (id, owner) = (batch.id.to_string(), (batch.account, batch.livemode));
        let write = self.store.write(move |tx| {
            let made = idempotency::claim(tx, (&owner.0, owner.1), &once, &id, now)?;
            Ok(made.unwrap_or_else(|| id.clone()))
        });
        StartedBatch::there(&write.await?)
    }

    async fn plan_again(&self, id: &BatchId, key: Option<KeyId>) -> Result<Left> {
        let wanted = id.clone();
        let read = self.store.read(move |tx| {
            let (Some(batch), Some(kept)) = (rows::find(tx, &wanted)?, rows::kept(tx, &wanted)?) else {
                return Ok(None);
            };
            let followers = rows::followers(tx, &batch, &kept.manifest)?;
            Ok(Some((Known { ended: batch, followers }, kept, rows::steps(tx, &wanted)?)))
        });
        let Some((known, kept, rows)) = read.await? else {
            return Err(Error::new(ErrorCode::NotFound).with("value", id));
        };
        let batch = &known.ended;
        if batch.state == BatchState::Processing && batch.stop.is_none() {
            return Ok(Left::AtWork(Box::new(known.ended)));
        }
        if let Some(ending) = known.ending() {
            return Err(Error::new(ErrorCode::StillEnding).with("value", ending));
        }
        let Kept { manifest: hash, options, workers, edges } = kept;
        let sequential = workers.iter().any(|workers| workers.scope.ends_with("/one"));
        let mut manifest = Manifest {
            account: batch.account.clone(),
            livemode: batch.livemode,
            key,
            kind: batch.kind,
            source: batch.source.clone(),
            title: batch.title.clone(),
            shown: serde_json::from_str(&options).unwrap_or_default(),
            gate_percent: batch.gate_percent,
            sequential,
            priority: Priority::Standard,
            workers: workers.iter().filter_map(worked).collect(),
            faces: Vec::new(),
            items: Vec::new(),
        };
        let models = self.models_again(&manifest, &rows)?;
        let edges: HashSet<(GenerationId, GenerationId)> = edges.into_iter().collect();
        let mut again: Vec<Again<'_>> = rows.chunk_by(|a, b| a.item == b.item).map(Again::new).collect();
        // Step after step, as a plan is: what a follower has made is what the next step was asked with.
        let longest = again.iter().map(|item| item.rows.len()).max().unwrap_or(0);
        for n in 0..longest {
            let asked: Vec<Option<Looked>> =
                again.iter_mut().map(|item| item.ask(n, &edges, &models)).collect();
            let recipes = asked.iter().flatten().filter_map(|asked| asked.recipe.clone()).collect();
            let found = self.reusable(&manifest, recipes).await?;
            for (item, asked) in again.iter_mut().zip(asked) {
                let Some(Looked { step, recipe, is_made }) = asked else { continue };
                let found = recipe.and_then(|recipe| found.get(&recipe));
                // What was to be made anew is not answered by what was there before.
                let found = found.filter(|found| is_made || found.created_at > batch.created_at);
                item.steps.push(found.cloned().map_or(step, Step::Reused));
            }
        }
        let (items, steps): (Vec<ManifestItem>, Vec<Vec<Step>>) = again.into_iter().map(Again::item).unzip();
        manifest.items = items;
        let failed = steps.iter().filter(|steps| has_run(steps)).count();
        let plan = self.priced(manifest, steps, models, hash, failed).await?;
        Ok(Left::Planned(Box::new((plan, known))))
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

/// What is left of a batch.
enum Left {
    /// It goes on by itself.
    AtWork(Box<rows::Batch>),
    Planned(Box<(Plan, Known)>),
}

/// An item that is planned once more.
struct Again<'a> {
    rows: &'a [StepRow],
    wishes: Vec<StepWish>,
    steps: Vec<Step>,
}

/// A step that is to be looked up by its recipe. What was not made (`is_made`) is answered by a newer result alone.
struct Looked {
    /// What becomes of it where nothing is found.
    step: Step,
    recipe: Option<String>,
    is_made: bool,
}

impl<'a> Again<'a> {
    fn new(rows: &'a [StepRow]) -> Again<'a> {
        Again { rows, wishes: Vec::with_capacity(rows.len()), steps: Vec::with_capacity(rows.len()) }
    }

    /// The next step, after those before it were decided. `edges`: a child, its parent. What was reused was told to the steps behind it when they
    /// were made.
    fn ask(
        &mut self,
        n: usize,
        edges: &HashSet<(GenerationId, GenerationId)>,
        models: &Models,
    ) -> Option<Looked> {
        let row = self.rows.get(n)?;
        let Some(asked) = &row.generation else {
            let refused = row.error.unwrap_or(ErrorCode::Internal);
            self.wishes
                .push(StepWish { refused: Some(refused), ..StepWish::new(row.kind, "", "", Value::Null) });
            return Some(Looked { step: Step::Refused(refused), recipe: None, is_made: false });
        };
        let waited = |before: &StepRow| {
            let parent = before.generation.as_ref();
            parent.is_some_and(|parent| edges.contains(&(asked.id.clone(), parent.id.clone())))
        };
        let after = (0..n).filter(|at| waited(&self.rows[*at])).collect();
        let input = serde_json::from_str(&asked.input).unwrap_or_default();
        let wish = StepWish { after, ..StepWish::new(row.kind, &asked.model, &asked.mode, input) };
        let (step, recipe) = match asked_of(&wish, &self.steps, models) {
            Asked::Answered(step) => (step, None),
            // What was asked for whole keeps what it answers for: of two of the same the second, of one made anew the first.
            Asked::Whole { input, recipe } | Asked::Anew { input, recipe } => {
                let own = (input == wish.input).then(|| asked.recipe.clone());
                let looked = own.clone().unwrap_or(recipe);
                (Step::Run { input, recipe: own }, Some(looked))
            }
        };
        self.wishes.push(wish);
        let is_made = is_made(asked);
        let recipe = if is_made { Some(asked.recipe.clone()) } else { recipe };
        Some(Looked { step, recipe, is_made })
    }

    fn item(self) -> (ManifestItem, Vec<Step>) {
        let Again { rows, wishes, steps } = self;
        let first = &rows[0];
        let content = serde_json::from_str(&first.content).unwrap_or_default();
        (ManifestItem { number: first.number, title: first.title.clone(), content, steps: wishes }, steps)
    }
}
