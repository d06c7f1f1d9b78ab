//! The origins that the operator configured for a market. A key goes to them and to nobody else.

use reqwest::Url;

/// A market's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error("`{setting}` is not an address: `{url}`")]
    Url { setting: &'static str, url: String },
    #[error("header `{0}` cannot be sent")]
    Header(String),
    #[error("key `{0}` cannot be sent")]
    Key(String),
    #[error("the webhook key of `{0}` is empty or belongs to no key")]
    WebhookKey(String),
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A base address: `http` or `https`, a host, perhaps a path; no query, no credentials.
pub(crate) fn base_url(setting: &'static str, text: &str) -> Result<Url, SettingError> {
    let bad = || SettingError::Url { setting, url: text.chars().take(200).collect() };
    let url = Url::parse(text.trim()).map_err(|_| bad())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.has_host() && !has_credentials(&url);
    if plain && url.query().is_none() && url.fragment().is_none() { Ok(url) } else { Err(bad()) }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Scheme, host and port of every configured address.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Vec<reqwest::Url>);

impl Origins {
    pub(crate) fn new(urls: impl IntoIterator<Item = Url>) -> Origins {
        Origins(urls.into_iter().collect())
    }

    /// Credentials in an address make it foreign: they would be sent with it.
    pub(crate) fn contains(&self, url: &Url) -> bool {
        !has_credentials(url) && self.0.iter().any(|known| known.origin() == url.origin())
    }
}
