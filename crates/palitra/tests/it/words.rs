//! `palitra words`: what a list of words becomes, and what a second run pays for.

use crate::{
    crash::books::Books,
    harness::{Desk, FLUX, Fal, Run, example},
};
use palitra_decks::words::{self, Columns, WordList};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn market() -> Fal {
    Fal::start(FalScript { latency_ms: 2, ..FalScript::default() })
}

/// Pictures by fal, sounds by the sandbox.
fn on_fal<'a>(list: &'a str, out: &'a str) -> Vec<&'a str> {
    vec!["words", list, "-o", out, "--model", FLUX, "--speech-model", "sandbox/voice", "--yes"]
}

fn examples() -> String {
    std::fs::read_to_string(example("words-100.csv")).unwrap()
}

fn list_of(desk: &Desk, name: &str) -> WordList {
    words::read(&std::fs::read(desk.path(name)).unwrap(), name, &Columns::default()).unwrap()
}

/// Of `--json`.
fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

#[test]
fn a_list_gets_pictures_and_sounds_without_a_key_and_a_table_of_both() {
    let desk = Desk::new();
    desk.write(
        "list.csv",
        "слово;перевод;пример\nкот;cat;Кот спит.\nдом;house;\nмаяк;lighthouse;Маяк светит.\n",
    );
    let report = desk.json(&["words", "list.csv", "-o", "out"]);
    let totals = &report["totals"];
    assert_eq!(
        (&totals["items"], &totals["succeeded"], &totals["paid_calls"]),
        (&json!(3), &json!(3), &json!(6))
    );
    assert_eq!(totals["price"]["amount"], 0, "this machine's own work is free");
    for item in report["items"].as_array().unwrap() {
        assert_eq!(item["steps"].as_array().unwrap().len(), 2);
        for step in item["steps"].as_array().unwrap() {
            let file = std::fs::read(desk.path("out").join(step["file"].as_str().unwrap())).unwrap();
            assert!(file.len() > 500, "{step}");
        }
    }
    assert!(desk.path("out/images/0001-кот.png").exists());
    assert_eq!(desk.read_json("out/report.json")["totals"], *totals);
    let table = list_of(&desk, "out/words.csv");
    let told: Vec<(&str, Option<&str>)> =
        table.words.iter().map(|word| (word.word.as_str(), word.translation.as_deref())).collect();
    assert_eq!(told, [("кот", Some("cat")), ("дом", Some("house")), ("маяк", Some("lighthouse"))]);
    assert!(table.words.iter().all(|word| word.has_image && word.has_audio));

    let again = desk.json(&["words", "list.csv", "-o", "elsewhere", "--image"]);
    assert_eq!(again["totals"]["paid_calls"], 0);
    assert!(desk.path("elsewhere/images/0003-маяк.png").exists() && !desk.path("elsewhere/audio").exists());
}

#[test]
fn d2_three_edited_words_of_a_hundred_cost_three_pictures_and_three_sounds_and_then_nothing() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    desk.write("list.csv", examples());
    let words = on_fal("list.csv", "out");
    let plan = desk.json(&[&words[..], &["--plan"]].concat());
    assert_eq!((&plan["items"], &plan["to_run"], &plan["unchanged"]), (&json!(100), &json!(100), &json!(0)));
    let first = desk.json(&words);
    assert_eq!(first["totals"]["succeeded"], 100, "{}", first["totals"]);
    assert_eq!((fal.accepted(FLUX).len(), &first["totals"]["paid_calls"]), (100, &json!(200)));
    assert_eq!(first["totals"]["price"], plan["price"]);
    let cyrillic = |prompt: &str| prompt.chars().any(|letter| ('а'..='я').contains(&letter));
    assert!(
        fal.accepted(FLUX).iter().all(|one| !cyrillic(&one.prompt)),
        "an English-only model is sent English"
    );

    let edited: String = examples()
        .lines()
        .enumerate()
        .map(|(at, line)| match at {
            10 | 50 | 90 => format!("новое{at},new thing {at},An example of {at}.\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    desk.write("list.csv", edited);
    let second = desk.json(&words);
    assert_eq!(
        (fal.accepted(FLUX).len(), &second["totals"]["paid_calls"]),
        (103, &json!(6)),
        "{}",
        second["totals"]
    );
    let spent = desk.json(&["balance"]);
    let third = desk.json(&words);
    assert_eq!((fal.accepted(FLUX).len(), &third["totals"]["paid_calls"]), (103, &json!(0)));
    assert_eq!(desk.json(&["balance"]), spent);
}

#[test]
fn s1_22_a_run_that_is_killed_at_half_pays_for_the_rest_only() {
    let fal = market();
    let desk = Desk::hurried(&fal);
    let half: String = examples().lines().take(13).map(|line| format!("{line}\n")).collect();
    desk.write("list.csv", half);
    let words = on_fal("list.csv", "words.apkg");
    let killed = desk.command(&words).env("PALITRA_CRASH_AT", "storing.settle.after:12").output().unwrap();
    assert_eq!(killed.status.code(), None, "killed");
    assert!(!desk.path("words.apkg").exists(), "half a deck is none");
    let left = Books::read(&desk).generations;
    let in_doubt = left.iter().filter(|generation| generation.state == "submitting").count();
    let report = desk.json(&words);
    assert_eq!(report["totals"]["succeeded"], 12);
    let prompts: Vec<String> = fal.accepted(FLUX).into_iter().map(|one| one.prompt).collect();
    let books = Books::read(&desk);
    // What was being sent when it was killed may have been taken or not: the house sends it once more.
    let by_the_house = books.attempts.iter().filter(|attempt| attempt.reason == "unknown").count();
    assert_eq!(prompts.iter().collect::<BTreeSet<_>>().len(), 12);
    assert!(by_the_house <= in_doubt, "{by_the_house} once more, and {in_doubt} were being sent");
    assert!(prompts.len() <= 12 + by_the_house, "each picture once: {} for 12", prompts.len());
    assert_eq!((books.held, books.problems), (0, vec![]));
    let deck = list_of(&desk, "words.apkg");
    assert!(deck.words.len() == 12 && deck.words.iter().all(|word| word.has_image && word.has_audio));
}

#[test]
fn s1_18_a_word_that_fails_leaves_the_others_and_only_it_is_tried_again() {
    let broken = Fault::Fail { error_type: "runner_server_error".to_owned() };
    let rule = Rule { match_prompt: Some("lighthouse".to_owned()), ..Rule::new(Call::Submit, broken) };
    let fal = Fal::start(FalScript { latency_ms: 2, rules: vec![rule], ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    desk.write("list.txt", "кот - cat\nмаяк - lighthouse\nдом - house\n");
    let words = on_fal("list.txt", "out");
    let run = desk.run(&[&words[..], &["--json"]].concat());
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let report = document(&run);
    assert_eq!((&report["totals"]["succeeded"], &report["totals"]["failed"]), (&json!(2), &json!(1)));
    let failed = &report["items"][1];
    assert_eq!((&failed["status"], &failed["error"]["step"]), (&json!("failed"), &json!("picture")));
    assert!(failed["steps"][1]["file"].as_str().unwrap().starts_with("audio/"), "its sound is kept");
    assert_eq!(list_of(&desk, "out/words.csv").words.len(), 3);
    fal.set_script(FalScript { latency_ms: 2, ..FalScript::default() });
    let before = fal.accepted(FLUX).len();
    let again = desk.json(&[&words[..], &["--redo-failed"]].concat());
    assert_eq!((fal.accepted(FLUX).len() - before, &again["totals"]["succeeded"]), (1, &json!(3)));
}

#[test]
fn an_anki_deck_comes_back_with_sounds_and_notes_that_have_them_are_passed_over() {
    let desk = Desk::new();
    std::fs::copy(example("kitchen.apkg"), desk.path("kitchen.apkg")).unwrap();
    let before = list_of(&desk, "kitchen.apkg");
    let report = desk.json(&["words", "kitchen.apkg", "-o", "out.apkg", "--audio"]);
    let left = before.words.iter().filter(|word| !word.has_audio).count();
    assert!(left > 0);
    assert_eq!(report["totals"]["items"], left);
    let after = list_of(&desk, "out.apkg");
    assert!(after.words.iter().all(|word| word.has_audio));
    let ids = |list: &WordList| list.words.iter().map(|word| word.note.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after), "the same notes");
    let nothing = desk.run(&["words", "out.apkg", "-o", "again.apkg", "--audio", "--lang", "en"]);
    assert!(nothing.code == Some(0) && nothing.stdout.contains("nothing to do"), "{nothing:?}");
    let itself = desk.run(&["words", "kitchen.apkg", "-o", "kitchen.apkg"]);
    assert_eq!(itself.code, Some(2), "{}", itself.stderr);
    assert_eq!(list_of(&desk, "kitchen.apkg"), before);
}

#[test]
fn what_was_assumed_and_what_was_left_out_is_said_and_a_file_that_is_no_list_is_refused() {
    let desk = Desk::new();
    let (text, _, _) = ("слово,перевод\nкот,cat\n,dog\nКот,Cat\nдом,house\n", 0, 0);
    let cp1251: Vec<u8> = text
        .chars()
        .map(|letter| match u32::from(letter) {
            code @ 0x410..=0x44f => u8::try_from(code - 0x350).unwrap(),
            code => u8::try_from(code).unwrap(),
        })
        .collect();
    desk.write("list.csv", cp1251);
    let run = desk.run(&["words", "list.csv", "-o", "out", "--image", "--lang", "en"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for said in ["windows-1251", "row 3", "row 4", "the same as word 1"] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    for (name, bytes) in [
        ("a.csv", &b""[..]),
        ("b.apkg", b"PK\x03\x04nonsense"),
        ("c.xlsx", b"PK\x03\x04"),
        ("d.json", b"{\"words\": 7}"),
    ] {
        desk.write(name, bytes);
        for lang in ["en", "ru"] {
            let run = desk.run(&["words", name, "-o", "never", "--lang", lang]);
            assert_eq!(run.code, Some(2), "{name}: {}", run.stderr);
            assert!(run.stderr.contains(name) && run.stderr.contains("hint:"), "{}", run.stderr);
        }
    }
    assert!(!desk.path("never").exists());
}
