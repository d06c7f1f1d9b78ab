//! fal's JSON as it comes: only the fields that are used, and nothing that fal could add breaks it.
//!
//! Shapes: `providers.md` §1.2, §1.3, §1.8 to §1.13.

use serde::Deserialize;
use serde_json::{Number, Value};

/// The answer to a submission.
#[derive(Debug, Deserialize)]
pub(super) struct Accepted {
    pub(super) request_id: String,
    #[serde(default)]
    pub(super) status_url: Option<String>,
    #[serde(default)]
    pub(super) response_url: Option<String>,
    #[serde(default)]
    pub(super) cancel_url: Option<String>,
}

/// The answer to a question about the status. There is no failed status: a failure is `COMPLETED` with `error`.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) status: String,
    #[serde(default)]
    pub(super) queue_position: Option<u32>,
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(default)]
    pub(super) error_type: Option<String>,
}

/// The output of a model. One shape for all of them: a picture model fills other fields than a text model.
/// First frames, cuts of sound and the like beside a result are no results.
#[derive(Debug, Deserialize)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) images: Option<Vec<File>>,
    #[serde(default)]
    pub(super) image: Option<File>,
    #[serde(default)]
    pub(super) video: Option<File>,
    #[serde(default)]
    pub(super) audio: Option<File>,
    #[serde(default)]
    pub(super) has_nsfw_concepts: Option<Vec<bool>>,
    #[serde(default)]
    pub(super) seed: Option<Number>,
    /// The text of `openrouter/router`.
    #[serde(default)]
    pub(super) output: Option<String>,
    /// A failure inside a 200.
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) url: String,
}

/// Where a file is to be put, and where it can be read afterwards.
#[derive(Debug, Deserialize)]
pub(super) struct UploadPlan {
    pub(super) upload_url: String,
    pub(super) file_url: String,
}

/// A page of the platform's list; each entry is read by itself.
#[derive(Debug, Deserialize)]
pub(super) struct ModelPage {
    pub(super) models: Vec<Value>,
    #[serde(default)]
    pub(super) next_cursor: Option<String>,
    #[serde(default)]
    pub(super) has_more: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) endpoint_id: String,
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) openapi: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) display_name: Option<String>,
    pub(super) category: Option<String>,
    /// `active` or `deprecated`.
    pub(super) status: Option<String>,
    /// `inference` or `training`.
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PricePage {
    pub(super) prices: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Price {
    pub(super) endpoint_id: String,
    pub(super) unit_price: Number,
    pub(super) unit: String,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

/// Names are not documented in full: `summary` holds a line for each endpoint.
#[derive(Debug, Deserialize)]
pub(super) struct UsagePage {
    #[serde(default)]
    pub(super) summary: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Usage {
    pub(super) endpoint_id: String,
    #[serde(default)]
    pub(super) unit: Option<String>,
    pub(super) quantity: Number,
    pub(super) cost: Number,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

/// The body of a webhook. Its payload is never looked at: the result is pulled.
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) request_id: String,
    #[serde(default)]
    pub(super) gateway_request_id: Option<Value>,
    /// `OK` or `ERROR`.
    #[serde(default)]
    pub(super) status: Option<Value>,
}

/// The keys of webhooks; each entry is read by itself, so that one of another kind does not spoil the rest.
#[derive(Debug, Deserialize)]
pub(super) struct Jwks {
    pub(super) keys: Vec<Value>,
}

impl Status {
    /// What went wrong, when something did.
    pub(super) fn failure(&self) -> Option<String> {
        message(self.error.as_ref()).or_else(|| self.error_type.clone())
    }
}

impl Output {
    pub(super) fn failure(&self) -> Option<String> {
        message(self.error.as_ref())
    }
}

/// Absent, `null`, `false` and empty mean that nothing is wrong.
fn message(error: Option<&Value>) -> Option<String> {
    match error? {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        other => Some(other.to_string()),
    }
}
