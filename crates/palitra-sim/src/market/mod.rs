//! What the simulated markets share: a running simulator (`sim`) on a server that can hang up, scripts of faults (`script`), answers and the
//! ways to spoil them, the log, lists of models, pictures, bodies with files, the count of tokens, and how a callback leaves.
//!
//! Nothing here knows a market.

pub(crate) mod answer;
pub(crate) mod callback;
pub(crate) mod form;
pub(crate) mod listing;
pub(crate) mod log;
pub(crate) mod picture;
pub(crate) mod script;
pub(crate) mod server;
pub(crate) mod sim;
pub(crate) mod tokens;
pub(crate) mod trigger;
