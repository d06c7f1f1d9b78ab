//! The command line at a service: by its address with a key, and, where the service has the data directory, over its control socket.

use super::service::{ARTIST, PICTURE, Stage, balance};
use std::fs;

#[test]
fn what_makes_one_thing_works_while_a_service_has_the_data_directory() {
    let stage = Stage::new();
    let service = stage.serve();
    let drawn = stage.desk.run(&["create", "a fox", "-o", "fox.png", "--format", "64x64", "--yes"]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    assert!(stage.desk.path("fox.png").is_file());
    let edited = stage.desk.run(&["edit", "fox.png", "--wish", "make it night", "-o", "night.png", "--yes"]);
    assert_eq!(edited.code, Some(0), "{}", edited.stderr);
    let written = stage.desk.run(&["text", "night.png", "Ночь", "-o", "card.png"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let said = stage.desk.run(&["speak", "good evening", "-o", "said.wav", "--yes"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let plan = stage.desk.json(&["create", "another", "--format", "64x64", "--plan"]);
    assert_eq!(plan["price"]["amount"], PICTURE, "{plan}");
    let listed = stage.desk.json(&["jobs", "ls"]);
    assert_eq!(listed.as_array().unwrap().len(), 4);
    // What is refused is refused in the same words, and nothing is held.
    let refused =
        stage.desk.run(&["create", "x", "--model", "nobody/nothing", "-o", "x.png", "--lang", "en"]);
    assert_eq!(
        (refused.code, refused.complaint().0.contains("nobody/nothing")),
        (Some(2), true),
        "{}",
        refused.stderr
    );
    stage.close(service);
}

#[test]
fn a_service_is_asked_by_its_address_with_a_key() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve();
    let (url, ann) = (service.url(""), service.client(&key));
    let at = |words: &[&str]| {
        stage.desk.run(&[words, &["--server", &url, "--key", &key, "--lang", "en"]].concat())
    };
    let drawn = at(&["create", "a fox", "-o", "out/", "--format", "64x64", "--yes"]);
    assert_eq!(drawn.code, Some(0), "{}", drawn.stderr);
    let file = fs::read_dir(stage.desk.path("out")).unwrap().next().unwrap().unwrap().path();
    let edited = at(&["edit", file.to_str().unwrap(), "--wish", "make it night", "-o", "night.png", "--yes"]);
    assert_eq!(edited.code, Some(0), "{}", edited.stderr);
    assert_eq!(balance(&ann).0, 10_000 - 2 * PICTURE, "it is the account of the key that pays");
    // A price is agreed to, or nothing happens.
    assert_eq!(at(&["create", "a fox", "-o", "x.png", "--format", "64x64"]).code, Some(2));
    assert_eq!(at(&["create", "a fox", "-o", "x.png", "--yes", "--max-cost", "0.01"]).code, Some(3));
    let models = at(&["models", "ls", "--json"]);
    assert!(models.stdout.contains(ARTIST), "{}", models.stdout);
    let jobs = at(&["jobs", "ls", "--json"]);
    let jobs: serde_json::Value = serde_json::from_str(&jobs.stdout).unwrap();
    let id = jobs[0]["id"].as_str().unwrap();
    assert_eq!(at(&["jobs", "show", id]).code, Some(0));
    assert_eq!(at(&["jobs", "watch", id]).code, Some(0));
    assert_eq!(at(&["jobs", "cancel", id, "--yes"]).code, Some(1), "it has ended");
    assert_eq!(at(&["markets", "ls"]).code, Some(1), "that is the operator's");
    let elsewhere = at(&["balance"]);
    assert_eq!(
        (elsewhere.code, elsewhere.complaint().0.contains("--server")),
        (Some(2), true),
        "{}",
        elsewhere.stderr
    );
    let stranger = stage.desk.run(&["jobs", "ls", "--server", &url, "--key", "sk_live_no"]);
    assert_eq!(stranger.code, Some(1), "{}", stranger.stderr);
    let nobody =
        stage.desk.run(&["jobs", "ls", "--server", "http://127.0.0.1:1", "--key", &key, "--lang", "en"]);
    assert_eq!(
        (nobody.code, nobody.complaint().0.contains("does not answer")),
        (Some(1), true),
        "{}",
        nobody.stderr
    );
    stage.close(service);
}
