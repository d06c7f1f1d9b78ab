//! `cargo xtask bench http`: the service over HTTP, on loopback, and LiteLLM's proxy before the same provider. Load comes from wrk; crowds of
//! clients from `crates/palitra/examples/crowd`. Every part has a data directory of its own, prices above zero, and its books checked at
//! the end: what was charged is what was made.

mod gateway;
mod load;
mod markdown;
mod server;

use super::{line::Line, table};
use crate::{
    Stop, say,
    steps::{cargo, step, target},
};
use load::Load;
use server::Server;
use std::{fs, path::PathBuf, process::Command};

/// What can be asked for by `--only`.
const PARTS: &[&str] = &["create", "look", "pollers", "followers", "gateway"];

struct Plan {
    quick: bool,
    with_peer: bool,
    parts: Vec<String>,
}

impl Plan {
    fn read(words: &[String]) -> Result<Plan, Stop> {
        let mut plan = Plan {
            quick: false,
            with_peer: true,
            parts: PARTS.iter().map(|part| (*part).to_owned()).collect(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => plan.quick = true,
                "--skip-peers" => plan.with_peer = false,
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

    /// Seconds of a measurement.
    fn seconds(&self, seconds: u32) -> u32 {
        if self.quick { (seconds / 4).max(2) } else { seconds }
    }
}

pub(super) fn run(words: &[String]) -> Result<(), Stop> {
    let plan = Plan::read(words)?;
    load::ready()?;
    let built = ["build", "--release", "--package", "palitra", "--bin", "palitra", "--example", "crowd"];
    step("build", &mut cargo(&built))?;
    // What the last run wrote goes at the end of this one: ext4 without a journal passes by every inode that was deleted in the last
    // minutes when it makes a file, and that costs more than the file.
    let before = home().with_extension("before");
    // Of a run that was killed.
    drop(fs::remove_dir_all(&before));
    drop(fs::rename(home(), &before));
    fs::create_dir_all(home()).map_err(|error| cannot("make a folder", &error))?;
    let mut lines = Vec::new();
    let mut add = |name: &str, line: Line| {
        say(&format!("{name:<12} {}", line.0));
        lines.push(line.with("name", &format!("\"{name}\"")));
    };
    if plan.has("create") || plan.has("look") {
        create_and_look(&plan, &mut add)?;
    }
    if plan.has("pollers") {
        let server =
            Server::start("pollers", &[("PALITRA_MARKETS__SANDBOX__ARTIST_MS", "600000".to_owned())])?;
        add("pollers", crowd("pollers", &server, 1_000, plan.seconds(20))?);
    }
    if plan.has("followers") {
        let server = Server::start("followers", &[])?;
        add("followers", crowd("followers", &server, 5_000, 0)?);
        add("books", server.books("followers", 0)?);
    }
    if plan.has("gateway") {
        gateway::measure(&plan, &mut add)?;
    }
    drop(fs::remove_dir_all(before));
    let tables = markdown::markdown(&lines);
    say(&tables);
    if plan.quick || !plan.with_peer || plan.parts.len() < PARTS.len() {
        return Ok(());
    }
    table::write("http", &lines, &tables)
}

/// Everything that a run writes.
fn home() -> PathBuf {
    target().join("bench-http")
}

fn cannot(what: &str, error: &std::io::Error) -> Stop {
    Stop::new(format!("cannot {what}: {error}"))
}

/// Generations that do nothing, ordered and looked at.
fn create_and_look(plan: &Plan, add: &mut dyn FnMut(&str, Line)) -> Result<(), Stop> {
    let server = Server::start("create", &[])?;
    let load = Load {
        address: &server.address,
        key: &server.key,
        route: "/v1/generations",
        body: r#"{"model":"sandbox/noop","input":{"prompt":"a lighthouse, number @N"}}"#,
        connections: 64,
        process: server.process(),
    };
    let mut answered = count(&load.post(plan.seconds(4))?);
    if plan.has("create") {
        let line = load.post(plan.seconds(20))?;
        answered += count(&line);
        add("create", line);
    }
    server.settled()?;
    let page = server.get("/v1/generations?limit=100")?;
    let ids = page.split("\"id\":\"gen_").skip(1).filter_map(|rest| rest.split('"').next());
    let paths: String = ids.map(|id| format!("/v1/generations/gen_{id}\n")).collect();
    let file = home().join("paths");
    fs::write(&file, paths).map_err(|error| cannot("write", &error))?;
    if plan.has("look") {
        load.get(&file, plan.seconds(4))?;
        add("look", load.get(&file, plan.seconds(15))?);
    }
    add("books", server.books("create", answered)?);
    Ok(())
}

/// Of requests that were answered.
fn count(line: &Line) -> i64 {
    line.text("count").parse().unwrap_or(0)
}

fn crowd(measurement: &str, server: &Server, count: u32, seconds: u32) -> Result<Line, Stop> {
    let mut command = Command::new("sh");
    command.args(["-c", server::FILES, "sh"]).arg(target().join("release/examples/crowd")).arg(measurement);
    command.arg(format!("address={}", server.address)).arg(format!("key={}", server.key));
    command.arg(format!("process={}", server.process())).arg(format!("count={count}"));
    command.arg(format!("seconds={seconds}"));
    load::measured(&mut command, server.process())
}
