//! The description against the service: schemathesis makes good and bad requests of the OpenAPI document and holds every answer against it.
//! The examples are the same in every run.

use super::{
    client::Client,
    sdk::python,
    service::{ARTIST, Stage, balance, made, until},
};
use crate::{crash::process::Process, harness::Desk, processes::database::Database};
use serde_json::{Value, json};
use std::path::Path;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection";

fn holds(desk: Desk) {
    let stage = Stage::at(desk)
        .set("PALITRA_SECURITY__REQUESTS_PER_MINUTE", "0")
        .set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true");
    // Whoever may do everything reaches everything.
    let key = stage.key("ann", &["--credit", "10000", "--scope", "read,generate,account,operator"]);
    let leaving = stage.key("gone", &["--scope", "read,generate,account"]);
    let service = stage.serve();
    let (ann, gone) = (service.client(&key), service.client(&leaving));
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let large = json!({ "model": ARTIST, "input": { "prompt": "a fox", "width": 640, "height": 640 } });
    let fox = made(&ann, &large);
    let word = json!({ "word": "fox", "format": "64x64" });
    let task = ann
        .ask("POST", "/api/media/generate-image")
        .header("prefer", "wait=60")
        .json(&word)
        .send()
        .is(200)
        .json();
    let webhook = ann.post("/v1/webhooks", &json!({ "url": "http://127.0.0.1:9/" })).is(201).json();
    let sent = ann.post(&format!("/v1/webhooks/{}/test", id(&webhook["id"])), &Value::Null).is(202).json();
    let last = gone.post("/v1/webhooks", &json!({ "url": "http://127.0.0.1:9/" })).is(201).json();
    // Ids that are there, so that what is behind them is reached as well.
    let knows = |file: &str, ids: &[(&str, &str, String)]| {
        let known = ids.iter().map(|(path, name, value)| {
            format!("[[operations]]\ninclude-path-regex = \"^/v1/{path}\"\nparameters = {{ \"{name}\" = \"{value}\" }}\n")
        });
        stage.desk.write(file, known.collect::<String>())
    };
    let hers = knows(
        "hers.toml",
        &[
            ("models/schema$", "query.id", ARTIST.to_owned()),
            ("generations/[{]id", "path.id", id(&fox["id"])),
            ("assets/[{]id", "path.id", id(&fox["assets"][0]["id"])),
            ("batches/[{]id", "path.id", id(&task["task_id"])),
            ("webhooks/deliveries/[{]id", "path.id", id(&sent["delivery_id"])),
            ("webhooks/[{]id", "path.id", id(&webhook["id"])),
        ],
    );
    let theirs = knows("theirs.toml", &[("webhooks/[{]id", "path.id", id(&last["id"]))]);
    let described = service.url("/openapi.json");
    let run = |client: &Client, config: &Path, words: &[&str]| {
        let mut command = python();
        command.args(["-m", "schemathesis.cli", "--config-file"]).arg(config);
        command.args(["run", &described, "--checks", CHECKS]).args(words);
        command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "8"]);
        command.args(["--generation-deterministic", "--workers", "1", "--suppress-health-check", "all"]);
        command.args(["--no-color", "--continue-on-failure"]);
        command.args(["--header", &format!("Authorization: {}", client.authorization)]);
        command.env("HOME", stage.desk.path("")).current_dir(stage.desk.path(""));
        let run = Process::of(command).end().run;
        assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    };
    // A stream of events has no end, and a key that is renewed or revoked is this one.
    run(&ann, &hers, &["--exclude-path-regex", "/events|/v1/keys/.*/re", "--exclude-method", "DELETE"]);
    // What is deleted is not there for the others: the account of somebody who has nothing else.
    run(&gone, &theirs, &["--include-method", "DELETE"]);
    let deleted = gone.get(&format!("/v1/webhooks/{}", id(&last["id"])));
    assert!(matches!(deleted.status, 401 | 404), "{}", deleted.text());
    // Some of it was made, all of it has its end, and the books agree.
    ann.post("/v1/markets/sandbox/resume", &json!({})).is(200);
    ann.post("/v1/generations/cancel", &Value::Null).is(200);
    until("the end of all", || (balance(&ann).1 == 0).then_some(()));
    let books = stage.close(service);
    assert!(books.generations.len() > 3 && books.generations.iter().any(|one| one.charged > 0));
}

#[test]
fn the_service_keeps_to_its_description_on_sqlite() {
    holds(Desk::new());
}

#[test]
fn the_service_keeps_to_its_description_on_postgresql() {
    let database = Database::new();
    holds(Desk::new().set("PALITRA_DATABASE__URL", &database.url()));
    drop(database);
}
