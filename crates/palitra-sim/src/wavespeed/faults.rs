//! Which rules of the script fire for one call. Counting is per rule and starts anew with every script.
//!
//! Every matching rule counts the call, also when an earlier one fires: `nth = 2` means the second matching call.

use super::{
    fault::{Call, Fault},
    script::{Rule, WaveSpeedScript},
};
use std::time::Duration;

/// The rules and how often each has matched and fired.
pub(super) struct Faults {
    rules: Vec<(Rule, Counts)>,
}

#[derive(Default)]
struct Counts {
    matched: u64,
    fired: u64,
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
            if !matches || !counts.fires(rule) {
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

impl Counts {
    fn fires(&mut self, rule: &Rule) -> bool {
        self.matched += 1;
        let fires = rule.nth.is_none_or(|nth| self.matched == nth)
            && rule.every.is_none_or(|every| self.matched.is_multiple_of(every))
            && rule.times.is_none_or(|times| self.fired < times);
        self.fired += u64::from(fires);
        fires
    }
}
