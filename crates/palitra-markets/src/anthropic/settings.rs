//! What the operator sets for Anthropic, with its own address as default.

use crate::{http::Timeouts, in_call::ANSWER_WITHIN};
use palitra_domain::secret::Secret;

/// Settings of the adapter. The address may carry a path: a proxy or a simulator can stand anywhere.
#[derive(Debug, Clone)]
pub struct AnthropicSettings {
    /// Label and key. An empty key is not sent: a proxy may have its own. Anthropic itself wants one.
    pub keys: Vec<(String, Secret)>,
    /// Without `/v1`.
    pub base_url: String,
    /// Sent with every call, instead of a header of ours with the same name: `anthropic-version`, `anthropic-beta`.
    pub headers: Vec<(String, Secret)>,
    /// As with other markets; answers of this one hold no links.
    pub allow_private_links: bool,
    /// A submission takes at most `answer`, or the longest run where that is shorter; silence inside its answer at most `idle`.
    pub timeouts: Timeouts,
}

impl Default for AnthropicSettings {
    fn default() -> AnthropicSettings {
        AnthropicSettings {
            keys: Vec::new(),
            base_url: "https://api.anthropic.com".into(),
            headers: Vec::new(),
            allow_private_links: false,
            timeouts: Timeouts { answer: ANSWER_WITHIN, ..Timeouts::default() },
        }
    }
}
