//! What the operator sets for OpenAI or a compatible server, with OpenAI's own address as default.

use crate::{http::Timeouts, in_call::ANSWER_WITHIN};
use palitra_domain::secret::Secret;

/// Settings of the adapter. The address ends where the paths of the API begin (`…/v1`), and may be any server's.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// Label and key. An empty key is not sent: some servers have none. OpenAI itself wants one.
    pub keys: Vec<(String, Secret)>,
    pub base_url: String,
    /// Sent with every call, instead of a header of ours with the same name: `OpenAI-Organization`, `OpenAI-Project`.
    pub headers: Vec<(String, Secret)>,
    /// Links of pictures may lead into private networks or to plain http anywhere. The address above always may.
    pub allow_private_links: bool,
    /// A submission takes at most `answer`, or the longest run where that is shorter; silence inside its answer at most `idle`.
    pub timeouts: Timeouts,
}

impl Default for OpenAiSettings {
    fn default() -> OpenAiSettings {
        OpenAiSettings {
            keys: Vec::new(),
            base_url: "https://api.openai.com/v1".into(),
            headers: Vec::new(),
            allow_private_links: false,
            timeouts: Timeouts { answer: ANSWER_WITHIN, ..Timeouts::default() },
        }
    }
}
