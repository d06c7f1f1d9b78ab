//! Money: an amount in minor units and its currency.

use palitra_domain::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in minor units (kopecks, cents).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Money, example = json!({ "amount": 1200, "currency": "RUB" }))]
pub(crate) struct MoneyDocument {
    pub(crate) amount: i64,
    /// ISO 4217.
    pub(crate) currency: String,
}

impl MoneyDocument {
    pub(crate) fn of(amount: i64, currency: Currency) -> MoneyDocument {
        MoneyDocument { amount, currency: currency.as_str().to_owned() }
    }
}

impl From<Money> for MoneyDocument {
    fn from(money: Money) -> MoneyDocument {
        MoneyDocument::of(money.amount, money.currency)
    }
}
