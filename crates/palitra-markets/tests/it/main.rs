//! Adapters against strict simulators, over real sockets. `suite` holds the rules that every market keeps, each a test for each market; what only
//! one market has stands in that market's folder, next to its [`suite::UnderTest`]. Time is a clock that only these tests move.

mod stage;
mod suite;

mod anthropic;
mod fal;
mod kie;
mod openai;
mod wavespeed;
