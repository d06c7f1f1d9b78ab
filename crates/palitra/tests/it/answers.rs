//! A market that answers in the call itself, and `kill -9` around its answer: what was paid for and kept is not paid for again.

use crate::{
    crash::{books::Books, process::run},
    harness::{Beside, Desk},
};
use palitra_sim::openai::{OpenAiScript, OpenAiSim};

const CREATE: &[&str] = &["create", "a lighthouse", "--model", "openai:gpt-image-1", "--format", "1024x1024", "-o", "out.png", "--yes"];

fn market(latency_ms: u64) -> (Beside<OpenAiSim>, Desk) {
    let script = OpenAiScript { latency_ms, ..OpenAiScript::default() };
    let sim = Beside::start(|clock| async {
        OpenAiSim::start(script, "127.0.0.1:0".parse().unwrap(), clock).await.unwrap()
    });
    let desk = Desk::new()
        .set("PALITRA_MARKETS__OPENAI__KEY", "sk-any")
        .set("PALITRA_MARKETS__OPENAI__BASE_URL", &sim.sim.url());
    (sim, desk)
}

/// Answers that are still kept.
fn kept(desk: &Desk) -> usize {
    std::fs::read_dir(desk.path("palitra-data/objects/answers")).map_or(0, |entries| entries.count())
}

/// Carries on what a killed run has left, to its end.
fn carry_on(desk: &Desk) {
    let id = Books::read(desk).generations[0].id.clone();
    let watched = run(desk, &["jobs", "watch", &id], &[]).run;
    assert_eq!(watched.code, Some(0), "{}", watched.stderr);
}

#[test]
fn an_answer_that_was_kept_is_read_again_after_a_kill_and_paid_once() {
    for point in [
        "submitting.answer.before:1",
        "submitting.answer.after:1",
        "storing.settle.before:1",
    ] {
        let (sim, desk) = market(0);
        assert!(run(&desk, CREATE, &[("PALITRA_CRASH_AT", point)]).was_killed(), "{point}");
        assert_eq!(kept(&desk), 1, "{point}");
        carry_on(&desk);
        let books = Books::read(&desk);
        assert_eq!(sim.sim.log().accepted().count(), 1, "{point}: nothing is asked for twice");
        assert_eq!((books.generations[0].state.as_str(), books.attempts.len(), books.assets.len()), ("succeeded", 1, 1), "{point}");
        assert_eq!((books.generations[0].charged, books.held), (books.generations[0].price, 0), "{point}");
        assert_eq!(books.problems, [] as [String; 0], "{point}");
        assert_eq!(kept(&desk), 0, "{point}: what is in our books is not kept twice");
    }
}

#[test]
fn killed_before_the_answer_it_is_asked_for_once_more_at_the_houses_cost() {
    let (sim, desk) = market(60_000);
    let process = crate::crash::process::Process::start(&desk, CREATE, &[]);
    while sim.sim.log().accepted().count() == 0 {
        std::thread::yield_now();
    }
    process.signal(rustix::process::Signal::KILL);
    assert!(process.end().was_killed());
    sim.sim.set_script(OpenAiScript { latency_ms: 0, ..OpenAiScript::default() }).unwrap();
    carry_on(&desk);
    let books = Books::read(&desk);
    assert_eq!(sim.sim.log().accepted().count(), 2, "one unknown, one more");
    let reasons: Vec<(&str, &str)> =
        books.attempts.iter().map(|attempt| (attempt.reason.as_str(), attempt.paid_by.as_str())).collect();
    assert_eq!(reasons, [("first", "account"), ("unknown", "house")]);
    assert_eq!((books.generations[0].state.as_str(), books.generations[0].charged), ("succeeded", books.generations[0].price));
    assert_eq!((books.problems.len(), kept(&desk)), (0, 0));
}

