//! fal's platform: its models, their prices, what was used (`providers.md` §1.11, §1.12). Nothing here starts work or costs anything.

use super::{Fal, errors::Phase, input::ROUTER, wire};
use crate::{http::NoReply, openapi, units};
use palitra_domain::{
    Currency, Timestamp,
    market::{ErrorClass, Listed, ListedPrice, MarketError},
    money::Millionths,
    price::{Coin, Unit},
};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Models of a page, with their schemas; ids that prices are asked for at once.
const PAGE: usize = 50;
/// Models that are listed at most; fal has a third of that.
const MODELS_MAX: usize = 5_000;

/// A page of the list of models.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPage {
    pub models: Vec<Listed>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// The price of an endpoint as fal lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    pub endpoint: String,
    /// fal's word: `images`, `megapixels`, `1000 characters`, …
    pub unit: String,
    pub unit_micros: i64,
    pub currency: Currency,
}

/// What was used of an endpoint, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub endpoint: String,
    pub unit: String,
    pub quantity: Millionths,
    pub cost_micros: i64,
    pub currency: Currency,
}

impl Fal {
    /// One page of models with the schemas of their inputs. Entries that cannot be read are passed over.
    pub async fn models(&self, key: &str, cursor: Option<&str>) -> Result<ModelPage, MarketError> {
        let limit = PAGE.to_string();
        let mut query = vec![("limit", limit.as_str()), ("expand", "openapi-3.0")];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: wire::ModelPage = self.platform(key, &["models"], &query).await?;
        let models =
            page.models.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).filter_map(listed);
        Ok(ModelPage { models: models.collect(), next: page.next_cursor.filter(|_| page.has_more) })
    }

    /// Prices of at most fifty endpoints; of those that fal does not price nothing is said.
    pub async fn prices(&self, key: &str, endpoints: &[&str]) -> Result<Vec<Price>, MarketError> {
        let query: Vec<(&str, &str)> = endpoints.iter().map(|id| ("endpoint_id", *id)).collect();
        let page: wire::PricePage = self.platform(key, &["models", "pricing"], &query).await?;
        Ok(page.prices.into_iter().filter_map(|entry| price(serde_json::from_value(entry).ok()?)).collect())
    }

    /// What was used from one moment to another, by endpoint. fal shows it to keys with the ADMIN scope only. At most one page is read.
    pub async fn usage(&self, key: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Usage>, MarketError> {
        let (start, end) = (from.rfc3339(), to.rfc3339());
        let query = [("start", start.as_str()), ("end", end.as_str()), ("expand", "summary")];
        let page: wire::UsagePage = self.platform(key, &["models", "usage"], &query).await?;
        Ok(page.summary.into_iter().filter_map(|entry| usage(serde_json::from_value(entry).ok()?)).collect())
    }

    /// Every model, with its price where fal says one that is counted here. Without prices the list is still a list.
    pub(super) async fn all_models(&self, key: &str) -> Result<Vec<Listed>, MarketError> {
        let mut models: Vec<Listed> = Vec::new();
        let (mut cursor, mut seen): (Option<String>, BTreeSet<String>) = (None, BTreeSet::new());
        loop {
            let page = self.models(key, cursor.as_deref()).await?;
            models.extend(page.models);
            // A cursor that comes twice would go round for ever.
            match page.next.filter(|next| models.len() < MODELS_MAX && seen.insert(next.clone())) {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        models.truncate(MODELS_MAX);
        let mut prices = BTreeMap::new();
        for part in models.chunks(PAGE) {
            let ids: Vec<&str> = part.iter().map(|model| model.market_id.as_str()).collect();
            match self.prices(key, &ids).await {
                Ok(known) => prices.extend(known.into_iter().map(|price| (price.endpoint.clone(), price))),
                Err(error) => {
                    tracing::warn!(%error, "fal's prices cannot be had now");
                    break;
                }
            }
        }
        for model in &mut models {
            model.price = prices.get(&model.market_id).and_then(counted);
        }
        Ok(models)
    }

    async fn platform<T: DeserializeOwned>(
        &self,
        key: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, MarketError> {
        let reply = self.calls.platform(self.key(key)?, path, query).await.map_err(NoReply::error)?;
        if !reply.is_success() {
            return Err(self.calls.error(Phase::Look, &reply));
        }
        reply.parse().map_err(|unreadable| {
            self.calls.describe(ErrorClass::Protocol, &unreadable.message("fal"), &reply)
        })
    }
}

/// Trainers make no media.
fn listed(model: wire::Model) -> Option<Listed> {
    let wire::Metadata { display_name, category, status, kind } = model.metadata;
    if kind.is_some_and(|kind| kind == "training") {
        return None;
    }
    let mut schema = openapi::body(&model.openapi);
    // What the adapter fills in itself nobody else has to.
    if model.endpoint_id == ROUTER
        && let Some(required) = schema.as_mut().and_then(|schema| schema["required"].as_array_mut())
    {
        required.retain(|name| name != "model");
    }
    Some(Listed {
        name: display_name.unwrap_or_else(|| model.endpoint_id.clone()),
        market_id: model.endpoint_id,
        category: category.unwrap_or_default(),
        schema,
        price: None,
        deprecated: status.is_some_and(|status| status == "deprecated"),
    })
}

fn price(entry: wire::Price) -> Option<Price> {
    Some(Price {
        endpoint: entry.endpoint_id,
        unit_micros: units::parse(&entry.unit_price.to_string())?.0,
        unit: entry.unit,
        currency: Currency::parse(entry.currency.as_deref().unwrap_or("USD"))?,
    })
}

fn usage(entry: wire::Usage) -> Option<Usage> {
    Some(Usage {
        endpoint: entry.endpoint_id,
        quantity: units::parse(&entry.quantity.to_string())?,
        cost_micros: units::parse(&entry.cost.to_string())?.0,
        unit: entry.unit.unwrap_or_default(),
        currency: Currency::parse(entry.currency.as_deref().unwrap_or("USD"))?,
    })
}

/// In units that are counted here. Seconds of a machine's time are not: nobody knows them before a run.
fn counted(price: &Price) -> Option<ListedPrice> {
    let (unit, times) = match price.unit.trim().to_lowercase().trim_end_matches('s') {
        "image" => (Unit::Image, 1),
        "megapixel" | "processed megapixel" => (Unit::Megapixel, 1),
        "second" | "video second" => (Unit::Second, 1),
        "1000 character" | "1k character" | "thousand character" => (Unit::KiloCharacters, 1),
        "character" => (Unit::KiloCharacters, 1000),
        "1000 token" | "1k token" => (Unit::KiloTokens, 1),
        "request" | "run" | "generation" | "video" => (Unit::Run, 1),
        _ => return None,
    };
    let cost_micros = price.unit_micros.checked_mul(times).filter(|micros| *micros > 0)?;
    Some(ListedPrice { unit, cost_micros, coin: Coin::Money(price.currency) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn recorded_models_and_prices_are_read() {
        let page: wire::ModelPage =
            serde_json::from_str(include_str!("fixtures/models.json")).expect("a page");
        let models: Vec<Listed> =
            page.models.into_iter().filter_map(|entry| listed(serde_json::from_value(entry).ok()?)).collect();
        // The trainer and the entry without an id are passed over.
        let shown: Vec<_> = models
            .iter()
            .map(|model| {
                (model.market_id.as_str(), model.name.as_str(), model.category.as_str(), model.deprecated)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("fal-ai/flux/dev", "FLUX.1 [dev]", "text-to-image", false),
                ("fal-ai/old", "fal-ai/old", "", true),
            ]
        );
        let schema = models[0].schema.as_ref().expect("a schema");
        assert_eq!(schema["required"], json!(["prompt"]));
        assert_eq!(
            schema["properties"]["image_size"]["anyOf"][0]["properties"]["width"],
            json!({"type": "integer"})
        );
        assert_eq!((page.next_cursor.as_deref(), page.has_more), (Some("c2"), true));
        let prices: wire::PricePage =
            serde_json::from_str(include_str!("fixtures/prices.json")).expect("a page");
        let prices: Vec<Price> = prices
            .prices
            .into_iter()
            .filter_map(|entry| price(serde_json::from_value(entry).ok()?))
            .collect();
        let known: Vec<_> =
            prices.iter().map(|price| counted(price).map(|known| (known.unit, known.cost_micros))).collect();
        assert_eq!(
            known,
            [
                Some((Unit::Megapixel, 25_000)),
                Some((Unit::Image, 150_000)),
                Some((Unit::KiloCharacters, 20_000)),
                None,
                None,
            ]
        );
    }
}
