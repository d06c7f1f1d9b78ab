//! The real `palitra serve` with keys made by the command line and a sandbox that has prices.

use super::client::Client;
use crate::{
    crash::{
        books::Books,
        process::{HANGS_AFTER, Process},
    },
    harness::Desk,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Instant};

/// The sandbox's painter, and what a picture of it costs here, in kopecks.
pub(super) const ARTIST: &str = "sandbox/artist";
pub(super) const PICTURE: i64 = 190;

/// The sandbox's voice, and what a sound of it costs here.
pub(super) const VOICE: &str = "sandbox/voice";
pub(super) const SOUND: i64 = 38;

/// A picture of a fox, small.
pub(super) fn fox() -> Value {
    picture("a fox")
}

pub(super) fn picture(prompt: &str) -> Value {
    json!({ "model": ARTIST, "input": { "prompt": prompt, "width": 64, "height": 64 } })
}

pub(super) fn roubles(minor: i64) -> Value {
    json!({ "amount": minor, "currency": "RUB" })
}

/// A desk before its service is started: keys are made, settings are set.
pub(super) struct Stage {
    pub(super) desk: Desk,
    pub(super) operator: String,
}

impl Stage {
    /// New accounts get no welcome, so that what a test gives is all there is.
    pub(super) fn new() -> Stage {
        Stage::at(Desk::new())
    }

    pub(super) fn at(desk: Desk) -> Stage {
        let desk = desk
            .set("PALITRA_MONEY__WELCOME_MINOR", "0")
            // Who waits here looks as often as he can.
            .set("PALITRA_SECURITY__REQUESTS_PER_MINUTE", "0")
            .set("PALITRA_SECURITY__ACCOUNT_REQUESTS_PER_MINUTE", "0")
            .set("PALITRA_WORDS__MODEL", ARTIST)
            .set("PALITRA_WORDS__SPEECH_MODEL", VOICE);
        desk.json(&["models", "price", ARTIST, "--unit", "image", "--cost", "0.01"]);
        desk.json(&["models", "price", VOICE, "--unit", "run", "--cost", "0.002"]);
        Stage { desk, operator: String::new() }
    }

    pub(super) fn set(self, name: &str, value: &str) -> Stage {
        Stage { desk: self.desk.set(name, value), ..self }
    }

    /// A key of this account, with these words besides.
    pub(super) fn key(&self, account: &str, words: &[&str]) -> String {
        let made = self.desk.json(&[&["keys", "create", "--account", account], words].concat());
        made["key"].as_str().unwrap().to_owned()
    }

    pub(super) fn serve(&self) -> Service {
        self.serve_with(&[])
    }

    /// A service that takes requests and does nothing: whatever is made waits.
    pub(super) fn serve_door_alone(&self) -> Service {
        self.serve_with(&["--roles", "api"])
    }

    fn serve_with(&self, words: &[&str]) -> Service {
        let words = [&["serve", "--listen", "127.0.0.1:0"], words].concat();
        let process = Process::start(&self.desk, &words, &[]);
        let line = process.line("listening on http://").expect("the service did not start");
        let (_, rest) = line.split_once("http://").unwrap();
        let address = rest.split(';').next().unwrap().parse().unwrap();
        Service { process: Some(process), address }
    }

    /// A stage with one customer that has a hundred roubles, and its service.
    pub(super) fn with_ann() -> (Stage, Service, Client) {
        Stage::new().ann()
    }

    /// The same where somebody has the operator's rights, too.
    pub(super) fn with_ann_and_operator() -> (Stage, Service, Client) {
        let mut stage = Stage::new();
        stage.operator = stage.key("ops", &["--scope", "read,account,operator"]);
        stage.ann()
    }

    /// The key of whoever has the operator's rights.
    pub(super) fn operator(&self) -> String {
        self.operator.clone()
    }

    pub(super) fn ann(self) -> (Stage, Service, Client) {
        let key = self.key("ann", &["--credit", "100"]);
        let service = self.serve();
        let ann = service.client(&key);
        (self, service, ann)
    }

    /// Stops the service in order; then the books have to agree with themselves, and nothing may be left on hold.
    pub(super) fn close(&self, service: Service) -> Books {
        service.stop();
        let books = Books::read(&self.desk);
        assert_eq!((books.problems.clone(), books.held), (Vec::<String>::new(), 0));
        books
    }
}

/// A service that is ready.
pub(super) struct Service {
    process: Option<Process>,
    pub(super) address: SocketAddr,
}

impl Service {
    pub(super) fn client(&self, key: &str) -> Client {
        Client::new(self.address, key)
    }

    pub(super) fn stranger(&self) -> Client {
        self.client("")
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// In order.
    pub(super) fn stop(mut self) {
        let process = self.process.take().unwrap();
        process.signal(Signal::TERM);
        let end = process.end().run;
        assert_eq!(end.code, Some(0), "{}", end.stderr);
    }

    /// `kill -9`.
    pub(super) fn kill(mut self) {
        let process = self.process.take().unwrap();
        process.signal(Signal::KILL);
        assert!(process.end().was_killed());
    }
}

impl Drop for Service {
    /// A test that has failed leaves nothing running.
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            process.signal(Signal::KILL);
        }
    }
}

/// Looks again and again until there is something.
#[expect(clippy::disallowed_methods, reason = "how long a person would wait for it")]
pub(super) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(since.elapsed() < HANGS_AFTER, "{what} does not come");
    }
}

/// What the account has now: available, held.
pub(super) fn balance(client: &Client) -> (i64, i64) {
    let shown = client.look("/v1/balance");
    let amount = |name: &str| shown[name]["amount"].as_i64().unwrap();
    (amount("available"), amount("held"))
}

/// A generation that has succeeded.
pub(super) fn made(client: &Client, body: &Value) -> Value {
    let shown = client.post("/v1/generations?wait=60", body).is(200).json();
    assert_eq!(shown["status"], "succeeded", "{shown}");
    shown
}
