//! `cargo xtask bench engine`: every measurement of `crates/palitra/examples/engine` in processes of its own, on SQLite and on a
//! throwaway PostgreSQL, and the peers beside them.

use super::{line::Line, peers, table};
use crate::{
    Stop, say,
    steps::{cargo, root, step},
};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};
use xtask::postgres::Cluster;

/// What can be asked for by `--only`.
const PARTS: &[&str] =
    &["rate", "one-account", "splits", "bounds", "latency", "wait", "fair", "peers", HISTORY];

/// Takes longer than all others together, so only when it is asked for.
const HISTORY: &str = "history";

struct Plan {
    quick: bool,
    parts: Vec<String>,
}

impl Plan {
    fn read(words: &[String]) -> Result<Plan, Stop> {
        let mut plan = Plan {
            quick: false,
            parts: PARTS.iter().filter(|part| **part != HISTORY).map(|part| (*part).to_owned()).collect(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => plan.quick = true,
                "--skip-peers" => plan.parts.retain(|part| part != "peers"),
                "--only" => {
                    let asked = words.next().ok_or_else(|| super::unknown(word))?;
                    plan.parts = asked.split(',').map(str::to_owned).collect();
                    if let Some(part) = plan.parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
                        return Err(super::unknown(part));
                    }
                }
                other => return Err(super::unknown(other)),
            }
        }
        Ok(plan)
    }

    fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|known| known == part)
    }

    fn count(&self, count: usize) -> usize {
        if self.quick { count / 10 } else { count }
    }
}

pub(super) fn run(words: &[String]) -> Result<(), Stop> {
    let plan = Plan::read(words)?;
    build()?;
    let mut lines = Vec::new();
    for store in [Kind::Sqlite, Kind::Postgres] {
        measure(&plan, store, &mut lines)?;
    }
    if plan.has("peers") {
        peers::run(plan.quick, &mut lines)?;
    }
    say(&table::markdown(&lines));
    // What was asked for in part is for the eyes alone.
    if plan.quick || plan.parts.len() + 2 < PARTS.len() {
        return Ok(());
    }
    table::write("engine", &lines, &table::markdown(&lines))
}

/// The measuring program.
pub(super) fn build() -> Result<(), Stop> {
    step("build", &mut cargo(&["build", "--release", "--package", "palitra", "--example", "engine"]))
        .map(drop)
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

fn measure(plan: &Plan, kind: Kind, lines: &mut Vec<Line>) -> Result<(), Stop> {
    let of =
        |sqlite: usize, postgres: usize| plan.count(if kind == Kind::Sqlite { sqlite } else { postgres });
    let mut add = |name: &str, line: Line| {
        say(&format!("{name:<12} {}", line.0));
        lines.push(line.with("name", &format!("\"{name}\"")));
    };
    if plan.has("rate") {
        let words = [format!("count={}", of(80_000, 12_000))];
        add("rate", Bench::new(kind)?.run("rate", &words)?);
    }
    if plan.has("one-account") {
        let words = [format!("count={}", of(40_000, 6_000)), "accounts=1".to_owned()];
        add("one-account", Bench::new(kind)?.run("rate", &words)?);
    }
    if plan.has("splits") {
        let words = [format!("count={}", of(20_000, 4_000)), "splits=true".to_owned()];
        add("splits", Bench::new(kind)?.run("rate", &words)?);
    }
    if plan.has("bounds") {
        let words = [format!("count={}", of(20_000, 4_000)), "bounds=true".to_owned()];
        add("bounds", Bench::new(kind)?.run("rate", &words)?);
    }
    if plan.has(HISTORY) {
        for finished in [of(10_000, 10_000), of(1_000_000, 200_000)] {
            let words = [format!("count={}", of(20_000, 4_000)), format!("finished={finished}")];
            add(HISTORY, Bench::new(kind)?.run("rate", &words)?);
        }
    }
    if plan.has("latency") {
        add("latency", Bench::new(kind)?.run("latency", &[format!("count={}", plan.count(300))])?);
    }
    if plan.has("wait") {
        let (waiting, adopted) = wait(kind, plan.count(10_000))?;
        add("wait", waiting);
        add("adopt", adopted);
    }
    if plan.has("fair") {
        let words = ["count=1000".to_owned(), "slots=4".to_owned()];
        add("fair", Bench::new(kind)?.run("fair", &words)?);
    }
    Ok(())
}

/// Ten thousand wait in a process that is killed; another takes them over.
fn wait(kind: Kind, count: usize) -> Result<(Line, Line), Stop> {
    let bench = Bench::new(kind)?;
    let words = [format!("count={count}"), format!("slots={count}"), format!("finished={count}")];
    let mut waiting = bench.start("wait", &words)?;
    let line = waiting.line()?;
    if kind == Kind::Sqlite {
        waiting.kill();
        return Ok((line, bench.run("adopt", &words)?));
    }
    let mut heir = bench.start("adopt", &words)?;
    heir.line()?;
    waiting.kill();
    Ok((line, heir.line()?))
}

/// A database of its own for one measurement.
pub(super) struct Bench {
    folder: PathBuf,
    cluster: Option<Cluster>,
}

impl Bench {
    pub(super) fn new(kind: Kind) -> Result<Bench, Stop> {
        let folder = root().join("target/bench-engine");
        drop(fs::remove_dir_all(&folder));
        let cluster = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(Cluster::start().map_err(Stop::new)?),
        };
        Ok(Bench { folder, cluster })
    }

    pub(super) fn run(&self, measurement: &str, words: &[String]) -> Result<Line, Stop> {
        self.start(measurement, words)?.line()
    }

    fn start(&self, measurement: &str, words: &[String]) -> Result<Measured, Stop> {
        let mut command = Command::new(root().join("target/release/examples/engine"));
        command.arg(measurement).arg(format!("folder={}", self.folder.display())).args(words);
        if let Some(cluster) = &self.cluster {
            command.arg(format!("url={}", cluster.url()));
            command.args(server(cluster).map(|id| format!("server={id}")));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let failed = |why: String| Stop::new(format!("{measurement}: {why}"));
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let out = child.stdout.take().ok_or_else(|| failed("a started process has no pipes".to_owned()))?;
        Ok(Measured { name: measurement.to_owned(), child, out: BufReader::new(out) })
    }
}

/// The process that every connection is a child of.
pub(super) fn server(cluster: &Cluster) -> Option<u32> {
    let file = Path::new(cluster.home()).join("data/postmaster.pid");
    fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
}

/// A measuring process; killed when dropped.
struct Measured {
    name: String,
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Measured {
    fn line(&mut self) -> Result<Line, Stop> {
        let mut line = String::new();
        drop(self.out.read_line(&mut line));
        Line::first(&line).ok_or_else(|| {
            drop(self.out.read_to_string(&mut line));
            Stop::new(format!("{}: no result {line}", self.name)).hint("the lines above say why")
        })
    }

    /// As `kill -9` does it.
    fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.kill();
    }
}
