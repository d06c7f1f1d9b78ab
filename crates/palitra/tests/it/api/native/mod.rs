//! The native API, `/v1`, noun by noun.

mod account;
mod batches;
mod edge;
mod events;
mod files;
mod generations;
mod models;
mod money;
mod once;
mod webhooks;
