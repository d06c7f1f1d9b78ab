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

#[test]
fn a_refund_gives_back_what_was_charged_once_and_says_so_in_the_ledger() {
    let fal = market();
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", deck_with_prompts(["a calm lake"]));
    desk.json(&["slides", "deck.json", "-o", "out", "--model", FLUX, "--prompt-model", ROUTER, "--yes"]);
    let paid = desk.json(&["jobs", "ls"])[0]["id"].as_str().unwrap().to_owned();
    let refund = |more: &[&str]| desk.run(&[&["balance", "refund", &paid], more].concat());
    assert_eq!(refund(&[]).code, Some(2), "nobody has agreed");
    let part = desk.json(&["balance", "refund", &paid, "--amount", "9", "--note", "six fingers", "--yes"]);
    assert_eq!((&part["cash"]["amount"], &part["left"]["amount"]), (&json!(900), &json!(50)));
    assert_eq!(refund(&["--amount", "0.51", "--yes"]).code, Some(2));
    assert_eq!(desk.json(&["balance", "refund", &paid, "--yes"])["left"]["amount"], 0);
    assert_eq!(refund(&["--yes"]).code, Some(2));
    assert_eq!(desk.json(&["balance"])["cash"]["amount"], 0);
    let ledger = desk.json(&["balance", "ledger"]);
    let shown: Vec<_> = ledger
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["kind"], &it["cash"]["amount"], &it["note"]))
        .collect();
    let of = |kind: &str, amount: i64, note: &str| (json!(kind), json!(amount), json!(note));
    let wanted = [of("refund", 50, ""), of("refund", 900, "six fingers"), of("hold", -950, "")];
    assert_eq!(shown, wanted.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
    assert!(ledger.as_array().unwrap().iter().all(|it| it["generation"] == paid.as_str()));
    for lang in ["en", "ru"] {
        let told = desk.run(&["balance", "ledger", "--lang", lang]);
        assert_eq!((told.code, told.stdout.lines().count()), (Some(0), 3), "{}", told.stderr);
    }
    assert_eq!(desk.run(&["balance", "refund", "gen_nonsense", "--yes"]).code, Some(2));
}

#[test]
fn no_more_is_taken_from_an_account_than_is_free() {
    let desk = Desk::new();
    desk.json(&["keys", "create", "--account", "ann", "--credit", "10"]);
    let take = |amount| desk.run(&["balance", "take", amount, "--account", "ann", "--yes"]);
    assert_eq!(take("10.01").code, Some(3));
    assert_eq!(take("4").code, Some(0));
    assert_eq!(desk.json(&["balance", "--account", "ann"])["cash"]["amount"], 600);
}
