//! What happens to a run: one fault after another, by chance.

use crate::{
    database::Database,
    dice::Dice,
    load::{Load, request},
    market::{Market, Mood},
    options::Backend,
    services::{Service, Stage},
};
use palitra_engine::Point;
use rustix::process::Signal;
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    thread,
    time::{Duration, Instant},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    /// Killed, and the next one dies at a point of the transition table.
    Point,
    Stop,
    Drain,
    Mood(Mood),
    Full,
    Cancel,
    /// Slots of a key, at most as many as the judge knows, by the command line.
    Limit,
    /// A key is left alone for a while, by the command line.
    Pause,
    /// A deck that was queued by a process that died.
    Batch,
    CrashDatabase,
    RestartDatabase,
    EndConnections,
}

/// Every fault with its weight.
const FAULTS: &[(u64, Fault)] = &[
    (6, Fault::Kill),
    (6, Fault::Point),
    (2, Fault::Stop),
    (2, Fault::Drain),
    (2, Fault::Mood(Mood::Refusing)),
    (2, Fault::Mood(Mood::Unreachable)),
    (2, Fault::Mood(Mood::Hanging)),
    (2, Fault::Mood(Mood::Storm)),
    (1, Fault::Mood(Mood::Locked)),
    (2, Fault::Mood(Mood::Mute)),
    (2, Fault::Mood(Mood::BadCallbacks)),
    (5, Fault::Cancel),
    (3, Fault::Limit),
    (2, Fault::Pause),
    (2, Fault::Batch),
];

const OF_SQLITE: &[(u64, Fault)] = &[(3, Fault::Full)];

const OF_POSTGRES: &[(u64, Fault)] =
    &[(2, Fault::CrashDatabase), (1, Fault::RestartDatabase), (3, Fault::EndConnections)];

/// Everything that faults happen to.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) services: Vec<Service>,
    pub(crate) market: Market,
    pub(crate) database: Database,
    pub(crate) load: Load,
    pub(crate) dice: Dice,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) diary: File,
    pub(crate) began: Instant,
    /// Keys with the most slots they may have.
    limits: Vec<(String, u32)>,
    decks: u64,
    /// Services that are stopped, until when.
    stopped: Vec<(usize, Instant)>,
    /// The mood, until when.
    mood: Option<Instant>,
    /// The disk is full, until when.
    full: Option<Instant>,
}

impl Scene {
    pub(crate) fn new(
        (stage, services): (Stage, Vec<Service>),
        (market, database): (Market, Database),
        (load, dice): (Load, Dice),
        (limits, diary): (Vec<(String, u32)>, File),
    ) -> Scene {
        Scene {
            stage,
            services,
            market,
            database,
            load,
            dice,
            counts: BTreeMap::new(),
            diary,
            began: Instant::now(),
            limits,
            decks: 0,
            stopped: Vec::new(),
            mood: None,
            full: None,
        }
    }

    /// One fault, and a while in which others may overlap it.
    pub(crate) fn step(&mut self) {
        let more = if self.stage.store == Backend::Sqlite { OF_SQLITE } else { OF_POSTGRES };
        let fault = self.dice.pick(&[FAULTS, more].concat());
        self.note(&format!("{fault:?}"));
        *self.counts.entry(format!("{fault:?}")).or_default() += 1;
        self.strike(fault);
        let pause = Instant::now() + self.dice.between_ms(300, 4_000);
        while Instant::now() < pause {
            self.tend();
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn note(&mut self, line: &str) {
        let at = self.began.elapsed();
        drop(writeln!(self.diary, "{:>8}.{:03} {line}", at.as_secs(), at.subsec_millis()));
    }

    fn strike(&mut self, fault: Fault) {
        let n = self.dice.index(self.services.len());
        match fault {
            Fault::Kill => {
                self.end(n);
                self.start(n, &[]);
            }
            Fault::Point => {
                let points: Vec<Point> = Point::all().collect();
                let point = format!("{}:{}", points[self.dice.index(points.len())], 1 + self.dice.below(6));
                self.note(&format!("dies at {point}"));
                self.end(n);
                self.start(n, &[("PALITRA_CRASH_AT", &point)]);
            }
            Fault::Stop => {
                let time = match self.stage.store {
                    Backend::Sqlite => self.dice.between_ms(500, 4_000),
                    // The lease is 20 s.
                    Backend::Postgres => self.dice.between_ms(22_000, 30_000),
                };
                if self.services.iter().filter(|service| !service.is_stopped).count() > 1
                    || self.stage.store == Backend::Sqlite
                {
                    self.services[n].signal(Signal::STOP);
                    self.stopped.push((n, Instant::now() + time));
                }
            }
            Fault::Drain => {
                let code = self.services[n].drain(Duration::from_secs(40));
                self.note(&format!("drained: {code:?}"));
                self.start(n, &[]);
            }
            Fault::Mood(mood) => {
                self.market.be(mood);
                self.mood = Some(Instant::now() + self.dice.between_ms(1_500, 6_000));
            }
            Fault::Full => {
                let pages = i64::try_from(self.dice.below(30)).unwrap();
                request(&self.stage.socket(&self.services[n].name), &json!({ "pages": pages }));
                self.full = Some(Instant::now() + self.dice.between_ms(1_000, 5_000));
            }
            Fault::Cancel => {
                for _ in 0..=self.dice.below(5) {
                    let Some(id) = self.load.recent(&mut self.dice) else { return };
                    if self.dice.one_in(2) {
                        self.say(&["jobs", "cancel", &id, "--yes"]);
                    } else {
                        let answer =
                            request(&self.stage.socket(&self.services[n].name), &json!({ "cancel": id }));
                        self.note(&format!("cancel {id}: {answer:?}"));
                    }
                }
            }
            Fault::Limit => {
                let (key, slots) = self.limits[self.dice.index(self.limits.len())].clone();
                let slots = slots - u32::try_from(self.dice.below(u64::from(slots) / 2)).unwrap();
                self.say(&["markets", "limit", &format!("fal/{key}"), &slots.to_string()]);
            }
            Fault::Pause => {
                let (key, _) = self.limits[self.dice.index(self.limits.len())].clone();
                self.say(&["markets", "pause", &format!("fal/{key}")]);
                self.mood.get_or_insert(Instant::now() + self.dice.between_ms(1_500, 6_000));
            }
            Fault::Batch => self.batch(n),
            Fault::CrashDatabase => self.database.crash(),
            Fault::RestartDatabase => self.database.restart(),
            Fault::EndConnections => self.database.end_connections(),
        }
    }

    /// What an operator types beside the service.
    fn say(&mut self, words: &[&str]) {
        let (code, said) = self.stage.run(words, &[]);
        self.note(&format!("{} -> {code:?} {}", words.join(" "), said.trim_end()));
        *self.counts.entry(format!("`{}` exit {}", words[1], code.unwrap_or(-1))).or_default() += 1;
    }

    /// `palitra slides` that dies when its deck is queued; services carry it out. SQLite lets it in only while nobody serves.
    fn batch(&mut self, n: usize) {
        self.decks += 1;
        let slides: Vec<_> = (1..=4)
            .map(|slide| json!({ "title": "soak", "content": "words", "prompt": format!("soak deck {} slide {slide}", self.decks) }))
            .collect();
        let deck = format!("deck-{}.json", self.decks);
        std::fs::write(self.stage.folder.join(&deck), serde_json::Value::from(slides).to_string()).unwrap();
        let alone = self.stage.store == Backend::Sqlite;
        if alone {
            self.end(n);
        }
        let out = format!("out-{}", self.decks);
        let words = [
            "slides",
            &deck,
            "-o",
            &out,
            "--model",
            "fal-ai/flux/dev",
            "--format",
            "64x64",
            "--gate",
            "0",
            "--yes",
        ];
        let (code, said) = self.stage.run(&words, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]);
        if code.is_some() {
            self.note(&format!("the deck was not queued: {code:?} {said}"));
        }
        if alone {
            self.start(n, &[]);
        }
    }

    fn end(&mut self, n: usize) {
        self.services[n].kill();
        self.stopped.retain(|(stopped, _)| *stopped != n);
        self.full = None;
    }

    fn start(&mut self, n: usize, settings: &[(&str, &str)]) {
        self.services[n].start(&self.stage, settings);
    }

    /// What has its time: stopped services go on, moods pass, the dead come back.
    fn tend(&mut self) {
        let now = Instant::now();
        let (over, stopped) = self.stopped.iter().partition(|(_, until)| *until <= now);
        self.stopped = stopped;
        let over: Vec<(usize, Instant)> = over;
        for (n, _) in over {
            self.services[n].signal(Signal::CONT);
        }
        if self.mood.is_some_and(|until| until <= now) {
            self.mood = None;
            self.market.be(Mood::Fair);
            self.resume();
        }
        if self.full.is_some_and(|until| until <= now) {
            self.full = None;
            request(&self.stage.socket(&self.services[0].name), &json!({ "pages": null }));
        }
        for n in 0..self.services.len() {
            if let Some(how) = self.services[n].ended() {
                self.note(&format!("{} ended: {how}", self.services[n].name));
                let what = if how == Signal::KILL.as_raw() { "died at a point" } else { "ended by itself" };
                *self.counts.entry(what.to_owned()).or_default() += 1;
                self.start(n, &[]);
            }
        }
    }

    /// The operator has seen to it: keys that the market had refused are tried again, and none is paused any more.
    fn resume(&self) {
        let keys = self.limits.iter().map(|(key, _)| format!("fal/{key}"));
        for target in keys.chain(["fal".to_owned()]) {
            let asked = json!({ "resume": target });
            let told = |service: &Service| request(&self.stage.socket(&service.name), &asked).is_some();
            self.services.iter().find(|service| !service.is_stopped && told(service));
        }
    }

    /// Everybody is up, nothing is stopped, and the market is good.
    pub(crate) fn calm(&mut self) {
        self.market.be(Mood::Healthy);
        self.mood = None;
        for n in 0..self.services.len() {
            self.services[n].signal(Signal::CONT);
            if !self.services[n].is_running() {
                self.start(n, &[]);
            }
        }
        self.stopped.clear();
        for n in 0..self.services.len() {
            // One that dies at a point comes up again.
            while !self.services[n].is_up(&self.stage) {
                self.start(n, &[]);
            }
        }
        self.resume();
        if self.full.take().is_some() {
            request(&self.stage.socket(&self.services[0].name), &json!({ "pages": null }));
        }
    }

    /// Waits until nothing is under way; services that die meanwhile are started again. Answers what is left.
    pub(crate) fn settle(&mut self, within: Duration) -> i64 {
        let since = Instant::now();
        loop {
            self.tend();
            let open = self.database.open().unwrap_or(i64::MAX);
            if open == 0 || since.elapsed() > within {
                return open;
            }
            thread::sleep(Duration::from_millis(250));
        }
    }
}
