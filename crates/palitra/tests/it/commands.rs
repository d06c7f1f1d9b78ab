//! The commands beside `slides`: documents, exit codes, empty states, looking at running work.

use crate::harness::{Desk, FLUX, Fal, Run, deck, on_fal};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command},
};

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Starts the program and waits until a line of stderr has this text in it; answers the rest of stderr.
fn start(mut command: Command, until: &str) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(until) {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "ended before `{until}`");
    }
    (child, stderr)
}

fn stop(child: Child, stderr: BufReader<std::process::ChildStderr>, signal: Signal) -> Run {
    kill_process(Pid::from_child(&child), signal).unwrap();
    end(child, stderr)
}

fn end(mut child: Child, mut stderr: BufReader<std::process::ChildStderr>) -> Run {
    let (mut rest, mut stdout) = (String::new(), String::new());
    stderr.read_to_string(&mut rest).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    Run { code: child.wait().unwrap().code(), stdout, stderr: rest }
}

/// A market whose pictures never come into sight.
fn endless() -> Fal {
    let rule =
        Rule { match_model: Some(FLUX.to_owned()), ..Rule::new(Call::Status, Fault::Error { status: 500 }) };
    Fal::start(FalScript { latency_ms: 5, rules: vec![rule], ..FalScript::default() })
}

#[test]
fn every_command_has_something_to_say_in_an_empty_folder_and_leaves_nothing_behind() {
    for lang in ["ru", "en"] {
        for words in [
            &["jobs", "ls"][..],
            &["balance"],
            &["keys", "ls"],
            &["accounts", "ls"],
            &["accounts", "groups", "ls"],
            &["accounts", "audit"],
            &["vouchers", "ls"],
            &["models", "ls"],
            &["config", "show"],
            &["config", "check"],
            &["doctor"],
        ] {
            let desk = Desk::new();
            let run = desk.run(&[words, &["--lang", lang]].concat());
            assert_eq!(run.code, Some(0), "{words:?}: {}", run.stderr);
            assert!(!run.stdout.is_empty() || !run.stderr.is_empty(), "{words:?} says nothing");
            assert!(!desk.path("palitra-data").exists(), "{words:?} left a data directory behind");
            let json = desk.run(&[words, &["--json"]].concat());
            serde_json::from_str::<Value>(&json.stdout)
                .unwrap_or_else(|error| panic!("{words:?}: {error}: {}", json.stdout));
        }
    }
}

#[test]
fn keys_are_created_listed_and_revoked_and_their_account_has_its_credit() {
    let desk = Desk::new();
    let made = desk.json(&["keys", "create", "--account", "ann", "--credit", "1000"]);
    let known = ["key", "account", "id", "name", "mode", "scopes", "expires_at", "budgets"];
    assert_eq!(fields(&made), known);
    assert!(
        made["key"].as_str().unwrap().starts_with("sk_live_")
            && made["account"].as_str().unwrap().starts_with("acc_")
    );
    let test = desk.json(&["keys", "create", "--account", "ann", "--test"]);
    assert!(test["key"].as_str().unwrap().starts_with("sk_test_"));
    assert_eq!(test["account"], made["account"]);
    assert_eq!(
        desk.json(&["balance", "--account", "ann"])["cash"],
        json!({ "amount": 100_000, "currency": "RUB" })
    );
    let added = desk.json(&["balance", "add", "9.50", "--account", "ann"]);
    assert_eq!(added["cash"]["amount"], 100_950);
    let keys = desk.json(&["keys", "ls", "--account", "ann"]);
    assert_eq!(keys.as_array().unwrap().len(), 2);
    let secret = made["key"].as_str().unwrap();
    assert!(!keys.to_string().contains(secret), "the key is shown once");
    let id = keys[0]["id"].as_str().unwrap();
    desk.json(&["keys", "revoke", id]);
    assert_eq!(desk.run(&["keys", "revoke", id]).code, Some(2), "it is revoked already");
    assert!(!desk.json(&["keys", "ls"]).as_array().unwrap().iter().all(|key| key["revoked_at"].is_null()));
}

#[test]
fn models_are_listed_with_prices_and_those_without_a_key_only_when_asked() {
    let desk = Desk::new();
    let models = desk.json(&["models", "ls"]);
    let fal = |models: &Value| {
        models
            .as_array()
            .unwrap()
            .iter()
            .filter(|model| model["market"] == "fal")
            .cloned()
            .collect::<Vec<_>>()
    };
    assert!(
        fal(&models).is_empty()
            && models.as_array().unwrap().iter().any(|model| model["id"] == "sandbox/artist")
    );
    let all = fal(&desk.json(&["models", "ls", "--all"]));
    let flux = all.iter().find(|model| model["id"] == FLUX).unwrap();
    let mut names = fields(flux);
    names.sort_unstable();
    assert_eq!(
        names,
        ["category", "id", "languages", "licence", "market", "modes", "name", "prices", "status"]
    );
    assert_eq!((&flux["status"], &flux["modes"]), (&json!("no_key"), &json!(["create"])));
    assert_eq!(
        flux["prices"],
        json!([{ "mode": "create", "unit": "megapixel", "amount": 475, "currency": "RUB" }])
    );
    let with_key = Desk::with_fal("http://127.0.0.1:9").json(&["models", "ls"]);
    assert!(fal(&with_key).iter().all(|model| model["status"] == "active"));
}

#[test]
fn each_exit_code_is_reached() {
    let desk = Desk::new();
    desk.write("deck.md", deck(2));
    assert_eq!(desk.run(&["create", "кот", "-o", "cat.png", "--format", "64x64"]).code, Some(0));
    assert_eq!(desk.run(&["create", "a lake", "--model", FLUX]).code, Some(1), "no key");
    assert_eq!(desk.run(&["create", "a lake", "--model", "nobody/knows"]).code, Some(2));
    let fal = Fal::start(FalScript::default());
    let dear = Desk::with_fal(&fal.url());
    assert_eq!(dear.run(&["create", "a lake", "--model", FLUX, "--max-cost", "1", "--yes"]).code, Some(3));
    // 4 and 130 of `slides` are with the gate and the interruption; here is that of `create`.
    let slow = endless();
    let desk =
        Desk::hurried(&slow).set("PALITRA_ENGINE__DRAIN_S", "0").set("PALITRA_TELEMETRY__LEVEL", "info");
    let (child, stderr) = start(desk.command(&["create", "a lake", "--model", FLUX, "--yes"]), "submitting");
    let run = stop(child, stderr, Signal::INT);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert_eq!(run.complaint().0, "interrupted");
}

#[test]
fn a_mistake_in_typing_is_said_like_any_other() {
    let desk = Desk::new();
    let words = ["slides", "deck.md", "--out", "out", "--sequentiel"];
    let run = desk.run(&words);
    assert_eq!(run.code, Some(2));
    let (error, hint) = run.complaint();
    assert!(error.contains("`--sequentiel`") && hint.contains("`--sequential`"), "{}", run.stderr);
    let json = desk.run(&[&words[..], &["--json"]].concat());
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document, json!({ "error": { "code": "invalid_input", "message": error, "hint": hint } }));
}

#[test]
fn s0_08_a_model_of_english_gets_the_english_of_a_prompt_and_never_an_empty_one() {
    let fal = Fal::start(FalScript { latency_ms: 5, ..FalScript::default() });
    let desk = Desk::hurried(&fal);
    let create = |prompt: &str| {
        desk.run(&["create", prompt, "--model", FLUX, "--format", "64x64", "--yes", "-o", "a.png"])
    };
    let mixed = create("мягкий свет\nPrompt: \"A calm lake\"");
    assert_eq!(mixed.code, Some(0), "{}", mixed.stderr);
    assert_eq!(fal.accepted(FLUX)[0].prompt, "A calm lake");
    let russian = create("кот в скафандре");
    assert_eq!(russian.code, Some(0), "{}", russian.stderr);
    assert!(russian.stderr.contains("translated"), "{}", russian.stderr);
    let sent = fal.accepted(FLUX)[1].prompt.clone();
    assert!(sent.contains("cat") && !palitra_domain::prompt::has_cyrillic(&sent), "{sent}");
    let sandbox = desk.run(&["create", "кот", "--format", "64x64", "-o", "b.png"]);
    assert_eq!(sandbox.code, Some(0), "the sandbox understands both: {}", sandbox.stderr);
}

#[test]
fn running_work_can_be_seen_watched_and_after_it_stopped_cancelled() {
    let fal = endless();
    let desk = Desk::with_fal(&fal.url());
    desk.write("deck.json", crate::harness::deck_with_prompts(["a lake", "a hill"]));
    let mut command = desk.command(&on_fal("deck.json", "out", &[]));
    command.env("PALITRA_ENGINE__DRAIN_S", "0");
    let (child, stderr) = start(command, "images: 0/2");
    while desk.json(&["jobs", "ls", "--status", "running"]).as_array().unwrap().len() < 2 {}
    let jobs = desk.json(&["jobs", "ls"]);
    let (job, batch) = (jobs[0]["id"].as_str().unwrap(), jobs[0]["batch_id"].as_str().unwrap());
    assert_eq!(desk.json(&["jobs", "show", job])["id"], job);
    assert_eq!(desk.json(&["jobs", "show", batch])["totals"]["items"], 2);
    let busy = desk.run(&["jobs", "cancel", batch, "--yes"]);
    assert_eq!(busy.code, Some(1));
    assert!(busy.complaint().0.contains(&format!("process {}", child.id())), "{}", busy.stderr);
    let (watcher, watched) = start(desk.command(&["jobs", "watch", batch, "--json"]), "picture 0/2");
    assert_eq!(stop(child, stderr, Signal::TERM).code, Some(130));

    // Whoever watches learns that nobody works on it any more.
    let idle = end(watcher, watched);
    assert_eq!(serde_json::from_str::<Value>(&idle.stdout).unwrap()["batch"], batch);
    assert!(idle.stderr.contains("the same command continues"), "{}", idle.stderr);
    fal.set_script(FalScript::default());
    let cancelled = desk.json(&["jobs", "cancel", batch, "--yes"]);
    assert_eq!(cancelled, json!({ "id": batch, "cancelled": true, "status": "cancelled" }));
    assert_eq!(desk.json(&["jobs", "show", batch])["status"], "cancelled");
    assert_eq!(desk.json(&["balance"])["held"]["amount"], 0);
    let again = desk.run(&["jobs", "cancel", batch, "--yes"]);
    assert_eq!((again.code, again.complaint().0), (Some(1), format!("{batch} has already ended").as_str()));
}

#[test]
fn serve_answers_healthz_and_stops_on_a_signal() {
    let desk = Desk::new();
    let mut child = desk.command(&["serve", "--listen", "127.0.0.1:0", "--json"]).spawn().unwrap();
    let mut document = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    while serde_json::from_str::<Value>(&document).is_err() {
        assert_ne!(stdout.read_line(&mut document).unwrap(), 0, "{document}");
    }
    let address = serde_json::from_str::<Value>(&document).unwrap()["listening"].as_str().unwrap().to_owned();
    assert_eq!(get(&address, "/healthz"), "HTTP/1.1 200 OK");
    assert_eq!(get(&address, "/nothing"), "HTTP/1.1 404 Not Found");
    let second = desk.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.code, second.complaint().0.contains("in use")), (Some(1), true), "{}", second.stderr);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for words in [&["serve", "--listen", &address][..], &["sim", "--market", "fal", "--listen", &address]] {
        let run = desk.run(words);
        assert_eq!(run.code, Some(1));
        let (error, hint) = run.complaint();
        assert!(error.contains(&address) && hint.contains("--listen"), "{}", run.stderr);
    }
}

#[test]
fn sim_prints_settings_that_work_when_they_are_pasted() {
    let desk = Desk::new();
    let mut child = desk
        .command(&["sim", "--market", "fal", "--listen", "127.0.0.1:0", "--log", "seen.jsonl"])
        .spawn()
        .unwrap();
    let mut settings = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    while settings.lines().count() < 7 {
        assert_ne!(stdout.read_line(&mut settings).unwrap(), 0, "{settings}");
    }
    desk.write("palitra.toml", &settings);
    let shown =
        desk.json(&["create", "a lake", "-o", "lake.png", "--model", FLUX, "--format", "64x64", "--yes"]);
    assert_eq!((&shown["status"], &shown["file"]), (&json!("succeeded"), &json!("lake.png")));
    assert!(desk.read("seen.jsonl").contains("a lake"));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The status line of a GET.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}
