//! Money: what a run will cost, and what is left of the account's balance.
//!
//! The price call answers exactly and before anything runs (WaveSpeedAI's `mcp-server`, `POST /api/v3/model/price`); the record of
//! a prediction names no price. So each submission asks first, for the very body it then sends, and the answer goes with the
//! reference until the work is done: that is the true cost of the run (S3-15). A failed run is refunded by WaveSpeedAI.

use super::{WaveSpeed, wire};
use crate::units;
use palitra_domain::{
    Currency, MarketCost,
    market::{ErrorClass, MarketError, Request},
    secret::Secret,
};
use serde_json::{Value, json};
use std::time::Duration;

/// What is left of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Millionths of the currency, rounded down; below zero when something is owed.
    pub micros: i64,
    /// WaveSpeedAI counts in US dollars.
    pub currency: Currency,
}

impl WaveSpeed {
    /// What WaveSpeedAI takes for this request: `POST /api/v3/model/price`. Starts nothing, and may be asked again.
    pub async fn price(&self, key: &str, request: &Request) -> Result<MarketCost, MarketError> {
        self.priced(self.key(key)?, &request.model, &request.input, None).await
    }

    /// What is left of the key's account: `GET /api/v3/balance`.
    pub async fn balance(&self, key: &str) -> Result<Balance, MarketError> {
        let key = self.key(key)?;
        let url = self.calls.addresses.api(["balance"]);
        let answer: wire::Balance = self.calls.data(key, &url, None, None).await?;
        let micros = units::parse_balance(&answer.balance.to_string()).ok_or_else(unreadable)?.0;
        Ok(Balance { micros, currency: Currency::USD })
    }

    pub(super) async fn priced(
        &self,
        key: &Secret,
        model: &str,
        body: &Value,
        within: Option<Duration>,
    ) -> Result<MarketCost, MarketError> {
        let url = self.calls.addresses.api(["model", "price"]);
        let question = json!({"model_id": model, "inputs": body});
        let answer: wire::Price = self.calls.data(key, &url, Some(&question), within).await?;
        cost(&answer).ok_or_else(unreadable)
    }
}

/// What is taken in the end: the discounted price where one is named.
fn cost(answer: &wire::Price) -> Option<MarketCost> {
    let price = answer.discounted_price.as_ref().unwrap_or(&answer.price);
    let micros = units::parse(&price.to_string())?.0;
    let currency = match &answer.currency {
        Some(code) => Currency::parse(code)?,
        None => Currency::USD,
    };
    Some(MarketCost { micros, currency })
}

fn unreadable() -> MarketError {
    MarketError::new(ErrorClass::Protocol, "WaveSpeed's answer holds an amount that cannot be read")
}
