//! What `cargo xtask` shares with tests: a throwaway PostgreSQL, for those that have to crash one.

pub mod postgres;
