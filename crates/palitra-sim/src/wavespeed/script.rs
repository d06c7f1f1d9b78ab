//! The script of the WaveSpeedAI simulator: what it is like and when it misbehaves. Read from TOML or JSON, strictly.
//!
//! Reference for people: `docs/markets.md`. What can go wrong is in [`super::fault`], what every script has in `market::script`.

use super::fault::Rule;
use crate::market::{
    listing::ListingScript,
    script::{self, BadScript},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Everything that can be set; an empty script is a healthy market.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WaveSpeedScript {
    /// Keys that are let in; when empty, any non-empty key is.
    pub keys: Vec<String>,
    /// The account's level: how much is taken in within a minute, and how much of a key runs at once. WaveSpeedAI counts per
    /// account, here a key is one.
    pub level: Level,
    /// Instead of the level's.
    pub images_per_minute: Option<u32>,
    /// Instead of the level's; the rest waits as `created`.
    pub concurrency: Option<u32>,
    /// What each key has at the start, in millionths of a dollar.
    pub balance_micros: i64,
    /// Taken off every price.
    pub discount_percent: u8,
    /// How long work runs, when its model is not in `models`.
    pub latency_ms: u64,
    /// Running time per model: `models."wavespeed-ai/flux-dev".latency_ms = 20`.
    pub models: BTreeMap<String, ModelScript>,
    /// What is listed otherwise than what is run.
    pub listing: ListingScript,
    /// The base of every link given out; without it the address that is listened on.
    pub public_url: Option<String>,
    /// The log is also appended here as JSON lines, each submission before it is answered.
    pub log_file: Option<PathBuf>,
    pub rules: Vec<Rule>,
}

impl Default for WaveSpeedScript {
    fn default() -> WaveSpeedScript {
        WaveSpeedScript {
            keys: Vec::new(),
            level: Level::Silver,
            images_per_minute: None,
            concurrency: None,
            balance_micros: 100_000_000,
            discount_percent: 0,
            latency_ms: 300,
            models: BTreeMap::new(),
            listing: ListingScript::default(),
            public_url: None,
            log_file: None,
            rules: Vec::new(),
        }
    }
}

/// WaveSpeedAI documentation, *account-levels*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Bronze,
    Silver,
    Gold,
}

impl Level {
    /// Pictures in a minute, and tasks at once.
    const fn limits(self) -> (u32, u32) {
        match self {
            Level::Bronze => (10, 3),
            Level::Silver => (500, 100),
            Level::Gold => (3000, 2000),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelScript {
    pub latency_ms: u64,
}

impl WaveSpeedScript {
    pub fn images_per_minute(&self) -> u32 {
        self.images_per_minute.unwrap_or(self.level.limits().0)
    }

    pub fn concurrency(&self) -> u32 {
        self.concurrency.unwrap_or(self.level.limits().1)
    }

    /// Refuses what could never happen as written, so that a typo in a script does not pass for a healthy market.
    pub fn check(&self) -> Result<(), BadScript> {
        script::counts_from_1("concurrency", self.concurrency)?;
        script::counts_from_1("images_per_minute", self.images_per_minute)?;
        if self.discount_percent > 100 {
            return Err(BadScript::Setting { setting: "discount_percent", must: "is at most 100" });
        }
        script::check(&self.rules)
    }
}
