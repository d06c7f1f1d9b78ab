//! `slides`, `words` and `run` at a service: the same plans, files, reports and exit codes as on a data directory of one's own, whoever goes away
//! meanwhile.

use super::service::{PICTURE, SOUND, Service, Stage, balance};
use crate::{crash::process::Process, harness::deck_with_prompts};
use palitra_decks::{anki, words::Columns};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{fs::File, io::BufReader};

const DECK: &[&str] = &["slides", "deck.json", "-o", "out", "--format", "64x64", "--lang", "en"];
const LIST: &[&str] = &["words", "words.csv", "-o", "cards", "--format", "64x64", "--lang", "en"];
const LINES: &[&str] = &["run", "wishes.jsonl", "-o", "lines", "--lang", "en"];

/// What the three commands are given.
fn given(stage: &Stage) {
    stage.desk.write("deck.json", deck_with_prompts(["a red kite", "a blue boat"]));
    stage.desk.write("words.csv", "word,translation\ncat,кот\ndog,собака\n");
    let line =
        |prompt: &str| json!({ "input": { "prompt": prompt, "width": 64, "height": 64 }, "id": prompt });
    let bad = json!({ "model": "sandbox/artits", "input": { "prompt": "x" } });
    stage.desk.write("wishes.jsonl", format!("{}\n{bad}\nno JSON\n{}\n", line("a fox"), line("a hen")));
}

/// With these words besides, agreed to, as one document.
fn with(words: &[&str], more: &[&str]) -> Vec<String> {
    [words, more, &["--yes", "--json"]].concat().into_iter().map(str::to_owned).collect()
}

fn report(stage: &Stage, words: &[&str], more: &[&str], code: i32) -> Value {
    let words = with(words, more);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = stage.desk.run(&words);
    assert_eq!(run.code, Some(code), "{words:?}\n{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}\n{}", run.stdout))
}

fn totals(report: &Value) -> (i64, i64, i64) {
    let of = |name: &str| report["totals"][name].as_i64().unwrap();
    (of("succeeded"), of("paid_calls"), report["totals"]["price"]["amount"].as_i64().unwrap())
}

/// All three, twice; then without the service.
fn all_three(stage: &Stage, at: &[&str]) {
    let model: &[&str] = &["--model", super::service::ARTIST];
    let lines = [LINES, model].concat();
    let plan = stage.desk.json(&[DECK, at, &["--plan"]].concat());
    assert_eq!((&plan["items"], &plan["to_run"]), (&json!(2), &json!(2)), "{plan}");
    assert_eq!(plan["price"]["amount"], 2 * PICTURE);
    assert!(!stage.desk.path("out").exists(), "a plan writes nothing");
    let unasked = stage.desk.run(&[DECK, at].concat());
    assert_eq!(unasked.code, Some(2), "what costs something is asked about: {}", unasked.stderr);
    let dear = stage.desk.run(&[DECK, at, &["--yes", "--max-cost", "0.01"]].concat());
    assert_eq!(dear.code, Some(3), "{}", dear.stderr);

    for paid in [true, false] {
        let times = |count: i64| if paid { count } else { 0 };
        let deck = report(stage, DECK, at, 0);
        assert_eq!(totals(&deck), (2, times(2), times(2 * PICTURE)));
        assert_eq!(deck["slides"][0]["reused"], !paid);
        let cards = report(stage, LIST, at, 0);
        assert_eq!(totals(&cards), (2, times(4), times(2 * (PICTURE + SOUND))));
        let made = report(stage, &lines, at, 4);
        assert_eq!(totals(&made), (2, times(2), times(2 * PICTURE)), "{made}");
    }
    for name in ["out/01.png", "out/02.png", "out/index.html", "out/report.json", "out/deck.illustrated.md"] {
        assert!(stage.desk.path(name).is_file(), "{name}");
    }
    assert!(stage.desk.read("cards/words.csv").contains("images/0001-cat.png"));
    for name in
        ["cards/images/0002-dog.png", "cards/audio/0001-cat.wav", "lines/00001.png", "lines/00004.png"]
    {
        assert!(std::fs::metadata(stage.desk.path(name)).is_ok_and(|file| file.len() > 40), "{name}");
    }
    let written: Vec<Value> = stage
        .desk
        .read("lines/results.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<(u64, &str)> = written
        .iter()
        .map(|line| (line["number"].as_u64().unwrap(), line["status"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(1, "succeeded"), (2, "failed"), (3, "failed"), (4, "succeeded")]);
    assert!(written[1]["error"]["message"].as_str().unwrap().contains("sandbox/artits"), "{}", written[1]);
    assert_eq!((&written[0]["id"], &written[0]["files"]), (&json!("a fox"), &json!(["00001.png"])));

    let anki = [&LIST[..2], &["-o", "cards.apkg", "--format", "64x64"]].concat();
    assert_eq!(totals(&report(stage, &anki, at, 0)), (2, 0, 0));
    let package = BufReader::new(File::open(stage.desk.path("cards.apkg")).unwrap());
    let list = anki::read(package, &Columns::default()).unwrap();
    assert!(list.words.iter().all(|word| word.has_image && word.has_audio), "{:?}", list.words);
}

#[test]
fn decks_words_and_lines_are_made_by_the_service_that_has_the_data_directory() {
    let stage = Stage::new();
    given(&stage);
    let service = stage.serve();
    all_three(&stage, &[]);
    stage.close(service);
    // It is the same account, the same recipes and the same folders that a command of one's own finds.
    assert_eq!(totals(&report(&stage, DECK, &[], 0)), (2, 0, 0));
    assert_eq!(totals(&report(&stage, LIST, &[], 0)), (2, 0, 0));
}

#[test]
fn decks_words_and_lines_are_made_at_an_address_for_the_account_of_the_key() {
    let (stage, service, ann) = Stage::with_ann();
    given(&stage);
    let (url, key) = (service.url(""), ann.authorization.trim_start_matches("Bearer ").to_owned());
    all_three(&stage, &["--server", &url, "--key", &key]);
    assert_eq!(balance(&ann), (10_000 - 6 * PICTURE - 2 * SOUND, 0));
    let style = stage.desk.run(&[DECK, &["--server", &url, "--key", &key, "--style", "уголь"]].concat());
    assert_eq!(style.code, Some(2), "{}", style.stderr);
    stage.close(service);
}

/// A run of the deck at the service of this directory, as far as it gets where nobody works.
fn begun(stage: &Stage, settings: &[(&str, &str)]) -> Process {
    let process = Process::start(&stage.desk, &[DECK, &["--yes"]].concat(), settings);
    assert!(process.says("images: 0/2"), "it is followed");
    process
}

#[test]
fn a_signal_leaves_a_batch_to_the_service_and_the_same_command_comes_back_to_it() {
    let stage = Stage::new();
    given(&stage);
    let idle = stage.serve_door_alone();
    let process = begun(&stage, &[]);
    process.signal(Signal::INT);
    let left = process.end().run;
    assert_eq!(left.code, Some(130), "{}", left.stderr);
    let (error, hint) = left.complaint();
    let batches = stage.desk.json(&["jobs", "ls"]);
    assert_eq!((error, batches.as_array().unwrap().len()), ("interrupted", 2));
    let batch = hint.split_whitespace().find(|word| word.starts_with("bat_")).expect(hint);
    assert!(stage.desk.path("out/report.json").is_file(), "what is there is written");
    Service::kill(idle);

    let service = stage.serve();
    let run = stage.desk.run(&[DECK, &["--yes"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains(&format!("continuing the interrupted run {batch}")) || made(&stage),
        "{}",
        run.stderr
    );
    assert_eq!(stage.desk.json(&["jobs", "ls"]).as_array().unwrap().len(), 2, "nothing is made twice");
    stage.close(service);
}

/// The service may have been quicker than the command that came back.
fn made(stage: &Stage) -> bool {
    stage.desk.read_json("out/report.json")["totals"]["paid_calls"] == 0
}

#[test]
fn a_service_that_is_killed_meanwhile_is_waited_for_and_nothing_is_made_twice() {
    let stage = Stage::new();
    given(&stage);
    let idle = stage.serve_door_alone();
    let process = begun(&stage, &[]);
    Service::kill(idle);
    let service = stage.serve();
    let run = process.end().run;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(stage.desk.read_json("out/report.json")["totals"]["succeeded"], 2);
    assert_eq!(stage.desk.json(&["jobs", "ls"]).as_array().unwrap().len(), 2);
    stage.close(service);
}

#[test]
fn a_service_that_stays_away_is_given_up_with_the_way_back() {
    let stage = Stage::new();
    given(&stage);
    let idle = stage.serve_door_alone();
    // The half minute that it is waited for takes a second.
    let process = begun(&stage, &[("PALITRA_CLOCK_SCALE", "30")]);
    Service::kill(idle);
    let run = process.end().run;
    let (error, hint) = run.complaint();
    assert_eq!((run.code, error.contains("does not answer")), (Some(1), true), "{error}");
    assert!(hint.contains("bat_"), "{hint}");
}
