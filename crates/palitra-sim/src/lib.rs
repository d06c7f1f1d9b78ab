//! Simulated markets: the sandbox, which is built in and draws, writes and speaks without a key, and servers that behave like real
//! markets, faults included, for tests and rehearsals.

pub mod anthropic;
pub mod artist;
mod darkroom;
pub mod fal;
mod film;
mod in_call;
pub mod kie;
mod market;
pub mod openai;
pub mod sandbox;
mod stems;
pub mod voice;
pub mod wavespeed;
pub mod writer;

pub use market::{script::BadScript, sim::SimError};
