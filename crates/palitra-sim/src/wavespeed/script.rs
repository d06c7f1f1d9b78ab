//! The script of the WaveSpeedAI simulator: what it is like and when it misbehaves. Read from TOML or JSON, strictly.
//!
//! Reference for people: `docs/markets.md`. What can go wrong is in [`super::fault`], which rule fires when is decided in
//! [`super::faults`].

use super::fault::{Call, Fault};
use crate::market::{listing::ListingScript, trigger::Trigger};
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

/// One fault and when it fires. Without a trigger it fires every time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub on: Call,
    /// Only work whose prompt contains this text.
    #[serde(default)]
    pub match_prompt: Option<String>,
    /// Only work of this model.
    #[serde(default)]
    pub match_model: Option<String>,
    /// Only the n-th matching call, counted from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// Every n-th matching call.
    #[serde(default)]
    pub every: Option<u64>,
    /// At most so many times.
    #[serde(default)]
    pub times: Option<u64>,
    /// The fault's name and its own fields stand beside the fields above.
    #[serde(flatten)]
    pub fault: Fault,
}

/// A script that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadScript {
    #[error("rule {rule}: `{fault}` cannot happen on `{on}`")]
    Misplaced { rule: usize, fault: String, on: String },
    #[error("rule {rule}: work does not end as `{status}`")]
    UnknownEnd { rule: usize, status: String },
    #[error("rule {rule}: {status} is not an error status")]
    BadStatus { rule: usize, status: u16 },
    #[error("rule {rule}: {what} counts from 1")]
    Zero { rule: usize, what: &'static str },
    #[error("`{0}` counts from 1")]
    NoRoom(&'static str),
    #[error("`discount_percent` is at most 100")]
    Discount,
}

impl WaveSpeedScript {
    pub fn images_per_minute(&self) -> u32 {
        self.images_per_minute.unwrap_or(self.level.limits().0)
    }

    pub fn concurrency(&self) -> u32 {
        self.concurrency.unwrap_or(self.level.limits().1)
    }

    /// Refuses rules that could never fire as written, so that a typo in a script does not pass for a healthy market.
    pub fn check(&self) -> Result<(), BadScript> {
        for (what, number) in
            [("concurrency", self.concurrency), ("images_per_minute", self.images_per_minute)]
        {
            if number == Some(0) {
                return Err(BadScript::NoRoom(what));
            }
        }
        if self.discount_percent > 100 {
            return Err(BadScript::Discount);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(index + 1)?;
        }
        Ok(())
    }
}

impl Rule {
    pub(super) fn trigger(&self) -> Trigger {
        Trigger { nth: self.nth, every: self.every, times: self.times }
    }

    fn check(&self, rule: usize) -> Result<(), BadScript> {
        if let Some(what) = self.trigger().zero() {
            return Err(BadScript::Zero { rule, what });
        }
        if !self.fault.happens_on(self.on) {
            let (fault, on) = (word(&self.fault), word(&self.on));
            return Err(BadScript::Misplaced { rule, fault, on });
        }
        match &self.fault {
            Fault::Fail { status, .. } if !matches!(status.as_str(), "failed" | "timeout" | "cancelled") => {
                Err(BadScript::UnknownEnd { rule, status: status.clone() })
            }
            Fault::Error { status }
            | Fault::ErrorAfter { status }
            | Fault::ErrorInside { code: status }
            | Fault::NoCredits { status }
                if !(400..600).contains(status) =>
            {
                Err(BadScript::BadStatus { rule, status: *status })
            }
            _ => Ok(()),
        }
    }
}

/// The word a script uses for a fault or a call.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.get("fault").and_then(|fault| fault.as_str()).unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}
