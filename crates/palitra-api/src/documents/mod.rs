//! What the door shows: one shape for every generation, everywhere, whoever looks and whatever route it came by.

pub(crate) mod account;
pub(crate) mod asset;
pub(crate) mod batch;
pub(crate) mod generation;
pub(crate) mod mode;
pub mod model;
pub(crate) mod money;

use serde::Serialize;
use utoipa::ToSchema;

/// A document for the operator, whose shape says itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(value_type = Object)]
#[serde(transparent)]
pub(crate) struct Anything(pub(crate) serde_json::Value);
