//! The keys of one market, by label.

use super::SettingError;
use palitra_domain::{
    market::{ErrorClass, MarketError},
    secret::Secret,
};
use reqwest::header::HeaderValue;

/// Labels and keys that a header can hold.
#[derive(Clone)]
pub(crate) struct Keys(Vec<(String, Secret)>);

impl Keys {
    /// An empty key is one only where the market needs none.
    pub(crate) fn new(keys: Vec<(String, Secret)>, may_be_empty: bool) -> Result<Keys, SettingError> {
        for (label, key) in &keys {
            let empty = key.reveal().trim().is_empty();
            if (empty && !may_be_empty) || HeaderValue::from_str(key.reveal()).is_err() {
                return Err(SettingError::Key(label.clone()));
            }
        }
        Ok(Keys(keys))
    }

    pub(crate) fn get(&self, label: &str, market: &str) -> Result<&Secret, MarketError> {
        let found = self.0.iter().find(|(known, _)| known == label).map(|(_, key)| key);
        found.ok_or_else(|| {
            MarketError::new(ErrorClass::Auth, format!("{market} has no key `{label}` any more"))
        })
    }
}
