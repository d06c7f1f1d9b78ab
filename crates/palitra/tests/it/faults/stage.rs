//! A service with work in its queue and a market of its own.

use crate::{
    crash::{
        books::Books,
        process::{Process, run},
        scenario::prompts,
        verdict::{self, Endings},
    },
    harness::{DRAWN_BY_FAL, Desk, Fal},
};
use palitra_sim::fal::{FalLog, FalScript, Rule};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
};

pub(super) struct Stage {
    pub(super) desk: Desk,
    pub(super) fal: Option<Fal>,
    url: String,
}

impl Stage {
    /// One slide for each prompt waits in the queue. Nobody listens at the market's address yet.
    pub(super) fn without_market(asked: &[&str], settings: &[(&str, &str)]) -> Stage {
        // Nothing else is bound to this address of the machine.
        let address = TcpListener::bind("127.0.0.10:0").unwrap().local_addr().unwrap();
        let url = format!("http://{address}");
        let desk = settings.iter().fold(Desk::with_fal(&url), |desk, (name, value)| desk.set(name, value));
        desk.write("deck.json", prompts(asked));
        let words: Vec<&str> = DRAWN_BY_FAL.iter().copied().chain(["--image-workers", "8"]).collect();
        assert!(run(&desk, &words, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]).was_killed());
        Stage { desk, fal: None, url }
    }

    pub(super) fn set(rules: Vec<Rule>, asked: &[&str], settings: &[(&str, &str)]) -> Stage {
        let mut stage = Stage::without_market(asked, settings);
        stage.open_market(rules);
        stage
    }

    pub(super) fn open_market(&mut self, rules: Vec<Rule>) {
        let address = self.url.strip_prefix("http://").unwrap();
        let script = FalScript { latency_ms: 100, rules, ..FalScript::default() };
        self.fal = Some(Fal::start_at(script, address));
    }

    /// A service that is ready.
    pub(super) fn serve(&self) -> Process {
        self.serve_with(&["serve", "--listen", "127.0.0.10:0"])
    }

    /// At the address of the settings.
    pub(super) fn serve_as_set(&self) -> Process {
        self.serve_with(&["serve"])
    }

    fn serve_with(&self, words: &[&str]) -> Process {
        let service = Process::start(&self.desk, words, &[("PALITRA_REHEARSAL_SOCKET", "door.sock")]);
        assert!(service.says("http://"));
        service
    }

    /// Asks the service at the door of rehearsals.
    pub(super) fn ask(&self, asked: &Value) -> Value {
        let mut stream = UnixStream::connect(self.desk.path("door.sock")).unwrap();
        writeln!(stream, "{asked}").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// Waits for the end of the deck, stops the service, and judges. Answers what the market saw.
    pub(super) fn finish(&self, service: Process, endings: Endings) -> (Books, FalLog) {
        let batch = Books::read(&self.desk).generations.swap_remove(0).batch.unwrap();
        let watch = run(&self.desk, &["jobs", "watch", &batch], &[]).run;
        assert!(
            watch.stdout.lines().any(|line| line.contains("  completed") || line.contains("  failed")),
            "{}{}",
            watch.stdout,
            watch.stderr
        );
        service.signal(Signal::TERM);
        let served = service.end().run;
        assert_eq!(served.code, Some(0), "{}", served.stderr);
        let log = self.fal.as_ref().unwrap().log();
        let offences = verdict::offences(&self.desk, &log, endings);
        assert!(offences.is_empty(), "{}\n{}", offences.join("\n"), served.stderr);
        (Books::read(&self.desk), log)
    }
}
