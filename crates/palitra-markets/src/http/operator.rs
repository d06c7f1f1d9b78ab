//! The operator's own headers, which go to the configured addresses and nowhere else.

use super::SettingError;
use palitra_domain::secret::Secret;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// Names and values as headers that are never printed.
pub(crate) fn headers(settings: &[(String, Secret)]) -> Result<HeaderMap, SettingError> {
    let mut headers = HeaderMap::new();
    for (name, value) in settings {
        let bad = || SettingError::Header(name.clone());
        let mut value = HeaderValue::from_str(value.reveal()).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(headers)
}
