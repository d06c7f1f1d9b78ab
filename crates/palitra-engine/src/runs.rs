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

/// What there was to learn, and when it was read; `None`: there was not enough.
type Known = (Timestamp, Option<Duration>);

impl Context {
    /// Nine of ten are done by then.
    pub(crate) async fn p90(&self, model: &str, mode: &str) -> Duration {
        let now = self.now();
        let of = (model.to_owned(), mode.to_owned());
        let known = self.runs.0.lock().unwrap_or_else(PoisonError::into_inner).get(&of).copied();
        let history = match known {
            Some((at, history)) if now.since(at) < KEPT => history,
            _ => {
                let (model, mode) = of.clone();
                let read = self.store.read(move |tx| generations::recent_runs(tx, &model, &mode));
                let history = read.await.ok().and_then(p90_of);
                self.runs.0.lock().unwrap_or_else(PoisonError::into_inner).insert(of, (now, history));
                history
            }
        };
        let usual = || self.catalogue.find(model).and_then(|model| Some(model.mode(mode)?.usual_run));
        history.or_else(usual).unwrap_or_default()
    }
}

fn p90_of(mut runs: Vec<Duration>) -> Option<Duration> {
    runs.sort_unstable();
    let ninth = (runs.len() * 9).div_ceil(10).checked_sub(1)?;
    (runs.len() >= ENOUGH).then(|| runs.get(ninth).copied()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_runs_are_no_longer_and_few_say_nothing() {
        let runs = |count: u64| (1..=count).rev().map(Duration::from_secs).collect::<Vec<_>>();
        assert_eq!(p90_of(runs(19)), None);
        assert_eq!(p90_of(runs(20)), Some(Duration::from_secs(18)));
        assert_eq!(p90_of(runs(100)), Some(Duration::from_secs(90)));
        assert_eq!(p90_of(Vec::new()), None);
    }
}
