//! A picture ordered in OpenAI's words, through ours and through LiteLLM's proxy, both before one stand-in for the provider. They take turns.

use super::{
    Plan, cannot, count, home,
    load::{self, Load, scripts},
    server::{self, Server},
};
use crate::{Stop, bench::line::Line, python, steps::root};
use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

const PYTHON: &[&str] = &["litellm[proxy]==1.105.0"];

const KEY: &str = "sk-bench-of-this-run";

/// Turns of each.
const ROUNDS: usize = 3;

pub(super) fn measure(plan: &Plan, add: &mut dyn FnMut(&str, Line)) -> Result<(), Stop> {
    let upstream = Upstream::start()?;
    let peer = if plan.with_peer { Some(LiteLlm::start(&upstream)?) } else { None };
    let server = Server::start(
        "gateway",
        &[
            ("PALITRA_MARKETS__OPENAI__KEY", "sk-up".to_owned()),
            ("PALITRA_MARKETS__OPENAI__BASE_URL", upstream.base()),
            ("PALITRA_MARKETS__OPENAI__SLOTS", "64".to_owned()),
        ],
    )?;
    let mut answered = 0;
    for connections in [64, 1] {
        let ours = Load {
            address: &server.address,
            key: &server.key,
            route: "/openai/v1/images/generations",
            // GPT image models answer with bytes here unless they are asked for an address.
            body: r#"{"model":"openai:gpt-image-1","prompt":"a cat, number @N","n":1,"response_format":"url"}"#,
            connections,
            process: server.process(),
        };
        let theirs = peer.as_ref().map(|peer| Load {
            address: &peer.address,
            key: KEY,
            route: "/v1/images/generations",
            body: r#"{"model":"gpt-image-1","prompt":"a cat, number @N","n":1}"#,
            connections,
            process: peer.child.id(),
        });
        // The first requests open connections and fill caches.
        if let Some(theirs) = &theirs {
            theirs.post(4)?;
        }
        answered += count(&ours.post(4)?);
        let (mut rounds, mut peers) = (Vec::new(), Vec::new());
        for _ in 0..if plan.quick { 1 } else { ROUNDS } {
            if let Some(theirs) = &theirs {
                peers.push(theirs.post(plan.seconds(8).max(5))?);
            }
            rounds.push(ours.post(plan.seconds(8).max(5))?);
        }
        answered += rounds.iter().map(count).sum::<i64>();
        if !peers.is_empty() {
            add("litellm", median(&peers, connections));
        }
        add("gateway", median(&rounds, connections));
    }
    add("books", server.books("gateway", answered)?);
    Ok(())
}

/// Of each figure its middle one.
fn median(rounds: &[Line], connections: u32) -> Line {
    let mut line = Line(format!("{{\"connections\":{connections},\"rounds\":{}}}", rounds.len()));
    for name in ["per_s", "p50_ms", "p99_ms", "cpu_ms_each", "resident_mb", "other_cpu_pct"] {
        let mut all: Vec<f64> = rounds.iter().filter_map(|round| round.number(name)).collect();
        all.sort_by(f64::total_cmp);
        line =
            line.with(name, &all.get(all.len() / 2).map_or("null".to_owned(), |value| format!("{value:.3}")));
    }
    line
}

/// The stand-in for the provider: an nginx that answers from two files.
struct Upstream {
    child: Child,
    port: u16,
}

impl Upstream {
    fn start() -> Result<Upstream, Stop> {
        let (folder, port) = (home().join("upstream"), free_port()?);
        fs::create_dir_all(folder.join("files")).map_err(|error| cannot("make a folder", &error))?;
        let written = fs::read_to_string(scripts().join("nginx.conf")).and_then(|text| {
            fs::write(folder.join("nginx.conf"), text.replace("@PORT@", &port.to_string()))?;
            fs::copy(scripts().join("picture.png"), folder.join("files/picture.png"))?;
            let answer = format!(
                "{{\"created\":1700000000,\"data\":[{{\"url\":\"http://127.0.0.1:{port}/picture.png\"}}]}}"
            );
            fs::write(folder.join("files/answer.json"), answer)
        });
        written.map_err(|error| cannot("write", &error))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder).args(["-c", "nginx.conf", "-e", "error.log"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child =
            child.map_err(|error| cannot("start `nginx`", &error).hint("apt-get install nginx-light"))?;
        let upstream = Upstream { child, port };
        answers(&format!("127.0.0.1:{port}"), "/v1/models", 50)?;
        Ok(upstream)
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// LiteLLM's proxy in its cheapest mode.
struct LiteLlm {
    child: Child,
    address: String,
}

impl LiteLlm {
    fn start(upstream: &Upstream) -> Result<LiteLlm, Stop> {
        let place = root().join("target/peers/litellm");
        python::environment(&place, PYTHON)?;
        let port = free_port()?;
        let log = fs::File::create(home().join("litellm.log")).map_err(|error| cannot("write", &error))?;
        let mut command = Command::new(place.join("bin/litellm"));
        command.arg("--config").arg(scripts().join("litellm.yaml"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]).current_dir(home());
        command.env("LITELLM_MASTER_KEY", KEY).env("UPSTREAM", upstream.base()).env("NO_PROXY", "127.0.0.1");
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_LOG", "ERROR");
        command.env("LITELLM_MODE", "PRODUCTION").env("DISABLE_ADMIN_UI", "True");
        let errors = log.try_clone().map_err(|error| cannot("write", &error))?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command.spawn().map_err(|error| cannot("start LiteLLM", &error))?;
        let peer = LiteLlm { child, address: format!("127.0.0.1:{port}") };
        answers(&peer.address, "/health/liveliness", 1_200)?;
        Ok(peer)
    }
}

impl Drop for LiteLlm {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// As a signal asks for it; by force when that takes too long.
fn end(child: &mut Child) {
    drop(Command::new("kill").arg(child.id().to_string()).status());
    for _ in 0..100 {
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        load::pause(Duration::from_millis(100));
    }
    drop(child.kill());
    drop(child.wait());
}

/// Until it does; so many tenths of a second.
fn answers(address: &str, path: &str, tenths: u32) -> Result<(), Stop> {
    for _ in 0..tenths {
        if server::get(address, path, KEY).is_ok() {
            return Ok(());
        }
        load::pause(Duration::from_millis(100));
    }
    Err(Stop::new(format!("nobody answers at {address}{path}")))
}

fn free_port() -> Result<u16, Stop> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    Ok(port.map_err(|error| cannot("find a port", &error))?.port())
}
