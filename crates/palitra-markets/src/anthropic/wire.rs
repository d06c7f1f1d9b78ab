//! Anthropic's JSON as it comes: only the fields that are used, and nothing that Anthropic could add breaks it.
//!
//! Shapes: `anthropics/anthropic-sdk-python` (2026-08), `providers.md` §5.

use palitra_domain::money::Millionths;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) content: Option<Vec<Block>>,
    #[serde(default)]
    pub(super) stop_reason: Option<String>,
    #[serde(default)]
    pub(super) usage: Value,
    #[serde(default)]
    pub(super) error: Value,
}

/// Text, or something else that is passed over: thinking, calls of tools.
#[derive(Debug, Deserialize)]
pub(super) struct Block {
    #[serde(default, rename = "type")]
    pub(super) kind: Value,
    #[serde(default)]
    pub(super) text: Option<String>,
}

impl Message {
    pub(super) fn text(&self) -> String {
        let blocks = self.content.iter().flatten().filter(|block| block.kind == "text");
        blocks.filter_map(|block| block.text.as_deref()).collect()
    }

    /// Thousands of tokens, in millionths. What was read from or written to a cache is counted apart from the input.
    pub(super) fn units(&self) -> Option<Millionths> {
        let count = |name: &str| self.usage[name].as_i64().filter(|tokens| *tokens >= 0);
        let (read, written) = (count("input_tokens")?, count("output_tokens")?);
        let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"].into_iter().filter_map(count);
        let tokens = cached.chain([read]).try_fold(written, i64::checked_add)?;
        tokens.checked_mul(1000).map(Millionths)
    }
}
