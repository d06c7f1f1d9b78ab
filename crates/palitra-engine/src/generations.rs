//! Use cases of single generations: price, create, read, cancel.

use crate::{Engine, Error, Result};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, Livemode, QuoteId,
    catalogue::Lane,
    format::Format,
    price::Amounts,
    prompt,
    state::{Event, GenerationState, Priority},
};
use palitra_store::{
    generations::{self as rows, NewGeneration},
    quotes,
};
use serde_json::Value;
use std::time::Duration;

pub use quotes::Quote;
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
    /// The same key never creates twice.
    pub idempotency: Option<String>,
}

/// What the price of an input depends on.
pub(crate) fn amounts(input: &Value) -> Amounts {
    let side = |name: &str| input.get(name).and_then(Value::as_u64).and_then(|side| u32::try_from(side).ok());
    let format = side("width").zip(side("height")).map(|(width, height)| Format { width, height });
    let characters = ["text", "prompt"]
        .iter()
        .find_map(|name| input.get(*name)?.as_str())
        .map_or(0, |text| text.chars().count());
    Amounts { format, characters: u64::try_from(characters).unwrap_or(u64::MAX), seconds: 0 }
}

/// How long a quote binds.
const QUOTE_LIFE: Duration = Duration::from_secs(600);

/// The longest prompt that is taken, in characters.
pub(crate) const PROMPT_CHARS_MAX: usize = 20_000;

impl Engine {
    /// Checks a wish and promises a price for it, for ten minutes. Nothing is held yet.
    pub async fn quote(&self, wish: &Wish) -> Result<Quote> {
        let row = self.checked(wish)?;
        let now = self.now();
        let quote = Quote {
            id: QuoteId::new(now, self.random()),
            account: wish.account.clone(),
            livemode: wish.livemode,
            model: row.model.clone(),
            mode: row.mode.clone(),
            recipe: row.recipe.clone(),
            price: row.price,
            price_version: row.price_version,
            expires_at: now.plus(QUOTE_LIFE),
        };
        let engine = self.clone();
        let write = self.store.write(move |tx| {
            let terms = palitra_store::terms::of(tx, &quote.account)?;
            let quote = Quote { price: engine.price_on_terms(&row, &terms)?, ..quote.clone() };
            quotes::insert(tx, &quote, now)?;
            Ok(quote)
        });
        Ok(write.await?)
    }

    /// Holds the money and queues it: at the price of the quote, or at today's. Answers its id.
    pub async fn create(&self, wish: Wish, quote: Option<QuoteId>) -> Result<GenerationId> {
        let row = self.checked(&wish)?;
        let (id, now, bounds) = (row.id.clone(), self.now(), self.settings.bounds);
        let (account, market, model) = (wish.account.clone(), row.market.clone(), row.model.clone());
        let engine = self.clone();
        let write = self.store.write(move |tx| {
            let priced = |row: &NewGeneration, terms: &_| engine.price_on_terms(row, terms);
            let mut row = row.clone();
            if let Some(quote) = &quote {
                let quote = quotes::take(tx, &wish.account, quote, &row.id, now)?;
                // A quote binds for what was priced, and for nothing else.
                if quote.recipe != row.recipe || quote.livemode != wish.livemode {
                    return Err(palitra_store::Error::Rule {
                        code: ErrorCode::QuoteExpired,
                        value: quote.id.to_string(),
                    });
                }
                (row.price, row.price_version) = (quote.price, quote.price_version);
                return rows::create(tx, &wish.account, wish.livemode, &[row], &bounds, now);
            }
            rows::create_on_terms(tx, (&wish.account, wish.livemode), row, &priced, &bounds, now)
        });
        write.await?;
        tracing::info!(generation.id = %id, account.id = %account, market, model, "queued");
        self.work_is_there();
        Ok(id)
    }

    /// The row of a wish that passes the checks, priced by today's book.
    fn checked(&self, wish: &Wish) -> Result<NewGeneration> {
        let (model, mode) = self.model(&wish.model, &wish.mode)?;
        let prompt = wish.input.get("prompt").and_then(Value::as_str).unwrap_or_default();
        let length = prompt.chars().count();
        if prompt.trim().is_empty() || length > PROMPT_CHARS_MAX {
            return Err(Error::new(ErrorCode::InvalidInput)
                .with("value", "`prompt`")
                .with("limit", PROMPT_CHARS_MAX));
        }
        let mut input = wish.input.clone();
        if mode.lane == Lane::Image && !model.speaks("ru") {
            // S0-08, R-09: a model that understands English only is sent English only, and never nothing.
            let clean = prompt::clean_prompt(prompt);
            if clean.is_empty() {
                return Err(Error::new(ErrorCode::EmptyPrompt));
            }
            input["prompt"] = Value::from(clean);
        }
        let row = self.new_generation(model, mode, &input)?;
        Ok(NewGeneration { idempotency: wish.idempotency.clone(), priority: wish.priority, ..row })
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
        let mode = self.catalogue.find(&generation.model).and_then(|model| model.mode(&generation.mode));
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
            CancelOutcome::Cancelled => self.points.after(GenerationState::Queued, Event::Cancel),
            CancelOutcome::Requested => self.housekeeping_is_due(),
            CancelOutcome::AlreadyFinished(_) => {
                return Err(Error::new(ErrorCode::AlreadyFinished).with("value", id));
            }
            CancelOutcome::NotFound => return Err(Error::new(ErrorCode::NotFound).with("value", id)),
        }
        Ok(outcome)
    }
}
