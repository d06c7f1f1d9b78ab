//! Every test that goes through a door, in one binary.

mod harness;
mod slides;
mod tidy;
