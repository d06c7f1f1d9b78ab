//! HTTP clients, built once per market, and once for letters to users' addresses. No proxies, no cookies, no redirects, no repeated requests.
//!
//! TLS is rustls with ring. Trusted are the roots that are compiled in, so that it works in a container without
//! `ca-certificates`, and those of the machine (also `SSL_CERT_FILE`), so that an operator's own authority is known.

use super::{SettingError, address::PublicAddresses};
use reqwest::{Client, ClientBuilder, redirect, retry};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{error::Error, sync::Arc, time::Duration};

/// How long each part of a call may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Name, connection and TLS.
    pub connect: Duration,
    /// A whole call of an API, body included.
    pub answer: Duration,
    /// Silence while something is downloaded.
    pub idle: Duration,
    /// A whole download.
    pub download: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            download: Duration::from_secs(600),
        }
    }
}

/// What a market calls with.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// For calls that must happen at most once. Each has a connection of its own: one from a pool may be closed by the
    /// other side at the moment it is used, and then nobody knows whether the request arrived.
    pub(crate) once: Client,
    /// For calls that may be repeated.
    pub(crate) calls: Client,
    /// For downloads from origins that the operator trusts.
    pub(crate) trusted: Client,
    /// For downloads from anywhere else: connects to public addresses only.
    pub(crate) public: Client,
}

impl Clients {
    pub(crate) fn new(timeouts: Timeouts) -> Result<Clients, SettingError> {
        let tls = tls()?;
        let base = |protocols: &[&str]| base(&tls, protocols, timeouts.connect);
        let download = || base(&ANY).read_timeout(timeouts.idle).timeout(timeouts.download);
        Ok(Clients {
            once: build(base(&["http/1.1"]).timeout(timeouts.answer).pool_max_idle_per_host(0).http1_only())?,
            calls: build(base(&ANY).timeout(timeouts.answer))?,
            trusted: build(download())?,
            public: build(download().dns_resolver(PublicAddresses))?,
        })
    }
}

/// What letters to users' addresses are sent with.
#[derive(Debug, Clone)]
pub(crate) struct GuardedClients {
    pub(crate) any: Client,
    /// Connects to public addresses only.
    pub(crate) public: Client,
}

/// A connection is kept for the next letter this long.
const LETTERS_IDLE: Duration = Duration::from_secs(10);

/// No letter takes longer, whoever waits for it.
const LETTER: Duration = Duration::from_secs(30);

impl GuardedClients {
    pub(crate) fn new() -> Result<GuardedClients, SettingError> {
        let tls = tls()?;
        let base = || {
            let builder = base(&tls, &ANY, Duration::from_secs(10)).timeout(LETTER);
            builder.pool_max_idle_per_host(2).pool_idle_timeout(LETTERS_IDLE)
        };
        Ok(GuardedClients { any: build(base())?, public: build(base().dns_resolver(PublicAddresses))? })
    }
}

const ANY: [&str; 2] = ["h2", "http/1.1"];

fn build(builder: ClientBuilder) -> Result<Client, SettingError> {
    builder.build().map_err(|error| SettingError::Tls(why(&error)))
}

fn base(tls: &ClientConfig, protocols: &[&str], connect: Duration) -> ClientBuilder {
    let mut tls = tls.clone();
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("palitra/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect)
}

fn tls() -> Result<ClientConfig, SettingError> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // A machine without roots, or with some that cannot be read, still has the compiled-in ones.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingError::Tls(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The chain of an error in one line, without the address: it may hold a signature or a token.
pub(crate) fn why(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "timed out".to_owned() } else { "failed".to_owned() };
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
