//! The real binary, killed with SIGKILL before and after the commit of every row of the transition table.

use super::{
    play::{Kill, interrupted, killed, unharmed},
    scenario::{self, Scenario},
};
use palitra_engine::Point;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    thread,
};

/// Scenarios that are played at once. Each has a program, a market and a database of its own.
const AT_ONCE: usize = 2;

#[test]
fn killed_at_every_point_of_the_table_every_slide_is_charged_once() {
    let scenarios = scenario::all();
    let mut failures = Vec::new();
    let mut kills = Vec::new();
    for (scenario, points) in
        side_by_side(scenarios.iter().collect(), |scenario| (scenario, unharmed(scenario)))
    {
        match points {
            Ok(points) => kills.extend(points.into_iter().flat_map(kills_at).map(|kill| (scenario, kill))),
            Err(why) => failures.push(format!("{}, unharmed: {why}", scenario.name)),
        }
    }
    let mut deaths: BTreeMap<String, u32> = Point::all().map(|point| (point.to_string(), 0)).collect();
    for (scenario, kill, died) in
        side_by_side(kills, |(scenario, kill)| (scenario, kill.clone(), killed(scenario, &kill)))
    {
        match died {
            Ok(died) => *deaths.get_mut(&kill.point).unwrap() += u32::from(died),
            Err(why) => failures.push(format!("{}, {kill}: {why}", scenario.name)),
        }
    }
    for (point, count) in &deaths {
        println!("{count:>5}  {point}");
    }
    println!("{:>5}  kills at {} points", deaths.values().sum::<u32>(), deaths.len());
    let never =
        deaths.iter().filter(|(_, count)| **count == 0).map(|(point, _)| format!("nothing died at {point}"));
    failures.extend(never);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn interrupted_at_every_point_what_was_started_is_finished() {
    let scenarios: Vec<Scenario> = scenario::all().into_iter().take(2).collect();
    let points = scenarios.iter().flat_map(|scenario| {
        unharmed(scenario).unwrap().into_iter().map(move |(point, times)| (scenario, point, times))
    });
    let stops = points
        .flat_map(|(scenario, point, times)| [1, times / 2 + 1, times].map(|n| (scenario, point.clone(), n)));
    let failures = side_by_side(stops.collect(), |(scenario, point, n)| {
        let stopped = interrupted(scenario, &point, n);
        stopped.err().map(|why| format!("{}, interrupted at {point}:{n}: {why}", scenario.name))
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The first time at a point, once and twice in a row, and a later time.
fn kills_at((point, times): (String, u32)) -> Vec<Kill> {
    let at = |n, twice| Kill { point: point.clone(), n, twice };
    let mut kills = vec![at(1, true)];
    if times > 1 {
        kills.push(at(times / 2 + 1, false));
    }
    kills
}

/// In the order in which they are done, [`AT_ONCE`] at a time.
fn side_by_side<T: Send, U: Send>(tasks: Vec<T>, play: impl Fn(T) -> U + Sync) -> Vec<U> {
    let (tasks, done) = (Mutex::new(tasks), Mutex::new(Vec::new()));
    let work = || {
        while let Some(task) = next(&tasks) {
            let result = play(task);
            done.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn next<T>(tasks: &Mutex<Vec<T>>) -> Option<T> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner).pop()
}
