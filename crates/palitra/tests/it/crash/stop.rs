//! Signals that ask, two processes on one directory, and ghosts.

use super::{
    books::Books,
    process::{Process, run},
    scenario::{SUCCEEDED, prompts, rule},
    verdict,
};
use crate::harness::{DRAWN_BY_FAL, Desk, Fal};
use palitra_sim::fal::{Call, FalScript, Fault};
use rustix::process::Signal;

/// The first slide is quick, the second takes a minute.
fn desk() -> (Fal, Desk) {
    let rules = vec![rule(Call::Submit, "slow", Fault::Work { ms: 60_000 })];
    let fal = Fal::start(FalScript { latency_ms: 20, rules, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", prompts(&["quick", "slow", "later"]));
    (fal, desk)
}

/// A run that has drawn a picture and has another one at the market.
fn at_work(desk: &Desk) -> Process {
    let process = Process::start(desk, DRAWN_BY_FAL, &[]);
    assert!(process.says("images: 1/3"));
    process
}

#[test]
fn a_second_signal_leaves_at_once_and_the_next_run_finds_the_work() {
    let (fal, desk) = desk();
    let process = at_work(&desk);
    process.signal(Signal::INT);
    assert!(process.says("Ctrl-C again leaves at once"));
    process.signal(Signal::INT);
    assert_eq!(process.end().run.code, Some(130));
    let states: Vec<String> = Books::read(&desk).generations.into_iter().map(|row| row.state).collect();
    assert!(states.contains(&"running".to_owned()), "{states:?}");

    let next = Process::start(&desk, DRAWN_BY_FAL, &[]);
    assert!(next.says("images: 2/3"));
    next.signal(Signal::KILL);
    assert!(next.end().was_killed());
    assert_eq!(fal.log().accepted().filter(|asked| asked.prompt == "slow").count(), 1);
}

#[test]
fn a_second_process_on_the_data_directory_is_refused_and_may_look() {
    let (_fal, desk) = desk();
    let process = at_work(&desk);
    let second = run(&desk, DRAWN_BY_FAL, &[]).run;
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert!(second.stderr.contains("is in use by process"), "{}", second.stderr);
    let listed = desk.json(&["jobs", "ls"]);
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed:#}");
    process.signal(Signal::KILL);
    process.end();
    // A killed process leaves no lock behind.
    assert_eq!(run(&desk, &["balance"], &[]).run.code, Some(0));
}

#[test]
fn a_service_finishes_what_killed_processes_left() {
    let fal = Fal::start(FalScript { latency_ms: 20, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", prompts(&["one", "two", "three"]));
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let kill =
        |words, point| assert!(run(&desk, words, &[("PALITRA_CRASH_AT", point)]).was_killed(), "{point}");
    kill(DRAWN_BY_FAL, "submitting.accept.after:1");
    kill(&serve, "running.finish.before:1");
    let service = Process::start(&desk, &serve, &[]);
    assert!(service.says("http://"));
    let batch = Books::read(&desk).generations.swap_remove(0).batch.unwrap();
    let watch = run(&desk, &["jobs", "watch", &batch], &[]).run;
    assert!(watch.stdout.contains("completed"), "{}{}", watch.stdout, watch.stderr);
    service.signal(Signal::TERM);
    let served = service.end().run;
    assert_eq!(served.code, Some(0), "{}", served.stderr);
    let offences = verdict::offences(&desk, &fal.log(), |_| SUCCEEDED);
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

/// Two submissions are at work that nobody knows of any more; they keep both slots of the key until their longest run has passed.
#[test]
fn ghosts_keep_their_slots() {
    let fal = Fal::start(FalScript { latency_ms: 600, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url())
        .set("PALITRA_MARKETS__FAL__SLOTS", "2")
        // Their longest run of five minutes is over in a second.
        .set("PALITRA_CLOCK_SCALE", "300");
    desk.write("deck.json", prompts(&["one", "two", "three", "four"]));
    let words = [DRAWN_BY_FAL, &["--image-workers", "4"]].concat();
    assert!(run(&desk, &words, &[("PALITRA_CRASH_AT", "submitting.accept.before:1")]).was_killed());
    let end = run(&desk, &words, &[]);
    assert_eq!(end.run.code, Some(0), "{}", end.run.stderr);
    let books = Books::read(&desk);
    assert!(books.attempts.iter().any(|attempt| attempt.is_unknown()), "no ghost was left");
    let offences = verdict::offences(&desk, &fal.log(), |_| SUCCEEDED);
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}
