//! What a measurement costs: CPU time of this process, of the database server and of everybody else, and memory. Read from `/proc`.

use crate::{Options, Result};
use serde_json::{Value, json};
use std::{fs, time::Duration};

/// Of the kernel's interface, on every platform we know.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU times at one moment, seconds.
#[derive(Clone, Copy)]
struct Cpu {
    ours: f64,
    server: f64,
    machine: f64,
}

/// Counts from its making on.
pub(crate) struct Meter {
    server: Option<u32>,
    start: Cpu,
    started: std::time::Instant,
}

/// What was used between two moments.
pub(crate) struct Used {
    pub(crate) wall: Duration,
    pub(crate) ours_s: f64,
    server_s: f64,
    others_percent: f64,
}

impl Meter {
    pub(crate) fn start(options: &Options) -> Result<Meter> {
        Ok(Meter { server: options.server, start: cpu(options.server)?, started: now() })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        now().duration_since(self.started)
    }

    pub(crate) fn stop(self) -> Result<Used> {
        let (end, wall) = (cpu(self.server)?, now().duration_since(self.started));
        let (ours_s, server_s) = (end.ours - self.start.ours, end.server - self.start.server);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let capacity = wall.as_secs_f64() * f64::from(u32::try_from(cores)?);
        let others_s = (end.machine - self.start.machine - ours_s - server_s).max(0.0);
        Ok(Used { wall, ours_s, server_s, others_percent: others_s / capacity * 100.0 })
    }
}

impl Used {
    /// The fields of a result for `count` pieces of work.
    pub(crate) fn per(&self, count: usize) -> Result<Value> {
        let count = f64::from(u32::try_from(count)?);
        Ok(json!({
            "wall_s": round(self.wall.as_secs_f64()),
            "per_s": (count / self.wall.as_secs_f64()).round(),
            "cpu_ms_each": round(self.ours_s / count * 1e3),
            "server_cpu_ms_each": round(self.server_s / count * 1e3),
            "other_cpu_pct": self.others_percent.round(),
        }))
    }
}

/// Four digits behind the point are enough for anybody.
pub(crate) fn round(figure: f64) -> f64 {
    (figure * 1e4).round() / 1e4
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn cpu(server: Option<u32>) -> Result<Cpu> {
    let machine = fs::read_to_string("/proc/stat")?;
    let line = machine.lines().next().unwrap_or_default();
    let ticks: Vec<f64> =
        line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    Ok(Cpu {
        ours: of_process("self")?.0,
        server: server.map_or(Ok(0.0), of_server)?,
        machine: (ticks.iter().sum::<f64>() - idle) / TICKS_PER_SECOND,
    })
}

/// Seconds of a process, and of those of its children that have ended.
fn of_process(id: &str) -> Result<(f64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let seconds = |from: usize| -> f64 {
        let ticks = fields.iter().skip(from).take(2).filter_map(|field| field.parse::<f64>().ok());
        ticks.sum::<f64>() / TICKS_PER_SECOND
    };
    Ok((seconds(11), seconds(13)))
}

/// A PostgreSQL server: the process that was started, and one for each connection.
fn of_server(id: u32) -> Result<f64> {
    let (own, ended) = of_process(&id.to_string())?;
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    // One that ends while it is looked at is counted among the ended.
    let living = children.split_whitespace().filter_map(|child| of_process(child).ok());
    Ok(own + ended + living.map(|(own, _)| own).sum::<f64>())
}

/// Memory of this process, shared pages by share, in megabytes.
pub(crate) fn pss_mb() -> Result<f64> {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("no `Pss` in smaps_rollup")?;
    let kilobytes: f64 = line.split_whitespace().next().ok_or("no number in smaps_rollup")?.parse()?;
    Ok(kilobytes / 1024.0)
}

/// The `share` (0 to 1) smallest of `figures`.
pub(crate) fn percentile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().saturating_sub(1);
    let wanted = (0..=last).find(|index| {
        let (index, last) = (u32::try_from(*index).unwrap_or(0), u32::try_from(last.max(1)).unwrap_or(1));
        f64::from(index) / f64::from(last) >= share
    });
    wanted.and_then(|index| figures.get(index)).copied().unwrap_or(0.0)
}
