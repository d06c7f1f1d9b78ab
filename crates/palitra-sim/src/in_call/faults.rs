//! Which rules of the script fire for one call. Counting is per rule and starts anew with every script.

use super::{
    fault::{Call, Fault},
    script::{Rule, Script},
};
use crate::market::{answer::Spoil, trigger::Counts};
use std::time::Duration;

/// The rules and how often each has matched and fired.
pub(super) struct Faults {
    rules: Vec<(Rule, Counts)>,
}

/// What a call is known by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) path: &'a str,
    pub(super) model: &'a str,
    pub(super) prompt: &'a str,
}

/// What goes wrong in one call: delays add up, of the rest the first rule wins.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) delay_before: Duration,
    pub(super) delay_after: Duration,
    /// The time of the work, when the script sets it.
    pub(super) work: Option<Duration>,
    pub(super) fault: Option<Fault>,
}

impl Faults {
    pub(super) fn new(script: &Script) -> Faults {
        Faults { rules: script.rules.iter().map(|rule| (rule.clone(), Counts::default())).collect() }
    }

    pub(super) fn plan(&mut self, call: Call, about: About<'_>) -> Plan {
        let mut plan = Plan::default();
        for (rule, counts) in &mut self.rules {
            let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
            let matches = rule.on == call
                && rule.match_prompt.as_ref().is_none_or(|text| about.prompt.contains(text.as_str()))
                && is(&rule.match_model, about.model)
                && is(&rule.match_path, about.path);
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
