//! How long a mode usually takes at its market: from our own history where there is enough of it, else as the catalogue says.

use crate::Context;
use palitra_domain::Timestamp;
use palitra_store::generations;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Fewer runs say nothing about the tenth longest.
const ENOUGH: usize = 20;

/// History changes slowly.
const KEPT: Duration = Duration::from_secs(600);

/// What history said, by model and mode; as many entries as the catalogue has modes.
#[derive(Default)]
pub(crate) struct Runs(Mutex<HashMap<(String, String), Known>>);

/// What there was to learn, and when it was read.
type Known = (Timestamp, History);

/// How runs of a mode have gone lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct History {
    /// Half of them are done by then, nine of ten by then; from the catalogue's guess while there are too few.
    pub p50: Duration,
    pub p90: Duration,
    /// Of a hundred that ended; `None` while there are too few.
    pub succeeded_percent: Option<u32>,
    /// How many have ended.
    pub ended: u32,
}

impl Context {
    /// Nine of ten are done by then.
    pub(crate) async fn p90(&self, model: &str, mode: &str) -> Duration {
        self.history(model, mode).await.p90
    }

    pub(crate) async fn history(&self, model: &str, mode: &str) -> History {
        let now = self.now();
        let of = (model.to_owned(), mode.to_owned());
        let known = self.runs.0.lock().unwrap_or_else(PoisonError::into_inner).get(&of).copied();
        if let Some((_, history)) = known.filter(|(at, _)| now.since(*at) < KEPT) {
            return history;
        }
        let (of_model, of_mode) = of.clone();
        let read = self.store.read(move |tx| {
            Ok((generations::recent_runs(tx, &of_model, &of_mode)?, generations::recent_ends(tx, &of_model, &of_mode)?))
        });
        let usual = self.catalogue().find(model).and_then(|model| Some(model.mode(mode)?.usual_run)).unwrap_or_default();
        let history = read.await.map_or(History { p50: usual, p90: usual, ..History::default() }, |(runs, ends)| {
            History { succeeded_percent: percent(ends), ended: ends.1, ..spread(runs, usual) }
        });
        self.runs.0.lock().unwrap_or_else(PoisonError::into_inner).insert(of, (now, history));
        history
    }
}

fn percent((succeeded, ended): (u32, u32)) -> Option<u32> {
    (usize::try_from(ended).unwrap_or(usize::MAX) >= ENOUGH).then(|| succeeded.saturating_mul(100) / ended)
}

fn spread(mut runs: Vec<Duration>, usual: Duration) -> History {
    if runs.len() < ENOUGH {
        return History { p50: usual, p90: usual, ..History::default() };
    }
    runs.sort_unstable();
    let share = |tenths: usize| runs[(runs.len() * tenths).div_ceil(10).saturating_sub(1)];
    History { p50: share(5), p90: share(9), ..History::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_runs_are_no_longer_and_few_say_nothing() {
        let runs = |count: u64| (1..=count).rev().map(Duration::from_secs).collect::<Vec<_>>();
        let usual = Duration::from_secs(7);
        let of = |count| {
            let History { p50, p90, .. } = spread(runs(count), usual);
            (p50.as_secs(), p90.as_secs())
        };
        assert_eq!((of(0), of(19), of(20), of(100)), ((7, 7), (7, 7), (10, 18), (50, 90)));
        assert_eq!((percent((9, 10)), percent((19, 20)), percent((0, 40))), (None, Some(95), Some(0)));
    }
}
