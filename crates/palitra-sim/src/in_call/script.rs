//! The script of a simulated market that answers in the call itself: what it is like and when it misbehaves. Read from TOML or JSON,
//! strictly.
//!
//! Reference for people: `docs/markets.md`. What can go wrong is in [`super::fault`], what every script has in `market::script`.

use super::fault::{Call, Rule};
use crate::market::script::{self, BadScript};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Everything that can be set; an empty script is a healthy market.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Keys that are let in; when empty, any non-empty key is.
    pub keys: Vec<String>,
    /// How long a call takes, when its model is not in `models`.
    pub latency_ms: u64,
    /// Time per model: `models."gpt-image-1".latency_ms = 20`.
    pub models: BTreeMap<String, ModelScript>,
    /// What is taken in of a key within a minute; the rest is refused with 429. Without a number, everything.
    pub requests_per_minute: Option<u32>,
    /// The base of every link given out; without it the address that is listened on.
    pub public_url: Option<String>,
    /// The log is also appended here as JSON lines, each submission before it is answered.
    pub log_file: Option<PathBuf>,
    pub rules: Vec<Rule>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            keys: Vec::new(),
            latency_ms: 300,
            models: BTreeMap::new(),
            requests_per_minute: None,
            public_url: None,
            log_file: None,
            rules: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelScript {
    pub latency_ms: u64,
}

impl Script {
    /// Refuses what could never happen as written, so that a typo in a script does not pass for a healthy market. Not every market has
    /// files.
    pub(super) fn check(&self, has_files: bool) -> Result<(), BadScript> {
        script::counts_from_1("requests_per_minute", self.requests_per_minute)?;
        script::check(&self.rules)?;
        match self.rules.iter().zip(1..).find(|(rule, _)| rule.on == Call::File && !has_files) {
            Some((rule, number)) => Err(script::misplaced(number, rule)),
            None => Ok(()),
        }
    }

    pub(crate) fn latency_ms(&self, model: &str) -> u64 {
        self.models.get(model).map_or(self.latency_ms, |own| own.latency_ms)
    }
}
