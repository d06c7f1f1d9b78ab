//! All SQL of Palitra, written once. This crate owns the databases: their threads, transactions, migrations and every statement.
//! It deliberately holds no rule: what is allowed, and what it costs, is decided in `palitra-domain` and `palitra-engine`.

pub mod accounts;
pub mod alerts;
pub mod api_keys;
pub mod assets;
pub mod audit;
pub mod batches;
pub mod books;
pub mod bounds;
pub mod budgets;
pub mod census;
mod domain_values;
mod error;
pub mod figures;
pub mod generations;
pub mod hints;
pub mod idempotency;
pub mod installation;
pub mod leaders;

pub mod ledger;
mod line;
mod lite;
pub mod losses;
pub mod markets;
mod migrate;
pub mod news;
pub mod outbox;
pub mod people;
mod pg;
pub mod profiles;
pub mod quotes;
pub mod referrals;
pub mod rehearsal;
pub mod requests;
pub mod retention;
pub mod shelf;
mod sql;
mod store;
pub mod terms;
mod tx;
mod value;
pub mod vouchers;
pub mod webhooks;
pub mod workers;

#[cfg(test)]
mod tests;

pub use error::{Constraint, Error, Result, Unfit};
pub use pg::PgSettings;
pub use sql::{Dialect, Sql, SqlText};
pub use store::Store;
pub use tx::Tx;
pub use value::{FromValue, Param, Row, Value};

/// Every migration, oldest first; append-only.
pub const MIGRATIONS: &[(&str, &str)] = &[("001_schema", include_str!("../migrations/001_schema.sql"))];
