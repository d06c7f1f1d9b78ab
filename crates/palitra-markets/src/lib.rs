//! Adapters to media markets, one folder each: their calls, their JSON, their errors.
//!
//! An adapter translates and nothing more: no retries, no money, no storage, no state between calls but what webhooks are checked
//! with. What they share, the careful side of HTTP, is in [`http`]; what markets share that answer in the call itself, in [`in_call`]. How
//! a market behaves: `docs/markets.md`.

pub mod anthropic;
pub mod fal;
mod files;
mod http;
mod in_call;
pub mod kie;
mod links;
pub mod openai;
mod openapi;
pub mod post;
pub mod remote;
mod units;
pub mod wavespeed;

pub use http::{SettingError, Timeouts};
pub use links::{FetchError, Links};
