//! What every database has to do, run on each of them; and in `lite` and `full` what SQLite alone does.

pub(crate) mod harness;
pub(crate) mod shop;

mod accounts;
mod batches;
mod books;
mod census;
mod claim;
mod deck;
mod dictionary;
mod figures;
mod full;
mod generations;
mod installation;
mod keys;
mod leaders;
mod ledger;
mod lite;
mod losses;
mod markets;
mod migrations;
mod model;
mod outbox;
mod pg;
mod property;
mod purses;
mod quotes;
mod race;
mod refunds;
mod retention;
mod server;
mod statements;
mod transactions;
mod waiting;
mod workers;
