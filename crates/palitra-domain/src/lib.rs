//! Words and rules of Palitra: ids, money, time, states, prices, prompts, recipes, error codes, texts and the ports through
//! which the engine sees the outside.
//!
//! No I/O here: no clock, no randomness, no network, no SQL. Everything is a plain value or a pure function, so every rule
//! that matters twice has its one place in this crate.

pub mod acceptance;
pub mod audit;
pub mod budget;
pub mod catalogue;
pub mod codes;
pub mod deliver;
pub mod early;
pub mod error_codes;
pub mod figures;
pub mod format;
pub mod health;
pub mod i18n;
pub mod id;
pub mod intake;
pub mod loss;
pub mod market;
pub mod media_type;
pub mod money;
pub mod objects;
pub mod price;
pub mod prompt;
pub mod recipe;
pub mod scopes;
pub mod secret;
pub mod state;
pub mod terms;
pub mod time;
pub mod webhook;

pub use error_codes::ErrorCode;
pub use id::*;
pub use money::{Currency, MarketCost, Money};
pub use scopes::{Scope, Scopes};
pub use time::{Clock, Timestamp};

/// Live money and test money never meet: every account has one set of books for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Livemode {
    Live,
    Test,
}

impl Livemode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Livemode::Live => "live",
            Livemode::Test => "test",
        }
    }

    pub fn parse(text: &str) -> Option<Livemode> {
        [Livemode::Live, Livemode::Test].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// A future behind a port: boxed so that ports stay object-safe and no generics cross a crate boundary.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
