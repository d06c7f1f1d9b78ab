//! Use cases of Palitra and the machine that carries them out: quotes, generations, batches, scheduler, waits.
//!
//! The one place where store, objects and markets meet. Doors call the use cases and render; they know neither SQL nor markets.

pub mod accounts;
pub mod batches;
mod books;
mod chores;
mod claims;
mod context;
mod deliveries;
mod doubts;
mod error;
mod events;
pub mod generations;
mod gifts;
mod hooks;
pub mod inputs;
mod keys;
mod leader;
mod lease;
pub mod losses;
pub mod markets;
pub mod metrics;
mod neighbours;
mod points;
mod processes;
pub mod prompts;
mod referrals;
pub mod refunds;
mod retention;
mod runs;
mod scheduler;
mod shelf;
pub mod sync;
mod terms;
#[cfg(test)]
mod town;
mod trouble;
pub mod uploads;
mod vouchers;
mod waits;
mod work;

pub use books::Books;
pub use context::{Context, Engine, KeyPart, MarketPart, Parts, Prompts, Settings, UnknownPolicy};
pub use error::Error;
pub use events::{Ended, EngineEvent, Started};
pub use gifts::{Gifts, Grant};
pub use hooks::{Callback, Received, Webhooks};
pub use palitra_store::bounds::Bounds;
pub use palitra_store::markets::Rate;
pub use points::{Point, Points, Side};
pub use processes::{About, Processes, Worker};
pub use referrals::Payment;
pub use retention::Retention;
pub use runs::History;
pub use scheduler::{Focus, Running};
pub use terms::{PriceGroup, Profile, Terms, TermsChange};
pub use vouchers::{IssuedVoucher, Purse, Redeemed, Voucher, VoucherWish};

pub type Result<T> = std::result::Result<T, Error>;
