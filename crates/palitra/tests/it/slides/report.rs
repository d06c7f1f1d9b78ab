//! The report, field by field: programs read it (design §8).

use crate::harness::{Desk, Fal, deck, on_fal};
use palitra_sim::fal::FalScript;
use serde_json::{Value, json};

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

const SLIDE: [&str; 14] = [
    "number",
    "title",
    "status",
    "reused",
    "prompt",
    "clean_prompt",
    "model",
    "file",
    "attempts",
    "cost",
    "price",
    "started_at",
    "finished_at",
    "error",
];
const WORKER: [&str; 7] = ["id", "kind", "items", "ok", "failed", "busy_s", "waiting_s"];
const TOTALS: [&str; 8] =
    ["items", "succeeded", "failed", "skipped", "cancelled", "paid_calls", "price", "makespan_s"];

fn has(value: &Value, wanted: &[&str]) {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    let mut found = names(value);
    found.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn s0_26_the_report_says_everything_that_design_promises() {
    let fal = Fal::start(FalScript { latency_ms: 30, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(3));
    let report = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(report, desk.read_json("out/report.json"), "`--json` and the file are the same document");
    for name in ["slides", "workers", "totals"] {
        assert!(names(&report).contains(&name));
    }
    for (n, slide) in report["slides"].as_array().unwrap().iter().enumerate() {
        has(slide, &SLIDE);
        let number = n + 1;
        assert_eq!(
            (&slide["number"], &slide["title"]),
            (&json!(number), &json!(format!("Slide topic {number}")))
        );
        assert_eq!(
            (&slide["status"], &slide["reused"], &slide["attempts"]),
            (&json!("succeeded"), &json!(false), &json!(1))
        );
        assert_eq!(
            (&slide["model"], &slide["file"], &slide["error"]),
            (&json!("fal-ai/flux/dev"), &json!(format!("{number:02}.png")), &Value::Null)
        );
        assert!(slide["prompt"].as_str().unwrap().contains("editorial illustration"));
        assert_eq!(slide["prompt"], slide["clean_prompt"]);
        has(&slide["cost"], &["micros", "currency"]);
        has(&slide["price"], &["amount", "currency"]);
        let [started, finished] = ["started_at", "finished_at"].map(|name| slide[name].as_str().unwrap());
        assert!(started.ends_with('Z') && started < finished, "{started} {finished}");
        assert!(
            std::fs::read(desk.path("out").join(slide["file"].as_str().unwrap()))
                .unwrap()
                .starts_with(b"\x89PNG")
        );
    }
    let workers = report["workers"].as_array().unwrap();
    workers.iter().for_each(|worker| has(worker, &WORKER));
    let ids: Vec<&str> = workers.iter().map(|worker| worker["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["picture-1", "picture-2", "prompt-1"]);
    let totals = &report["totals"];
    has(totals, &TOTALS);
    for (name, value) in
        [("items", 3), ("succeeded", 3), ("failed", 0), ("skipped", 0), ("cancelled", 0), ("paid_calls", 6)]
    {
        assert_eq!(totals[name], value, "{name}");
    }
    let prices =
        report["slides"].as_array().unwrap().iter().map(|slide| slide["price"]["amount"].as_i64().unwrap());
    assert_eq!(totals["price"], json!({ "amount": prices.sum::<i64>(), "currency": "RUB" }));
    assert!(totals["makespan_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_plan_says_five_things_and_does_nothing() {
    let desk = Desk::new();
    desk.write("deck.md", deck(12));
    let plan = desk.json(&["slides", "deck.md", "-o", "out", "--plan"]);
    has(&plan, &["items", "unchanged", "to_run", "price", "eta_s"]);
    assert_eq!((&plan["items"], &plan["unchanged"], &plan["to_run"]), (&json!(12), &json!(0), &json!(12)));
    assert_eq!(plan["price"], json!({ "amount": 0, "currency": "RUB" }));
    assert!(plan["eta_s"].as_f64().unwrap() > 0.0);
    assert!(!desk.path("out").exists());
    assert_eq!(desk.json(&["jobs", "ls"]), json!([]));
    let create = desk.json(&["create", "a lake", "--plan"]);
    has(&create, &["items", "unchanged", "to_run", "price", "eta_s", "quote"]);
}

#[test]
fn the_illustrated_deck_and_the_contact_sheet_show_every_picture() {
    let desk = Desk::new();
    desk.write("talk/deck.md", deck(2));
    desk.json(&["slides", "talk/deck.md", "-o", "out", "--format", "320x180"]);
    let (illustrated, sheet) = (desk.read("out/deck.illustrated.md"), desk.read("out/index.html"));
    for name in ["01.png", "02.png"] {
        assert!(illustrated.contains(name) && sheet.contains(name), "{name}");
    }
    assert!(illustrated.contains("# Slide topic 2") && illustrated.contains("marp: true"));
}
