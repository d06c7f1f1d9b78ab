//! How accepted work is found again, and the addresses of fal's queue, storage and platform.
//!
//! Submit uses the whole endpoint id; status, result and cancel only owner and alias (`providers.md` §1.2, trap 2).

use super::wire;
use crate::http::Origins;
use palitra_domain::market::RemoteRef;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// The reference as it is stored with an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remote {
    pub(super) endpoint: String,
    pub(super) request_id: String,
    pub(super) status_url: String,
    pub(super) response_url: String,
    pub(super) cancel_url: String,
}

/// Namespaces stand in front of owner and alias.
const NAMESPACES: [&str; 2] = ["workflows", "comfy"];

/// An id longer than this is not one.
const ID_CHARS_MAX: usize = 200;

/// Where the queue is and which origins may see the key.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) queue: Url,
    /// Of files in.
    pub(super) rest: Url,
    /// Of models and prices.
    pub(super) platform: Url,
    pub(super) origins: Origins,
}

impl Addresses {
    /// A webhook that is not an absolute http(s) address is left out: the work is looked at all the same.
    pub(super) fn submit(&self, endpoint: &str, webhook: Option<&str>) -> Url {
        let mut url = self.below(endpoint.split('/'));
        let webhook = webhook.and_then(|webhook| Url::parse(webhook).ok());
        if let Some(webhook) = webhook.filter(|webhook| matches!(webhook.scheme(), "http" | "https")) {
            url.query_pairs_mut().append_pair("fal_webhook", webhook.as_str());
        }
        url
    }

    /// fal's addresses where they lead to a configured origin, else our own: the key goes nowhere else.
    pub(super) fn accepted(&self, endpoint: &str, accepted: wire::Accepted) -> Option<Remote> {
        let id = accepted.request_id;
        if id.trim().is_empty() || id.len() > ID_CHARS_MAX {
            return None;
        }
        let own = |given: Option<String>, call| self.own(given.as_deref(), endpoint, &id, call).to_string();
        Some(Remote {
            status_url: own(accepted.status_url, Some("status")),
            response_url: own(accepted.response_url, None),
            cancel_url: own(accepted.cancel_url, Some("cancel")),
            endpoint: endpoint.to_owned(),
            request_id: id,
        })
    }

    /// Checked again at every use: settings may have changed since the reference was stored.
    pub(super) fn status(&self, remote: &Remote) -> Url {
        self.own(Some(&remote.status_url), &remote.endpoint, &remote.request_id, Some("status"))
    }

    pub(super) fn response(&self, remote: &Remote) -> Url {
        self.own(Some(&remote.response_url), &remote.endpoint, &remote.request_id, None)
    }

    pub(super) fn cancel(&self, remote: &Remote) -> Url {
        self.own(Some(&remote.cancel_url), &remote.endpoint, &remote.request_id, Some("cancel"))
    }

    fn own(&self, given: Option<&str>, endpoint: &str, id: &str, call: Option<&str>) -> Url {
        match given.and_then(|given| Url::parse(given).ok()) {
            Some(url) if self.origins.contains(&url) => url,
            _ => self.below(app(endpoint).chain(["requests", id]).chain(call)),
        }
    }

    /// Where an upload begins.
    pub(super) fn initiate_upload(&self) -> Url {
        let mut url = below(&self.rest, ["storage", "upload", "initiate"].into_iter());
        url.query_pairs_mut().append_pair("storage_type", "fal-cdn-v3");
        url
    }

    pub(super) fn platform(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = below(&self.platform, path.iter().copied());
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    fn below<'a>(&self, parts: impl Iterator<Item = &'a str>) -> Url {
        below(&self.queue, parts)
    }
}

fn below<'a>(base: &Url, parts: impl Iterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

fn app(endpoint: &str) -> impl Iterator<Item = &str> {
    let namespaced = NAMESPACES.iter().any(|name| endpoint.split('/').next() == Some(name));
    endpoint.split('/').take(if namespaced { 3 } else { 2 })
}

impl Remote {
    pub(super) fn read(reference: &RemoteRef) -> Option<Remote> {
        serde_json::from_str(&reference.0).ok()
    }

    pub(super) fn write(&self) -> RemoteRef {
        RemoteRef(serde_json::to_string(self).expect("five strings"))
    }
}
