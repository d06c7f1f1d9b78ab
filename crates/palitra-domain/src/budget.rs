//! Budgets of keys: the periods they are counted by, in UTC.

use crate::Timestamp;

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Budget {
    Day,
    Month,
    /// As long as the key lives.
    Total,
}

const DAY_US: i64 = 86_400_000_000;

impl Budget {
    pub const ALL: [Budget; 3] = [Budget::Day, Budget::Month, Budget::Total];

    pub const fn as_str(self) -> &'static str {
        match self {
            Budget::Day => "day",
            Budget::Month => "month",
            Budget::Total => "total",
        }
    }

    /// The period that `at` lies in: `2026-11-30`, `2026-11`, `total`.
    pub fn period(self, at: Timestamp) -> String {
        let (year, month, day) = at.date();
        match self {
            Budget::Day => format!("{year:04}-{month:02}-{day:02}"),
            Budget::Month => format!("{year:04}-{month:02}"),
            Budget::Total => "total".to_owned(),
        }
    }

    /// When the period after that begins; `None`: never.
    pub fn begins_anew(self, at: Timestamp) -> Option<Timestamp> {
        let midnight = at.micros().div_euclid(DAY_US).checked_mul(DAY_US)?;
        let days = match self {
            Budget::Day => 1,
            // A day of the next month less that day's number in it: months have at most 31 days.
            Budget::Month => {
                let into = i64::from(at.date().2) - 1;
                let next = Timestamp::from_micros(midnight.checked_add((32 - into).checked_mul(DAY_US)?)?);
                32 - into - (i64::from(next.date().2) - 1)
            }
            Budget::Total => return None,
        };
        Some(Timestamp::from_micros(midnight.checked_add(days.checked_mul(DAY_US)?)?))
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn periods_are_of_utc() {
        let at = Timestamp::from_micros(1_795_163_400_125_999);
        assert_eq!(at.rfc3339(), "2026-11-20T08:30:00.125Z");
        assert_eq!(Budget::ALL.map(|budget| budget.period(at)), ["2026-11-20", "2026-11", "total"]);
        let anew = Budget::ALL.map(|budget| budget.begins_anew(at).map(Timestamp::rfc3339));
        assert_eq!(
            anew,
            [Some("2026-11-21T00:00:00.000Z".to_owned()), Some("2026-12-01T00:00:00.000Z".to_owned()), None]
        );
    }

    proptest! {
        #[test]
        fn a_period_lasts_until_the_next_begins(micros in 0i64..4_000_000_000_000_000) {
            let at = Timestamp::from_micros(micros);
            for budget in [Budget::Day, Budget::Month] {
                let next = budget.begins_anew(at).unwrap();
                prop_assert!(next > at);
                prop_assert_ne!(budget.period(next), budget.period(at));
                prop_assert_eq!(budget.period(Timestamp::from_micros(next.micros() - 1)), budget.period(at));
            }
        }
    }
}
