//! The markets this process works with, each with its adapter: the sandbox and this machine always, the others with a key.

use crate::{
    config::{Config, MAIN_KEY, MarketKey},
    failure::Failure,
};
use palitra_domain::{Clock, ErrorCode, market::Market, secret::Secret};
use palitra_engine::{KeyPart, MarketPart};
use palitra_markets::{
    SettingError,
    anthropic::{Anthropic, AnthropicSettings},
    fal::{Fal, FalSettings},
    kie::{Kie, KieSettings},
    openai::{OpenAi, OpenAiSettings},
    wavespeed::{WaveSpeed, WaveSpeedSettings},
};
use palitra_media::{
    local::{Local, speakers},
    pool::Pool,
};
use palitra_sim::sandbox::{Pace, Sandbox};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// In test mode those in this process alone: what is not built can call nobody.
pub(super) fn parts(
    data: &Path,
    config: &Config,
    clock: &Arc<dyn Clock>,
    pool: &Pool,
) -> Result<Vec<MarketPart>, Failure> {
    let mut markets = vec![sandbox(config, clock), local(data, config, pool)];
    if config.engine.test_mode {
        return Ok(markets);
    }
    for (name, ring) in config.markets.rings() {
        let keys = ring.keys();
        if keys.is_empty() {
            continue;
        }
        let adapter = adapter(config, name, &keys).map_err(|error| {
            Failure::new(ErrorCode::BadSetting)
                .with("place", format!("`markets.{name}`"))
                .with("why", error.to_string())
        })?;
        let part = |key: MarketKey| KeyPart { label: key.label, slots: key.slots, rate: key.rate };
        markets.push(MarketPart {
            name: name.to_owned(),
            adapter,
            keys: keys.into_iter().map(part).collect(),
        });
    }
    Ok(markets)
}

fn sandbox(config: &Config, clock: &Arc<dyn Clock>) -> MarketPart {
    let sandbox = &config.markets.sandbox;
    let pace =
        Pace { artist: sandbox.artist_delay(), writer: sandbox.writer_delay(), voice: sandbox.voice_delay() };
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    MarketPart {
        name: "sandbox".to_owned(),
        adapter: Arc::new(Sandbox::new(clock.clone(), pace, threads)),
        keys: vec![KeyPart { label: "built-in".to_owned(), slots: sandbox.slots, rate: sandbox.rate() }],
    }
}

fn local(data: &Path, config: &Config, pool: &Pool) -> MarketPart {
    let speakers = speakers(config.markets.local.voices_folder(data));
    MarketPart {
        name: "local".to_owned(),
        adapter: Arc::new(Local::new(pool.clone(), speakers)),
        keys: vec![KeyPart { label: "built-in".to_owned(), slots: config.markets.local.slots, rate: None }],
    }
}

fn adapter(config: &Config, name: &str, keys: &[MarketKey]) -> Result<Arc<dyn Market>, SettingError> {
    let markets = &config.markets;
    let secrets: Vec<(String, Secret)> =
        keys.iter().map(|key| (key.label.clone(), key.key.clone())).collect();
    let headers = |given: &BTreeMap<String, Secret>| {
        given.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let allow_private_links = config.security.allow_private_urls;
    Ok(match name {
        "kie" => Arc::new(Kie::new(KieSettings {
            keys: secrets,
            webhook_keys: keys
                .iter()
                .filter_map(|key| Some((key.label.clone(), kie_webhook_key(config, key)?)))
                .collect(),
            base_url: markets.kie.base_url.clone(),
            upload_url: markets.kie.upload_url.clone(),
            headers: headers(&markets.kie.headers),
            allow_private_links,
            credit_usd: markets.kie.credit_usd,
            ..KieSettings::default()
        })?),
        "wavespeed" => Arc::new(WaveSpeed::new(WaveSpeedSettings {
            keys: secrets,
            base_url: markets.wavespeed.base_url.clone(),
            headers: headers(&markets.wavespeed.headers),
            allow_private_links,
            ..WaveSpeedSettings::default()
        })?),
        "openai" => Arc::new(OpenAi::new(OpenAiSettings {
            keys: secrets,
            base_url: markets.openai.base_url.clone(),
            headers: headers(&markets.openai.headers),
            allow_private_links,
            ..OpenAiSettings::default()
        })?),
        "anthropic" => Arc::new(Anthropic::new(AnthropicSettings {
            keys: secrets,
            base_url: markets.anthropic.base_url.clone(),
            headers: headers(&markets.anthropic.headers),
            allow_private_links,
            ..AnthropicSettings::default()
        })?),
        _ => Arc::new(Fal::new(FalSettings {
            keys: secrets,
            queue_url: markets.fal.queue_url.clone(),
            run_url: markets.fal.run_url.clone(),
            rest_url: markets.fal.rest_url.clone(),
            platform_url: markets.fal.platform_url.clone(),
            headers: headers(&markets.fal.headers),
            allow_private_links,
            writer_model: markets.fal.writer_model.clone(),
            ..FalSettings::default()
        })?),
    })
}

/// What the account of the key signs callbacks with, where it is known.
fn kie_webhook_key(config: &Config, key: &MarketKey) -> Option<Secret> {
    let main = || (key.label == MAIN_KEY).then(|| config.markets.kie.webhook_key.clone());
    key.webhook_key.clone().or_else(main).filter(|secret| !secret.reveal().is_empty())
}
