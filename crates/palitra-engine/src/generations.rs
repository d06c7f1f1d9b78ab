//! Use cases of single generations: price, create, read, cancel.

use crate::{Engine, Error, Result};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, Livemode, Money,
    format::Format,
    price::Amounts,
    state::{Event, GenerationState},
};
use palitra_store::generations::{self as rows, NewGeneration};
use serde_json::Value;

pub use rows::{Asset, Attempt, CancelOutcome, Filter, Generation};

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    pub account: AccountId,
    pub livemode: Livemode,
    pub model: String,
    pub mode: String,
    /// `prompt`, `width`, `height`, `seed`, …
    pub input: Value,
    /// The same key never creates twice.
    pub idempotency: Option<String>,
}

/// A wish with its price: the most that will be charged.
#[derive(Debug, Clone)]
pub struct Priced {
    wish: Wish,
    row: NewGeneration,
    pub price: Money,
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

/// The longest prompt that is taken, in characters.
const PROMPT_CHARS_MAX: usize = 20_000;

impl Engine {
    /// Checks a wish and prices it. Nothing is held yet.
    pub fn price(&self, wish: Wish) -> Result<Priced> {
        let (model, mode) = self.model(&wish.model, &wish.mode)?;
        let prompt = wish.input.get("prompt").and_then(Value::as_str).unwrap_or_default();
        let length = prompt.chars().count();
        if prompt.trim().is_empty() || length > PROMPT_CHARS_MAX {
            return Err(Error::new(ErrorCode::InvalidInput)
                .with("hint", format!("`prompt`: 1…{PROMPT_CHARS_MAX} ({length})")));
        }
        let mut row = self.new_generation(model, mode, &wish.input)?;
        row.idempotency.clone_from(&wish.idempotency);
        let price = Money::new(row.price, self.settings.prices.currency);
        Ok(Priced { wish, row, price })
    }

    /// Holds the money and queues it. Answers its id.
    pub async fn create(&self, priced: Priced) -> Result<GenerationId> {
        let Priced { wish, row, .. } = priced;
        let (id, now) = (row.id.clone(), self.now());
        self.store
            .write(move |tx| rows::create(tx, &wish.account, wish.livemode, std::slice::from_ref(&row), now))
            .await?;
        self.wake.notify_one();
        Ok(id)
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
            CancelOutcome::Requested => {}
            CancelOutcome::AlreadyFinished(_) => {
                return Err(Error::new(ErrorCode::AlreadyFinished).with("value", id));
            }
            CancelOutcome::NotFound => return Err(Error::new(ErrorCode::NotFound).with("value", id)),
        }
        Ok(outcome)
    }
}
