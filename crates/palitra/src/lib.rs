//! The parts of the binary, as a library for its tests: command line, configuration, failures, logs, generated pages.

pub mod args;
pub mod config;
pub mod failure;
pub mod pages;
pub mod telemetry;
