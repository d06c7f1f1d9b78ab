//! Use cases of quotes: a price that binds for a while, and what is known about the run that it is for.

use crate::{
    Engine, Error, Result,
    generations::{Place, Ready, Wish},
    once::{Made, OnceOf, answered, claimed},
    runs::History,
};
use palitra_domain::{ErrorCode, QuoteId, Timestamp, catalogue::Notice};
use palitra_store::{
    Tx,
    generations::{self as rows, NewGeneration},
    quotes::{self, Quote},
};
use std::time::Duration;

/// How long a quote binds.
const QUOTE_LIFE: Duration = Duration::from_secs(600);

/// A quote with what is known about the run.
#[derive(Debug, Clone)]
pub struct Offer {
    pub quote: Quote,
    /// What the market may take, in minor units of the wallet: what the house pays where the account does not.
    pub cost: i64,
    /// What of the wish is not sent, or not as it was said.
    pub notices: Vec<Notice>,
    pub history: History,
    /// How many of its market's line start before it, and on how many slots.
    pub place: Option<Place>,
}

impl Engine {
    /// Checks a wish and promises a price for it, for ten minutes. Nothing is held yet.
    pub async fn quote(&self, wish: &Wish) -> Result<Quote> {
        let (ready, now) = (self.ready(wish).await?, self.now());
        let (quote, all) = self.unpriced(wish, &ready);
        let engine = self.clone();
        Ok(self.store.write(move |tx| engine.promise(tx, &quote, &all, now)).await?)
    }

    /// A quote (D1) with how long such runs take, how many of them succeed, and how many wait before it.
    pub async fn offer(&self, wish: &Wish) -> Result<Offer> {
        let made = self.offer_once(wish, None, |_| String::new()).await?;
        made.fresh().ok_or_else(|| Error::new(ErrorCode::Internal))
    }

    /// The same for a request that creates once: what is `told` of the first one is kept under its key.
    pub async fn offer_once(
        &self,
        wish: &Wish,
        once: Option<OnceOf>,
        told: impl Fn(&Offer) -> String + Send + Sync + 'static,
    ) -> Result<Made<Offer>> {
        let (ready, now) = (self.ready(wish).await?, self.now());
        let (market, priority) = (ready.row.market.clone(), wish.priority);
        let line = self.store.read(move |tx| rows::line_length(tx, &market, priority));
        let history = self.history(&ready.row.model, &ready.row.mode).await;
        let ((quote, all), cost) = (self.unpriced(wish, &ready), ready.cost());
        let offer = Offer { quote, cost, notices: ready.notices, history, place: Some(line.await?) };
        let engine = self.clone();
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), offer.quote.id.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            let quote = engine.promise(tx, &offer.quote, &all, now)?;
            let offer = Offer { quote, ..offer.clone() };
            if once.is_some() {
                answered(tx, once.as_ref(), &told(&offer))?;
            }
            Ok(Made::New(offer))
        });
        Ok(write.await?)
    }

    /// A quote before it has the price that the account pays, and what it is for.
    fn unpriced(&self, wish: &Wish, ready: &Ready) -> (Quote, Vec<NewGeneration>) {
        let (now, row) = (self.now(), &ready.row);
        let quote = Quote {
            id: QuoteId::new(now, self.random()),
            account: wish.account.clone(),
            livemode: wish.livemode,
            model: row.model.clone(),
            mode: row.mode.clone(),
            recipe: row.recipe.clone(),
            price: ready.price(),
            price_version: row.price_version,
            expires_at: now.plus(QUOTE_LIFE),
        };
        (quote, ready.translation.iter().chain([row]).cloned().collect())
    }

    /// Writes a quote down at the price of all its parts on the account's terms.
    fn promise(
        &self,
        tx: &mut Tx<'_>,
        quote: &Quote,
        all: &[NewGeneration],
        now: Timestamp,
    ) -> palitra_store::Result<Quote> {
        let terms = palitra_store::terms::of(tx, &quote.account)?;
        let price = all.iter().try_fold(0i64, |sum, row| {
            Ok::<_, palitra_store::Error>(sum.saturating_add(self.price_on_terms(row, &terms)?))
        });
        let quote = Quote { price: price?, ..quote.clone() };
        quotes::insert(tx, &quote, now)?;
        Ok(quote)
    }
}
