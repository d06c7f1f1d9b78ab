//! What a deck costs, who has to agree, and what refuses.

use crate::harness::{Desk, FLUX, Fal, ROUTER, deck, deck_with_prompts};
use palitra_sim::fal::FalScript;
use serde_json::json;

fn market() -> Fal {
    Fal::start(FalScript { latency_ms: 5, ..FalScript::default() })
}

/// As somebody types it who has not agreed to anything, at the format slides have.
const ON_FAL: [&str; 8] = ["slides", "deck.md", "-o", "out", "--model", FLUX, "--prompt-model", ROUTER];

#[test]
fn a_slide_of_1792x1008_costs_9_50_and_its_prompt_1_90() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(3));
    let plan = desk.json(&[&ON_FAL[..], &["--plan"]].concat());
    assert_eq!(plan["price"], json!({ "amount": 3 * (950 + 190), "currency": "RUB" }));
    assert_eq!(fal.log().submissions.len(), 0);
    let report = desk.json(&[&ON_FAL[..], &["--yes"]].concat());
    assert_eq!(report["totals"]["price"], plan["price"]);
    for slide in report["slides"].as_array().unwrap() {
        assert_eq!(slide["price"], json!({ "amount": 1140, "currency": "RUB" }));
        assert_eq!(
            slide["cost"],
            json!({ "micros": 50_000, "currency": "USD" }),
            "two megapixels at 0.025 dollars"
        );
    }
    assert_eq!(desk.json(&["balance"])["cash"]["amount"], -3420);
    desk.write("deck.json", deck_with_prompts(["a calm lake"]));
    let ready =
        desk.json(&["slides", "deck.json", "-o", "out", "--model", FLUX, "--prompt-model", ROUTER, "--plan"]);
    assert_eq!(ready["price"]["amount"], 950, "a prompt that the deck brings costs nothing");
}

#[test]
fn max_cost_refuses_before_anything_is_sent() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(3));
    let run = desk.run(&[&ON_FAL[..], &["--yes", "--max-cost", "34.19"]].concat());
    assert_eq!(run.code, Some(3));
    assert_eq!(
        run.complaint(),
        ("the plan costs 34.20 ₽, the limit is 34.19 ₽", "raise `--max-cost`, or look at it with `--plan`")
    );
    assert_eq!((fal.log().submissions.len(), &desk.json(&["balance"])["held"]["amount"]), (0, &json!(0)));
    let enough = desk.run(&[&ON_FAL[..], &["--yes", "--max-cost", "34.20"]].concat());
    assert_eq!(enough.code, Some(0), "{}", enough.stderr);
}

#[test]
fn real_money_needs_a_yes_and_the_sandbox_never_asks() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("deck.md", deck(1));
    for words in [&ON_FAL[..], &["create", "a lake", "--model", FLUX]] {
        let run = desk.run(words);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.complaint().1.contains("--yes"), "{}", run.stderr);
    }
    assert_eq!(fal.log().submissions.len(), 0);
    for words in [&["slides", "deck.md", "-o", "out"][..], &["create", "a lake", "-o", "lake.png"]] {
        let run = desk.run(words);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    assert_eq!(fal.log().submissions.len(), 0, "a key in the environment never changes what runs by default");
}
