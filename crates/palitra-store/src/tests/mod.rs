//! What every database has to do, run on each of them; and in `lite` and `disk` what SQLite alone does.

mod harness;
mod statements;
