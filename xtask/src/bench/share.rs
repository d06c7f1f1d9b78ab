//! How busy everybody else kept the processors during a measurement: the lower, the more its wall-clock figures can be trusted.

#![expect(clippy::float_arithmetic, reason = "seconds and shares for people")]

use std::{fs, time::Instant};

/// Of the kernel's interface, on every platform we know.
const TICKS_PER_SECOND: f64 = 100.0;

/// Counts from its making on. What ended below this process is ours, and so are the servers that are named.
pub(super) struct Share {
    servers: Vec<u32>,
    started: Instant,
    machine: f64,
    ours: f64,
}

impl Share {
    pub(super) fn start(servers: &[u32]) -> Share {
        Share { servers: servers.to_vec(), started: now(), machine: machine(), ours: ours(servers) }
    }

    /// In percent of all processors.
    pub(super) fn others_percent(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let wall = now().duration_since(self.started).as_secs_f64();
        let capacity = wall * f64::from(u32::try_from(cores).unwrap_or(1));
        let others = (machine() - self.machine) - (ours(&self.servers) - self.ours);
        (others.max(0.0) / capacity.max(1e-9) * 100.0).round()
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks: Vec<f64> = numbers(stat.lines().next().unwrap_or_default(), 1).take(8).collect();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    (ticks.iter().sum::<f64>() - idle) / TICKS_PER_SECOND
}

fn ours(servers: &[u32]) -> f64 {
    let own = of_process("self", 4);
    own + servers.iter().map(|id| of_server(*id)).sum::<f64>()
}

/// CPU time of a server and its children, those that have ended included, seconds.
pub(super) fn of_server(id: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let living: f64 = children.split_whitespace().map(|child| of_process(child, 2)).sum();
    of_process(&id.to_string(), 4) + living
}

/// User and system time of a process (2 fields), and of its ended children (4).
fn of_process(id: &str, fields: usize) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    numbers(behind, 11).take(fields).sum::<f64>() / TICKS_PER_SECOND
}

fn numbers(text: &str, skipped: usize) -> impl Iterator<Item = f64> {
    text.split_whitespace().skip(skipped).filter_map(|word| word.parse().ok())
}
