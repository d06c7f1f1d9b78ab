//! The HTTP door: its settings, and what it fetches files with.

use crate::{
    config::Config,
    failure::{Failure, Phrase},
};
use bytes::Bytes;
use palitra_api::{Door, Fetch, Letters, Settings, Told, Words};
use palitra_domain::{BoxFuture, ErrorCode};
use palitra_engine::{Engine, webhooks::Sending};
use palitra_markets::{FetchError, Links, post::Poster};
use std::{net::SocketAddr, sync::Arc};

/// `listening`: where people reach it when the settings do not say.
pub(crate) fn door(config: &Config, engine: Engine, listening: Option<SocketAddr>) -> Result<Door, Failure> {
    let server = &config.server;
    let here = || format!("http://{}", listening.unwrap_or(server.listen));
    let settings = Settings {
        public_url: server.public_url.clone().filter(|url| !url.is_empty()).unwrap_or_else(here),
        requests_per_minute: config.security.requests_per_minute,
        account_requests_per_minute: config.security.account_requests_per_minute,
        strangers_per_minute: config.security.strangers_per_minute,
        sign_ups_per_address: server.sign_ups_per_address,
        trusted_proxies: server.trusted_proxies.clone(),
        cors_origins: config.server.cors_origins(),
        words: Words {
            image_model: config.words.model.clone(),
            speech_model: match config.words.speech_model.as_str() {
                "" => "sandbox/voice".to_owned(),
                model => model.to_owned(),
            },
            voices: config.words.voices.clone(),
            template: config.words.template.clone(),
        },
    };
    let links = Links::new(config.security.allow_private_urls)
        .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
    Ok(Door::new(engine, settings, Arc::new(Guarded(links))))
}

/// Webhooks out: what they say is what the door shows.
pub(crate) fn sending(config: &Config, door: &Door) -> Result<Sending, Failure> {
    let post = Poster::new(config.security.allow_private_urls)
        .map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))?;
    Ok(Sending {
        post: Arc::new(post),
        documents: Arc::new(Told(door.clone())),
        fal: Some(Arc::new(Letters(door.clone()))),
    })
}

/// Files by their addresses, past the guard.
struct Guarded(Links);

impl Fetch for Guarded {
    fn fetch<'a>(&'a self, url: &'a str, bytes_max: usize) -> BoxFuture<'a, Result<Bytes, Failure>> {
        Box::pin(async move {
            let shown: String = url.chars().take(100).collect();
            self.0.fetch(url, bytes_max).await.map_err(|error| {
                let limit = i64::try_from(bytes_max / 1024 / 1024).unwrap_or(i64::MAX);
                let why = match &error {
                    FetchError::TooLong => Phrase::new("file-too-large").with("limit", limit),
                    other => Phrase::new("file-link").with("why", other.to_string()),
                };
                let failure = Failure::new(ErrorCode::BadFile).with("value", format!("`{shown}`"));
                failure.with("why", why).caused_by(error)
            })
        })
    }
}
