//! When a rule of a script fires. Every matching call counts, also when an earlier rule fires: `nth = 2` is the second match.

/// The `nth`, `every` and `times` of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trigger {
    pub(crate) nth: Option<u64>,
    pub(crate) every: Option<u64>,
    pub(crate) times: Option<u64>,
}

/// How often a rule has matched and fired.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    matched: u64,
    fired: u64,
}

impl Trigger {
    /// The name of a number that should count from 1.
    pub(crate) fn zero(&self) -> Option<&'static str> {
        let numbers = [("`nth`", self.nth), ("`every`", self.every), ("`times`", self.times)];
        numbers.into_iter().find(|(_, number)| *number == Some(0)).map(|(what, _)| what)
    }
}

impl Counts {
    /// Counts a match and says whether the rule fires for it.
    pub(crate) fn fires(&mut self, trigger: Trigger) -> bool {
        self.matched += 1;
        let fires = trigger.nth.is_none_or(|nth| self.matched == nth)
            && trigger.every.is_none_or(|every| self.matched.is_multiple_of(every))
            && trigger.times.is_none_or(|times| self.fired < times);
        self.fired += u64::from(fires);
        fires
    }
}
