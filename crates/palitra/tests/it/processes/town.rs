//! A market, a database, a desk, and any number of processes at work on it.

use super::database::Database;
use crate::{
    crash::{
        books::{self, Books},
        process::{HANGS_AFTER, Process, run},
        scenario::{SUCCEEDED, prompts},
        verdict,
    },
    harness::{DRAWN_BY_FAL, Desk, Fal},
};
use palitra_sim::fal::{FalScript, Rule};
use palitra_store::{Result, Tx};
use rustix::process::Signal;
use std::time::Instant;

pub(super) struct Town {
    pub(super) desk: Desk,
    pub(super) fal: Fal,
    /// After the desk: nothing may use it when it goes.
    pub(super) database: Database,
}

impl Town {
    pub(super) fn new(slots: u32, latency_ms: u64, rules: Vec<Rule>) -> Town {
        Town::on(Database::new(), slots, latency_ms, rules)
    }

    pub(super) fn on(database: Database, slots: u32, latency_ms: u64, rules: Vec<Rule>) -> Town {
        let fal = Fal::start(FalScript { latency_ms, rules, ..FalScript::default() });
        let desk = Desk::with_fal(&fal.url())
            .set("PALITRA_DATABASE__URL", &database.url())
            .set("PALITRA_DATABASE__WRITERS", "3")
            .set("PALITRA_DATABASE__READERS", "2")
            .set("PALITRA_MARKETS__FAL__SLOTS", &slots.to_string())
            .set("PALITRA_CLOCK_SCALE", "10");
        Town { desk, fal, database }
    }

    /// A deck of so many pictures, so many of them `at_once`, waits in the queue: its command was killed before it claimed any. Answers
    /// the batch.
    pub(super) fn order(&self, count: usize, at_once: usize) -> String {
        let known: Vec<Option<String>> = if books::look(&self.desk, is_made) {
            Books::read(&self.desk).generations.into_iter().map(|generation| generation.batch).collect()
        } else {
            Vec::new()
        };
        let asked: Vec<String> = (1..=count).map(|n| format!("picture {n} of {}", known.len())).collect();
        self.desk.write("deck.json", prompts(&asked));
        let at_once = at_once.to_string();
        let words: Vec<&str> = DRAWN_BY_FAL.iter().copied().chain(["--image-workers", &at_once]).collect();
        assert!(run(&self.desk, &words, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]).was_killed());
        let mut batches = Books::read(&self.desk).generations.into_iter().map(|generation| generation.batch);
        batches.find(|batch| !known.contains(batch)).unwrap().unwrap()
    }

    /// A worker that is ready.
    pub(super) fn worker(&self, settings: &[(&str, &str)]) -> Process {
        let worker = Process::start(&self.desk, &["serve", "--roles", "worker"], settings);
        assert!(worker.says("listening on http://"));
        worker
    }

    /// Waits for the end of a batch. Somebody has to be at work.
    pub(super) fn wait(&self, batch: &str) {
        let watch = run(&self.desk, &["jobs", "watch", batch], &[]).run;
        assert!(watch.stdout.contains("completed"), "{}{}", watch.stdout, watch.stderr);
    }

    /// Waits until a look says so.
    #[expect(clippy::disallowed_methods, reason = "how long a person would wait for it")]
    pub(super) fn until(&self, happened: impl Fn(&mut Tx<'_>) -> Result<bool> + Clone + Send + 'static) {
        let since = Instant::now();
        while !books::look(&self.desk, happened.clone()) {
            assert!(since.elapsed() < HANGS_AFTER, "it does not happen; {:#?}", Books::read(&self.desk));
        }
    }

    /// Both sides of the story, when all is over.
    pub(super) fn judge(&self) {
        let offences = verdict::offences(&self.desk, &self.fal.log(), |_| SUCCEEDED);
        assert!(offences.is_empty(), "{}", offences.join("\n"));
    }
}

fn is_made(tx: &mut Tx<'_>) -> Result<bool> {
    use palitra_store::installation::{Progress, progress};
    Ok(progress(tx, palitra_store::MIGRATIONS)? == Progress::UpToDate)
}

/// Stops it as an operator does: it ends in order.
pub(super) fn stop(worker: Process) {
    worker.signal(Signal::TERM);
    let end = worker.end().run;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
}

pub(super) fn kill(worker: Process) {
    worker.signal(Signal::KILL);
    assert!(worker.end().was_killed());
}
