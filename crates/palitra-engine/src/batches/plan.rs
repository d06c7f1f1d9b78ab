//! The plan of a manifest: what would run, what is there already, what it costs and how long it takes. Nothing is written.

use super::{
    fill::{Made, word},
    makespan::makespan,
    manifest::{ITEMS_MAX, Manifest, ManifestItem, STEPS_MAX, StepWish},
};
use crate::{Engine, Error, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use palitra_domain::{
    ErrorCode, Livemode, Money,
    catalogue::{Mode, Model},
    recipe,
    state::{Priority, StepKind},
    terms::Terms,
};
use palitra_store::generations::{self as rows, Reusable};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// What would be done.
#[derive(Debug)]
pub struct Plan {
    pub(super) manifest: Manifest,
    /// Of each item its steps, in the manifest's order.
    pub(super) steps: Vec<Vec<Step>>,
    pub(super) models: Models,
    /// Hash of everything that decides the results: the same command finds its interrupted run by it.
    pub(super) hash: String,
    /// Of the account, when it was planned: at these it is charged.
    pub(super) terms: Terms,
    /// Items all of whose results are there already.
    pub unchanged: usize,
    /// Items that will be worked on.
    pub to_run: usize,
    /// Of these, items of which a step failed the last time.
    pub failed: usize,
    /// Items of which a step cannot run, such as a picture without an English word left in its prompt.
    pub refused: usize,
    /// The most that will be charged.
    pub price: Money,
    /// What markets may take for it, whoever pays it.
    pub cost: Money,
    pub eta: Duration,
}

#[derive(Debug)]
pub(super) enum Step {
    /// Answered by an older result of the same recipe.
    Reused(Reusable),
    /// To be run; what the steps before it will make is not in the input yet. `recipe`: the one it answers for, where that is not its own.
    Run { input: Value, recipe: Option<String> },
    /// Cannot run, or the step before it cannot.
    Refused(ErrorCode),
}

/// The models of a manifest, by the words that name them.
pub(super) type Models = HashMap<(String, String), (Arc<Model>, Arc<Mode>)>;

pub(super) fn model_of<'a>(models: &'a Models, step: &StepWish) -> Option<&'a (Arc<Model>, Arc<Mode>)> {
    models.get(&(step.model.clone(), step.mode.clone()))
}

impl Plan {
    pub fn gate_percent(&self) -> u32 {
        self.manifest.gate_percent
    }

    pub fn items(&self) -> &[ManifestItem] {
        &self.manifest.items
    }

    /// The models it was planned with, and their modes.
    pub fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        self.models.keys().map(|(model, mode)| (model.as_str(), mode.as_str()))
    }

    /// Leaves out what would run and did not fail the last time: only what failed is tried again.
    fn is_kept(steps: &[Step], has_failed: bool) -> bool {
        has_failed || steps.iter().all(|step| matches!(step, Step::Reused(_)))
    }
}

impl Engine {
    /// Looks up what is there and prices the rest.
    pub async fn plan(&self, manifest: Manifest) -> Result<Plan> {
        self.plan_of(manifest, false).await
    }

    /// The same of what failed in the last run from the manifest's source, beside what is there already.
    pub async fn plan_failed(&self, manifest: Manifest) -> Result<Plan> {
        self.plan_of(manifest, true).await
    }

    async fn plan_of(&self, mut manifest: Manifest, only_failed: bool) -> Result<Plan> {
        check(&manifest)?;
        let models = self.models_of(&manifest)?;
        let mut steps = self.decided(&manifest, &models).await?;
        let failed_before = self.failed_before(&manifest).await?;
        let has_failed = |item: &ManifestItem| failed_before.contains(&(item.number, item.title.clone()));
        if only_failed {
            let all = manifest.items.into_iter().zip(steps);
            (manifest.items, steps) =
                all.filter(|(item, steps)| Plan::is_kept(steps, has_failed(item))).unzip();
        }
        let hash = manifest_hash(&manifest, &models);
        let failed = manifest
            .items
            .iter()
            .zip(&steps)
            .filter(|(item, steps)| has_failed(item) && is_run(steps))
            .count();
        self.priced(manifest, steps, models, hash, failed).await
    }

    /// What the steps of a manifest come to; `failed` of its items failed the last time.
    pub(super) async fn priced(
        &self,
        manifest: Manifest,
        steps: Vec<Vec<Step>>,
        models: Models,
        hash: String,
        failed: usize,
    ) -> Result<Plan> {
        let count = |wanted: fn(&[Step]) -> bool| steps.iter().filter(|steps| wanted(steps)).count();
        let unchanged = count(|steps| steps.iter().all(|step| matches!(step, Step::Reused(_))));
        let refused = count(|steps| steps.iter().any(|step| matches!(step, Step::Refused(_))));
        let to_run = count(is_run);
        let account = manifest.account.clone();
        let terms = self.store.read(move |tx| palitra_store::terms::of(tx, &account)).await?;
        let prices = terms.priced(&self.settings.prices);
        let (mut price, mut cost) = (Money::new(0, prices.currency), Money::new(0, prices.currency));
        for (wish, step) in
            manifest.items.iter().zip(&steps).flat_map(|(item, steps)| item.steps.iter().zip(steps))
        {
            if let (Step::Run { input, .. }, Some((model, mode))) = (step, model_of(&models, wish)) {
                if !self.is_free_step(manifest.livemode, wish, (model, mode)) {
                    price = price.plus(mode.price(input, &prices)?)?;
                }
                cost = cost.plus(mode.price_and_cost(input, &prices)?.1)?;
            }
        }
        let mut usual = HashMap::new();
        for (model, mode) in models.values() {
            let history = self.history(&model.id, &mode.name).await;
            usual.insert((model.id.clone(), mode.name.clone()), history.p50);
        }
        let slots = self.slots_of(&models, manifest.priority).await?;
        let eta = makespan(&manifest, &steps, &models, &usual, &slots);
        Ok(Plan {
            manifest,
            steps,
            models,
            hash,
            terms,
            unchanged,
            to_run,
            failed,
            refused,
            price,
            cost,
            eta,
        })
    }

    /// A translation that the engine has put before another step, where the house pays it.
    pub(super) fn is_free_step(
        &self,
        livemode: Livemode,
        wish: &StepWish,
        (model, mode): (&Model, &Mode),
    ) -> bool {
        wish.kind == StepKind::Prompt && self.is_on_the_house(livemode, model, mode)
    }

    /// Of each market all its keys' slots.
    async fn slots_of(&self, models: &Models, priority: Priority) -> Result<HashMap<String, usize>> {
        let markets: HashSet<String> = models.values().map(|(model, _)| model.market.clone()).collect();
        let read = self.store.read(move |tx| {
            let slots = |market: &String| {
                let place = rows::line_length(tx, market, priority)?;
                Ok((market.clone(), usize::try_from(place.slots).unwrap_or(0).max(1)))
            };
            markets.iter().map(slots).collect()
        });
        Ok(read.await?)
    }

    fn models_of(&self, manifest: &Manifest) -> Result<Models> {
        let mut models = Models::new();
        for step in manifest.items.iter().flat_map(|item| &item.steps) {
            if model_of(&models, step).is_none() {
                let found = self.model_for(manifest.livemode, &step.model, &step.mode)?;
                models.insert((step.model.clone(), step.mode.clone()), found);
            }
        }
        Ok(models)
    }

    /// Step after step, the first of all items, then the second: what a step is asked may be what the one before it has made.
    async fn decided(&self, manifest: &Manifest, models: &Models) -> Result<Vec<Vec<Step>>> {
        let mut decided: Vec<Vec<Step>> =
            manifest.items.iter().map(|item| Vec::with_capacity(item.steps.len())).collect();
        let longest = manifest.items.iter().map(|item| item.steps.len()).max().unwrap_or(0);
        for n in 0..longest {
            let mut asked: Vec<(usize, Asked)> = Vec::new();
            for (at, item) in manifest.items.iter().enumerate() {
                let Some(wish) = item.steps.get(n) else { continue };
                asked.push((at, asked_of(wish, &decided[at], models)));
            }
            let again = repeated(&asked);
            let recipes =
                asked.iter().filter_map(|(_, asked)| asked.recipe()).chain(again.iter().flatten().cloned());
            let found = self.reusable(manifest, recipes.collect()).await?;
            for ((at, asked), again) in asked.into_iter().zip(again) {
                decided[at].push(match asked {
                    Asked::Answered(step) => step,
                    Asked::Anew { input, recipe } => {
                        Step::Run { input, recipe: Some(again.unwrap_or(recipe)) }
                    }
                    Asked::Whole { input, recipe } => {
                        let own = again.as_ref().and_then(|again| found.get(again));
                        match own.or_else(|| found.get(&recipe)).cloned() {
                            Some(found) => Step::Reused(found),
                            None => Step::Run { input, recipe: again },
                        }
                    }
                });
            }
        }
        Ok(decided)
    }

    /// Results of the account for these recipes whose files are still there.
    pub(super) async fn reusable(
        &self,
        manifest: &Manifest,
        recipes: Vec<String>,
    ) -> Result<HashMap<String, Reusable>> {
        /// Files that are looked for at once.
        const AT_ONCE: usize = 8;
        if recipes.is_empty() {
            return Ok(HashMap::new());
        }
        let (account, livemode) = (manifest.account.clone(), manifest.livemode);
        let found = self.store.read(move |tx| rows::reusable(tx, &account, livemode, &recipes)).await?;
        let there = stream::iter(found).map(|found| async {
            let mut is_there = found.output.is_some() || !found.assets.is_empty();
            for asset in &found.assets {
                is_there = is_there && self.objects.exists(&asset.object_key).await?;
            }
            Ok::<_, Error>(is_there.then(|| (found.recipe.clone(), found)))
        });
        let there: Vec<Option<(String, Reusable)>> = there.buffered(AT_ONCE).try_collect().await?;
        Ok(there.into_iter().flatten().collect())
    }

    /// Items that did not succeed in the last run from the same source.
    async fn failed_before(&self, manifest: &Manifest) -> Result<Vec<(u32, String)>> {
        if manifest.source.is_empty() {
            return Ok(Vec::new());
        }
        let (account, livemode, kind, source) =
            (manifest.account.clone(), manifest.livemode, manifest.kind, manifest.source.clone());
        let read = self.store.read(move |tx| {
            let last = palitra_store::batches::last_of(tx, (&account, livemode), kind, &source)?;
            last.map_or(Ok(Vec::new()), |last| palitra_store::batches::failed_items(tx, &last.id))
        });
        Ok(read.await?)
    }

    /// The interrupted run of the same manifest, to be continued instead of started again.
    pub async fn interrupted(&self, plan: &Plan) -> Result<Option<super::Batch>> {
        let (account, livemode, hash) =
            (plan.manifest.account.clone(), plan.manifest.livemode, plan.hash.clone());
        Ok(self.store.read(move |tx| palitra_store::batches::open(tx, &account, livemode, &hash)).await?)
    }
}

fn is_run(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Run { .. }))
}

/// The recipe that the second, third, … of the same answers for: who asks for a thing four times gets four, and the same four again.
fn repeated(asked: &[(usize, Asked)]) -> Vec<Option<String>> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let again = |(_, asked): &(usize, Asked)| {
        let recipe = asked.recipe()?;
        let times = seen.entry(recipe.clone()).and_modify(|times| *times += 1).or_default();
        (*times > 0).then(|| recipe::recipe_hash("palitra", "again", &json!([recipe, *times])))
    };
    asked.iter().map(again).collect()
}

/// A step before its recipe is looked up.
pub(super) enum Asked {
    /// Nothing has to be looked up.
    Answered(Step),
    /// All that it will be asked is known.
    Whole { input: Value, recipe: String },
    /// The same, and it is made whatever is there; `input` has another seed than the recipe.
    Anew { input: Value, recipe: String },
}

impl Asked {
    /// What it answers for.
    fn recipe(&self) -> Option<String> {
        match self {
            Asked::Whole { recipe, .. } | Asked::Anew { recipe, .. } => Some(recipe.clone()),
            Asked::Answered(_) => None,
        }
    }
}

pub(super) fn asked_of(wish: &StepWish, before: &[Step], models: &Models) -> Asked {
    if let Some(code) = wish.refused {
        return Asked::Answered(Step::Refused(code));
    }
    let mut input = wish.input.clone();
    let mut is_whole = true;
    for parent in wish.after.iter().filter_map(|at| before.get(*at)) {
        match parent {
            Step::Refused(_) => return Asked::Answered(Step::Refused(ErrorCode::StepBeforeFailed)),
            Step::Run { .. } => is_whole = false,
            Step::Reused(found) => {
                let made = Made {
                    text: found.assets.is_empty().then(|| found.output.as_deref().unwrap_or_default()),
                    files: found.assets.iter().map(|asset| (&asset.id, asset.mime.as_str())).collect(),
                };
                match word(&made, &input) {
                    Ok(Some((word, value))) => recipe::put(&mut input, word, value),
                    Ok(None) => {}
                    Err(code) => return Asked::Answered(Step::Refused(code)),
                }
            }
        }
    }
    let Some((model, mode)) = model_of(models, wish).filter(|_| is_whole) else {
        return Asked::Answered(Step::Run { input, recipe: None });
    };
    let recipe = recipe::recipe_hash(&model.id, &mode.name, &input);
    match wish.redo {
        None => Asked::Whole { input, recipe },
        Some(seed) => {
            if input.get("seed").is_some() {
                input["seed"] = Value::from(seed);
            }
            Asked::Anew { input, recipe }
        }
    }
}

fn check(manifest: &Manifest) -> Result<()> {
    let refused = |value: &str, limit: usize| {
        Err(Error::new(ErrorCode::InvalidInput).with("value", value).with("limit", limit))
    };
    if manifest.items.len() > ITEMS_MAX {
        return refused("`items`", ITEMS_MAX);
    }
    for item in &manifest.items {
        let kinds: std::collections::BTreeSet<_> = item.steps.iter().map(|step| step.kind.as_str()).collect();
        let waits_for_earlier =
            (0..).zip(&item.steps).all(|(at, step)| step.after.iter().all(|before| *before < at));
        if item.steps.is_empty() || kinds.len() != item.steps.len() || !waits_for_earlier {
            return refused("`steps`", STEPS_MAX);
        }
    }
    Ok(())
}

fn manifest_hash(manifest: &Manifest, models: &Models) -> String {
    let id = |step: &StepWish| model_of(models, step).map_or_else(String::new, |(model, _)| model.id.clone());
    let items: Vec<Value> = manifest.items.iter().map(|item| item.fixed(id)).collect();
    recipe::recipe_hash("palitra", manifest.kind.as_str(), &json!(items))
}
