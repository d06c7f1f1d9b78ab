//! Money: an amount in minor units and its currency.

use palitra_domain::{Currency, Money};
use palitra_engine::{Grant, failure::Failure};
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

    /// As money that somebody asks for: in the wallet's currency and above zero. `path` is where it stands.
    pub(crate) fn wanted(&self, path: &str, currency: Currency) -> Result<Money, Failure> {
        if self.currency != currency.as_str() {
            return Err(crate::input::wrong(&format!("{path}.currency"), currency.as_str()));
        }
        if self.amount <= 0 {
            return Err(crate::input::wrong(&format!("{path}.amount"), "an amount above zero"));
        }
        Ok(Money::new(self.amount, currency))
    }
}

/// Bonus that ends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Expiring)]
pub(crate) struct ExpiringDocument {
    amount: MoneyDocument,
    expires_at: String,
}

impl ExpiringDocument {
    pub(crate) fn of(grant: &Grant, currency: Currency) -> ExpiringDocument {
        ExpiringDocument {
            amount: MoneyDocument::of(grant.remains, currency),
            expires_at: grant.expires_at.rfc3339(),
        }
    }
}

impl From<Money> for MoneyDocument {
    fn from(money: Money) -> MoneyDocument {
        MoneyDocument::of(money.amount, money.currency)
    }
}
