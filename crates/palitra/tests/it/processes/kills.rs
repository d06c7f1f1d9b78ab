//! Workers that are killed at the points of the transition table and at random, while others and newcomers go on.

use super::town::{Town, kill, stop};
use crate::crash::{process::Process, scenario::rule};
use palitra_engine::Point;
use palitra_sim::fal::{Call, Fault, Rule};
use rustix::process::Signal;
use std::time::Duration;

/// Splitmix64: the same in every run of a seed.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % below
    }
}

/// Each point of a picture's way, in a process of its own; the next one takes over what it left.
#[test]
fn s3_killed_at_every_point_of_the_way_each_picture_is_charged_once() {
    let town = Town::new(64, 60, Vec::new());
    let batch = town.order(60, 5);
    let way = ["queued.claim", "submitting.accept", "running.finish", "storing.settle"];
    let points: Vec<String> = Point::all().map(|point| point.to_string()).collect();
    let points = points.iter().filter(|point| way.iter().any(|step| point.starts_with(step)));
    let mut died = 0;
    for point in points {
        let armed = format!("{point}:2");
        let worker = Process::start(
            &town.desk,
            &["serve", "--roles", "worker"],
            &[("PALITRA_CRASH_AT", armed.as_str())],
        );
        let end = worker.end();
        assert!(end.was_killed(), "{armed}: {}", end.run.stderr);
        died += 1;
    }
    assert_eq!(died, 2 * way.len());
    let heirs = [town.worker(&[]), town.worker(&[])];
    town.wait(&batch);
    heirs.into_iter().for_each(stop);
    town.judge();
}

/// Workers are killed and replaced, stopped and continued, and lose all their connections, at moments that nobody chose.
#[test]
fn s3_whatever_befalls_the_workers_each_picture_is_charged_once() {
    let seed = 20_261_129;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let lost = Rule { every: Some(40), ..rule(Call::Submit, "", Fault::DropAfter {}) };
    let town = Town::new(32, 400, vec![lost]);
    let batch = town.order(150, 24);
    let mut workers: Vec<Process> = (0..3).map(|_| town.worker(&[])).collect();
    for _ in 0..10 {
        let n = usize::try_from(dice.throw(3)).unwrap();
        let worker = workers.remove(n);
        let pause = Duration::from_millis(50 + dice.throw(400));
        // Nobody ends by itself: this only waits.
        let worker = worker.end_within(pause).err().expect("a worker ended by itself");
        let worker = match dice.throw(4) {
            0 => {
                worker.signal(Signal::STOP);
                let stopped = worker.end_within(pause * 4).err().expect("a stopped process ended");
                stopped.signal(Signal::CONT);
                stopped
            }
            1 => {
                town.database.end_connections("palitra%");
                worker
            }
            _ => {
                kill(worker);
                town.worker(&[])
            }
        };
        workers.push(worker);
    }
    town.wait(&batch);
    workers.into_iter().for_each(stop);
    town.judge();
}
