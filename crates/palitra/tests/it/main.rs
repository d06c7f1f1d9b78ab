//! Every test that goes through a door, in one binary.

mod bad_input;
mod commands;
mod harness;
mod pipeline;
mod slides;
mod tidy;
