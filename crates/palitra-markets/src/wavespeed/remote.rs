//! How accepted work is found again, and the addresses of WaveSpeedAI's calls.
//!
//! The addresses inside its answers are never asked: the documented ones are built on the configured base from the id, so an
//! answer that points elsewhere leads nobody there, and the key with nobody.

use crate::http::Origins;
use palitra_domain::{Currency, MarketCost, market::RemoteRef};
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// The reference as it is stored with an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remote {
    pub(super) model: String,
    pub(super) id: String,
    /// What the run was said to cost when it was submitted; none when nobody could say.
    #[serde(default)]
    pub(super) cost: Option<QuotedCost>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QuotedCost {
    micros: i64,
    currency: String,
}

/// An id longer than this is not one.
const ID_CHARS_MAX: usize = 200;

impl Remote {
    /// `None` for an id that cannot be asked about.
    pub(super) fn new(model: &str, id: &str, cost: Option<MarketCost>) -> Option<Remote> {
        let usable = !id.trim().is_empty() && id.len() <= ID_CHARS_MAX && !matches!(id, "." | "..");
        let cost =
            cost.map(|cost| QuotedCost { micros: cost.micros, currency: cost.currency.as_str().to_owned() });
        usable.then(|| Remote { model: model.to_owned(), id: id.to_owned(), cost })
    }

    pub(super) fn read(reference: &RemoteRef) -> Option<Remote> {
        serde_json::from_str(&reference.0).ok()
    }

    pub(super) fn write(&self) -> RemoteRef {
        RemoteRef(serde_json::to_string(self).expect("strings and a number"))
    }

    pub(super) fn cost(&self) -> Option<MarketCost> {
        let cost = self.cost.as_ref()?;
        Some(MarketCost { micros: cost.micros, currency: Currency::parse(&cost.currency)? })
    }
}

/// Where WaveSpeedAI is and which origin may see the key.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) base: Url,
    pub(super) origins: Origins,
}

impl Addresses {
    /// A webhook that is not an absolute http(s) address is left out: the work is looked at all the same.
    pub(super) fn submit(&self, model: &str, webhook: Option<&str>) -> Url {
        let mut url = self.api(model.split('/'));
        let webhook = webhook.and_then(|webhook| Url::parse(webhook).ok());
        if let Some(webhook) = webhook.filter(|webhook| matches!(webhook.scheme(), "http" | "https")) {
            url.query_pairs_mut().append_pair("webhook", webhook.as_str());
        }
        url
    }

    pub(super) fn result(&self, remote: &Remote) -> Url {
        self.api(["predictions", remote.id.as_str(), "result"])
    }

    /// A call of `/api/v3`; every part is one segment.
    pub(super) fn api<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v3"].into_iter().chain(parts));
        }
        url
    }
}
