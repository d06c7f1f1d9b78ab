//! Everything the binary is made of: command line, configuration, wiring, commands, logs, generated pages.

pub mod args;
pub mod clock;
pub mod commands;
pub mod config;
pub mod console;
mod control;
mod crash;
mod hooks;
pub mod licences;
pub mod metrics;
pub mod pages;
mod rehearsal;
pub mod sheet;
pub mod telemetry;
pub mod wiring;

pub use palitra_engine::failure;
