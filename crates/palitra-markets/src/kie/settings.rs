//! What the operator sets for KIE, with KIE's own addresses as defaults.

use crate::http::Timeouts;
use palitra_domain::{money::Millionths, secret::Secret};

/// Settings of the adapter. Addresses may carry a path: a proxy or a simulator can stand anywhere.
#[derive(Debug, Clone)]
pub struct KieSettings {
    /// Label and key.
    pub keys: Vec<(String, Secret)>,
    /// Label of a key and the `webhookHmacKey` of its account, as it is set in KIE's dashboard. Callbacks are asked for only when
    /// every key has one: without it KIE does not sign them, and what is not signed is not believed.
    pub webhook_keys: Vec<(String, Secret)>,
    pub base_url: String,
    /// The service that takes input files.
    pub upload_url: String,
    /// Sent with every call to the addresses above, instead of a header of ours with the same name.
    pub headers: Vec<(String, Secret)>,
    /// Results may lie in private networks or come by plain http from anywhere. The addresses above always may.
    pub allow_private_links: bool,
    /// The price of a credit in USD: what `creditsConsumed` is multiplied by. KIE sells credits in packs; by its price list one is
    /// $0.005.
    pub credit_usd: Millionths,
    pub timeouts: Timeouts,
}

impl Default for KieSettings {
    fn default() -> KieSettings {
        KieSettings {
            keys: Vec::new(),
            webhook_keys: Vec::new(),
            base_url: "https://api.kie.ai".into(),
            upload_url: "https://kieai.redpandaai.co".into(),
            headers: Vec::new(),
            allow_private_links: false,
            credit_usd: Millionths(5_000),
            timeouts: Timeouts::default(),
        }
    }
}
