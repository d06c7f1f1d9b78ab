//! What this process has done, as numbers that only grow, and how it stands now. Counting is an atomic addition; names and pages are the
//! door's (`palitra::metrics`).

use crate::{Context, Engine, Result};
use palitra_domain::{
    Timestamp,
    catalogue::Lane,
    figures::{Counter, Histogram},
    market::{ErrorClass, Submitted},
    state::GenerationState,
};
use palitra_store::figures::{self, Figures};
use std::{collections::BTreeMap, time::Duration};

/// From the wish to the first submission, in microseconds: 10 ms to an hour.
const WAIT_US: &[u64] = &[
    10_000,
    50_000,
    100_000,
    500_000,
    1_000_000,
    5_000_000,
    15_000_000,
    60_000_000,
    300_000_000,
    900_000_000,
    3_600_000_000,
];

/// From the claim to the end, in microseconds: 100 ms to ten minutes.
const RUN_US: &[u64] = &[
    100_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
];

/// How a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Answered,
    Refused,
    Unknown,
}

impl Outcome {
    pub(crate) fn of(answer: &Submitted) -> Outcome {
        match answer {
            Submitted::Accepted(_) => Outcome::Accepted,
            Submitted::Done(_) => Outcome::Answered,
            Submitted::Refused(_) => Outcome::Refused,
            Submitted::Unknown(_) => Outcome::Unknown,
        }
    }

    pub const ALL: [Outcome; 4] = [Outcome::Accepted, Outcome::Answered, Outcome::Refused, Outcome::Unknown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Answered => "answered",
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
        }
    }
}

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
    Taken,
    /// Signed by nobody we know, or changed.
    Untrusted,
    /// It could not be checked now.
    Unavailable,
    /// No attempt has this address.
    Unknown,
}

impl Callback {
    pub const ALL: [Callback; 4] =
        [Callback::Taken, Callback::Untrusted, Callback::Unavailable, Callback::Unknown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Callback::Taken => "taken",
            Callback::Untrusted => "untrusted",
            Callback::Unavailable => "unavailable",
            Callback::Unknown => "unknown",
        }
    }
}

/// States in which a generation is over.
pub const ENDS: [GenerationState; 4] = [
    GenerationState::Succeeded,
    GenerationState::Failed,
    GenerationState::Cancelled,
    GenerationState::TimedOut,
];

/// Of a market. Labels are bounded: markets by the settings, everything else by enums.
#[derive(Debug)]
pub struct OfMarket {
    submissions: [Counter; 4],
    ends: [Counter; 4],
    errors: Vec<Counter>,
    waits: Vec<Histogram>,
    runs: Vec<Histogram>,
}

impl OfMarket {
    fn new() -> OfMarket {
        let lanes = |bounds| Lane::ALL.iter().map(|_| Histogram::new(bounds)).collect();
        OfMarket {
            submissions: Default::default(),
            ends: Default::default(),
            errors: ErrorClass::ALL.iter().map(|_| Counter::default()).collect(),
            waits: lanes(WAIT_US),
            runs: lanes(RUN_US),
        }
    }

    pub fn submissions(&self) -> impl Iterator<Item = (Outcome, &Counter)> {
        Outcome::ALL.into_iter().zip(&self.submissions)
    }

    pub fn ends(&self) -> impl Iterator<Item = (GenerationState, &Counter)> {
        ENDS.into_iter().zip(&self.ends)
    }

    pub fn errors(&self) -> impl Iterator<Item = (ErrorClass, &Counter)> {
        ErrorClass::ALL.iter().copied().zip(&self.errors)
    }

    /// From the wish to the first submission.
    pub fn waits(&self) -> impl Iterator<Item = (Lane, &Histogram)> {
        Lane::ALL.iter().copied().zip(&self.waits)
    }

    /// From the claim to the end, good or bad.
    pub fn runs(&self) -> impl Iterator<Item = (Lane, &Histogram)> {
        Lane::ALL.iter().copied().zip(&self.runs)
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    markets: BTreeMap<String, OfMarket>,
    callbacks: [Counter; 4],
    pub adopted: Counter,
    pub leases_lost: Counter,
}

impl Metrics {
    pub(crate) fn new<'a>(markets: impl Iterator<Item = &'a String>) -> Metrics {
        Metrics {
            markets: markets.map(|market| (market.clone(), OfMarket::new())).collect(),
            callbacks: Default::default(),
            adopted: Counter::default(),
            leases_lost: Counter::default(),
        }
    }

    pub fn markets(&self) -> impl Iterator<Item = (&String, &OfMarket)> {
        self.markets.iter()
    }

    pub fn callbacks(&self) -> impl Iterator<Item = (Callback, &Counter)> {
        Callback::ALL.into_iter().zip(&self.callbacks)
    }

    pub(crate) fn submitted(&self, market: &str, outcome: Outcome) {
        self.at(market, |of| {
            of.submissions().find(|(known, _)| *known == outcome).map(|(_, counter)| counter)
        });
    }

    pub(crate) fn failed(&self, market: &str, class: ErrorClass) {
        self.at(market, |of| of.errors().find(|(known, _)| *known == class).map(|(_, counter)| counter));
    }

    pub fn called(&self, callback: Callback) {
        self.callbacks().filter(|(known, _)| *known == callback).for_each(|(_, counter)| counter.one());
    }

    pub(crate) fn waited(&self, market: &str, lane: Lane, time: Duration) {
        let of = self.markets.get(market);
        let histogram = of.and_then(|of| of.waits().find(|(known, _)| *known == lane));
        histogram.into_iter().for_each(|(_, histogram)| histogram.time(time));
    }

    pub(crate) fn ended(&self, market: &str, lane: Lane, state: GenerationState, run: Duration) {
        self.at(market, |of| of.ends().find(|(known, _)| *known == state).map(|(_, counter)| counter));
        let of = self.markets.get(market);
        let histogram = of.and_then(|of| of.runs().find(|(known, _)| *known == lane));
        histogram.into_iter().for_each(|(_, histogram)| histogram.time(run));
    }

    fn at<'a>(&'a self, market: &str, counter: impl Fn(&'a OfMarket) -> Option<&'a Counter>) {
        if let Some(counter) = self.markets.get(market).and_then(counter) {
            counter.one();
        }
    }
}

/// How this process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Work at markets that waits for its next look.
    pub timers: usize,
    /// Generations in the hands of this process, those included.
    pub under_way: usize,
    /// Since its lease was last renewed; `None` where there is no lease (SQLite) or none is held.
    pub lease_age: Option<Duration>,
}

impl Context {
    pub fn standing(&self) -> Standing {
        Standing {
            timers: self.waits.len(),
            under_way: self.in_flight.borrow().len(),
            lease_age: self.lease.age(self.now()),
        }
    }
}

impl Engine {
    /// One bounded look at the database, with its time.
    pub async fn figures(&self) -> Result<(Timestamp, Figures)> {
        let now = self.now();
        Ok((now, self.store.read(figures::look).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_its_place_and_a_stranger_none() {
        let metrics = Metrics::new([&"fal".to_owned()].into_iter());
        for outcome in Outcome::ALL {
            metrics.submitted("fal", outcome);
            metrics.submitted("nobody", outcome);
        }
        for class in ErrorClass::ALL {
            metrics.failed("fal", *class);
        }
        for state in ENDS {
            metrics.ended("fal", Lane::Video, state, Duration::from_secs(3));
        }
        metrics.waited("fal", Lane::Audio, Duration::from_secs(2));
        Callback::ALL.into_iter().for_each(|callback| metrics.called(callback));
        let (_, fal) = metrics.markets().next().expect("fal is there");
        assert!(fal.submissions().all(|(_, counter)| counter.get() == 1));
        assert!(fal.errors().all(|(_, counter)| counter.get() == 1));
        assert!(fal.ends().all(|(_, counter)| counter.get() == 1));
        assert!(metrics.callbacks().all(|(_, counter)| counter.get() == 1));
        let counted = |histograms: Vec<(Lane, &Histogram)>| {
            histograms
                .into_iter()
                .map(|(lane, histogram)| (lane, histogram.observed().count))
                .filter(|(_, count)| *count > 0)
                .collect::<Vec<_>>()
        };
        assert_eq!(counted(fal.runs().collect()), [(Lane::Video, 4)]);
        assert_eq!(counted(fal.waits().collect()), [(Lane::Audio, 1)]);
    }
}
