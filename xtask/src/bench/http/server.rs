//! A service of ours for one part: made with a key, money and prices, started, asked, stopped by its process id, and its books checked.

use super::{cannot, home};
use crate::{Stop, bench::line::Line, steps::target};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// In the wallet's minor units: enough for every part, and then some.
const CREDIT_MINOR: i64 = 100_000_000_000;

/// Bonus of a new account: none, so that there is one figure to compare.
const WELCOME: (&str, &str) = ("PALITRA_MONEY__WELCOME_MINOR", "0");

/// Limits are off: they are measured elsewhere, and a bench must not be refused.
const FREE: &[(&str, &str)] = &[
    WELCOME,
    ("PALITRA_SECURITY__REQUESTS_PER_MINUTE", "0"),
    ("PALITRA_SECURITY__ACCOUNT_REQUESTS_PER_MINUTE", "0"),
    ("PALITRA_ENGINE__ACCOUNT_QUEUED_MAX", "0"),
    ("PALITRA_ENGINE__ACCOUNT_RUNNING_MAX", "0"),
    ("PALITRA_MARKETS__SANDBOX__SLOTS", "64"),
];

/// For `sh`: runs a program with as many open files as the machine lets us have.
pub(super) const FILES: &str = r#"ulimit -n "$(ulimit -H -n)"; exec "$@""#;

pub(super) struct Server {
    child: Child,
    pub(super) address: String,
    pub(super) key: String,
    data: PathBuf,
}

impl Server {
    /// Its answers are those of a service as it comes, on SQLite, at the level of logs that it has.
    pub(super) fn start(name: &str, settings: &[(&str, String)]) -> Result<Server, Stop> {
        let data = home().join(name);
        let credit = format!("{}", CREDIT_MINOR / 100);
        let made = palitra(&data, &["keys", "create", "--account", "bench", "--credit", &credit, "--json"])?;
        let key = Line(made).text("key").to_owned();
        palitra(&data, &["models", "price", "sandbox/noop", "--unit", "run", "--cost", "0.01"])?;
        let log =
            fs::File::create(home().join(format!("{name}.log"))).map_err(|error| cannot("write", &error))?;
        let mut command = Command::new("sh");
        command.args(["-c", FILES, "sh"]).arg(program()).arg("--data").arg(&data);
        command.args(["serve", "--listen", "127.0.0.1:0", "--json"]);
        command.env_clear().envs(FREE.iter().copied());
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|error| cannot("start palitra", &error))?;
        let mut said = String::new();
        if let Some(out) = child.stdout.take() {
            // One document over several lines.
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                said.push_str(&line);
                if line.trim_end() == "}" || line.trim_end().ends_with("}") {
                    break;
                }
            }
        }
        let address = Line(said).text("listening").to_owned();
        let server = Server { child, address, key, data };
        if server.address.is_empty() {
            return Err(Stop::new("palitra does not serve")
                .hint(format!("see {}", home().join(format!("{name}.log")).display())));
        }
        Ok(server)
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The body of an answer.
    pub(super) fn get(&self, path: &str) -> Result<String, Stop> {
        get(&self.address, path, &self.key).map_err(|error| cannot("ask palitra", &error))
    }

    /// Until nothing waits and nothing is at work; a minute at most.
    pub(super) fn settled(&self) -> Result<(), Stop> {
        for _ in 0..120 {
            let metrics = self.get("/metrics")?;
            if sum(&metrics, "palitra_queue_depth", "") + sum(&metrics, "palitra_generations_under_way", "")
                == 0
            {
                return Ok(());
            }
            super::load::pause(Duration::from_millis(500));
        }
        Err(Stop::new("a minute later work still waits"))
    }

    /// Stops it, and holds what is left of the money against what was made, and that against the orders that were answered: no two were one.
    pub(super) fn books(mut self, of: &str, answered: i64) -> Result<Line, Stop> {
        self.settled()?;
        let made = sum(&self.get("/metrics")?, "palitra_generations_ended_total", "succeeded");
        let price = amount(&self.get("/v1/generations?limit=1")?, "price");
        self.stop();
        let left = palitra(&self.data, &["balance", "--account", "bench", "--json"])?;
        let (charged, held) = (CREDIT_MINOR - amount(&left, "cash"), amount(&left, "held"));
        palitra(&self.data, &["doctor"])?;
        let is_short = made < answered;
        if charged != made * price || held != 0 || price == 0 || is_short {
            return Err(Stop::new(format!(
                "the books of `{of}` are wrong: {answered} answered, {made} made at {price}, {charged} charged, {held} held"
            )));
        }
        Ok(Line(format!(
            "{{\"part\":\"{of}\",\"made\":{made},\"price_minor\":{price},\"charged_minor\":{charged},\"held_minor\":0}}"
        )))
    }

    fn stop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        for _ in 0..100 {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            super::load::pause(Duration::from_millis(100));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn program() -> PathBuf {
    target().join("release/palitra")
}

/// A command on a data directory; its standard output.
fn palitra(data: &PathBuf, words: &[&str]) -> Result<String, Stop> {
    let mut command = Command::new(program());
    command.arg("--data").arg(data).args(words).env_clear().env(WELCOME.0, WELCOME.1);
    let output = command.output().map_err(|error| cannot("run palitra", &error))?;
    if !output.status.success() {
        let why =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        return Err(Stop::new(format!("palitra {}: {why}", words.join(" "))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(super) fn get(address: &str, path: &str, key: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if !head.starts_with("HTTP/1.1 200") {
        return Err(std::io::Error::other(answer));
    }
    Ok(body.to_owned())
}

/// Minor units of `"name": {"amount": …}`; nothing there is a sum that no books agree with.
fn amount(document: &str, name: &str) -> i64 {
    let found =
        document.split_once(&format!("\"{name}\"")).and_then(|(_, rest)| rest.split_once("\"amount\":"));
    let digits = found.and_then(|(_, rest)| rest.split([',', '}']).next());
    digits.and_then(|digits| digits.trim().parse().ok()).unwrap_or(i64::MIN)
}

/// All samples of a metric that have this label value.
fn sum(metrics: &str, name: &str, label: &str) -> i64 {
    let of = metrics.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
    of.filter_map(|line| line.rsplit(' ').next()?.parse::<i64>().ok()).sum()
}
