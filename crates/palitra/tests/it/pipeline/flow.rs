//! Which prompts are sent, and in which order the two stages work.

use super::{document, numbered, overlap, starts, statuses, takes};
use crate::harness::{Desk, FLUX, Fal, ROUTER, deck, deck_with_prompts, on_fal};
use palitra_domain::prompt::has_cyrillic;
use serde_json::{Value, json};

/// Prompts as authors bring them: labels, quotes, metadata, several lines, both languages. Every tenth has no English in it.
fn mixed(n: u32) -> String {
    match n % 10 {
        0 => "только по-русски, без единого английского слова".to_owned(),
        1 => format!("\"A calm lake, number {n}, isometric\""),
        2 => format!(
            "Слайд {n}: Сети\nСодержание: слои и веса, layers and weights\n\nDALL-E Prompt: \"A LAYERED NETWORK {n}\""
        ),
        3 => format!("«WHITE BACKGROUND {n}\nminimalist\nblue tones»"),
        4 => format!("Промпт: A bridge {n} over water\nмост над водой"),
        5 => format!("мягкий свет\nA soft light {n}\nспокойные цвета"),
        6 => format!("Slide {n}: intro\nA paper plane {n}"),
        7 => format!("`A tidy desk {n}`"),
        8 => format!("Prompt: 'It's a kite {n}'"),
        _ => format!("A plain prompt {n}"),
    }
}

fn check_clean(prompt: &str) {
    assert!(!has_cyrillic(prompt) && !prompt.trim().is_empty(), "{prompt}");
    let leftovers = ["Slide", "layers and weights", "Prompt"];
    assert!(!leftovers.iter().any(|word| prompt.contains(word)), "{prompt}");
}

#[test]
fn s0_08_of_200_mixed_prompts_every_sent_one_is_clean_english() {
    let fal = Fal::start(takes(0, 0));
    let desk = Desk::hurried(&fal).set("PALITRA_MARKETS__FAL__SLOTS", "64");
    desk.write("deck.json", deck_with_prompts((1..=200).map(mixed)));
    let report = desk.json(&on_fal("deck.json", "out", &["--image-workers", "32"]));
    let sent = fal.accepted(FLUX);
    assert_eq!(
        (sent.len(), fal.log().submissions.len()),
        (180, 180),
        "only clean prompts are sent, once each"
    );
    sent.iter().for_each(|submission| check_clean(&submission.prompt));
    for slide in report["slides"].as_array().unwrap() {
        let is_russian = slide["number"].as_u64().unwrap().is_multiple_of(10);
        assert_eq!(slide["status"], if is_russian { "failed" } else { "succeeded" });
        if is_russian {
            assert_eq!(
                (&slide["error"]["code"], &slide["attempts"], &slide["price"]["amount"]),
                (&json!("empty_prompt"), &json!(0), &json!(0))
            );
        } else {
            assert!(sent.iter().any(|submission| slide["clean_prompt"] == submission.prompt.as_str()));
        }
    }
}

/// One of each kind; of the one without English its translation.
#[test]
fn s0_08_create_sends_an_english_only_model_nothing_but_clean_english() {
    let fal = Fal::start(takes(0, 0));
    let desk = Desk::hurried(&fal);
    for n in 1..=10 {
        let prompt = mixed(n);
        let words = ["create", &prompt, "--model", FLUX, "--format", "64x64", "--yes", "-o", "a.png"];
        let run = desk.run(&words);
        assert_eq!(run.code, Some(0), "{prompt}: {}", run.stderr);
    }
    let sent = fal.accepted(FLUX);
    assert_eq!(sent.len(), 10);
    sent.iter().for_each(|submission| check_clean(&submission.prompt));
}

#[test]
fn s0_09_10_11_pictures_start_while_prompts_are_written_one_at_a_time() {
    let fal = Fal::start(takes(60, 20));
    // A second takes 100 ms: a busy machine may take half of that to store a picture and look at it.
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_CLOCK_SCALE", "10");
    desk.write("deck.md", deck(6));
    let report = desk.json(&on_fal("deck.md", "out", &[]));
    assert_eq!(report["totals"]["succeeded"], 6);
    let (prompts, pictures) = (fal.accepted(ROUTER), fal.accepted(FLUX));
    assert_eq!((prompts.len(), pictures.len()), (6, 6));
    assert!(pictures[0].order < prompts[5].order, "S0-09: the first picture waits for no other prompt");
    assert_eq!(overlap(&prompts, 20), 1, "S0-10");
    // S0-11: each prompt's picture is asked for before the prompt after the next one, a second later each.
    for n in 0..4 {
        assert!(pictures[n].order < prompts[n + 2].order, "the picture of slide {} came late", n + 1);
    }
}

#[test]
fn s0_13_15_31_as_many_pictures_at_once_as_there_are_workers() {
    for (workers, count) in [(None, 2), (Some("1"), 1), (Some("4"), 4), (Some("0"), 8)] {
        let fal = Fal::start(takes(250, 0));
        let desk = Desk::hurried(&fal);
        desk.write("deck.json", deck_with_prompts(numbered(8).into_iter().take(count.max(2) * 2).take(8)));
        let more = workers.map(|workers| vec!["--image-workers", workers]).unwrap_or_default();
        desk.json(&on_fal("deck.json", "out", &more));
        let seen = fal.log().overlap.values().copied().collect::<Vec<_>>();
        assert_eq!(seen, [u32::try_from(count).unwrap()], "{workers:?}");
    }
}

#[test]
fn s0_33_34_37_one_failure_stops_nobody_and_the_run_ends_with_nothing_left_over() {
    let script = takes(10, 0);
    let fal = Fal::start(palitra_sim::fal::FalScript { rules: vec![super::fails("picture-04.")], ..script });
    let desk = Desk::hurried(&fal);
    desk.write("deck.json", deck_with_prompts(numbered(12)));
    let report = desk.json(&on_fal("deck.json", "out", &[]));
    let failed: Vec<usize> = statuses(&report)
        .iter()
        .enumerate()
        .filter(|(_, status)| **status == "failed")
        .map(|(n, _)| n + 1)
        .collect();
    assert_eq!((failed, &report["totals"]["succeeded"]), (vec![4], &json!(11)));
    let jobs = desk.json(&["jobs", "ls", "--limit", "100"]);
    assert!(jobs.as_array().unwrap().iter().all(|job| !job["finished_at"].is_null()), "S0-37");
    assert_eq!(desk.json(&["balance"])["held"]["amount"], 0);
}

#[test]
fn s0_38_sequential_gives_the_same_results_and_the_same_report() {
    let fal = Fal::start(takes(20, 20));
    let shapes: Vec<(Value, Value)> = ["parallel", "sequential"]
        .iter()
        .map(|mode| {
            let desk = Desk::hurried(&fal);
            desk.write("deck.md", deck(4));
            let seen = fal.log().submissions.len();
            let more: &[&str] = if *mode == "sequential" { &["--sequential"] } else { &[] };
            let report = desk.json(&on_fal("deck.md", "out", more));
            if *mode == "sequential" {
                let log = fal.log();
                let (prompts, pictures): (Vec<_>, Vec<_>) =
                    log.submissions[seen..].iter().partition(|one| one.endpoint == ROUTER);
                let last_prompt_ends = prompts.iter().map(|one| one.at_us + 20_000).max().unwrap();
                assert!(
                    pictures.iter().all(|one| one.at_us >= last_prompt_ends),
                    "no picture before the last prompt has ended"
                );
                let all: Vec<_> = log.submissions[seen..].to_vec();
                assert_eq!(overlap(&all, 20), 1, "one call at a time");
                assert_eq!(starts(&desk, ROUTER).len(), 4);
            }
            (results(&report), fields(&report))
        })
        .collect();
    assert_eq!(shapes[0], shapes[1]);
}

/// What a run made, without its times.
fn results(report: &Value) -> Value {
    let slide = |slide: &Value| {
        [
            "number",
            "title",
            "status",
            "reused",
            "prompt",
            "clean_prompt",
            "model",
            "file",
            "attempts",
            "price",
        ]
        .map(|name| slide[name].clone())
    };
    report["slides"].as_array().unwrap().iter().map(|one| json!(slide(one))).collect()
}

/// The names of all fields of a report: of its slides, workers and totals.
fn fields(report: &Value) -> Value {
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    json!([
        names(report),
        names(&report["slides"][0]),
        names(&report["workers"][0]),
        names(&report["totals"])
    ])
}

#[test]
fn s0_40_json_and_markdown_give_the_same_slides() {
    let markdown = "# Нейронные сети\n\n- слои\n- веса\n\n---\n\n# Training\n\nloss goes down\n\n<!-- DALL-E Prompt: \"A hill with a path down\" -->\n";
    let json = json!([
        { "number": 1, "title": "Нейронные сети", "content": "слои\nвеса" },
        { "number": 2, "title": "Training", "content": "loss goes down", "prompt": "A hill with a path down" },
    ]);
    let desk = Desk::new();
    desk.write("deck.md", markdown);
    desk.write("deck.json", json.to_string());
    let format = ["--format", "64x64"];
    let first = document(&desk, &[&["slides", "deck.md", "-o", "md"], &format[..]].concat(), 0);
    let second = document(&desk, &[&["slides", "deck.json", "-o", "json"], &format[..]].concat(), 0);
    let list = |report: &Value| -> Value {
        let slide =
            |slide: &Value| json!([slide["number"], slide["title"], slide["prompt"], slide["clean_prompt"]]);
        report["slides"].as_array().unwrap().iter().map(slide).collect()
    };
    assert_eq!(list(&first), list(&second));
    assert_eq!(second["totals"]["paid_calls"], 0, "the same slides have the same recipes");
}
