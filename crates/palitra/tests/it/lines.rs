//! `palitra run`: any generation per line, through the real program.

use crate::{
    crash::books::Books,
    harness::{Desk, FLUX, Fal},
};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use serde_json::{Value, json};

/// Lines as they are written, and the results as they are read.
fn lines(desk: &Desk, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    desk.write("wishes.jsonl", text);
}

fn results(desk: &Desk) -> Vec<Value> {
    desk.read("out/results.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn drawn(prompt: &str) -> Value {
    json!({ "model": "sandbox/artist", "input": { "prompt": prompt, "width": 64, "height": 64 } })
}

#[test]
fn lines_of_any_mode_are_made_in_their_order_and_a_second_run_makes_none() {
    let desk = Desk::new();
    desk.json(&["create", "a red cat", "--format", "64x64", "-o", "cat.png"]);
    let mut kite = drawn("a red kite");
    kite["id"] = json!({ "mine": 7 });
    lines(
        &desk,
        &[
            kite,
            json!({ "model": "sandbox/writer", "mode": "write", "input": { "prompt": "an old harbour" } }),
            json!({ "model": "sandbox/voice", "mode": "speak", "input": { "text": "Привет" } }),
            json!({ "model": "sandbox/artist", "mode": "edit", "input": { "prompt": "make it night" }, "files": { "images": ["cat.png"] } }),
        ],
    );
    let plan = desk.json(&["run", "wishes.jsonl", "-o", "out", "--plan"]);
    assert_eq!((&plan["items"], &plan["to_run"], &plan["refused"]), (&json!(4), &json!(4), &json!(0)));
    assert!(!desk.path("out").exists(), "a plan writes nothing");
    let report = desk.json(&["run", "wishes.jsonl", "-o", "out"]);
    assert_eq!((&report["totals"]["succeeded"], &report["totals"]["paid_calls"]), (&json!(4), &json!(4)));
    let results = results(&desk);
    assert_eq!(report["items"], json!(results), "the document and the file say the same");
    assert_eq!(results.iter().map(|one| one["number"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((&results[0]["id"], &results[1]["id"]), (&json!({ "mine": 7 }), &Value::Null));
    assert!(results[1]["steps"][0]["output"].as_str().unwrap().len() > 20, "{}", results[1]);
    for (at, ending) in [(0, "png"), (2, "wav"), (3, "png")] {
        let file = results[at]["file"].as_str().unwrap();
        assert!(file.ends_with(ending) && desk.path("out").join(file).exists(), "{file}");
    }
    let again = desk.json(&["run", "wishes.jsonl", "-o", "out", "--order", "done"]);
    assert_eq!(again["totals"]["paid_calls"], 0);
    assert!(again["items"].as_array().unwrap().iter().all(|one| one["reused"] == true));
}

#[test]
fn a_bad_line_fails_alone_with_its_number_and_its_reason() {
    let desk = Desk::new();
    let text = [
        drawn("a kite").to_string(),
        "{\"model\": \"sandbox/artist\", \"input\":".to_owned(),
        json!({ "model": "sandbox/artits", "input": { "prompt": "x" } }).to_string(),
        json!({ "model": "sandbox/artist", "input": { "prompt": "x", "width": 9_999_999, "height": 1 } }).to_string(),
        json!({ "model": "sandbox/artist", "mode": "edit", "input": { "prompt": "x" }, "files": { "images": ["none.png"] } }).to_string(),
        json!({ "input": { "prompt": "x" } }).to_string(),
        String::new(),
        drawn("a boat").to_string(),
    ];
    desk.write("wishes.jsonl", text.join("\n"));
    let run = desk.run(&["run", "wishes.jsonl", "-o", "out", "--lang", "en"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let results = results(&desk);
    let told: Vec<(u64, &str, &str)> = results
        .iter()
        .map(|one| {
            let error = one["error"]["message"].as_str().unwrap_or_default();
            (one["number"].as_u64().unwrap(), one["status"].as_str().unwrap(), error)
        })
        .collect();
    assert_eq!(told.iter().map(|told| told.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 8]);
    let ok: Vec<u64> = told.iter().filter(|told| told.1 == "succeeded").map(|told| told.0).collect();
    assert_eq!(ok, [1, 8], "{told:?}");
    for (at, part) in [(1, "column"), (2, "sandbox/artits"), (3, "width"), (4, "none.png"), (5, "model")] {
        assert!(told[at].2.contains(part), "{:?}", told[at]);
    }
    assert_eq!(Books::read(&desk).held, 0);
}

#[test]
fn d2_after_a_failure_only_the_failed_line_is_paid_again() {
    let broken = Fault::Fail { error_type: "runner_server_error".to_owned() };
    let rule = Rule { match_prompt: Some("boat".to_owned()), ..Rule::new(Call::Submit, broken) };
    let fal = Fal::start(FalScript { latency_ms: 5, rules: vec![rule], ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    let wish =
        |prompt: &str| json!({ "model": FLUX, "input": { "prompt": prompt, "width": 512, "height": 512 } });
    lines(&desk, &[wish("a kite"), wish("a boat"), wish("a cat")]);
    let unasked = desk.run(&["run", "wishes.jsonl", "-o", "out"]);
    assert_eq!(unasked.code, Some(2), "real money is asked about: {}", unasked.stderr);
    assert_eq!(fal.log().submissions.len(), 0);
    let first = desk.run(&["run", "wishes.jsonl", "-o", "out", "--yes"]);
    assert_eq!(first.code, Some(4), "{}", first.stderr);
    fal.set_script(FalScript { latency_ms: 5, ..FalScript::default() });
    let before = fal.accepted(FLUX).len();
    let second = desk.json(&["run", "wishes.jsonl", "-o", "out", "--yes"]);
    assert_eq!((fal.accepted(FLUX).len() - before, &second["totals"]["succeeded"]), (1, &json!(3)));
    let limited = desk.run(&["run", "wishes.jsonl", "-o", "out", "--yes", "--max-cost", "0.01"]);
    assert_eq!(limited.code, Some(0), "all of it is there: {}", limited.stderr);
}

#[test]
fn a_run_that_is_killed_goes_on_and_pays_for_nothing_twice() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    let wish = |n: u32| json!({ "model": FLUX, "input": { "prompt": format!("thing {n}"), "width": 512, "height": 512 } });
    lines(&desk, &(0..12).map(wish).collect::<Vec<_>>());
    let words = ["run", "wishes.jsonl", "-o", "out", "--yes", "--json"];
    let killed = desk.command(&words).env("PALITRA_CRASH_AT", "storing.settle.after:6").output().unwrap();
    assert_eq!(killed.status.code(), None, "killed");
    let second = desk.run(&words);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
    assert_eq!(results(&desk).len(), 12);
    let prompts: Vec<String> = fal.accepted(FLUX).into_iter().map(|submission| submission.prompt).collect();
    let unique: std::collections::BTreeSet<&String> = prompts.iter().collect();
    assert_eq!((unique.len(), prompts.len()), (12, 12), "each was accepted once");
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}

/// More than one part of the file: each is a batch, and the order of the lines stays.
#[test]
fn lines_of_several_parts_keep_their_order() {
    let desk = Desk::new();
    let wish = |n: u32| json!({ "model": "sandbox/noop", "input": { "prompt": format!("thing {n}") } });
    lines(&desk, &(1..=1_100).map(wish).collect::<Vec<_>>());
    let report = desk.json(&["run", "wishes.jsonl", "-o", "out"]);
    assert_eq!(report["totals"]["succeeded"], 1_100);
    let numbers: Vec<u64> = results(&desk).iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=1_100).collect::<Vec<_>>());
}

#[test]
fn an_empty_file_and_none_at_all_are_refused() {
    let desk = Desk::new();
    desk.write("empty.jsonl", "\n\n");
    for file in ["empty.jsonl", "nowhere.jsonl"] {
        let run = desk.run(&["run", file, "-o", "out"]);
        assert_eq!(run.code, Some(2), "{file}: {}", run.stderr);
        assert!(!desk.path("out").exists());
    }
}

#[test]
fn the_same_line_four_times_is_four_things_and_the_same_four_again() {
    let desk = Desk::new();
    lines(&desk, &vec![drawn("a kite"); 4]);
    let ids = |report: &Value| -> Vec<String> {
        let items = report["items"].as_array().unwrap().iter();
        items.map(|item| item["steps"][0]["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = desk.json(&["run", "wishes.jsonl", "-o", "out"]);
    assert_eq!(ids(&first).iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    let again = desk.json(&["run", "wishes.jsonl", "-o", "out"]);
    assert_eq!((ids(&again), &again["totals"]["paid_calls"]), (ids(&first), &json!(0)));
}

#[test]
fn all_files_of_a_line_are_written_and_its_input_may_lie_beside_it_for_days() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    lines(
        &desk,
        &[json!({ "model": FLUX, "input": { "prompt": "a kite", "width": 512, "height": 512, "count": 2 } })],
    );
    let report = desk.json(&["run", "wishes.jsonl", "-o", "out", "--yes"]);
    let files: Vec<&str> =
        report["items"][0]["files"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(files.len(), 2, "{report}");
    assert!(files.iter().all(|file| desk.path("out").join(file).exists()), "{files:?}");
}

#[test]
fn what_was_given_is_not_written_over() {
    let desk = Desk::new();
    desk.write("results.jsonl", format!("{}\n", drawn("a kite")));
    desk.write("words.csv", "word,prompt\ncat,a cat\n");
    for words in [["run", "results.jsonl", "-o", "."], ["words", "words.csv", "-o", "."]] {
        let before = desk.read(words[1]);
        let run = desk.run(&words);
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
        assert_eq!(desk.read(words[1]), before);
    }
    assert_eq!(Books::read(&desk).generations.len(), 0);
}

#[test]
fn a_file_that_becomes_shorter_leaves_nothing_held() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    let wish = |n: u32| match n {
        0..1_000 => json!({ "model": "sandbox/noop", "input": { "prompt": format!("thing {n}") } }),
        _ => {
            json!({ "model": FLUX, "input": { "prompt": format!("thing {n}"), "width": 512, "height": 512 } })
        }
    };
    lines(&desk, &(0..1_010).map(wish).collect::<Vec<_>>());
    let words = ["run", "wishes.jsonl", "-o", "out", "--yes"];
    let killed = desk.command(&words).env("PALITRA_CRASH_AT", "storing.settle.after:1003").output().unwrap();
    assert_eq!(killed.status.code(), None, "killed");
    assert!(desk.json(&["balance"])["held"]["amount"].as_i64().unwrap() > 0, "the second part was under way");
    lines(&desk, &(0..5).map(wish).collect::<Vec<_>>());
    let run = desk.run(&words);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let books = Books::read(&desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}
