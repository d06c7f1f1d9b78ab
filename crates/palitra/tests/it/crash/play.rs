//! Playing a scenario: the run before, the run that is killed, and the same command again until nothing kills it.

use super::{
    books::Books,
    process::{End, Process, run},
    scenario::Scenario,
    verdict::{self, Wanted},
};
use crate::harness::{Desk, Fal};
use rustix::process::Signal;
use std::{
    collections::BTreeMap,
    fmt,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

/// Between two looks whether a service has anything left to do.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where to kill a run: the n-th time that it gets to the point.
#[derive(Debug, Clone)]
pub(super) struct Kill {
    pub(super) point: String,
    pub(super) n: u32,
    /// The run after it is killed at the point too, as soon as it gets there.
    pub(super) twice: bool,
}

impl fmt::Display for Kill {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "killed at {}:{}{}", self.point, self.n, if self.twice { ", twice" } else { "" })
    }
}

/// A desk with its market, in the middle of a scenario.
struct Stage<'a> {
    scenario: &'a Scenario,
    fal: Fal,
    desk: Desk,
    /// Nothing else is bound to it.
    address: SocketAddr,
}

/// Plays it unharmed and answers how often it gets to each point, or what is wrong.
pub(super) fn unharmed(scenario: &Scenario) -> Result<BTreeMap<String, u32>, String> {
    let stage = Stage::set(scenario);
    stage.judge(&stage.run(&[]), &scenario.codes[..1], |generation| &(scenario.endings)(generation)[..1])?;
    let points = stage.points().into_iter().filter(|(point, _)| point.contains(scenario.only));
    Ok(points.collect())
}

/// Plays it with a kill, then lets the same command do its work. Answers whether the run got to the point and died there; a later point
/// may be missed when work overlaps in another way.
pub(super) fn killed(scenario: &Scenario, kill: &Kill) -> Result<bool, String> {
    let stage = Stage::set(scenario);
    let times = if kill.twice { vec![kill.n, 1] } else { vec![kill.n] };
    let mut died = false;
    for n in times {
        let end = stage.run(&[("PALITRA_CRASH_AT", &format!("{}:{n}", kill.point))]);
        if !end.was_killed() {
            return stage.judge(&end, scenario.codes, scenario.endings).map(|()| died);
        }
        if stage.points().get(&kill.point) < Some(&n) {
            return Err("it died elsewhere".to_owned());
        }
        let problems = Books::problems(&stage.desk);
        if !problems.is_empty() {
            return Err(format!("the books after the kill: {problems:#?}"));
        }
        died = true;
    }
    stage.judge(&stage.run(&[]), scenario.codes, scenario.endings).map(|()| died)
}

/// Plays it with a Ctrl-C at a point, then lets the same command go on. What was started is finished first, so nothing is unknown.
pub(super) fn interrupted(scenario: &Scenario, point: &str, n: u32) -> Result<(), String> {
    let stage = Stage::set(scenario);
    let end = stage.run(&[("PALITRA_CRASH_AT", &format!("{point}:{n}:int"))]);
    let books = Books::read(&stage.desk);
    let unknown = books.attempts.iter().filter(|attempt| attempt.is_unknown()).count();
    // At the very start it does not listen yet, and dies of it.
    if end.signal.is_none() && (books.slots_taken, unknown) != (0, 0) {
        return Err(format!("{} slots taken, {unknown} unknown\n{}", books.slots_taken, end.run.stderr));
    }
    stage.judge(&stage.run(&[]), scenario.codes, scenario.endings)
}

impl Stage<'_> {
    fn set(scenario: &Scenario) -> Stage<'_> {
        let fal = Fal::start(scenario.script.clone());
        let address = TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap();
        let mut desk = Desk::with_fal(&fal.url());
        if scenario.serves {
            desk = desk.set("PALITRA_SERVER__PUBLIC_URL", &format!("http://{address}"));
        }
        let desk = scenario.settings.iter().fold(desk, |desk, (name, value)| desk.set(name, value));
        desk.write(deck_name(&scenario.deck), &scenario.deck);
        let stage = Stage { scenario, fal, desk, address };
        if let Some((words, point)) = &scenario.before {
            let end = run(&stage.desk, &stage.typed(words), &[("PALITRA_CRASH_AT", point)]);
            assert!(end.was_killed(), "{}: the run before was not killed\n{}", scenario.name, end.run.stderr);
        }
        if let Some(deck) = &scenario.edited {
            stage.desk.write(deck_name(deck), deck);
        }
        stage
    }

    /// The words with what they stand for.
    fn typed(&self, words: &[&'static str]) -> Vec<&'static str> {
        words.iter().map(|word| self.meaning(word)).collect()
    }

    fn meaning(&self, word: &'static str) -> &'static str {
        let first = || Books::read(&self.desk).generations.into_iter().next().unwrap();
        match word {
            "DECK" => deck_name(&self.scenario.deck),
            "BATCH" => first().batch.unwrap().leak(),
            "ADDRESS" => self.address.to_string().leak(),
            "GENERATION" => first().id.leak(),
            word => word,
        }
    }

    fn run(&self, settings: &[(&str, &str)]) -> End {
        let points = self.desk.path("points");
        std::fs::remove_file(&points).ok();
        let settings = [settings, &[("PALITRA_POINTS_FILE", points.to_str().unwrap())]].concat();
        let words = self.typed(&self.scenario.words);
        if self.scenario.serves { self.serve(&words, &settings) } else { run(&self.desk, &words, &settings) }
    }

    /// Until nothing is left to do, or until it is killed.
    fn serve(&self, words: &[&str], settings: &[(&str, &str)]) -> End {
        let mut service = Process::start(&self.desk, words, settings);
        // Before it says so it dies of any signal.
        if !service.says("http://") {
            return service.end();
        }
        loop {
            match service.end_within(LOOK_AGAIN) {
                Ok(end) => return end,
                Err(running) => service = running,
            }
            if Books::read(&self.desk).batches_open == 0 {
                service.signal(Signal::TERM);
                return service.end();
            }
        }
    }

    /// What the last run got to, and how often.
    fn points(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for line in self.desk.read("points").lines() {
            *counts.entry(line.to_owned()).or_default() += 1;
        }
        counts
    }

    /// After a run that nothing killed.
    fn judge(&self, end: &End, codes: &[i32], endings: impl Wanted) -> Result<(), String> {
        let mut offences = verdict::offences(&self.desk, &self.fal.log(), endings);
        if !end.run.code.is_some_and(|code| codes.contains(&code)) {
            offences.insert(0, format!("exit code {:?}\n{}{}", end.run.code, end.run.stdout, end.run.stderr));
        }
        if offences.is_empty() { Ok(()) } else { Err(offences.join("\n")) }
    }
}

fn deck_name(deck: &str) -> &'static str {
    if deck.starts_with('[') { "deck.json" } else { "deck.md" }
}
