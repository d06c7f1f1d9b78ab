//! The gate, critical errors, partial results, interruption.

use super::{document, drawn, fails, numbered, statuses, takes, when};
use crate::harness::{Desk, FLUX, Fal, ROUTER, Run, deck_with_prompts, on_fal};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};

fn scripted(rules: Vec<Rule>) -> Fal {
    Fal::start(FalScript { rules, ..takes(5, 0) })
}

/// Slides whose titles say `topic-07.`, so that a fault can pick one's prompt.
fn topics(count: u32) -> String {
    let slides: Vec<Value> = (1..=count)
        .map(|n| json!({ "title": format!("topic-{n:02}. of twelve"), "content": "words" }))
        .collect();
    json!(slides).to_string()
}

#[test]
fn s0_24_the_gate_passes_with_ten_of_twelve_pictures_and_fails_with_nine() {
    let last_fail =
        |count: u32| (0..count).map(|n| fails(&format!("picture-{:02}.", 12 - n))).collect::<Vec<_>>();
    for (failures, code, status) in [(2, 0, "completed"), (3, 4, "failed")] {
        let fal = scripted(last_fail(failures));
        let desk = Desk::hurried(&fal);
        desk.write("deck.json", deck_with_prompts(numbered(12)));
        let report = document(&desk, &on_fal("deck.json", "out", &["--image-workers", "1"]), code);
        let (ok, failed) = (12 - failures, failures);
        assert_eq!(
            (&report["status"], &report["totals"]["succeeded"], &report["totals"]["failed"]),
            (&json!(status), &json!(ok), &json!(failed))
        );
        assert_eq!(
            drawn(&desk, &fal, "out", &report),
            usize::try_from(ok).unwrap(),
            "partial results are kept"
        );
        assert_eq!(report, desk.read_json("out/report.json"));
        assert_eq!(
            desk.json(&["balance"])["cash"]["amount"],
            -475 * i64::from(ok),
            "only what was delivered is charged"
        );
    }
}

#[test]
fn s0_24_the_prompt_stage_has_the_same_gate() {
    let fal = scripted(vec![fails("topic-11."), fails("topic-12.")]);
    let desk = Desk::hurried(&fal);
    desk.write("deck.json", topics(12));
    let report = document(&desk, &on_fal("deck.json", "out", &[]), 0);
    assert_eq!(&statuses(&report)[9..], ["succeeded", "failed", "failed"]);
    assert_eq!(report["slides"][11]["error"]["step"], "prompt");
    assert_eq!(
        (fal.accepted(ROUTER).len(), fal.accepted(FLUX).len()),
        (12, 10),
        "no picture without its prompt"
    );

    let fal = scripted(vec![fails("topic-01."), fails("topic-02."), fails("topic-03.")]);
    let desk = Desk::hurried(&fal);
    desk.write("deck.json", topics(12));
    let report = document(&desk, &on_fal("deck.json", "out", &[]), 4);
    assert_eq!(report["error"], "gate_failed");
    assert_eq!(
        (fal.accepted(ROUTER).len(), fal.accepted(FLUX).len()),
        (3, 0),
        "S0-25: out of reach after the third"
    );
}

#[test]
fn s0_25_the_third_failed_picture_of_twelve_stops_the_run() {
    let fal = scripted(vec![fails("picture-01."), fails("picture-02."), fails("picture-03.")]);
    let desk = Desk::hurried(&fal);
    desk.write("deck.json", deck_with_prompts(numbered(12)));
    let report = document(&desk, &on_fal("deck.json", "out", &["--image-workers", "1"]), 4);
    assert_eq!(fal.log().submissions.len(), 3);
    assert_eq!(statuses(&report), [&["failed"; 3][..], &["skipped"; 9]].concat());
    assert_eq!(report["slides"][11]["error"]["code"], "batch_stopped");
    // What fails no longer is tried by the same command, and nothing else.
    fal.set_script(takes(5, 0));
    let again = document(&desk, &on_fal("deck.json", "out", &[]), 0);
    assert_eq!((&again["totals"]["succeeded"], &again["totals"]["paid_calls"]), (&json!(12), &json!(12)));
}

#[test]
fn s0_25_a_critical_error_stops_at_once() {
    let refusals: [(Fault, &str, &str); 3] = [
        (Fault::WrongKey {}, "market_auth", "fal"),
        (Fault::Locked {}, "market_credits", "fal"),
        (Fault::Error { status: 404 }, "unknown_model", FLUX),
    ];
    for (fault, code, named) in refusals {
        let fal = scripted(vec![when(Call::Submit, "picture", fault)]);
        let desk = Desk::hurried(&fal);
        desk.write("deck.json", deck_with_prompts(numbered(12)));
        let run = desk.run(&on_fal("deck.json", "out", &["--json"]));
        let exit = i32::from(palitra_domain::ErrorCode::parse(code).unwrap().exit_code());
        assert_eq!(run.code, Some(exit), "{code}: {}", run.stderr);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["error"], code);
        assert!(run.complaint().0.contains(named), "{code}: {}", run.stderr);
        let calls = fal.log().submissions.len();
        assert!((1..=2).contains(&calls), "{code}: {calls} calls by two workers");
        assert_eq!(desk.json(&["balance"])["cash"]["amount"], 0);
        assert_eq!(desk.json(&["balance"])["held"]["amount"], 0);
    }
}

#[test]
fn s0_35_a_failure_is_told_in_detail() {
    let fal = scripted(vec![fails("picture-02.")]);
    let desk = Desk::hurried(&fal).set("PALITRA_TELEMETRY__LEVEL", "warn");
    desk.write("deck.json", deck_with_prompts(numbered(5)));
    let run = desk.run(&on_fal("deck.json", "out", &["--json"]));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let error = &report["slides"][1]["error"];
    assert_eq!((&error["code"], &error["step"]), (&json!("generation_failed"), &json!("picture")));
    assert!(
        error["message"].as_str().unwrap().contains("Runner server error"),
        "the market's own words: {error}"
    );
    let line = run.stderr.lines().find(|line| line.contains("ended without a result")).unwrap();
    for part in [
        "generation.id=gen_",
        "attempt=1",
        "market=\"fal\"",
        "code=\"generation_failed\"",
        "error.body=",
        "runner_server_error",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let jobs = desk.json(&["jobs", "ls", "--status", "failed"]);
    let shown = desk.json(&["jobs", "show", jobs[0]["id"].as_str().unwrap()]);
    let attempt = &shown["attempts"][0];
    assert_eq!((&attempt["n"], &attempt["error"]["code"]), (&json!(1), &json!("generation_failed")));
    assert!(attempt["error"]["body"].as_str().unwrap().contains("runner_server_error"), "{attempt}");
}

#[test]
fn s0_36_an_interrupted_run_keeps_what_is_there_and_the_same_command_goes_on() {
    // The third picture stays out of sight until the script is lifted.
    let fal = scripted(vec![when(Call::Status, "picture-03.", Fault::Error { status: 500 })]);
    // By the real clock: a scaled one would make the first run end in the future of the second.
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_ENGINE__DRAIN_S", "0");
    desk.write("deck.json", deck_with_prompts(numbered(4)));
    let words = on_fal("deck.json", "out", &["--image-workers", "1", "--json"]);
    let mut child = desk.command(&words).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "   images: 2/4"), "two pictures are ready");
    // The third has been accepted, and that is on record.
    while desk.json(&["jobs", "ls", "--status", "running"]) == json!([]) {}
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said: Vec<String> = lines.collect();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("stopped: 2 of 4 ready")), "{said:?}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(statuses(&report), ["succeeded", "succeeded", "skipped", "skipped"]);
    assert_eq!(report, desk.read_json("out/report.json"));
    assert_eq!(drawn(&desk, &fal, "out", &report), 2);

    fal.set_script(takes(5, 0));
    let again: Run = desk.run(&words);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&report["totals"]["succeeded"], &report["totals"]["paid_calls"]), (&json!(4), &json!(1)));
    assert_eq!(fal.accepted(FLUX).len(), 4, "nothing was submitted twice");
    assert_eq!(desk.json(&["balance"])["cash"]["amount"], -4 * 475);
}
