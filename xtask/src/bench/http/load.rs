//! Load by wrk, with what it cost the server: CPU time of its process and of those that it has started.

#![expect(clippy::float_arithmetic, reason = "milliseconds and shares for people")]

use super::cannot;
use crate::{
    Stop,
    bench::{
        line::Line,
        share::{self, Share},
    },
    steps::root,
};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// There is wrk.
pub(super) fn ready() -> Result<(), Stop> {
    let tried = Command::new("wrk").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.map(drop).map_err(|error| cannot("run `wrk`", &error).hint("apt-get install wrk"))
}

/// The same request by many connections.
pub(super) struct Load<'a> {
    pub(super) address: &'a str,
    pub(super) key: &'a str,
    pub(super) route: &'a str,
    pub(super) body: &'a str,
    pub(super) connections: u32,
    pub(super) process: u32,
}

impl Load<'_> {
    pub(super) fn post(&self, seconds: u32) -> Result<Line, Stop> {
        let mut wrk = self.wrk("post.lua", seconds);
        wrk.env("ROUTE", self.route).env("BODY", self.body);
        measured(&mut wrk, self.process)
    }

    /// Each path of the file in turn.
    pub(super) fn get(&self, paths: &Path, seconds: u32) -> Result<Line, Stop> {
        let mut wrk = self.wrk("get.lua", seconds);
        wrk.env("PATHS", paths).env("DONE", scripts().join("post.lua"));
        measured(&mut wrk, self.process)
    }

    fn wrk(&self, script: &str, seconds: u32) -> Command {
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads", "1", "--timeout", "30s", "--connections", &self.connections.to_string()]);
        wrk.arg("--duration").arg(format!("{seconds}s")).arg("--script").arg(scripts().join(script));
        wrk.arg(format!("http://{}", self.address)).env("KEY", self.key);
        wrk
    }
}

pub(super) fn scripts() -> std::path::PathBuf {
    root().join("benches/peers/gateway")
}

/// The line that a program prints, with what its doing cost the server.
pub(super) fn measured(command: &mut Command, process: u32) -> Result<Line, Stop> {
    let share = Share::start(&[process]);
    let before = share::of_server(process);
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| cannot("start a client", &error))?;
    let cpu_ms = (share::of_server(process) - before) * 1e3;
    let others = share.others_percent();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = Line::first(&text).ok_or_else(|| Stop::new(format!("{command:?} has no result: {text}")))?;
    let failed = line.number("refused").unwrap_or(0.0) + line.number("broken").unwrap_or(0.0);
    if failed > 0.0 {
        return Err(Stop::new(format!("{failed} requests failed: {}", line.0)));
    }
    let line = match line.number("count").filter(|_| line.number("cpu_ms_each").is_none()) {
        Some(count) => line.with("cpu_ms_each", &format!("{:.3}", cpu_ms / count.max(1.0))),
        None => line,
    };
    let line = line.with("resident_mb", &format!("{:.0}", resident_mb(process)));
    Ok(line.with("other_cpu_pct", &others.to_string()))
}

/// Resident memory of a process and of those that it has started.
fn resident_mb(process: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let all = children.split_whitespace().map(str::to_owned).chain([process.to_string()]);
    let kib = all.filter_map(|id| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    });
    kib.sum::<f64>() / 1024.0
}

#[expect(
    clippy::disallowed_methods,
    reason = "automation waits for servers that tell nobody when they are ready"
)]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}
