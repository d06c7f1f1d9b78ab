//! WaveSpeedAI's JSON as it comes: only the fields that are used, and nothing that WaveSpeedAI could add breaks it.
//!
//! Shapes: WaveSpeedAI documentation (`wavespeed.ai/docs`, pages *submit-task*, *get-result*, *how-to-use-webhooks*) and the
//! clients `WaveSpeedAI/wavespeed-python` and `WaveSpeedAI/mcp-server` (2026-08); `providers.md` §3.

use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// Around every answer. The code of a success is 200; of an error it is, as a rule, the HTTP status.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    #[serde(default)]
    pub(super) code: Option<i64>,
    #[serde(default)]
    pub(super) data: Value,
}

/// The answer to a submission. Its addresses are not used: the documented ones are built from the id.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
}

/// A prediction, as the result call and webhooks show it.
#[derive(Debug, Deserialize)]
pub(super) struct Prediction {
    pub(super) status: String,
    #[serde(default)]
    pub(super) error: Option<Value>,
    /// Looked at only when the work is completed.
    #[serde(default)]
    pub(super) outputs: Value,
    /// One flag for each output.
    #[serde(default)]
    pub(super) has_nsfw_contents: Value,
}

/// The body of a webhook. Its outputs are never looked at: the result is pulled.
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Price {
    pub(super) price: Number,
    /// What is taken when a discount runs.
    #[serde(default)]
    pub(super) discounted_price: Option<Number>,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Balance {
    pub(super) balance: Number,
}

#[derive(Deserialize)]
pub(super) struct WebhookSecret {
    pub(super) secret: String,
}

/// Where a file is to be sent, and where it can be read afterwards.
#[derive(Debug, Deserialize)]
pub(super) struct UploadPlan {
    pub(super) upload: UploadTarget,
    pub(super) download_url: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct UploadTarget {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Map<String, Value>,
}

/// An entry of the list of models.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) model_id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) base_price: Option<Number>,
    #[serde(default)]
    api_schema: Value,
}

impl Model {
    /// Of what starts a run; the list has schemas of other calls too.
    pub(super) fn schema(&self) -> Option<Value> {
        let schemas = self.api_schema["api_schemas"].as_array()?;
        let run = schemas.iter().find(|schema| schema["type"] == "model_run").or_else(|| schemas.first())?;
        Some(run["request_schema"].clone()).filter(|schema| schema["properties"].is_object())
    }
}

impl Prediction {
    /// What went wrong, when something did: absent, `null` and empty mean that nothing is.
    pub(super) fn failure(&self) -> Option<String> {
        match self.error.as_ref()? {
            Value::Null | Value::Bool(false) => None,
            Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
            other => Some(other.to_string()),
        }
    }
}
