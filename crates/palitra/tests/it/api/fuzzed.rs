//! The description against the service: schemathesis makes good and bad requests of the OpenAPI document and holds every answer against it.
//! The examples are the same in every run.

use super::{
    sdk::python,
    service::{ARTIST, Stage, made},
};
use crate::{crash::process::Process, harness::Desk, processes::database::Database};
use serde_json::{Value, json};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection";

fn holds(desk: Desk) {
    let stage = Stage::at(desk)
        .set("PALITRA_SECURITY__REQUESTS_PER_MINUTE", "0")
        .set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true");
    // Whoever may do everything reaches everything.
    let key = stage.key("ann", &["--credit", "10000", "--scope", "read,generate,account,operator"]);
    let service = stage.serve();
    let ann = service.client(&key);
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
    // Ids that are there, so that what is behind them is reached as well.
    let known: String = [
        ("models/schema$", "query.id", ARTIST.to_owned()),
        ("generations/[{]id", "path.id", id(&fox["id"])),
        ("assets/[{]id", "path.id", id(&fox["assets"][0]["id"])),
        ("batches/[{]id", "path.id", id(&task["task_id"])),
        ("webhooks/deliveries/[{]id", "path.id", id(&sent["delivery_id"])),
        ("webhooks/[{]id", "path.id", id(&webhook["id"])),
    ]
    .iter()
    .map(|(path, name, value)| {
        format!("[[operations]]\ninclude-path-regex = \"^/v1/{path}\"\nparameters = {{ \"{name}\" = \"{value}\" }}\n")
    })
    .collect();
    let config = stage.desk.write("schemathesis.toml", known);
    let mut command = python();
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(config);
    command.arg("run").arg(service.url("/openapi.json")).args(["--checks", CHECKS]);
    command.args([
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "8",
        "--generation-deterministic",
    ]);
    command.args(["--workers", "1", "--suppress-health-check", "all", "--no-color", "--continue-on-failure"]);
    command.args(["--header", &format!("Authorization: {}", ann.authorization)]);
    // A webhook that is deleted is not there for the others; a stream of events has no end.
    command.args(["--exclude-path-regex", "/events", "--exclude-operation-id", "delete"]);
    command.env("HOME", stage.desk.path("")).current_dir(stage.desk.path(""));
    let run = Process::of(command).end().run;
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    service.kill();
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
