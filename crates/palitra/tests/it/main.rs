//! Every test that goes through a door, in one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod answers;
mod api;
mod bad_input;
mod catalogue;
mod commands;
mod crash;
mod faults;
mod harness;
mod hooks;
mod jobs;
mod lines;
mod local;
mod make;
mod markets;
mod pipeline;
mod processes;
mod seen;
mod simulated;
mod slides;
mod tidy;
mod vouchers;
mod words;
