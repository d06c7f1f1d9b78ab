//! Kills and stops at moments that nobody chose. Here alone real time passes, measured by the killer; nothing is asserted about it.

use super::{
    books::Books,
    process::{Process, run},
    scenario::{SUCCEEDED, prompts, rule},
    verdict,
};
use crate::harness::{DRAWN_BY_FAL, Desk, Fal};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use rustix::process::Signal;
use std::time::Duration;

const SLIDES: usize = 12;

/// The same delays in every run of the tests.
struct Delays(u64);

impl Delays {
    /// 5 to 400 ms (splitmix64).
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis(5 + (mixed ^ mixed >> 31) % 396)
    }
}

fn desk(rules: Vec<Rule>) -> (Fal, Desk) {
    let fal = Fal::start(FalScript { latency_ms: 100, rules, ..FalScript::default() });
    // A ghost keeps its slot for five minutes, and each kill may leave two.
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__SLOTS", "100");
    let slides: Vec<String> = (1..=SLIDES).map(|n| format!("picture {n}")).collect();
    desk.write("deck.json", prompts(&slides));
    (fal, desk)
}

#[test]
fn killed_at_random_every_slide_is_charged_once() {
    let lost = Rule { every: Some(7), ..rule(Call::Submit, "", Fault::DropAfter {}) };
    let (fal, desk) = desk(vec![lost]);
    let mut delays = Delays(1);
    let mut kills = 0;
    // The first ones meet a database that is being made. Whoever comes to an end begins again, and finds everything there.
    while kills < 20 {
        let delay = if kills < 8 { Duration::from_millis(3 * (kills + 1)) } else { delays.next() };
        match Process::start(&desk, DRAWN_BY_FAL, &[]).end_within(delay) {
            Ok(end) => assert_eq!(end.run.code, Some(0), "{}", end.run.stderr),
            Err(process) => {
                process.signal(Signal::KILL);
                process.end();
                kills += 1;
            }
        }
        let problems = Books::problems(&desk);
        assert!(problems.is_empty(), "after {kills} kills: {problems:#?}");
    }
    // A slide whose outcome was unknown twice has failed; the next run draws it.
    let done = (0..3).any(|_| {
        let end = run(&desk, DRAWN_BY_FAL, &[]);
        assert_eq!(end.run.code, Some(0), "{}", end.run.stderr);
        desk.read_json("out/report.json")["totals"]["succeeded"] == SLIDES
    });
    let offences = verdict::offences(&desk, &fal.log(), |_| SUCCEEDED);
    assert!(done && offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn interrupted_at_random_nothing_is_submitted_twice() {
    let (fal, desk) = desk(Vec::new());
    let mut delays = Delays(2);
    let mut stops = 0;
    loop {
        let process = Process::start(&desk, DRAWN_BY_FAL, &[]);
        // The second line of this kind comes from a run that listens to signals.
        let _ = process.says("images: ") && process.says("images: ");
        let end = match process.end_within(delays.next() / 4) {
            Ok(end) => end,
            Err(process) => {
                process.signal(Signal::INT);
                process.end()
            }
        };
        if end.run.code == Some(0) {
            break;
        }
        assert_eq!(end.run.code, Some(130), "signal {:?}\n{}", end.signal, end.run.stderr);
        stops += 1;
        let books = Books::read(&desk);
        let left: Vec<String> = books.generations.iter().map(|generation| generation.ending()).collect();
        assert!(left.iter().all(|state| state == "queued" || state == "succeeded"), "not drained: {left:?}");
        assert_eq!(books.slots_taken, 0);
    }
    assert!(stops > 1, "it was interrupted only {stops} times");
    let offences = verdict::offences(&desk, &fal.log(), |_| SUCCEEDED);
    assert!(offences.is_empty(), "{}", offences.join("\n"));
    assert_eq!(fal.log().accepted().count(), SLIDES);
}
