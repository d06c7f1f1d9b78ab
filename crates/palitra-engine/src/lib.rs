//! Use cases of Palitra and the machine that carries them out: quotes, generations, batches, scheduler, waits.
//!
//! The one place where store, objects and markets meet. Doors call the use cases and render; they know neither SQL nor markets.

pub mod accounts;
mod api_keys;
mod audit;
pub mod batches;
mod books;
mod callers;
mod chores;
mod claims;
mod context;
mod deliveries;
mod doubts;
mod early;
mod endings;
mod error;
mod events;
pub mod failure;
pub mod generations;
mod gifts;
mod hooks;
pub mod inputs;
mod keys;
mod leader;
mod lease;
mod lines;
pub mod losses;
pub mod market_failure;
pub mod markets;
pub mod metrics;
mod neighbours;
pub mod news;
mod offers;
mod once;
mod people;
mod points;
mod processes;
pub mod prompts;
mod referrals;
pub mod refunds;
mod retention;
mod runs;
mod scheduler;
mod shelf;
mod sign_up;
pub mod sync;
mod terms;
#[cfg(test)]
mod town;
mod trouble;
pub mod turns;
pub mod uploads;
pub mod views;
mod vouchers;
mod waits;
pub mod webhooks;
mod work;

pub use api_keys::{
    ApiKey, Budgets, IssuedKey, KEPT, KEPT_MAX, KeyFilter, KeyOwner, KeyShown, KeyWish, Spent,
};
pub use audit::{AuditEntry, AuditFilter};
pub use books::Books;
pub use callers::Caller;
pub use context::{Context, Engine, KeyPart, MarketPart, Parts, Prompts, Settings, UnknownPolicy};
pub use early::Early;
pub use error::Error;
pub use events::{Ended, EngineEvent, Started};
pub use gifts::{Gifts, Grant};
pub use hooks::{Callback, Received, Webhooks};
pub use once::{Made, OnceOf};
pub use palitra_store::bounds::Bounds;
pub use palitra_store::markets::Rate;
pub use people::{AccountExport, Holdings};
pub use points::{Point, Points, Side};
pub use processes::{About, Processes, Worker};
pub use referrals::Payment;
pub use retention::Retention;
pub use runs::History;
pub use scheduler::{Focus, Running};
pub use sign_up::SignUp;
pub use terms::{AccountView, PriceGroup, Profile, Terms, TermsChange};
pub use vouchers::{IssuedVoucher, Purse, Redeemed, Voucher, VoucherWish};

pub type Result<T> = std::result::Result<T, Error>;
