//! Playing a scenario: the run before, the run that is killed, and the same command again until nothing kills it.

use super::{
    books::Books,
    process::{End, run},
    scenario::Scenario,
    verdict,
};
use crate::harness::{Desk, Fal};
use std::{collections::BTreeMap, fmt};

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
}

/// Plays it unharmed and answers how often it gets to each point, or what is wrong.
pub(super) fn unharmed(scenario: &Scenario) -> Result<BTreeMap<String, u32>, String> {
    let stage = Stage::set(scenario);
    stage.judge(&stage.run(&[]), &scenario.codes[..1])?;
    Ok(stage.points())
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
            return stage.judge(&end, scenario.codes).map(|()| died);
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
    stage.judge(&stage.run(&[]), scenario.codes).map(|()| died)
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
    stage.judge(&stage.run(&[]), scenario.codes)
}

impl Stage<'_> {
    fn set(scenario: &Scenario) -> Stage<'_> {
        let fal = Fal::start(scenario.script.clone());
        let desk = scenario
            .settings
            .iter()
            .fold(Desk::with_fal(&fal.url()), |desk, (name, value)| desk.set(name, value));
        desk.write(deck_name(&scenario.deck), &scenario.deck);
        let stage = Stage { scenario, fal, desk };
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
            "GENERATION" => first().id.leak(),
            word => word,
        }
    }

    fn run(&self, settings: &[(&str, &str)]) -> End {
        let points = self.desk.path("points");
        std::fs::remove_file(&points).ok();
        let settings = [settings, &[("PALITRA_POINTS_FILE", points.to_str().unwrap())]].concat();
        run(&self.desk, &self.typed(&self.scenario.words), &settings)
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
    fn judge(&self, end: &End, codes: &[i32]) -> Result<(), String> {
        let mut offences = verdict::offences(&self.desk, &self.fal.log(), self.scenario.endings);
        if !end.run.code.is_some_and(|code| codes.contains(&code)) {
            offences.insert(0, format!("exit code {:?}\n{}{}", end.run.code, end.run.stdout, end.run.stderr));
        }
        if offences.is_empty() { Ok(()) } else { Err(offences.join("\n")) }
    }
}

fn deck_name(deck: &str) -> &'static str {
    if deck.starts_with('[') { "deck.json" } else { "deck.md" }
}
