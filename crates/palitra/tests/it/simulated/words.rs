//! Prompts written and checked by OpenAI and Anthropic.

use super::Simulated;
use crate::crash::books::Books;
use serde_json::json;

#[test]
fn s2_018_020_a_prompt_is_written_and_checked_by_either() {
    let town = Simulated::all();
    for (market, model) in [("openai", "openai:gpt-4o-mini"), ("anthropic", "anthropic:claude-haiku-4-5")] {
        let words = ["write", "old harbour at dawn", "--language", "en", "--model", model];
        let most = town.desk.json(&[&words[..], &["--plan"]].concat());
        let written = town.desk.json(&[&words[..], &["--yes"]].concat());
        assert!(written["prompt"].as_str().unwrap().chars().count() > 100, "{written}");
        assert_eq!(written["parts"].as_array().map(Vec::len), Some(5), "{written}");
        let price = written["price"]["amount"].as_i64().unwrap();
        assert!(0 < price && price <= most["price"]["amount"].as_i64().unwrap(), "{written} {most}");
        // One question wrote, one checked, and both are in our books as they were charged.
        let asked = town.accepted(market);
        assert_eq!(asked.len(), written["generations"].as_array().unwrap().len());
        let books = Books::read(&town.desk);
        let of_market = books.generations.iter().filter(|one| one.model == model);
        assert_eq!(of_market.map(|one| one.charged).sum::<i64>(), price);
        assert_eq!((books.held, books.problems.len()), (0, 0));
    }
}

#[test]
fn prompts_are_the_houses_unless_they_are_billed() {
    let town = Simulated::start(&["anthropic"]);
    let words = ["write", "old harbour", "--language", "en", "--json"];
    let free =
        [("PALITRA_PROMPTS__BILLED", "false"), ("PALITRA_PROMPTS__WRITER", "anthropic:claude-haiku-4-5")];
    assert_eq!(town.run(&words, &free).code, Some(2), "market money is asked about, whoever's it is");
    let run = town.run(&[&words[..], &["--yes"]].concat(), &free);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let books = Books::read(&town.desk);
    assert!(books.generations.len() > 1 && books.generations.iter().all(|one| one.price == 0));
}

#[test]
fn a_check_that_fails_costs_nobody_the_prompt_that_was_paid_for() {
    let town = Simulated::start(&["anthropic"]);
    let fails = json!({ "rules": [{ "on": "submit", "nth": 2, "fault": "error", "status": 404 }] });
    town.script("anthropic", &fails);
    let words =
        ["write", "old harbour", "--language", "en", "--model", "anthropic:claude-haiku-4-5", "--yes"];
    let written = town.desk.json(&words);
    assert!(written["flags"].as_array().unwrap().contains(&json!("unchecked")), "{written}");
    assert!(!written["prompt"].as_str().unwrap().is_empty());
}

#[test]
fn s2_059_the_writer_is_asked_for_what_the_rules_leave_over_and_never_holds_the_text_up() {
    let town = Simulated::start(&["anthropic"]);
    town.desk.json(&["create", "a red cat", "--format", "320x256", "-o", "cat.png"]);
    let writer = [("PALITRA_PROMPTS__WRITER", "anthropic:claude-haiku-4-5")];
    let drawn = |wish: &str, more: &[&str]| {
        let words =
            [&["text", "cat.png", "Привет", "--wish", wish, "-o", "card.png", "--lang", "en"], more].concat();
        let run = town.run(&words, &writer);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        (std::fs::read(town.desk.path("card.png")).unwrap(), run.stderr)
    };
    let says = |text: &str| {
        town.script("anthropic", &json!({ "rules": [{ "on": "submit", "fault": "says", "text": text }] }));
    };
    let (plain, _) = drawn("сверху", &[]);
    let (lobster, _) = drawn("сверху, шрифт lobster", &[]);
    assert_eq!(town.accepted("anthropic").len(), 0, "what the rules understand is asked of nobody");

    says(r#"{"font": "lobster"}"#);
    let (royal, told) = drawn("сверху, по-королевски", &["--yes"]);
    assert!(royal == lobster && royal != plain);
    assert!(!told.contains("not understood"), "{told}");
    let (_, asked) = town.accepted("anthropic").pop().unwrap();
    assert!(asked.to_string().contains("по-королевски"), "{asked}");

    // An answer that is no style, and a price that nobody agreed to: said, and drawn.
    let before = town.accepted("anthropic").len();
    says("With pleasure! A royal caption it shall be.");
    for more in [&["--yes"][..], &[]] {
        let (without, told) = drawn("сверху, по-королевски", more);
        assert!(without == plain && told.contains("not understood"), "{told}");
    }
    assert_eq!(town.accepted("anthropic").len() - before, 1, "nobody is asked without an agreement");
    let books = Books::read(&town.desk);
    assert_eq!((books.held, books.problems), (0, vec![]));
}
