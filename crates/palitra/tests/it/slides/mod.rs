//! `palitra slides`: what a deck becomes.

mod again;
mod drafts;
mod money;
mod report;

use crate::harness::{Desk, Fal, deck, example};
use palitra_sim::fal::FalScript;

#[test]
fn a_deck_is_illustrated_by_the_sandbox_and_a_second_run_calls_nobody() {
    let desk = Desk::new();
    desk.write("deck.md", deck(3));
    let report = desk.json(&["slides", "deck.md", "-o", "out", "--format", "320x180"]);
    assert_eq!(report["totals"]["succeeded"], 3);
    assert_eq!(report["totals"]["paid_calls"], 6);
    for name in ["01.png", "02.png", "03.png", "index.html", "deck.illustrated.md", "report.json"] {
        assert!(desk.path("out").join(name).exists(), "{name}");
    }
    let again = desk.json(&["slides", "deck.md", "-o", "elsewhere", "--format", "320x180"]);
    assert_eq!(again["totals"]["paid_calls"], 0);
    assert!(again["slides"].as_array().unwrap().iter().all(|slide| slide["reused"] == true));
    assert_eq!(
        std::fs::read(desk.path("out/02.png")).unwrap(),
        std::fs::read(desk.path("elsewhere/02.png")).unwrap()
    );
}

#[test]
fn every_example_of_the_repository_is_illustrated() {
    let folder = example("");
    let mut decks: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    decks.retain(|path| path.extension().is_some_and(|extension| extension == "md" || extension == "json"));
    assert!(decks.len() >= 3, "{decks:?}");
    for deck in decks {
        let desk = Desk::new();
        let report = desk.json(&["slides", deck.to_str().unwrap(), "-o", "out", "--format", "64x64"]);
        let totals = &report["totals"];
        assert!(
            totals["items"].as_u64().unwrap() > 0 && totals["items"] == totals["succeeded"],
            "{deck:?}: {totals}"
        );
    }
}

#[test]
fn a_deck_is_illustrated_by_fal_and_every_slide_is_charged_once() {
    let fal = Fal::start(FalScript { latency_ms: 20, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.md", deck(4));
    let words = [
        "slides",
        "deck.md",
        "-o",
        "out",
        "--model",
        "fal-ai/flux/dev",
        "--prompt-model",
        "openrouter/router",
        "--yes",
    ];
    let report = desk.json(&words);
    assert_eq!(report["totals"]["succeeded"], 4, "{report:#}");
    assert_eq!(fal.log().submissions.iter().filter(|submission| submission.accepted).count(), 8);
    let balance = desk.json(&["balance"]);
    assert_eq!(balance["cash"]["amount"], -report["totals"]["price"]["amount"].as_i64().unwrap());
    assert_eq!(balance["held"]["amount"], 0);
}
