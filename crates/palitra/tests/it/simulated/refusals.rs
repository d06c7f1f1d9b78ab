//! Every way in which a market refuses, at every market and in both languages: what is said, what becomes of the money, what the operator
//! reads.

use super::Simulated;
use crate::{crash::books::Books, harness::Desk};
use palitra_domain::ErrorCode;
use serde_json::{Value, json};

/// A key that would be noticed anywhere.
const KEY: &str = "key-0123456789:secret-abcdefghijkl";

const FAL: &[&str] = &["create", "a quiet lake", "--model", "fal-ai/nano-banana"];
const FAL_EDIT: &[&str] = &["edit", "cat.png", "--wish", "a red hat", "--model", "fal-ai/nano-banana/edit"];
const KIE: &[&str] = &["create", "a quiet lake", "--model", "kie:google/nano-banana"];
const KIE_EDIT: &[&str] =
    &["edit", "cat.png", "--wish", "a red hat", "--model", "kie:google/nano-banana-edit"];
const WAVESPEED: &[&str] = &["create", "a quiet lake", "--model", "wavespeed-ai/flux-dev"];
const WAVESPEED_EDIT: &[&str] =
    &["edit", "cat.png", "--wish", "a red hat", "--model", "wavespeed:google/nano-banana/edit"];
const OPENAI: &[&str] = &["create", "a quiet lake", "--model", "openai:gpt-image-1"];
const ANTHROPIC: &[&str] =
    &["write", "a quiet lake", "--language", "en", "--model", "anthropic:claude-haiku-4-5"];

/// A fault of every submission.
fn every(fault: Value) -> Value {
    let mut rule = json!({ "on": "submit" });
    rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
    json!({ "rules": [rule] })
}

/// Words, script of the market, code, and a piece of the market's own body.
type Case<'a> = (&'a [&'a str], Value, ErrorCode, &'a str);

/// Each case in each language at one market. None of them costs anything.
fn refuses(market: &str, cases: &[Case<'_>]) {
    let town = Simulated::start(&[market]).with_pictures();
    let key = format!("PALITRA_MARKETS__{}__KEY", market.to_uppercase());
    let settings = [(key.as_str(), KEY), ("PALITRA_TELEMETRY__LEVEL", "warn")];
    for (words, script, code, body) in cases {
        for (lang, money) in [
            ("en", ["nothing was charged", "you were not charged"]),
            ("ru", ["деньги не списаны", "ничего не списано"]),
        ] {
            town.script(market, script);
            let words = [words, &["--yes", "--json", "--lang", lang, "-o", "never.png"][..]].concat();
            let run = town.run(&words, &settings);
            let at = format!("{market}, {code}, {lang}, {script}:\n{}", run.stderr);
            let document: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(document["error"]["code"], code.name(), "{at}");
            assert_eq!(run.code, Some(i32::from(code.exit_code())), "{at}");
            let (error, hint) = run.complaint();
            assert!(money.iter().any(|money| error.contains(money)), "{at}");
            assert!(!hint.is_empty() && !format!("{error}{hint}").contains('{'), "{at}");
            assert_eq!(
                (&document["error"]["message"], &document["error"]["hint"]),
                (&json!(error), &json!(hint))
            );
            assert_eq!(error.chars().any(|letter| ('а'..='я').contains(&letter)), lang == "ru", "{at}");
            assert!(run.stderr.contains(body), "the operator does not read `{body}`: {at}");
            assert!(KEY.split(':').all(|part| !run.stderr.contains(part)), "a key is told: {at}");
            assert!(run.stderr.lines().all(|line| line.len() < 9_500), "the market's body is not cut: {at}");
            assert!(!town.desk.path("never.png").exists(), "{at}");
            let books = Books::read(&town.desk);
            assert_eq!(
                (books.held, books.generations.iter().map(|one| one.charged).sum::<i64>()),
                (0, 0),
                "{at}"
            );
            assert_eq!(books.problems, [] as [String; 0], "{at}");
        }
    }
    waits(&town, market, cases[0].0);
}

/// Too fast is waited for, and then it is made and paid once.
fn waits(town: &Simulated, market: &str, words: &[&str]) {
    town.script(market, &every(json!({ "fault": "rate_limited", "retry_after": "1", "times": 1 })));
    let words = [words, &["--yes", "--json", "-o", "made.png"][..]].concat();
    let run = town.run(&words, &[("PALITRA_TELEMETRY__LEVEL", "warn")]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("refused, will try again"), "{}", run.stderr);
    let books = Books::read(&town.desk);
    assert!(books.generations.iter().any(|one| one.charged > 0 && one.charged == one.price));
    assert_eq!((books.held, books.problems.len()), (0, 0));
}

fn wrong_key() -> Value {
    json!({ "keys": ["another-key"] })
}

#[test]
fn fal_refuses() {
    refuses(
        "fal",
        &[
            (FAL, wrong_key(), ErrorCode::MarketAuth, "error.body="),
            (FAL, every(json!({ "fault": "locked" })), ErrorCode::MarketCredits, "Exhausted balance"),
            (
                FAL,
                every(json!({ "fault": "fail", "error_type": "content_policy_violation" })),
                ErrorCode::ContentRejected,
                "content_policy_violation",
            ),
            (
                FAL,
                every(json!({ "fault": "nsfw" })),
                ErrorCode::ContentRejected,
                "error.class=\"content_rejected\"",
            ),
            (FAL, every(json!({ "fault": "error", "status": 404 })), ErrorCode::UnknownModel, "error.body="),
            (
                FAL,
                every(json!({ "fault": "error", "status": 403 })),
                ErrorCode::MarketPermission,
                "error.body=",
            ),
            (
                FAL_EDIT,
                every(json!({ "fault": "fail", "error_type": "image_load_error" })),
                ErrorCode::InputFetch,
                "image_load_error",
            ),
            (
                FAL_EDIT,
                json!({ "rules": [{ "on": "put", "fault": "error", "status": 400 }] }),
                ErrorCode::InputFetch,
                "error.class=\"input_fetch\"",
            ),
        ],
    );
}

#[test]
fn kie_refuses() {
    let long = format!("{KEY} {}", "no feature ".repeat(3_000));
    refuses(
        "kie",
        &[
            (KIE, wrong_key(), ErrorCode::MarketAuth, "error.body="),
            (KIE, every(json!({ "fault": "no_credits" })), ErrorCode::MarketCredits, "402"),
            (
                KIE,
                every(
                    json!({ "fault": "fail", "code": "400", "message": "Your prompt was flagged by Website as violating content policies." }),
                ),
                ErrorCode::ContentRejected,
                "violating content policies",
            ),
            (
                KIE,
                every(
                    json!({ "fault": "code", "code": 422, "message": "The model name you specified is not supported" }),
                ),
                ErrorCode::UnknownModel,
                "is not supported",
            ),
            (
                KIE,
                every(json!({ "fault": "code", "code": 505, "message": long })),
                ErrorCode::InvalidInput,
                "no feature",
            ),
            (
                KIE_EDIT,
                every(
                    json!({ "fault": "fail", "code": "451", "message": "Failed to fetch the image. Kindly verify any access limits." }),
                ),
                ErrorCode::InputFetch,
                "Failed to fetch the image",
            ),
        ],
    );
}

#[test]
fn wavespeed_refuses() {
    refuses(
        "wavespeed",
        &[
            (WAVESPEED, wrong_key(), ErrorCode::MarketAuth, "error.body="),
            (WAVESPEED, every(json!({ "fault": "no_credits" })), ErrorCode::MarketCredits, "error.body="),
            (
                WAVESPEED,
                every(json!({ "fault": "fail", "error": "Content policy: refused" })),
                ErrorCode::ContentRejected,
                "Content policy: refused",
            ),
            (
                WAVESPEED,
                every(json!({ "fault": "nsfw" })),
                ErrorCode::ContentRejected,
                "error.class=\"content_rejected\"",
            ),
            (
                WAVESPEED,
                every(json!({ "fault": "error", "status": 404 })),
                ErrorCode::UnknownModel,
                "error.body=",
            ),
            (
                WAVESPEED_EDIT,
                every(json!({ "fault": "fail", "error": "failed to download image" })),
                ErrorCode::InputFetch,
                "failed to download image",
            ),
        ],
    );
}

#[test]
fn openai_refuses() {
    let long = format!("{KEY} {}", "not here ".repeat(3_000));
    refuses(
        "openai",
        &[
            (OPENAI, wrong_key(), ErrorCode::MarketAuth, "Incorrect API key"),
            (OPENAI, every(json!({ "fault": "no_credits" })), ErrorCode::MarketCredits, "insufficient_quota"),
            (
                OPENAI,
                every(json!({ "fault": "error", "status": 400, "code": "moderation_blocked" })),
                ErrorCode::ContentRejected,
                "moderation_blocked",
            ),
            (
                OPENAI,
                every(json!({ "fault": "error", "status": 404, "code": "model_not_found", "message": long })),
                ErrorCode::UnknownModel,
                "not here",
            ),
        ],
    );
}

#[test]
fn anthropic_refuses() {
    refuses(
        "anthropic",
        &[
            (ANTHROPIC, wrong_key(), ErrorCode::MarketAuth, "invalid x-api-key"),
            (
                ANTHROPIC,
                every(json!({ "fault": "no_credits" })),
                ErrorCode::MarketCredits,
                "credit balance is too low",
            ),
            (
                ANTHROPIC,
                every(json!({ "fault": "refuse" })),
                ErrorCode::ContentRejected,
                "error.class=\"content_rejected\"",
            ),
            (
                ANTHROPIC,
                every(json!({ "fault": "error", "status": 404 })),
                ErrorCode::UnknownModel,
                "not_found_error",
            ),
        ],
    );
}

#[test]
fn without_a_key_each_market_says_which_variable_is_missing() {
    for (words, variable) in [
        (FAL, "FAL_KEY"),
        (KIE, "KIE_API_KEY"),
        (WAVESPEED, "WAVESPEED_API_KEY"),
        (OPENAI, "OPENAI_API_KEY"),
        (ANTHROPIC, "ANTHROPIC_API_KEY"),
    ] {
        for lang in ["en", "ru"] {
            let desk = Desk::new();
            let run = desk.run(&[words, &["--yes", "--lang", lang]].concat());
            assert_eq!(run.code, Some(1), "{words:?}: {}", run.stderr);
            assert!(run.complaint().1.contains(&format!("`{variable}`")), "{}", run.stderr);
            assert_eq!(Books::read(&desk).generations.len(), 0, "nothing was begun");
        }
    }
}
