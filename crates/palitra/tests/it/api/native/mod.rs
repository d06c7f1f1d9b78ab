//! The native API, `/v1`, noun by noun.

mod account;
mod batches;
mod edge;
mod events;
mod files;
mod generations;
mod keys;
mod models;
mod money;
mod once;
mod operator;
mod sign_up;
mod webhooks;
