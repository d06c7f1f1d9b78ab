//! What the operator sets for fal, with fal's own addresses as defaults.

use crate::http::Timeouts;
use palitra_domain::secret::Secret;
use std::time::Duration;

/// Settings of the adapter. Addresses may carry a path: a proxy or a simulator can stand anywhere.
#[derive(Debug, Clone)]
pub struct FalSettings {
    /// Label and key (`id:secret`).
    pub keys: Vec<(String, Secret)>,
    pub queue_url: String,
    pub run_url: String,
    pub rest_url: String,
    pub platform_url: String,
    /// Sent with every call to the addresses above, instead of a header of ours with the same name.
    pub headers: Vec<(String, Secret)>,
    /// Results may lie in private networks or come by plain http from anywhere. The addresses above always may.
    pub allow_private_links: bool,
    /// Model behind `openrouter/router`, by its OpenRouter id.
    pub writer_model: String,
    /// How long fal keeps the files it made. Ours are copied at once; without a limit fal's stay public for ever
    /// (`providers.md` §1.10), with too short a one a crash could outlast a paid result.
    pub keep_files: Option<Duration>,
    pub timeouts: Timeouts,
}

impl Default for FalSettings {
    fn default() -> FalSettings {
        FalSettings {
            keys: Vec::new(),
            queue_url: "https://queue.fal.run".into(),
            run_url: "https://fal.run".into(),
            rest_url: "https://rest.fal.ai".into(),
            platform_url: "https://api.fal.ai/v1".into(),
            headers: Vec::new(),
            allow_private_links: false,
            writer_model: "google/gemini-2.5-flash".into(),
            keep_files: Some(Duration::from_secs(7 * 24 * 3600)),
            timeouts: Timeouts::default(),
        }
    }
}
