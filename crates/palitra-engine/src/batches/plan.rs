//! The plan of a deck: what would run, what is there already, what it costs and how long it takes. Nothing is written.

use crate::{Engine, Result, generations::PROMPT_CHARS_MAX};
use palitra_domain::{
    AccountId, ErrorCode, Livemode, Money, Timestamp,
    catalogue::{Mode, Model},
    format::Format,
    prompt, recipe,
    state::Priority,
    terms::Terms,
};
use palitra_store::generations::{self as rows, Generation};
use serde_json::{Value, json};
use std::time::Duration;

/// A slide to be illustrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestItem {
    pub number: u32,
    pub title: String,
    pub content: String,
    /// A prompt that the deck brings along: the writer is skipped, the clean-prompt rule is not.
    pub prompt: Option<String>,
}

/// How a deck is illustrated.
#[derive(Debug, Clone)]
pub struct SlidesOptions {
    pub account: AccountId,
    pub livemode: Livemode,
    /// Where the deck lies: a changed deck from there replaces what is left of its earlier run.
    pub source: String,
    pub title: String,
    pub model: String,
    pub prompt_model: String,
    pub format: Format,
    pub seed: u32,
    /// 0: as many as there are slides.
    pub image_workers: u32,
    /// Start to start. The writer model's own least interval holds in any case.
    pub prompt_delay: Duration,
    /// Start to start, per worker (S0-14).
    pub image_delay: Duration,
    pub gate_percent: u32,
    /// One call at a time, every prompt before the first picture (S0-38).
    pub sequential: bool,
    pub priority: Priority,
}

/// What would be done.
#[derive(Debug)]
pub struct Plan {
    pub(super) options: SlidesOptions,
    pub(super) items: Vec<PlannedItem>,
    /// Hash of everything that decides the results: the same command finds its interrupted run by it.
    pub(super) manifest: String,
    /// Of the account, when it was planned: at these it is charged.
    pub(super) terms: Terms,
    /// Slides whose picture is there already.
    pub unchanged: usize,
    /// Slides that will be worked on.
    pub to_run: usize,
    /// Slides that cannot be drawn: no English text is left in their prompt.
    pub refused: usize,
    /// The most that will be charged.
    pub price: Money,
    /// What markets may take for it, whoever pays it.
    pub cost: Money,
    pub eta: Duration,
}

#[derive(Debug)]
pub(super) struct PlannedItem {
    pub(super) item: ManifestItem,
    /// `None`: the deck brings the prompt.
    pub(super) prompt: Option<Step>,
    pub(super) picture: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    /// Answered by an older result of the same recipe.
    Reused(Box<Generation>),
    /// To be run. The input of a picture whose prompt is still to be written has no `prompt` yet.
    Run(Value),
    /// Cannot run: no English text is left in the prompt.
    Refused(ErrorCode),
}

/// What the writer is told beside the slide.
const WRITER_SYSTEM: &str = "You write prompts for an image model that understands English only. Answer with one English prompt \
    of 40 to 80 words for an illustration of the slide: object, look, surroundings, light, style, in this order. No text in the \
    picture, no technical parameters, no quotes, nothing but the prompt.";

impl Plan {
    pub fn gate_percent(&self) -> u32 {
        self.options.gate_percent
    }
}

impl Engine {
    /// Looks up what is there and prices the rest.
    pub async fn plan_slides(&self, items: Vec<ManifestItem>, options: SlidesOptions) -> Result<Plan> {
        let (image, create) = self.model_for(options.livemode, &options.model, "create")?;
        let (writer, write) = self.model_for(options.livemode, &options.prompt_model, "write")?;
        let manifest = manifest_hash(&items, &options, &image.id, &writer.id);
        let mut planned = Vec::with_capacity(items.len());
        for item in items {
            planned.push(self.plan_item(item, &options, (&image, &create), (&writer, &write)).await?);
        }
        let unchanged = planned.iter().filter(|item| matches!(item.picture, Step::Reused(_))).count();
        let refused = planned.iter().filter(|item| matches!(item.picture, Step::Refused(_))).count();
        let to_run = planned.len() - unchanged - refused;
        let account = options.account.clone();
        let terms = self.store.read(move |tx| palitra_store::terms::of(tx, &account)).await?;
        let prices = terms.priced(&self.settings.prices);
        let (mut price, mut cost) = (Money::new(0, prices.currency), Money::new(0, prices.currency));
        for item in &planned {
            for (step, mode) in [(item.prompt.as_ref(), &write), (Some(&item.picture), &create)] {
                if let Some(Step::Run(input)) = step {
                    price = price.plus(mode.price(input, &prices)?)?;
                    cost = cost.plus(mode.price_and_cost(input, &prices)?.1)?;
                }
            }
        }
        let eta = makespan(&planned, &options, &writer, (write.usual_run, create.usual_run));
        Ok(Plan { options, items: planned, manifest, terms, unchanged, to_run, refused, price, cost, eta })
    }

    async fn plan_item(
        &self,
        item: ManifestItem,
        options: &SlidesOptions,
        (image, create): (&Model, &Mode),
        (writer, write): (&Model, &Mode),
    ) -> Result<PlannedItem> {
        let mut picture =
            json!({ "width": options.format.width, "height": options.format.height, "seed": options.seed });
        let (prompt, written) = match &item.prompt {
            Some(ready) => (None, Some(ready.clone())),
            None => {
                let input = writer_input(&item, options.seed);
                match self.reusable(options, writer, write, &input).await? {
                    Some(found) => {
                        let text = found.output.clone();
                        (Some(Step::Reused(Box::new(found))), text)
                    }
                    None => (Some(Step::Run(input)), None),
                }
            }
        };
        let picture = match written.map(|written| prompt::clean_prompt(&written)) {
            None => Step::Run(picture),
            Some(clean) if clean.trim().is_empty() => Step::Refused(ErrorCode::EmptyPrompt),
            Some(clean) if clean.chars().count() > PROMPT_CHARS_MAX => Step::Refused(ErrorCode::InvalidInput),
            Some(clean) => {
                picture["prompt"] = Value::from(clean);
                match self.reusable(options, image, create, &picture).await? {
                    Some(found) => Step::Reused(Box::new(found)),
                    None => Step::Run(picture),
                }
            }
        };
        Ok(PlannedItem { item, prompt, picture })
    }

    /// A result of the account for this recipe whose files are still there.
    async fn reusable(
        &self,
        options: &SlidesOptions,
        model: &Model,
        mode: &Mode,
        input: &Value,
    ) -> Result<Option<Generation>> {
        let hash = recipe::recipe_hash(&model.id, &mode.name, input);
        let (account, livemode) = (options.account.clone(), options.livemode);
        let found = self
            .store
            .read(move |tx| {
                let Some(found) = rows::reusable(tx, &account, livemode, &hash)? else { return Ok(None) };
                let assets = rows::assets(tx, &found.id)?;
                Ok(Some((found, assets)))
            })
            .await?;
        let Some((found, assets)) = found else { return Ok(None) };
        if found.output.is_none() && assets.is_empty() {
            return Ok(None);
        }
        for asset in &assets {
            if !self.objects.exists(&asset.object_key).await? {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    /// The interrupted run of the same manifest, to be continued instead of started again.
    pub async fn interrupted(&self, plan: &Plan) -> Result<Option<super::Batch>> {
        let (account, livemode, manifest) =
            (plan.options.account.clone(), plan.options.livemode, plan.manifest.clone());
        Ok(self.store.read(move |tx| palitra_store::batches::open(tx, &account, livemode, &manifest)).await?)
    }
}

/// How much of a slide the writer reads, in characters: a slide that holds more is no slide any more, and markets bill by length.
const WRITER_CHARS_MAX: usize = 4_000;

/// The number is not part of it: a slide that moves is the same slide.
fn writer_input(item: &ManifestItem, seed: u32) -> Value {
    let clipped = |text: &str| text.chars().take(WRITER_CHARS_MAX).collect::<String>();
    let (title, content) = (clipped(&item.title), clipped(&item.content));
    let prompt = format!("{title}\n\n{content}");
    json!({ "system": WRITER_SYSTEM, "prompt": prompt.trim(), "title": title, "content": content, "seed": seed })
}

fn manifest_hash(items: &[ManifestItem], options: &SlidesOptions, image: &str, writer: &str) -> String {
    let items: Vec<Value> =
        items.iter().map(|item| json!([item.number, item.title, item.content, item.prompt])).collect();
    let fixed = json!({ "items": items, "writer": writer, "format": options.format.to_string(), "seed": options.seed });
    recipe::recipe_hash(image, "slides", &fixed)
}

/// Simulates the pipeline: prompts one after another, pictures by workers as soon as their prompt is there (S0-28), or when every
/// prompt is there (S0-27).
fn makespan(
    items: &[PlannedItem],
    options: &SlidesOptions,
    writer: &Model,
    (write, create): (Duration, Duration),
) -> Duration {
    let at = |duration: Duration| Timestamp::default().plus(duration);
    let runs = items.iter().filter(|item| matches!(item.picture, Step::Run(_))).count();
    let workers = if options.sequential { 1 } else { worker_count(options.image_workers, runs) };
    let interval = options.prompt_delay.max(writer.start_interval).max(write);
    let mut free = vec![at(Duration::ZERO); workers];
    let written = |item: &&PlannedItem| matches!(item.prompt, Some(Step::Run(_)));
    let barrier = if options.sequential {
        items.iter().filter(written).map(|_| interval).sum()
    } else {
        Duration::ZERO
    };
    let (mut prompts, mut end) = (Duration::ZERO, at(Duration::ZERO));
    for item in items {
        if !matches!(item.picture, Step::Run(_)) {
            continue;
        }
        let mut ready = at(Duration::ZERO);
        if matches!(item.prompt, Some(Step::Run(_))) {
            ready = at(prompts + write);
            prompts += interval;
        }
        let Some(worker) = free.iter_mut().min() else { break };
        let start = (*worker).max(ready).max(at(barrier));
        end = end.max(start.plus(create));
        *worker = start.plus(create.max(options.image_delay));
    }
    end.since(at(Duration::ZERO))
}

/// 0 means one for each slide.
pub(super) fn worker_count(wanted: u32, slides: usize) -> usize {
    let slides = slides.max(1);
    usize::try_from(wanted).ok().filter(|wanted| *wanted > 0).map_or(slides, |wanted| wanted.min(slides))
}
