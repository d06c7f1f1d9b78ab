//! Which rules of the script fire for one call. Counting is per rule and starts anew with every script.

use super::{
    fault::{Call, Fault},
    script::{Rule, WaveSpeedScript},
};
use crate::market::{answer::Spoil, trigger::Counts};
use std::time::Duration;

/// The rules and how often each has matched and fired.
pub(super) struct Faults {
    rules: Vec<(Rule, Counts)>,
}

/// What goes wrong in one call: delays add up, of the rest the first rule wins.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) delay_before: Duration,
    pub(super) delay_after: Duration,
    /// The running time of the work, when the script sets it.
    pub(super) work: Option<Duration>,
    pub(super) fault: Option<Fault>,
}

impl Faults {
    pub(super) fn new(script: &WaveSpeedScript) -> Faults {
        Faults { rules: script.rules.iter().map(|rule| (rule.clone(), Counts::default())).collect() }
    }

    pub(super) fn plan(&mut self, call: Call, model: &str, prompt: &str) -> Plan {
        let mut plan = Plan::default();
        for (rule, counts) in &mut self.rules {
            let matches = rule.on == call
                && rule.match_prompt.as_ref().is_none_or(|text| prompt.contains(text.as_str()))
                && rule.match_model.as_ref().is_none_or(|name| name == model);
            if !matches || !counts.fires(rule.trigger()) {
                continue;
            }
            match &rule.fault {
                Fault::Latency { ms } => plan.delay_before += Duration::from_millis(*ms),
                Fault::LatencyAfter { ms } => plan.delay_after += Duration::from_millis(*ms),
                Fault::Work { ms } => plan.work = Some(Duration::from_millis(*ms)),
                fault => plan.fault = plan.fault.or_else(|| Some(fault.clone())),
            }
        }
        plan
    }
}

impl Plan {
    pub(super) fn spoil(&self) -> Option<Spoil> {
        self.fault.as_ref().and_then(Fault::spoil)
    }
}
