//! Which rules of a script fire for one call.

use super::{Faulty, Rule, Wait};
use crate::market::{answer::Spoil, trigger::Counts};
use std::time::Duration;

/// The rules and how often each has matched and fired. Counting is per rule and starts anew with every script.
pub(crate) struct Faults<F: Faulty> {
    rules: Vec<(Rule<F::Call, F>, Counts)>,
}

/// What a call is known by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) path: &'a str,
    pub(crate) model: &'a str,
    pub(crate) prompt: &'a str,
}

impl<'a> About<'a> {
    pub(crate) fn of(model: &'a str, prompt: &'a str) -> About<'a> {
        About { path: "", model, prompt }
    }
}

/// What goes wrong in one call: delays add up, of the rest the first rule wins.
#[derive(Debug)]
pub(crate) struct Plan<F> {
    pub(crate) delay_before: Duration,
    pub(crate) delay_after: Duration,
    /// The running time of the request, when the script sets it.
    pub(crate) work: Option<Duration>,
    pub(crate) fault: Option<F>,
}

impl<F> Default for Plan<F> {
    fn default() -> Plan<F> {
        Plan { delay_before: Duration::ZERO, delay_after: Duration::ZERO, work: None, fault: None }
    }
}

impl<F: Faulty> Faults<F> {
    pub(crate) fn new(rules: &[Rule<F::Call, F>]) -> Faults<F> {
        Faults { rules: rules.iter().map(|rule| (rule.clone(), Counts::default())).collect() }
    }

    pub(crate) fn plan(&mut self, call: F::Call, about: About<'_>) -> Plan<F> {
        let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        let mut plan = Plan::default();
        for (rule, counts) in &mut self.rules {
            let matches = rule.on == call
                && rule.match_prompt.as_ref().is_none_or(|text| about.prompt.contains(text.as_str()))
                && is(&rule.match_model, about.model)
                && is(&rule.match_path, about.path);
            if !matches || !counts.fires(rule.trigger()) {
                continue;
            }
            match rule.fault.waits() {
                Some(Wait::Before(ms)) => plan.delay_before += Duration::from_millis(ms),
                Some(Wait::After(ms)) => plan.delay_after += Duration::from_millis(ms),
                Some(Wait::Work(ms)) => plan.work = Some(Duration::from_millis(ms)),
                None => plan.fault = plan.fault.or_else(|| Some(rule.fault.clone())),
            }
        }
        plan
    }
}

impl<F: Faulty> Plan<F> {
    pub(crate) fn spoil(&self) -> Option<Spoil> {
        self.fault.as_ref().and_then(F::spoil)
    }
}
