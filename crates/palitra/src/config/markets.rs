//! The `[markets.*]` settings: keys, addresses and slots of every market.

use super::{
    sections::{Problem, TEN_MINUTES_MS, within},
    wire,
};
use crate::failure::Phrase;
use palitra_domain::{money::Millionths, secret::Secret};
use palitra_engine::{
    Rate,
    markets::{BURST, PER_MINUTE},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Markets {
    pub sandbox: Sandbox,
    pub local: Local,
    pub fal: Fal,
    pub kie: Kie,
    pub wavespeed: WaveSpeed,
    pub openai: OpenAi,
    pub anthropic: Anthropic,
    pub replicate: IdleMarket,
    pub elevenlabs: IdleMarket,
}

/// What this machine does by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Local {
    pub slots: u32,
    voices_dir: String,
}

impl Local {
    /// Where voices of Piper lie.
    pub fn voices_folder(&self, data: &Path) -> PathBuf {
        if self.voices_dir.is_empty() { data.join("voices") } else { PathBuf::from(&self.voices_dir) }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    pub slots: u32,
    rate_per_minute: u32,
    rate_burst: u32,
    artist_ms: u64,
    writer_ms: u64,
    voice_ms: u64,
}

impl Sandbox {
    /// Starts a minute; `None`: as many as there are slots.
    pub fn rate(&self) -> Option<Rate> {
        rate(self.rate_per_minute, self.rate_burst)
    }

    /// Extra time per picture.
    pub fn artist_delay(&self) -> Duration {
        Duration::from_millis(self.artist_ms)
    }

    /// Extra time per prompt.
    pub fn writer_delay(&self) -> Duration {
        Duration::from_millis(self.writer_ms)
    }

    /// Extra time per sound.
    pub fn voice_delay(&self) -> Duration {
        Duration::from_millis(self.voice_ms)
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        within(problems, "markets.sandbox.voice_ms", &self.voice_ms, 0..=TEN_MINUTES_MS);
        within(problems, "markets.sandbox.slots", &self.slots, 1..=64);
        within(problems, "markets.sandbox.rate_per_minute", &self.rate_per_minute, PER_MINUTE);
        within(problems, "markets.sandbox.rate_burst", &self.rate_burst, BURST);
        within(problems, "markets.sandbox.artist_ms", &self.artist_ms, 0..=TEN_MINUTES_MS);
        within(problems, "markets.sandbox.writer_ms", &self.writer_ms, 0..=TEN_MINUTES_MS);
    }
}

/// A market with keys: what all of them have, and its own settings.
macro_rules! keyed_market {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            key: Secret,
            #[expect(dead_code, reason = "read by the layer it stands in; here so that it is a known setting")]
            key_file: String,
            slots: u32,
            rate_per_minute: u32,
            rate_burst: u32,
            keys: Vec<LabelledKey>,
            pub headers: BTreeMap<String, Secret>,
            $($(#[$attribute])* pub $field: $type,)*
        }

        impl $name {
            /// The keys of the market and their limits.
            pub fn ring(&self) -> KeyRing<'_> {
                KeyRing {
                    key: &self.key,
                    slots: self.slots,
                    rate_per_minute: self.rate_per_minute,
                    rate_burst: self.rate_burst,
                    keys: &self.keys,
                }
            }
        }
    };
}

keyed_market! {
    Fal {
        #[serde(deserialize_with = "wire::url")]
        queue_url: String,
        #[serde(deserialize_with = "wire::url")]
        run_url: String,
        #[serde(deserialize_with = "wire::url")]
        rest_url: String,
        #[serde(deserialize_with = "wire::url")]
        platform_url: String,
        writer_model: String,
    }
}

keyed_market! {
    Kie {
        /// Of the account of the main key; other keys have their own.
        webhook_key: Secret,
        #[serde(deserialize_with = "wire::url")]
        base_url: String,
        #[serde(deserialize_with = "wire::url")]
        upload_url: String,
        #[serde(deserialize_with = "wire::millionths")]
        credit_usd: Millionths,
    }
}

keyed_market! {
    WaveSpeed {
        #[serde(deserialize_with = "wire::url")]
        base_url: String,
    }
}

keyed_market! {
    OpenAi {
        #[serde(deserialize_with = "wire::url")]
        base_url: String,
    }
}

keyed_market! {
    Anthropic {
        #[serde(deserialize_with = "wire::url")]
        base_url: String,
    }
}

/// An element of `markets.*.keys`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelledKey {
    label: String,
    key: Secret,
    #[serde(default)]
    #[expect(dead_code, reason = "read by the layer it stands in; here so that it is a known setting")]
    key_file: String,
    slots: Option<u32>,
    rate_per_minute: Option<u32>,
    rate_burst: Option<u32>,
    /// KIE only: what its account signs callbacks with.
    webhook_key: Option<Secret>,
}

/// A key of a market, with its name in tables, logs and `palitra markets`.
#[derive(Debug, Clone)]
pub struct MarketKey {
    pub label: String,
    pub key: Secret,
    pub slots: u32,
    /// Starts a minute; `None`: as many as there are slots.
    pub rate: Option<Rate>,
    pub webhook_key: Option<Secret>,
}

/// 0 starts a minute: no limit.
fn rate(per_minute: u32, burst: u32) -> Option<Rate> {
    (per_minute > 0).then_some(Rate { per_minute, burst })
}

/// Label of the key given by `markets.fal.key` or `FAL_KEY`.
pub const MAIN_KEY: &str = "main";

/// The keys of a market: the short form, and the list.
#[derive(Debug, Clone, Copy)]
pub struct KeyRing<'a> {
    key: &'a Secret,
    slots: u32,
    rate_per_minute: u32,
    rate_burst: u32,
    keys: &'a [LabelledKey],
}

impl KeyRing<'_> {
    /// Every key there is; none when the market is not set up. The short form comes first, unless the list names it, too.
    pub fn keys(&self) -> Vec<MarketKey> {
        let listed = self.keys.iter().map(|listed| MarketKey {
            label: listed.label.clone(),
            key: listed.key.clone(),
            slots: listed.slots.unwrap_or(self.slots),
            rate: rate(
                listed.rate_per_minute.unwrap_or(self.rate_per_minute),
                listed.rate_burst.unwrap_or(self.rate_burst),
            ),
            webhook_key: listed.webhook_key.clone(),
        });
        let short = !self.key.reveal().is_empty() && self.keys.iter().all(|listed| listed.key != *self.key);
        let short = short.then(|| MarketKey {
            label: MAIN_KEY.to_owned(),
            key: self.key.clone(),
            slots: self.slots,
            rate: rate(self.rate_per_minute, self.rate_burst),
            webhook_key: None,
        });
        short.into_iter().chain(listed).collect()
    }

    fn validate(&self, market: &str, problems: &mut Vec<Problem>) {
        let section = format!("markets.{market}");
        within(problems, format!("{section}.slots"), &self.slots, 1..=1000);
        within(problems, format!("{section}.rate_per_minute"), &self.rate_per_minute, PER_MINUTE);
        within(problems, format!("{section}.rate_burst"), &self.rate_burst, BURST);
        for (index, listed) in self.keys.iter().enumerate() {
            let setting = format!("{section}.keys.{index}");
            let mut refuse = |key: &str| {
                problems.push(Problem { setting: setting.clone(), why: Phrase::new(key) });
            };
            let before = &self.keys[..index];
            if listed.label.is_empty() || listed.label == MAIN_KEY {
                refuse("setting-label");
            }
            if listed.key.reveal().is_empty() {
                refuse("setting-empty-key");
            }
            if before.iter().any(|other| other.label == listed.label || other.key == listed.key) {
                refuse("setting-key-twice");
            }
            if market != "kie" && listed.webhook_key.is_some() {
                refuse("setting-webhook-key");
            }
            within(problems, format!("{setting}.slots"), &listed.slots.unwrap_or(1), 1..=1000);
            within(
                problems,
                format!("{setting}.rate_per_minute"),
                &listed.rate_per_minute.unwrap_or(0),
                PER_MINUTE,
            );
            within(problems, format!("{setting}.rate_burst"), &listed.rate_burst.unwrap_or(1), BURST);
        }
    }
}

impl Markets {
    /// Every market that works with keys, by name, with its keys; the order is that of lists for people.
    pub fn rings(&self) -> [(&'static str, KeyRing<'_>); 5] {
        [
            ("fal", self.fal.ring()),
            ("kie", self.kie.ring()),
            ("wavespeed", self.wavespeed.ring()),
            ("openai", self.openai.ring()),
            ("anthropic", self.anthropic.ring()),
        ]
    }

    /// Those in this process need none.
    pub fn has_key(&self, market: &str) -> bool {
        matches!(market, "sandbox" | "local")
            || self.rings().iter().any(|(name, ring)| *name == market && !ring.keys().is_empty())
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        self.sandbox.validate(problems);
        within(problems, "markets.local.slots", &self.local.slots, 1..=64);
        for (market, ring) in self.rings() {
            ring.validate(market, problems);
        }
        if self.fal.writer_model.is_empty() {
            problems.push(Problem {
                setting: "markets.fal.writer_model".to_owned(),
                why: Phrase::new("setting-empty"),
            });
        }
    }
}

/// A market that has no adapter yet: its key is accepted and kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleMarket {
    pub key: Secret,
    pub key_file: String,
}
