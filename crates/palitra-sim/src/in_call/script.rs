//! The script of a simulated market that answers in the call itself: what it is like and when it misbehaves. Read from TOML or JSON,
//! strictly.
//!
//! Reference for people: `docs/markets.md`. What can go wrong is in [`super::fault`], which rule fires when is decided in [`super::faults`].

use super::fault::{Call, Fault};
use crate::market::trigger::Trigger;
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

/// One fault and when it fires. Without a trigger it fires every time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub on: Call,
    /// Only calls whose prompt contains this text.
    #[serde(default)]
    pub match_prompt: Option<String>,
    /// Only calls of this model.
    #[serde(default)]
    pub match_model: Option<String>,
    /// Only calls of this path below the base: `images/edits`.
    #[serde(default)]
    pub match_path: Option<String>,
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
    #[error("rule {rule}: {status} is not an error status")]
    BadStatus { rule: usize, status: u16 },
    #[error("rule {rule}: {what} counts from 1")]
    Zero { rule: usize, what: &'static str },
    #[error("`requests_per_minute` counts from 1")]
    NoRoom,
}

impl Script {
    /// Refuses rules that could never fire as written, so that a typo in a script does not pass for a healthy market. Not every market
    /// has files.
    pub(super) fn check(&self, has_files: bool) -> Result<(), BadScript> {
        if self.requests_per_minute == Some(0) {
            return Err(BadScript::NoRoom);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(index + 1, has_files)?;
        }
        Ok(())
    }

    pub(super) fn latency_ms(&self, model: &str) -> u64 {
        self.models.get(model).map_or(self.latency_ms, |own| own.latency_ms)
    }
}

impl Rule {
    pub(super) fn trigger(&self) -> Trigger {
        Trigger { nth: self.nth, every: self.every, times: self.times }
    }

    fn check(&self, rule: usize, has_files: bool) -> Result<(), BadScript> {
        if let Some(what) = self.trigger().zero() {
            return Err(BadScript::Zero { rule, what });
        }
        if !self.fault.happens_on(self.on) || (self.on == Call::File && !has_files) {
            let (fault, on) = (word(&self.fault), word(&self.on));
            return Err(BadScript::Misplaced { rule, fault, on });
        }
        match self.fault {
            Fault::Error { status, .. } | Fault::ErrorAfter { status } if !(400..600).contains(&status) => {
                Err(BadScript::BadStatus { rule, status })
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
