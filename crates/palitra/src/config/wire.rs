//! Texts of settings to values, for serde. The error of each is the key of a text in `i18n/*.ftl`.

use super::Roles;
use palitra_api::Network;
use palitra_domain::{Currency, money::Millionths};
use serde::{Deserialize, Deserializer, de::Error};
use std::net::SocketAddr;

fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    otherwise: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(text.trim()).ok_or_else(|| D::Error::custom(otherwise))
}

pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parsed(deserializer, "setting-address", |text| text.parse().ok())
}

pub(super) fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Roles, D::Error> {
    parsed(deserializer, "setting-roles", Roles::parse)
}

/// Separated by commas; empty is none.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    parsed(deserializer, "setting-networks", |text| {
        text.split(',').map(str::trim).filter(|network| !network.is_empty()).map(Network::parse).collect()
    })
}

pub(super) fn currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
    parsed(deserializer, "setting-currency", Currency::parse)
}

pub(super) fn millionths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millionths, D::Error> {
    parsed(deserializer, "setting-decimal", Millionths::parse)
}

/// `http://host…` or `https://host…` without a password, a query or a trailing `/`.
pub(super) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    parsed(deserializer, "setting-url", plain_url)
}

/// As [`url`]; empty is `None`.
pub(super) fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    parsed(
        deserializer,
        "setting-url",
        |text| {
            if text.is_empty() { Some(None) } else { plain_url(text).map(Some) }
        },
    )
}

fn plain_url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split('/').next().unwrap_or_default();
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '"' | '<' | '>' | '\\');
    (!host.is_empty() && !host.contains('@') && !rest.contains(odd)).then(|| text.to_owned())
}
