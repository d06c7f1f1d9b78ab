//! Numbers that a process counts about itself: atomics, so that counting costs a few nanoseconds wherever it happens. What they are
//! called, and how they are shown, is the door's.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub fn one(&self) {
        self.add(1);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often a value fell below each of its bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is above the last.
    counts: Vec<Counter>,
    sum: Counter,
}

/// A histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Bound, and how many were at most that.
    pub up_to: Vec<(u64, u64)>,
    pub count: u64,
    pub sum: u64,
}

impl Histogram {
    /// `bounds` grow.
    pub fn new(bounds: &'static [u64]) -> Histogram {
        let counts = (0..=bounds.len()).map(|_| Counter::default()).collect();
        Histogram { bounds, counts, sum: Counter::default() }
    }

    pub fn observe(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place].one();
        self.sum.add(value);
    }

    /// In microseconds, as the bounds are.
    pub fn time(&self, took: Duration) {
        self.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// The count is that of the buckets read, so a page is consistent in itself while others count on.
    pub fn observed(&self) -> Observed {
        let mut count = 0;
        let up_to = self.bounds.iter().zip(&self.counts).map(|(bound, counter)| {
            count += counter.get();
            (*bound, count)
        });
        let up_to = up_to.collect();
        let count = count + self.counts.last().map_or(0, Counter::get);
        Observed { up_to, count, sum: self.sum.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_into_the_first_bound_that_holds_it() {
        let histogram = Histogram::new(&[10, 20]);
        for value in [0, 10, 11, 20, 21, 1_000] {
            histogram.observe(value);
        }
        histogram.time(Duration::from_micros(15));
        let observed = Observed { up_to: vec![(10, 2), (20, 5)], count: 7, sum: 1_077 };
        assert_eq!(histogram.observed(), observed);
    }
}
