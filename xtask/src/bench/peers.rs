//! The peers of the engine: installed below `target/peers` when they are not there, run beside servers of our own on loopback, stopped
//! by process id. What they are and what they do is said in `benches/peers`.

use super::{engine::server, line::Line, share::Share};
use crate::{
    Stop, python, say,
    steps::{cargo, root, step},
};
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use xtask::postgres::Cluster;

/// `packaging`: what the Redis transport of Celery imports and does not ask for.
const PYTHON: &[&str] = &["rq==2.12.0", "celery==5.7.0", "redis", "packaging"];
const NODE: &[&str] = &["graphile-worker@0.17.3", "pg"];

fn scripts() -> PathBuf {
    root().join("benches/peers")
}

/// Where everything is installed.
fn home() -> PathBuf {
    root().join("target/peers")
}

/// Adds the better line of each peer.
pub(super) fn run(quick: bool, lines: &mut Vec<Line>) -> Result<(), Stop> {
    install()?;
    let few = |count: usize| if quick { count / 10 } else { count };
    let redis = Redis::start()?;
    for (name, count, target) in
        [("rq", 400, "≥ 70 ×"), ("rq-simple", 3_000, "≥ 15 ×"), ("celery", 6_000, "≥ 4 ×")]
    {
        let mut command = Command::new(home().join("python/bin/python"));
        command.arg(scripts().join("queue_bench.py")).arg(name).arg(few(count).to_string());
        command.env("REDIS_URL", redis.url()).env("BENCH_RECORDS", home().join("records"));
        lines.extend(measured(&mut command, &[redis.server.id()], target)?);
    }
    drop(redis);
    let program = home().join("river/target/release/river");
    let file = home().join("river.db");
    for ending in ["", "-wal", "-shm"] {
        drop(fs::remove_file(home().join(format!("river.db{ending}"))));
    }
    let mut river = Command::new(&program);
    river.arg("sqlite").arg(&file).args([few(4_000).to_string(), "32".to_owned()]);
    lines.extend(measured(&mut river, &[], "≥ 2 ×")?);
    let cluster = Cluster::start().map_err(Stop::new)?;
    let servers: Vec<u32> = server(&cluster).into_iter().collect();
    let mut river = Command::new(&program);
    river.args(["postgres", cluster.url()]).args([few(8_000).to_string(), "32".to_owned()]);
    lines.extend(measured(&mut river, &servers, "")?);
    let mut graphile = Command::new("node");
    // Node looks for packages beside the script.
    let script = home().join("graphile/graphile.mjs");
    fs::copy(scripts().join("graphile.mjs"), &script).map_err(|error| cannot("copy", &error))?;
    graphile.arg(script).arg(cluster.url()).args([few(6_000).to_string(), "32".to_owned()]);
    lines.extend(measured(&mut graphile, &servers, "")?);
    Ok(())
}

/// The line with the highest rate. A peer that fails is told and left out: the others count all the same.
fn measured(command: &mut Command, servers: &[u32], target: &str) -> Result<Option<Line>, Stop> {
    let share = Share::start(servers);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| cannot("start a peer", &error))?;
    let others = share.others_percent();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.lines().filter_map(Line::first);
    let best = found.max_by(|a, b| {
        let rate = |line: &Line| line.number("per_s").unwrap_or(0.0);
        rate(a).total_cmp(&rate(b))
    });
    let Some(best) = best else {
        say(&format!("a peer has failed: {command:?} {text}"));
        return Ok(None);
    };
    let line = best.with("name", "\"peer\"").with("target", &format!("\"{target}\""));
    let line = line.with("other_cpu_pct", &others.to_string());
    say(&format!("peer         {}", line.0));
    Ok(Some(line))
}

fn install() -> Result<(), Stop> {
    fs::create_dir_all(home()).map_err(|error| cannot("make a folder", &error))?;
    python::environment(&home().join("python"), PYTHON)?;
    if !home().join("graphile/node_modules/graphile-worker").exists() {
        let folder = home().join("graphile");
        fs::create_dir_all(&folder).map_err(|error| cannot("make a folder", &error))?;
        step("node", Command::new("npm").args(["install", "--silent"]).args(NODE).current_dir(folder))?;
    }
    let folder = home().join("river");
    fs::create_dir_all(&folder).map_err(|error| cannot("make a folder", &error))?;
    for (from, to) in [("river.toml", "Cargo.toml"), ("river.rs", "main.rs")] {
        copy_if_new(&scripts().join(from), &folder.join(to))?;
    }
    step("river", cargo(&["build", "--release", "--quiet"]).current_dir(folder)).map(drop)
}

/// What has not changed is not built again.
fn copy_if_new(from: &Path, to: &Path) -> Result<(), Stop> {
    let text = fs::read(from).map_err(|error| cannot("read", &error))?;
    if fs::read(to).is_ok_and(|known| known == text) {
        return Ok(());
    }
    fs::write(to, text).map_err(|error| cannot("write", &error))
}

fn cannot(what: &str, error: &std::io::Error) -> Stop {
    Stop::new(format!("cannot {what}: {error}"))
}

/// A server in a folder of our own; stopped when dropped.
struct Redis {
    server: Child,
    port: u16,
}

impl Redis {
    fn start() -> Result<Redis, Stop> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.map_err(|error| cannot("find a port", &error))?.port();
        let folder = home().join("redis");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).map_err(|error| cannot("make a folder", &error))?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--dir"]).arg(folder);
        let server = command.stdout(Stdio::null()).spawn().map_err(|error| {
            cannot("start `redis-server`", &error).hint("apt-get install redis-server, or --skip-peers")
        })?;
        let redis = Redis { server, port };
        redis.wait()?;
        Ok(redis)
    }

    /// Until it takes connections.
    fn wait(&self) -> Result<(), Stop> {
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            pause();
        }
        Err(Stop::new("`redis-server` does not answer"))
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "automation waits for a server that tells nobody when it is ready"
)]
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(50));
}
