//! Models as they are listed: what they do, in which languages, and at what price.

use palitra_domain::{
    Money,
    catalogue::{Catalogue, Model, Status},
    format::Format,
    price::{Amounts, PriceSettings},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A model; amounts are for one unit, in minor units.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Model)]
pub struct ModelDocument {
    #[schema(example = "fal-ai/flux/dev")]
    pub id: String,
    pub market: String,
    pub name: String,
    pub modes: Vec<String>,
    pub category: String,
    /// `active`, `draft`, `paused`, `retired` or `no_key`.
    pub status: String,
    pub languages: Vec<String>,
    /// What its results may be used for, where its market says so.
    pub licence: Option<String>,
    pub prices: Vec<PriceDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Price)]
pub struct PriceDocument {
    pub mode: String,
    /// What it is counted in: a run, a picture, a megapixel, a second, a thousand characters or tokens.
    pub unit: String,
    pub amount: i64,
    pub currency: String,
    /// The input for which it holds; without one, all others. `+field`: it is added, for each that the field counts.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub when: String,
}

impl PriceDocument {
    /// Whether it is added to the others.
    pub fn is_extra(&self) -> bool {
        self.when.starts_with('+')
    }
}

/// Which models are listed.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those that cannot be used as well.
    pub all: bool,
    pub market: Option<String>,
    pub mode: Option<String>,
    pub category: Option<String>,
}

/// What of the settings a document depends on, read once for all of them.
pub struct Seller<'a> {
    prices: PriceSettings,
    /// Markets that can be used.
    open: BTreeSet<&'a str>,
}

/// Every wanted model.
pub fn list(
    catalogue: &Catalogue,
    prices: PriceSettings,
    is_open: impl Fn(&str) -> bool,
    wanted: &Wanted,
) -> Vec<ModelDocument> {
    let is_wanted = |model: &Model| {
        wanted.market.as_ref().is_none_or(|market| model.market == *market)
            && wanted.category.as_ref().is_none_or(|category| model.category == *category)
            && wanted.mode.as_ref().is_none_or(|mode| model.mode(mode).is_some())
    };
    let seller = Seller::new(catalogue, prices, is_open);
    let models = catalogue.models().iter().filter(|model| is_wanted(model));
    models.map(|model| seller.shown(model)).filter(|shown| wanted.all || shown.status == "active").collect()
}

impl<'a> Seller<'a> {
    pub fn new(
        catalogue: &'a Catalogue,
        prices: PriceSettings,
        is_open: impl Fn(&str) -> bool,
    ) -> Seller<'a> {
        let markets: BTreeSet<&str> = catalogue.models().iter().map(|model| model.market.as_str()).collect();
        Seller { prices, open: markets.into_iter().filter(|market| is_open(market)).collect() }
    }

    pub fn shown(&self, model: &Model) -> ModelDocument {
        // One of each unit: a picture of a million pixels, a thousand characters or tokens, a second.
        let one = Amounts {
            format: Some(Format { width: 1_000, height: 1_000 }),
            count: 1,
            characters: 1_000,
            seconds: 1,
            tokens: 1_000,
        };
        let mut prices = Vec::new();
        for mode in &model.modes {
            for (when, rule) in mode.prices.all() {
                let Ok(Money { amount, currency }) = rule.price(&one, &self.prices) else { continue };
                prices.push(PriceDocument {
                    mode: mode.name.clone(),
                    unit: rule.unit.to_string(),
                    amount,
                    currency: currency.as_str().to_owned(),
                    when,
                });
            }
        }
        let status = match model.status {
            Status::Active if !self.open.contains(model.market.as_str()) => "no_key",
            status => status.as_str(),
        };
        ModelDocument {
            id: model.id.clone(),
            market: model.market.clone(),
            name: model.name.clone(),
            modes: model.modes.iter().map(|mode| mode.name.clone()).collect(),
            category: model.category.clone(),
            status: status.to_owned(),
            languages: model.languages.clone(),
            licence: model.licence.map(|licence| licence.as_str().to_owned()),
            prices,
        }
    }
}
