//! Use cases of single generations: price, create, read, cancel.

use crate::{
    Engine, Error, Result,
    batches::StepWish,
    inputs::{self, Violation},
    webhooks,
};
use palitra_domain::{
    AccountId, AssetId, ErrorCode, GenerationId, KeyId, Livemode, QuoteId,
    catalogue::{Fitted, Lane, Mode, Notice, fit::ORIGINAL_PROMPT, input::Word},
    price::Unit,
    prompt,
    state::{Event, GenerationState, Priority, StepKind},
    webhook::Callback,
};
use palitra_store::{
    generations::{self as rows, NewGeneration},
    idempotency, quotes, requests,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub use crate::offers::Offer;
pub use crate::once::{IDEMPOTENCY_KEY_BYTES_MAX, Once, Repeats};
pub use quotes::Quote;
pub use requests::{Rating, Request};
pub use rows::{Asset, Attempt, CancelOutcome, Filter, Generation, Place};

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    pub account: AccountId,
    pub livemode: Livemode,
    pub model: String,
    pub mode: String,
    /// `prompt`, `width`, `height`, `seed`, …
    pub input: Value,
    pub priority: Priority,
    /// The key it is asked with: its budgets count it.
    pub key: Option<KeyId>,
    /// Where its end is told, besides the account's webhooks.
    pub webhook: Option<Callback>,
    /// A question that the engine itself asks about a prompt: the house pays it where accounts do not.
    pub is_own: bool,
}

/// What a door says beside a wish.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The same request again answers with the same generations.
    pub once: Option<Once>,
    pub request: Request,
}

/// A generation that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub id: GenerationId,
    /// Whether this request made it, or an earlier one under the same key.
    pub is_new: bool,
}

/// The longest prompt that is taken, in characters.
pub(crate) const PROMPT_CHARS_MAX: usize = 20_000;

/// The longest text that is taken to be spoken or written on a picture; what a mode itself takes may be less.
const TEXT_CHARS_MAX: usize = 100_000;

/// A wish that passed every check: what would be queued.
pub(crate) struct Ready {
    pub(crate) row: NewGeneration,
    /// The prompt is translated first, for a model that does not speak its language.
    pub(crate) translation: Option<NewGeneration>,
    pub(crate) notices: Vec<Notice>,
    /// Files that show faces to be swapped.
    faces: Vec<AssetId>,
}

impl Ready {
    /// What the market may take for all of it, in the wallet's currency, whoever pays it.
    pub(crate) fn cost(&self) -> i64 {
        self.row.cost.saturating_add(self.translation.as_ref().map_or(0, |translation| translation.cost))
    }

    /// All of it together, minor units.
    pub(crate) fn price(&self) -> i64 {
        self.row.price.saturating_add(self.translation.as_ref().map_or(0, |translation| translation.price))
    }
}

/// What a translator is told.
const TRANSLATE_SYSTEM: &str = "You translate prompts for picture and video models into English. Answer with the translation and \
    nothing else: no quotes, no labels, no explanations. Keep everything that is said, in its order; keep names and text in quotes as they are.";

impl Engine {
    /// Holds the money and queues it: at the price of the quote, or at today's. Answers its id.
    pub async fn create(&self, wish: Wish, quote: Option<QuoteId>) -> Result<GenerationId> {
        Ok(self.create_asked(wish, quote, Asked::default()).await?.id)
    }

    /// The same for a door: with what was said beside the wish, and once for each key of its client.
    pub async fn create_asked(&self, wish: Wish, quote: Option<QuoteId>, asked: Asked) -> Result<Created> {
        let mut created = self.accept(vec![wish], quote, asked).await?;
        created.pop().ok_or_else(|| Error::new(ErrorCode::Internal))
    }

    /// Several wishes of one account that are one request: all of them are accepted, or none.
    pub async fn create_together(&self, wishes: Vec<Wish>, asked: Asked) -> Result<Vec<Created>> {
        self.accept(wishes, None, asked).await
    }

    async fn accept(&self, wishes: Vec<Wish>, quote: Option<QuoteId>, asked: Asked) -> Result<Vec<Created>> {
        let Asked { once, mut request } = asked;
        request.quote.clone_from(&quote);
        let Some((account, livemode)) = wishes.first().map(|wish| (wish.account.clone(), wish.livemode))
        else {
            return Ok(Vec::new());
        };
        let created =
            |ids: Vec<GenerationId>, is_new| ids.into_iter().map(|id| Created { id, is_new }).collect();
        if let Some(made) = self.generations_made_once((&account, livemode), once.as_ref()).await? {
            return Ok(created(made, false));
        }
        let mut readies = Vec::with_capacity(wishes.len());
        for wish in &wishes {
            if let Some(callback) = &wish.webhook {
                self.checked_callback(callback).await?;
            }
            readies.push(self.ready(wish).await?);
        }
        let ids: Vec<GenerationId> = readies.iter().map(|ready| ready.row.id.clone()).collect();
        let models: Vec<_> =
            readies.iter().map(|ready| (ready.row.market.clone(), ready.row.model.clone())).collect();
        let (answer, now, bounds) = (crate::once::answer(&ids), self.now(), self.settings.bounds);
        let calls_back = wishes.iter().any(|wish| wish.webhook.is_some());
        let new_secret = calls_back.then(|| webhooks::new_secret(self));
        let (engine, owner) = (self.clone(), account.clone());
        let write = self.store.write(move |tx| {
            let (account, owner) = (&owner, (&owner, livemode));
            if let Some(once) = &once
                && let Some(made) = idempotency::claim(tx, owner, once, &answer, now)?
            {
                return Ok(Some(made));
            }
            let priced = |row: &NewGeneration, terms: &_| engine.price_on_terms(row, terms);
            let mut all = Vec::with_capacity(readies.len());
            for (wish, ready) in wishes.iter().zip(&readies) {
                let (mut row, mut translation) = (ready.row.clone(), ready.translation.clone());
                if let Some((callback, new_secret)) = wish.webhook.as_ref().zip(new_secret.as_ref()) {
                    palitra_store::webhooks::call_back(tx, owner, &row.id, callback, new_secret, now)?;
                }
                requests::insert(tx, &row.id, &request)?;
                if let Some(quote) = &quote {
                    let quote = quotes::take(tx, account, quote, &row.id, now)?;
                    // A quote binds for what was priced, and for nothing else.
                    if quote.recipe != row.recipe || quote.livemode != livemode {
                        return Err(palitra_store::Error::Rule {
                            code: ErrorCode::QuoteExpired,
                            value: quote.id.to_string(),
                        });
                    }
                    // The parts together cost what was promised, whatever they would cost today.
                    let terms = palitra_store::terms::of(tx, account)?;
                    let first =
                        translation.as_ref().map_or(Ok(0), |first| priced(first, &terms))?.min(quote.price);
                    if let Some(translation) = &mut translation {
                        (translation.price, translation.price_version) = (first, quote.price_version);
                    }
                    (row.price, row.price_version) = (quote.price - first, quote.price_version);
                }
                palitra_store::assets::mark_faces(tx, account, &ready.faces)?;
                all.extend(translation.into_iter().chain([row]));
            }
            if quote.is_some() {
                rows::create(tx, account, livemode, &all, &bounds, now)?;
            } else {
                rows::create_on_terms(tx, owner, all, &priced, &bounds, now)?;
            }
            Ok(None)
        });
        let earlier = write.await.map_err(|error| self.refused(error))?;
        if let Some(made) = earlier {
            return Ok(created(crate::once::read(&made)?, false));
        }
        for (id, (market, model)) in ids.iter().zip(models) {
            tracing::info!(generation.id = %id, account.id = %account, market, model, "queued");
        }
        self.work_is_there();
        Ok(created(ids, true))
    }

    /// What a wish comes to, after every check, priced by today's book.
    pub(crate) async fn ready(&self, wish: &Wish) -> Result<Ready> {
        let (model, mode) = self.model_for(wish.livemode, &wish.model, &wish.mode)?;
        let mut input = self.with_preset(wish);
        let prompt = inputs::prompt_of(&input).to_owned();
        let (word, most) = if input["text"].is_string() {
            ("`text`", TEXT_CHARS_MAX)
        } else {
            ("`prompt`", PROMPT_CHARS_MAX)
        };
        if prompt.chars().count() > most {
            return Err(Error::new(ErrorCode::InvalidInput).with("value", word).with("limit", most));
        }
        let Fitted { body, mut notices } = self.fitted(&model, &mode, &input)?;
        refuse_dropped(&mode, &notices)?;
        self.checked_files((&wish.account, wish.livemode), &mode, &body).await?;
        let mut faces = Vec::new();
        if mode.name == "swap_face" {
            faces.extend(mode.input.files(&body).filter_map(|(.., name)| AssetId::parse(name).ok()));
        }
        let mut translation = None;
        let draws = matches!(mode.lane, Lane::Image | Lane::Video) && input["prompt"].is_string();
        if draws && !model.speaks("ru") && prompt::has_cyrillic(&prompt) {
            // S0-08, R-09: a model that understands English only is sent English only, and never nothing.
            match prompt::ready_prompt(&prompt).map(|ready| prompt::clean_prompt(&ready)) {
                Some(clean) if !clean.is_empty() => input["prompt"] = Value::from(clean),
                _ => {
                    translation = Some(self.translation(wish, &prompt)?);
                    put_aside(&mut input);
                }
            }
        } else if draws && !model.speaks("ru") {
            let clean = prompt::clean_prompt(&prompt);
            if clean.is_empty() && !prompt.trim().is_empty() {
                return Err(Error::new(ErrorCode::EmptyPrompt));
            }
            input["prompt"] = Value::from(clean);
        }
        if matches!(mode.lane, Lane::Image | Lane::Video) && !model.speaks("ru") {
            drop_foreign(&mut input, &mut notices);
        }
        countable(&mode, &input, &body)?;
        let mut row = self.new_generation(wish.livemode, (&model, &mode), &input)?;
        if wish.is_own && self.is_on_the_house(wish.livemode, &model, &mode) {
            row.price = 0;
        }
        row.priority = wish.priority;
        row.key = self.bounded_key(wish.key.as_ref());
        row.parents = translation.iter().map(|translation: &NewGeneration| translation.id.clone()).collect();
        if let Some(translation) = &mut translation {
            (translation.priority, translation.key) = (wish.priority, row.key.clone());
            notices.push(Notice::Translated);
        }
        Ok(Ready { row, translation, notices, faces })
    }

    /// The steps of an item that a wish comes to, after every check: before it a translation, where its model needs one.
    pub(crate) async fn steps_of(&self, wish: &Wish, kind: StepKind) -> Result<Vec<StepWish>> {
        let Ready { row, translation, .. } = self.ready(wish).await?;
        let step = |kind, row: NewGeneration| -> Result<StepWish> {
            let input = serde_json::from_str(&row.input).map_err(|_| Error::new(ErrorCode::Internal))?;
            Ok(StepWish::new(kind, &row.model, &row.mode, input))
        };
        let mut steps = Vec::with_capacity(2);
        if let Some(translation) = translation {
            steps.push(step(StepKind::Prompt, translation)?);
        }
        let after = (0..steps.len()).collect();
        steps.push(StepWish { after, ..step(kind, row)? });
        Ok(steps)
    }

    /// Refused where the wish is not what its mode takes, whatever its files are: before they are fetched for it.
    pub fn check_form(&self, wish: &Wish) -> Result<()> {
        let (model, mode) = self.model_of(wish)?;
        let fitted = self.fitted(&model, &mode, &self.with_preset(wish))?;
        refuse_dropped(&mode, &fitted.notices)
    }

    /// The input with what the alias brings along (S4-06).
    fn with_preset(&self, wish: &Wish) -> Value {
        let mut input = wish.input.clone();
        let catalogue = self.catalogue();
        let preset = catalogue.aliases().get(&wish.model).map(|alias| &alias.input);
        if let (Some(preset), Some(fields)) = (preset, input.as_object_mut()) {
            for (name, value) in preset {
                fields.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        input
    }

    /// The run that puts a prompt into English.
    fn translation(&self, wish: &Wish, prompt: &str) -> Result<NewGeneration> {
        let (model, mode) = self.model_for(wish.livemode, &self.settings.prompts.translator, "translate")?;
        let input = json!({ "system": TRANSLATE_SYSTEM, "prompt": prompt });
        let mut row = self.new_generation(wish.livemode, (&model, &mode), &input)?;
        if self.is_on_the_house(wish.livemode, &model, &mode) {
            row.price = 0;
        }
        Ok(row)
    }

    pub async fn generation(&self, id: &GenerationId) -> Result<Generation> {
        let wanted = id.clone();
        let found = self.store.read(move |tx| rows::find(tx, &wanted)).await?;
        found.ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", id))
    }

    pub async fn assets(&self, id: &GenerationId) -> Result<Vec<Asset>> {
        let id = id.clone();
        Ok(self.store.read(move |tx| rows::assets(tx, &id)).await?)
    }

    /// Newest first.
    pub async fn generations(&self, filter: Filter) -> Result<Vec<Generation>> {
        Ok(self.store.read(move |tx| rows::list(tx, &filter)).await?)
    }

    /// Where a queued one stands in the line; `None` when it is not queued.
    pub async fn place(&self, id: &GenerationId) -> Result<Option<Place>> {
        let id = id.clone();
        Ok(self.store.read(move |tx| rows::place(tx, &id)).await?)
    }

    /// About how long until its start, when each one before it takes what its own model usually takes.
    pub fn starts_in(&self, generation: &Generation, place: &Place) -> Duration {
        let mode =
            self.catalogue().find(&generation.model).and_then(|model| model.mode(&generation.mode)).cloned();
        let turns = u32::try_from(place.before / place.slots.max(1)).unwrap_or(u32::MAX);
        mode.map_or(Duration::ZERO, |mode| mode.usual_run.saturating_mul(turns))
    }

    pub async fn attempts(&self, id: &GenerationId) -> Result<Vec<Attempt>> {
        let id = id.clone();
        Ok(self.store.read(move |tx| rows::attempts(tx, &id)).await?)
    }

    /// Ends it at once when it is queued; asks the market when it runs there.
    pub async fn cancel(&self, id: &GenerationId) -> Result<CancelOutcome> {
        let (wanted, now) = (id.clone(), self.now());
        self.points.before(GenerationState::Queued, Event::Cancel);
        let outcome = self.store.write(move |tx| rows::cancel(tx, &wanted, now)).await?;
        match outcome {
            CancelOutcome::Cancelled => {
                self.points.after(GenerationState::Queued, Event::Cancel);
                self.endings.ended(id);
                // What it waited for may be at a market.
                self.housekeeping_is_due();
            }
            CancelOutcome::Requested => self.housekeeping_is_due(),
            CancelOutcome::AlreadyFinished(_) => {
                return Err(Error::new(ErrorCode::AlreadyFinished).with("value", id));
            }
            CancelOutcome::NotFound => return Err(Error::new(ErrorCode::NotFound).with("value", id)),
        }
        Ok(outcome)
    }
}

/// What cancelling many came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CancelledMany {
    pub cancelled: u32,
    pub requested: u32,
    /// Not all that the filter names were looked at.
    pub more: bool,
}

/// States that can still be cancelled.
const OPEN: [GenerationState; 4] = [
    GenerationState::Queued,
    GenerationState::Submitting,
    GenerationState::Running,
    GenerationState::Storing,
];

impl Engine {
    /// Cancels those of the filter that have not ended, `filter.limit` at most. One that ends meanwhile is left as it is.
    pub async fn cancel_all(&self, filter: Filter) -> Result<CancelledMany> {
        let mut done = CancelledMany::default();
        let mut left = filter.limit;
        for state in OPEN.into_iter().filter(|state| filter.state.is_none_or(|wanted| wanted == *state)) {
            // One more than may be cancelled says that there is more.
            let page = Filter { state: Some(state), limit: left.saturating_add(1), ..filter.clone() };
            let found = self.generations(page).await?;
            for generation in found {
                if left == 0 {
                    return Ok(CancelledMany { more: true, ..done });
                }
                left -= 1;
                match self.cancel(&generation.id).await {
                    Ok(CancelOutcome::Cancelled) => done.cancelled += 1,
                    Ok(_) => done.requested += 1,
                    Err(error) if error.code == ErrorCode::AlreadyFinished => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    /// Keeps what somebody thinks of a result.
    pub async fn rate(&self, id: &GenerationId, rating: Rating, comment: Option<String>) -> Result<()> {
        let (id, now) = (id.clone(), self.now());
        let write = self.store.write(move |tx| requests::rate(tx, &id, rating, comment.as_deref(), now));
        Ok(write.await?)
    }

    /// A seed.
    pub fn seed(&self) -> u32 {
        u32::try_from(self.random() & u128::from(u32::MAX / 2)).unwrap_or(1)
    }

    /// Another seed, where the mode has one; a model without draws something else anyway.
    pub fn reseed(&self, wish: &mut Wish) {
        let catalogue = self.catalogue();
        let mode = catalogue.find(&wish.model).and_then(|model| model.mode(&wish.mode));
        let has_seed = mode.is_some_and(|mode| mode.input.schema()["properties"].get("seed").is_some());
        if has_seed {
            wish.input["seed"] = json!(self.seed());
        } else if let Some(input) = wish.input.as_object_mut() {
            input.remove("seed");
        }
    }

    /// 128 bits of chance, for ids.
    pub fn dice(&self) -> u128 {
        self.random()
    }
}

/// A price by the second needs seconds: without them nothing could be promised.
fn countable(mode: &Mode, input: &Value, body: &Value) -> Result<()> {
    let rule = mode.prices.rule(body);
    if rule.unit == Unit::Second && rule.cost_micros > 0 && mode.amounts(input, body).seconds == 0 {
        let missing = Violation { path: "seconds".to_owned(), rule: "missing", allowed: String::new() };
        return Err(Error::of_input(vec![missing]));
    }
    Ok(())
}

/// A file that somebody brings is not left out: what would be made and paid without it is something else.
fn refuse_dropped(mode: &Mode, notices: &[Notice]) -> Result<()> {
    let dropped = notices.iter().filter_map(|notice| match notice {
        Notice::Dropped(name) => Some(name.as_str()),
        Notice::Avoided | Notice::Translated | Notice::PromptCut(_) => None,
    });
    let is_file =
        |name: &str| name == "image" || Word::parse(name).is_some_and(|word| word.media().is_some());
    let files = dropped.filter(|name| is_file(name));
    let violations: Vec<Violation> = files
        .map(|name| Violation { path: name.to_owned(), rule: "no-place", allowed: mode.name.clone() })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::of_input(violations)) }
}

/// What must not be there has to be said in English, too (S0-08).
fn drop_foreign(input: &mut Value, notices: &mut Vec<Notice>) {
    for name in ["negative", "negative_prompt"] {
        if input[name].as_str().is_some_and(prompt::has_cyrillic) {
            input[name] = Value::Null;
            notices.retain(|notice| *notice != Notice::Avoided);
            notices.push(Notice::Dropped(name.to_owned()));
        }
    }
}

/// The input of a generation as it was asked: what was translated is translated again.
pub fn asked_input(generation: &Generation) -> Map<String, Value> {
    let mut input: Map<String, Value> = serde_json::from_str(&generation.input).unwrap_or_default();
    if let Some(original) = input.remove(ORIGINAL_PROMPT) {
        input.insert("prompt".to_owned(), original);
    }
    input
}

/// The prompt waits beside its place until its translation is there: what was asked stays known, and belongs to the recipe.
fn put_aside(input: &mut Value) {
    let prompt = input["prompt"].take();
    if let Some(fields) = input.as_object_mut() {
        fields.remove("prompt");
        fields.insert(ORIGINAL_PROMPT.to_owned(), prompt);
    }
}

#[cfg(test)]
mod tests;
