//! OpenAI's JSON as it comes: only the fields that are used, and nothing that OpenAI or a compatible server could add breaks it.
//!
//! Shapes: `openai/openai-openapi` and `openai-python` (2026-08), `providers.md` §4; what compatible servers do otherwise: §8.3.

use serde::Deserialize;
use serde_json::Value;

/// The answer to both calls of pictures.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pictures {
    #[serde(default)]
    pub(super) data: Option<Vec<Picture>>,
    #[serde(default)]
    pub(super) usage: Value,
    /// Gateways report errors under 200.
    #[serde(default)]
    pub(super) error: Value,
}

/// One of the two is there.
#[derive(Debug, Deserialize)]
pub(super) struct Picture {
    #[serde(default)]
    pub(super) b64_json: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
}

/// What an event of pictures says.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(flatten)]
    pub(super) picture: Picture,
    #[serde(default)]
    pub(super) partial_image_index: Value,
    #[serde(default)]
    pub(super) usage: Value,
    #[serde(default)]
    pub(super) error: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
    #[serde(default)]
    pub(super) usage: Value,
    #[serde(default)]
    pub(super) error: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    pub(super) message: Message,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    /// A text, or parts of which some hold text.
    #[serde(default)]
    pub(super) content: Value,
    #[serde(default)]
    pub(super) refusal: Option<String>,
}

impl Message {
    pub(super) fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
            _ => String::new(),
        }
    }
}
