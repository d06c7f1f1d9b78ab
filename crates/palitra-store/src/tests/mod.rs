//! What every database has to do, run on each of them; and in `lite` and `full` what SQLite alone does.

pub(crate) mod harness;

mod dictionary;
mod full;
mod lite;
mod migrations;
mod statements;
mod transactions;
mod waiting;
