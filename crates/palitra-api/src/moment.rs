//! A time as people give it: how long ago, a day, or RFC 3339. It means a moment only once the present is known.

use jiff::{civil::Date, tz::TimeZone};
use palitra_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const WHAT: &str = "a time such as `2h` or `3d` ago, `2026-11-20` or `2026-11-20T08:30:00Z`";

/// A hundred years.
const AGO_MAX: Duration = Duration::from_secs(36_500 * DAY.as_secs());

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    At(Timestamp),
    /// UTC, from its first moment.
    Day(Timestamp),
    Ago(Duration),
}

impl Moment {
    pub fn parse(text: &str) -> Result<Moment, &'static str> {
        let kind = ago(text).or_else(|| day(text)).or_else(|| at(text)).ok_or(WHAT)?;
        Ok(Moment { text: text.to_owned(), kind })
    }

    /// The same, of a time to come.
    pub fn parse_ahead(text: &str) -> Result<Moment, &'static str> {
        Moment::parse(text)
            .map_err(|_| "a time such as `90d` from now, `2027-01-31` or `2027-01-31T08:30:00Z`")
    }

    /// As a time to come: so long from now, or when a day is over.
    pub fn ahead(&self, now: Timestamp) -> Timestamp {
        match self.kind {
            Kind::Ago(ahead) => now.plus(ahead),
            Kind::At(_) | Kind::Day(_) => self.to(now),
        }
    }

    /// As the first moment of a range: a day begins.
    pub fn from(&self, now: Timestamp) -> Timestamp {
        match self.kind {
            Kind::At(at) | Kind::Day(at) => at,
            Kind::Ago(ago) => now.minus(ago),
        }
    }

    /// As the end of a range: a day is over.
    pub fn to(&self, now: Timestamp) -> Timestamp {
        match self.kind {
            Kind::Day(begin) => begin.plus(DAY),
            Kind::At(_) | Kind::Ago(_) => self.from(now),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Moment, &'static str> {
        Moment::parse(&text)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> String {
        moment.text
    }
}

fn ago(text: &str) -> Option<Kind> {
    let unit_s = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => DAY.as_secs(),
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    let ago = Duration::from_secs(count.checked_mul(unit_s)?);
    (ago <= AGO_MAX).then_some(Kind::Ago(ago))
}

fn day(text: &str) -> Option<Kind> {
    // Nothing but a date: jiff would also take the date of a longer text.
    let date: Date = (text.len() == 10).then(|| text.parse().ok())??;
    let begin = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Kind::Day(Timestamp::from_micros(begin.as_microsecond())))
}

fn at(text: &str) -> Option<Kind> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Kind::At(Timestamp::from_micros(at.as_microsecond())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_ago_a_day_or_exact() {
        let now = at_("2026-11-20T12:00:00Z");
        for (text, from, to) in [
            ("2h", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("90s", "2026-11-20T11:58:30Z", "2026-11-20T11:58:30Z"),
            ("3d", "2026-11-17T12:00:00Z", "2026-11-17T12:00:00Z"),
            ("2026-11-19", "2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"),
            ("2026-11-19T08:30:00.5+03:00", "2026-11-19T05:30:00.5Z", "2026-11-19T05:30:00.5Z"),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!((moment.from(now), moment.to(now)), (at_(from), at_(to)), "{text}");
        }
        for wrong in [
            "",
            "h",
            "2",
            "-2h",
            "1.5h",
            "36501d",
            "2026-13-01",
            "2026-11-19 noon",
            "soon",
            "2026-11-19T08:30:00",
            "ü",
        ] {
            assert_eq!(Moment::parse(wrong), Err(WHAT), "{wrong}");
        }
    }

    fn at_(text: &str) -> Timestamp {
        let Some(Kind::At(at)) = at(text) else { panic!("{text}") };
        at
    }
}
