//! Every command on every market: `palitra sim` beside a desk that takes the settings it prints as its own, word by word.

mod costs;
mod pictures;
mod refusals;
mod shelf;
mod sound;
mod words;

use crate::{
    crash::{books::Books, process::Process},
    harness::{Desk, Run},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

/// Time passes 20 times as fast for the program and its markets.
const HURRY: (&str, &str) = ("PALITRA_CLOCK_SCALE", "20");

/// `palitra sim` at work, and the desk of who uses it.
pub(crate) struct Simulated {
    child: Child,
    pub(crate) desk: Desk,
    urls: BTreeMap<String, String>,
}

impl Simulated {
    /// Each of these markets; the other markets have no key. Accounts pay for prompts, too.
    pub(crate) fn start(markets: &[&str]) -> Simulated {
        let desk = Desk::new().set(HURRY.0, HURRY.1).set("PALITRA_PROMPTS__BILLED", "true");
        let mut command = desk.command(&[
            "sim",
            "--market",
            &markets.join(","),
            "--listen",
            "127.0.0.1:0",
            "--latency",
            "100ms",
        ]);
        command.stdout(File::create(desk.path("palitra.toml")).unwrap()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let told = stderr.by_ref().map(Result::unwrap).filter(|line| line.contains("http://"));
        assert_eq!(told.take(markets.len()).count(), markets.len());
        // Nobody reads on, and nobody waits for a reader.
        drop(std::thread::spawn(move || stderr.for_each(drop)));
        let settings: toml::Table = desk.read("palitra.toml").parse().unwrap();
        let url = |(market, settings): (&String, &toml::Value)| {
            let url = settings.as_table().unwrap().iter().find(|(name, _)| name.ends_with("_url")).unwrap().1;
            (market.clone(), url.as_str().unwrap().trim_end_matches("/v1").to_owned())
        };
        let urls = settings["markets"].as_table().unwrap().iter().map(url).collect();
        Simulated { child, desk, urls }
    }

    pub(crate) fn all() -> Simulated {
        Simulated::start(&["fal", "kie", "wavespeed", "openai", "anthropic"])
    }

    /// What the market has taken in since its script was set, in order: model or path, and the input.
    pub(crate) fn accepted(&self, market: &str) -> Vec<(String, Value)> {
        let log = self.ask(market, "GET", "/_sim/log", "");
        let word = |entry: &Value| entry["endpoint"].as_str().or(entry["model"].as_str()).unwrap().to_owned();
        let entries = log["submissions"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["accepted"] == true)
            .map(|entry| (word(entry), entry["input"].clone()))
            .collect()
    }

    /// The last of them. No id of ours is in it: files go as links, or as themselves.
    pub(crate) fn received(&self, market: &str, model: &str) -> Value {
        let (named, input) = self.accepted(market).pop().unwrap();
        assert_eq!(named, model);
        assert!(!input.to_string().contains("ast_"), "an id of ours went to {market}: {input}");
        input
    }

    /// From now on the market is like this.
    pub(crate) fn script(&self, market: &str, script: &Value) {
        let mut script = script.clone();
        script["latency_ms"] = json!(100);
        self.ask(market, "POST", "/_sim/script", &script.to_string());
    }

    fn ask(&self, market: &str, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.urls[market].trim_start_matches("http://")).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(&answer[9..10], "2", "{method} {path} {body}: {answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
    }

    /// Runs a command twice: what it would cost, then for real. What is charged is what was said before.
    pub(crate) fn make(&self, words: &[&str]) -> Value {
        let quoted = self.desk.json(&[words, &["--plan"]].concat());
        let made = self.desk.json(&[words, &["--yes"]].concat());
        assert_eq!(made["status"], "succeeded", "{made}");
        assert_eq!(made["price"], quoted["quote"]["price"], "{words:?}");
        let books = Books::read(&self.desk);
        let entry = books.generations.iter().find(|one| made["id"] == one.id.as_str()).unwrap();
        assert_eq!(Some(entry.charged), made["price"]["amount"].as_i64(), "{words:?}");
        assert!(entry.charged > 0, "{words:?} is not free");
        assert_eq!((books.held, books.problems.as_slice()), (0, &[] as &[String]), "{words:?}");
        made
    }

    /// The first bytes of a file of the desk.
    pub(crate) fn head(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.desk.path(name)).unwrap()[..24].to_vec()
    }

    /// Width and height of a PNG of the desk.
    pub(crate) fn sides(&self, name: &str) -> (u32, u32) {
        let head = self.head(name);
        assert!(head.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
        let side = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
        (side(16), side(20))
    }

    /// Two pictures of the sandbox: `cat.png` and `face.png`.
    pub(crate) fn with_pictures(self) -> Simulated {
        self.desk.json(&["create", "рыжий кот на окне", "--format", "320x256", "-o", "cat.png"]);
        self.desk.json(&["create", "portrait of a girl", "--format", "256x320", "-o", "face.png"]);
        self
    }

    pub(crate) fn run(&self, words: &[&str], settings: &[(&str, &str)]) -> Run {
        Process::start(&self.desk, words, settings).end().run
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::KILL).ok();
        self.child.wait().ok();
    }
}
