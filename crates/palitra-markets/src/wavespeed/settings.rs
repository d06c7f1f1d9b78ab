//! What the operator sets for WaveSpeedAI, with its own address as default.

use crate::http::Timeouts;
use palitra_domain::secret::Secret;
use std::time::Duration;

/// Settings of the adapter. The address may carry a path: a proxy or a simulator can stand anywhere.
#[derive(Debug, Clone)]
pub struct WaveSpeedSettings {
    /// Label and key.
    pub keys: Vec<(String, Secret)>,
    pub base_url: String,
    /// Sent with every call to the address above, instead of a header of ours with the same name.
    pub headers: Vec<(String, Secret)>,
    /// Results may lie in private networks or come by plain http from anywhere, and uploads may go there. The address above
    /// always may.
    pub allow_private_links: bool,
    /// How long a submission waits for its price: without an answer by then it is sent, and its cost stays unknown.
    pub price_within: Duration,
    pub timeouts: Timeouts,
}

impl Default for WaveSpeedSettings {
    fn default() -> WaveSpeedSettings {
        WaveSpeedSettings {
            keys: Vec::new(),
            base_url: "https://api.wavespeed.ai".into(),
            headers: Vec::new(),
            allow_private_links: false,
            price_within: Duration::from_secs(5),
            timeouts: Timeouts::default(),
        }
    }
}
