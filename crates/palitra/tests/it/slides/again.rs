//! The second run: only what is new, changed or failed is paid for (design §7).

use crate::harness::{Desk, FLUX, Fal, ROUTER, on_fal};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use serde_json::{Value, json};

fn market() -> Fal {
    Fal::start(FalScript { latency_ms: 5, ..FalScript::default() })
}

/// Slides that say these words, in this order.
fn deck(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("# About {word}\n\n- one thing about {word}\n"))
        .collect::<Vec<_>>()
        .join("\n---\n\n")
}

fn calls(fal: &Fal) -> (usize, usize) {
    (fal.accepted(ROUTER).len(), fal.accepted(FLUX).len())
}

fn pictures(desk: &Desk, out: &str, report: &Value) -> Vec<Vec<u8>> {
    let slides = report["slides"].as_array().unwrap().iter();
    slides.map(|slide| std::fs::read(desk.path(out).join(slide["file"].as_str().unwrap())).unwrap()).collect()
}

#[test]
fn an_unchanged_deck_calls_nobody_whatever_the_folder_and_the_run_still_writes_everything() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(&["apples", "pears", "plums"]));
    let first = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(calls(&fal), (3, 3));
    let spent = desk.json(&["balance"]);
    let again = desk.json(&on_fal("deck.md", "other/place", &[]));
    assert_eq!(fal.log().submissions.len(), 6, "no submission at all");
    assert_eq!((&again["totals"]["paid_calls"], &again["totals"]["price"]["amount"]), (&json!(0), &json!(0)));
    for slide in again["slides"].as_array().unwrap() {
        assert_eq!(
            (&slide["status"], &slide["reused"], &slide["attempts"]),
            (&json!("succeeded"), &json!(true), &json!(0))
        );
    }
    assert_eq!(pictures(&desk, "out", &first), pictures(&desk, "other/place", &again));
    for name in ["index.html", "deck.illustrated.md", "report.json"] {
        assert!(desk.path("other/place").join(name).exists(), "{name}");
    }
    assert_eq!(desk.json(&["balance"]), spent);
}

#[test]
fn one_edited_slide_of_three_costs_one_prompt_and_one_picture() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(&["apples", "pears", "plums"]));
    let first = desk.json(&on_fal("deck.md", "out", &[]));
    desk.write("deck.md", deck(&["apples", "cherries", "plums"]));
    let plan = desk.json(&on_fal("deck.md", "out", &["--plan"]));
    assert_eq!((&plan["items"], &plan["unchanged"], &plan["to_run"]), (&json!(3), &json!(2), &json!(1)));
    let second = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(calls(&fal), (4, 4));
    assert!(fal.accepted(ROUTER)[3].prompt.contains("cherries"));
    let reused: Vec<bool> =
        second["slides"].as_array().unwrap().iter().map(|slide| slide["reused"].as_bool().unwrap()).collect();
    assert_eq!((reused, &second["totals"]["paid_calls"]), (vec![true, false, true], &json!(2)));
    let (before, after) = (pictures(&desk, "out", &first), pictures(&desk, "out", &second));
    assert_eq!((&before[0], &before[2]), (&after[0], &after[2]));
}

#[test]
fn slides_that_only_move_or_change_their_number_cost_nothing() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(&["apples", "pears", "plums"]));
    let first = desk.json(&on_fal("deck.md", "out", &[]));
    desk.write("deck.md", deck(&["plums", "apples", "pears"]));
    let moved = desk.json(&on_fal("deck.md", "moved", &[]));
    assert_eq!((&moved["totals"]["paid_calls"], fal.log().submissions.len()), (&json!(0), 6));
    let (was, is) = (pictures(&desk, "out", &first), pictures(&desk, "moved", &moved));
    assert_eq!((&was[2], &was[0], &was[1]), (&is[0], &is[1], &is[2]), "each picture follows its slide");
    let numbered = json!([
        { "number": 7, "title": "About apples", "content": "one thing about apples" },
        { "number": 9, "title": "About plums", "content": "one thing about plums" },
    ]);
    desk.write("deck.json", numbered.to_string());
    let numbered = desk.json(&on_fal("deck.json", "numbered", &[]));
    assert_eq!(
        (&numbered["totals"]["paid_calls"], &numbered["slides"][1]["file"]),
        (&json!(0), &json!("09.png"))
    );
}

#[test]
fn after_a_partial_failure_the_same_command_repeats_only_what_failed() {
    let broken = Fault::Fail { error_type: "runner_server_error".to_owned() };
    let rule = Rule {
        match_prompt: Some("pears".to_owned()),
        match_model: Some(FLUX.to_owned()),
        ..Rule::new(Call::Submit, broken)
    };
    let fal = Fal::start(FalScript { latency_ms: 5, rules: vec![rule], ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    let words = ["apples", "pears", "plums", "figs", "limes"];
    desk.write("deck.md", deck(&words));
    let first = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(
        (&first["totals"]["succeeded"], &first["totals"]["failed"]),
        (&json!(4), &json!(1)),
        "{first:#}"
    );
    assert_eq!((first["slides"][1]["file"].as_str(), desk.path("out/02.png").exists()), (None, false));
    fal.set_script(FalScript { latency_ms: 5, ..FalScript::default() });
    let before = calls(&fal);
    let second = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(calls(&fal), (before.0, before.1 + 1), "its prompt was written and is kept");
    assert_eq!((&second["totals"]["succeeded"], &second["totals"]["paid_calls"]), (&json!(5), &json!(1)));
    assert!(desk.path("out/02.png").exists());
}

#[test]
fn prompts_that_the_deck_brings_skip_the_writer_but_not_the_cleaning() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    let deck = "# Сети\n\n<!--\nСлайд 1: Сети\nDALL-E Prompt: \"A LAYERED NETWORK\nмягкий свет\nblue tones\"\n-->\n\n---\n\n# Итоги\n\nPrompt: A quiet harbour\n";
    desk.write("deck.md", deck);
    let report = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(calls(&fal), (0, 2));
    let mut sent: Vec<String> = fal.accepted(FLUX).into_iter().map(|submission| submission.prompt).collect();
    sent.sort_unstable();
    assert_eq!(sent, ["A LAYERED NETWORK\nblue tones", "A quiet harbour"]);
    assert_eq!(report["slides"][0]["clean_prompt"], "A LAYERED NETWORK\nblue tones");
    assert!(report["slides"][0]["prompt"].as_str().unwrap().contains("мягкий свет"));
}

#[test]
fn a_changed_deck_replaces_what_was_left_of_its_interrupted_run() {
    let fal = market();
    // By the real clock: a scaled one would make the first run end in the future of the second.
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.md", deck(&["apples", "pears", "plums"]));
    let words = on_fal("deck.md", "out", &["--json"]);
    let killed = desk.command(&words).env("PALITRA_CRASH_AT", "storing.settle.after:1").output().unwrap();
    assert_eq!(killed.status.code(), None, "killed");
    assert!(desk.json(&["balance"])["held"]["amount"].as_i64().unwrap() > 0, "it left work and holds behind");

    desk.write("deck.md", deck(&["apples", "cherries", "plums"]));
    let again = desk.run(&words);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("its money is back on the account"), "{}", again.stderr);
    assert_eq!(desk.json(&["balance"])["held"]["amount"], 0, "nothing is held for the old deck");
    assert_eq!(desk.json(&["jobs", "ls", "--status", "queued"]), json!([]));
    // A third run has nothing left to replace.
    assert!(!desk.run(&words).stderr.contains("its money is back"));
}
