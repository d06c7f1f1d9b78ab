//! WaveSpeedAI's models: one list with the schema and the base price of each (`providers.md` §3.7).

use super::{WaveSpeed, envelope, errors::Phase, wire};
use crate::{http::NoReply, units};
use palitra_domain::{
    Currency,
    market::{ErrorClass, Listed, ListedPrice, MarketError},
    price::{Coin, Unit},
};
use serde_json::Value;

/// Models that are listed at most; WaveSpeedAI has about a thousand.
const MODELS_MAX: usize = 5_000;

impl WaveSpeed {
    pub(super) async fn all_models(&self, key: &str) -> Result<Vec<Listed>, MarketError> {
        let url = self.calls.addresses.api(["models"]);
        let reply = self.calls.ask_for_list(self.key(key)?, &url).await.map_err(NoReply::error)?;
        if !envelope::is_success(&reply) {
            return Err(self.calls.error(Phase::Look, &reply));
        }
        let entries: Vec<Value> = envelope::data(&reply).map_err(|unreadable| {
            self.calls.describe(ErrorClass::Protocol, &unreadable.message("WaveSpeed"), &reply)
        })?;
        let read = entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok());
        Ok(read.map(listed).take(MODELS_MAX).collect())
    }
}

fn listed(model: wire::Model) -> Listed {
    let micros = model.base_price.as_ref().and_then(|price| units::parse(&price.to_string()));
    let price = micros.filter(|micros| micros.0 > 0).map(|micros| ListedPrice {
        // What a run with the model's own defaults costs; exactly it is asked for before each run.
        unit: Unit::Run,
        cost_micros: micros.0,
        coin: Coin::Money(Currency::USD),
    });
    Listed {
        schema: model.schema(),
        name: model.name.unwrap_or_else(|| model.model_id.clone()),
        category: model.kind.unwrap_or_default(),
        market_id: model.model_id,
        price,
        deprecated: false,
    }
}
