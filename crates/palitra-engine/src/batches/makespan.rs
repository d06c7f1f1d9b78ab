//! How long a plan takes: its workers simulated, each step as soon as a worker is free and what it waits for is there (S0-28), or, one
//! call at a time, when every prompt is there (S0-27).

use super::{
    manifest::Manifest,
    plan::{Models, Step, model_of},
    start::scope_name,
};
use palitra_domain::state::StepKind;
use std::{collections::HashMap, time::Duration};

/// What runs of a model and mode usually take.
pub(super) type Usual = HashMap<(String, String), Duration>;

/// `slots`: of each market all keys together, which bound the workers.
pub(super) fn makespan(
    manifest: &Manifest,
    steps: &[Vec<Step>],
    models: &Models,
    usual: &Usual,
    slots: &HashMap<String, usize>,
) -> Duration {
    let runs = |kind: StepKind| {
        let all = manifest.items.iter().zip(steps).flat_map(|(item, steps)| item.steps.iter().zip(steps));
        all.filter(|(wish, step)| wish.kind == kind && matches!(step, Step::Run { .. })).count()
    };
    let mut free: HashMap<String, Vec<Duration>> = HashMap::new();
    let (mut barrier, mut end) = (Duration::ZERO, Duration::ZERO);
    // Of each item when its steps end.
    let mut ends: Vec<Vec<Duration>> = steps.iter().map(|steps| vec![Duration::ZERO; steps.len()]).collect();
    let passes: &[fn(StepKind) -> bool] = if manifest.sequential {
        &[|kind| kind == StepKind::Prompt, |kind| kind != StepKind::Prompt]
    } else {
        &[|_| true]
    };
    for pass in passes {
        for (at, item) in manifest.items.iter().enumerate() {
            for (n, wish) in item.steps.iter().enumerate().filter(|(_, wish)| pass(wish.kind)) {
                let (Step::Run { .. }, Some((model, mode))) = (&steps[at][n], model_of(models, wish)) else {
                    continue;
                };
                let run =
                    usual.get(&(model.id.clone(), mode.name.clone())).copied().unwrap_or(mode.usual_run);
                let ready = wish.after.iter().map(|before| ends[at][*before]).max().unwrap_or_default();
                let (count, interval) = manifest.workers_of(wish.kind, runs(wish.kind));
                let count = slots.get(&model.market).map_or(count, |slots| count.min(*slots)).max(1);
                let workers = free
                    .entry(scope_name(manifest, wish.kind))
                    .or_insert_with(|| vec![Duration::ZERO; count]);
                let Some(worker) = workers.iter_mut().min() else { continue };
                let start = (*worker).max(ready).max(barrier);
                let least = if count == 1 { interval.max(model.start_interval) } else { interval };
                *worker = start + run.max(least);
                ends[at][n] = start + run;
                end = end.max(start + run);
            }
        }
        barrier = free.values().flatten().copied().max().unwrap_or_default();
    }
    end
}
