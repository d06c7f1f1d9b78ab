//! The script of a simulated market, as far as all of them share it: rules, each a call, which requests, and a fault; when a rule fires; and
//! what is wrong with a script that could never fire as written. What a market can be set to besides, and its own faults, are the market's.

mod fault;
mod plan;

#[cfg(test)]
mod tests;

pub(crate) use fault::{Called, Faulty, Place, Wait, faults, wrong_status};
pub(crate) use plan::{About, Faults, Plan};

use super::trigger::Trigger;
use serde::{Deserialize, Serialize};

/// One fault and when it fires. Without a trigger it fires every time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule<Call, Fault> {
    pub on: Call,
    /// Only requests whose prompt contains this text.
    #[serde(default)]
    pub match_prompt: Option<String>,
    /// Only requests to this model; fal calls it an endpoint.
    #[serde(default, alias = "match_endpoint")]
    pub match_model: Option<String>,
    /// Only calls of this path below the base, where paths are not models: `images/edits`.
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

impl<Call, Fault> Rule<Call, Fault> {
    /// Fires every time.
    pub fn new(on: Call, fault: Fault) -> Rule<Call, Fault> {
        let (match_prompt, match_model, match_path) = (None, None, None);
        Rule { on, match_prompt, match_model, match_path, nth: None, every: None, times: None, fault }
    }

    fn trigger(&self) -> Trigger {
        Trigger { nth: self.nth, every: self.every, times: self.times }
    }
}

/// A script that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadScript {
    #[error("rule {rule}: `{fault}` cannot happen on `{on}`")]
    Misplaced { rule: usize, fault: String, on: String },
    #[error("rule {rule}: `{value}` is not {wanted}")]
    Value { rule: usize, value: String, wanted: &'static str },
    #[error("rule {rule}: {what} counts from 1")]
    Zero { rule: usize, what: &'static str },
    #[error("rule {rule}: the calls of this market have no paths to match")]
    NoPaths { rule: usize },
    #[error("`{setting}` {must}")]
    Setting { setting: &'static str, must: &'static str },
}

/// For settings that count something.
pub(crate) fn counts_from_1(setting: &'static str, number: Option<u32>) -> Result<(), BadScript> {
    if number == Some(0) { Err(BadScript::Setting { setting, must: "counts from 1" }) } else { Ok(()) }
}

/// Refuses rules that could never fire as written, so that a typo in a script does not pass for a healthy market.
pub(crate) fn check<F: Faulty>(rules: &[Rule<F::Call, F>]) -> Result<(), BadScript> {
    for (rule, number) in rules.iter().zip(1..) {
        if let Some(what) = rule.trigger().zero() {
            return Err(BadScript::Zero { rule: number, what });
        }
        if rule.match_path.is_some() && !F::Call::HAS_PATHS {
            return Err(BadScript::NoPaths { rule: number });
        }
        if !rule.fault.happens_on(rule.on) {
            return Err(misplaced(number, rule));
        }
        if let Some((value, wanted)) = rule.fault.wrong_value() {
            return Err(BadScript::Value { rule: number, value, wanted });
        }
    }
    Ok(())
}

/// The rule of this number, counted from 1, is about a call on which its fault cannot happen.
pub(crate) fn misplaced<F: Faulty>(number: usize, rule: &Rule<F::Call, F>) -> BadScript {
    BadScript::Misplaced { rule: number, fault: word(&rule.fault), on: word(&rule.on) }
}

/// The word a script uses for a fault or a call.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.get("fault").and_then(|fault| fault.as_str()).unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}
