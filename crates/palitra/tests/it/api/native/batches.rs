//! Batches: planned, started once, looked at in every form, cancelled.

use crate::api::{
    client::Client,
    service::{ARTIST, PICTURE, SOUND, Stage, VOICE, balance, roubles},
};
use serde_json::{Value, json};

fn run() -> Value {
    json!({ "kind": "run", "title": "Two", "items": [
        { "model": ARTIST, "input": { "prompt": "a fox", "width": 64, "height": 64 } },
        { "model": VOICE, "mode": "speak", "input": { "text": "a hen" } },
    ] })
}

fn ended(client: &Client, batch: &Value) -> Value {
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    client.ask("GET", &format!("{path}/events")).events().for_each(drop);
    client.look(&path)
}

#[test]
fn a_batch_is_planned_carried_out_and_looked_at() {
    let (stage, service, ann) = Stage::with_ann();
    let plan = ann.post("/v1/batches/plan", &run()).is(200).json();
    assert_eq!((&plan["to_run"], &plan["price"]), (&json!(2), &roubles(PICTURE + SOUND)));
    assert_eq!(balance(&ann), (10_000, 0), "a plan holds nothing");
    let started = ann.post("/v1/batches", &run()).is(202);
    let batch = started.json();
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(started.header("location"), Some(service.url(&path).as_str()));
    let done = ended(&ann, &batch);
    assert_eq!(
        (&done["status"], &done["kind"], &done["title"]),
        (&json!("completed"), &json!("run"), &json!("Two"))
    );
    assert_eq!(balance(&ann), (10_000 - PICTURE - SOUND, 0));
    let items = ann.look(&format!("{path}/items"));
    let kinds: Vec<&Value> =
        items["data"].as_array().unwrap().iter().map(|item| &item["steps"][0]["assets"][0]["kind"]).collect();
    assert_eq!(kinds, ["image", "audio"]);
    let first = ann.look(&format!("{path}/items?limit=1"));
    let second = ann.look(&format!("{path}/items?limit=1&after={}", first["next"].as_str().unwrap()));
    assert_eq!((&second["data"][0]["number"], &second["next"]), (&json!(2), &Value::Null));
    let results = ann.get(&format!("{path}/results")).is(200);
    assert_eq!(results.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = results.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["steps"][0]["model"]), (2, &json!(VOICE)));
    let zip = ann.get(&format!("{path}/results?format=zip")).is(200);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip.body)).unwrap();
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        files.push((file.name().unwrap().into_owned(), bytes.len() as u64));
    }
    let asset = |n: usize| &items["data"][n]["steps"][0]["assets"][0];
    let bytes = |n: usize| asset(n)["bytes"].as_u64().unwrap();
    assert_eq!(files, [("001-run.png".to_owned(), bytes(0)), ("002-run.wav".to_owned(), bytes(1))]);
    assert_eq!(ann.look(&format!("{path}/report"))["items"].as_array().unwrap().len(), 2);
    ann.post(&format!("{path}/cancel"), &Value::Null).refuses(409, "already_finished");
    // What is there is taken as it is.
    let plan = ann.post("/v1/batches/plan", &run()).is(200).json();
    assert_eq!((&plan["unchanged"], &plan["to_run"], &plan["price"]), (&json!(2), &json!(0), &roubles(0)));
    let again = ended(&ann, &ann.post("/v1/batches", &run()).is(202).json());
    assert_eq!(again["status"], "completed");
    assert_eq!(balance(&ann), (10_000 - PICTURE - SOUND, 0));
    stage.close(service);
}

#[test]
fn words_and_slides_are_batches_too() {
    let (stage, service, ann) = Stage::with_ann();
    let words = json!({ "kind": "words", "format": "64x64", "words": [{ "word": "cat", "audio": true }, { "word": "dog" }] });
    let done = ended(&ann, &ann.post("/v1/batches", &words).is(202).json());
    assert_eq!((&done["status"], &done["task"]["succeeded_words"]), (&json!("completed"), &json!(2)));
    let mut redo = words.clone();
    redo["redo"] = json!([2]);
    assert_eq!(ann.post("/v1/batches/plan", &redo).is(200).json()["to_run"], 1);
    let slides = json!({ "kind": "slides", "format": "64x64", "slides": [
        { "title": "The harbour", "content": "Ships and cranes" },
        { "title": "The lighthouse", "prompt": "a lighthouse at dawn" },
    ] });
    let done = ended(&ann, &ann.post("/v1/batches", &slides).is(202).json());
    assert_eq!(done["status"], "completed", "{done}");
    let listed = ann.look("/v1/batches?limit=1");
    assert_eq!(listed["data"][0]["kind"], "slides");
    let next = listed["next"].as_str().unwrap();
    assert_eq!(ann.look(&format!("/v1/batches?after={next}"))["data"][0]["kind"], "words");
    stage.close(service);
}

#[test]
fn a_batch_is_started_once_under_a_key_and_cancelled_as_one() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    let start =
        |body: &Value| ann.ask("POST", "/v1/batches").header("idempotency-key", "deck 7").json(body).send();
    let first = start(&run()).is(202);
    let again = start(&run()).is(202);
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(first.json()["id"], again.json()["id"]);
    let mut other = run();
    other["title"] = json!("Three");
    start(&other).refuses(409, "idempotency_conflict");
    assert_eq!(balance(&ann), (10_000 - PICTURE - SOUND, PICTURE + SOUND));
    let path = format!("/v1/batches/{}", first.json()["id"].as_str().unwrap());
    let cancelled = ann.post(&format!("{path}/cancel"), &Value::Null).is(200).json();
    assert_eq!((&cancelled["status"], &cancelled["cancelled"]), (&json!("cancelled"), &json!(true)));
    assert_eq!(balance(&ann), (10_000, 0));
    stage.close(service);
}

#[test]
fn what_a_batch_cannot_be_is_refused_with_its_place() {
    let (stage, service, ann) = Stage::with_ann();
    let item = |input: Value| json!({ "kind": "run", "items": [{ "model": ARTIST, "input": { "prompt": "a fox" } }, { "model": ARTIST, "input": input }] });
    for (body, path) in [
        (json!({ "kind": "run" }), "items"),
        (json!({ "kind": "words", "words": [] }), "words"),
        (json!({ "kind": "words", "words": [{ "word": "" }] }), "words[0].word"),
        (
            json!({ "kind": "words", "words": [{ "word": "a" }], "items": [{ "model": ARTIST, "input": {} }] }),
            "words",
        ),
        (json!({ "kind": "films" }), "kind"),
        (
            json!({ "kind": "run", "items": [{ "model": ARTIST, "input": {}, "colour": 1 }] }),
            "items[0].colour",
        ),
        (json!({ "kind": "words", "words": [{ "word": "a" }], "gate_percent": 101 }), "gate_percent"),
        (item(json!({ "prompt": "a fox", "width": "wide" })), "items[1].input.width"),
    ] {
        for route in ["/v1/batches", "/v1/batches/plan"] {
            let refused = ann.post(route, &body).refuses(422, "invalid_input").json();
            assert_eq!(refused["violations"][0]["path"], path, "{refused}");
        }
    }
    ann.post("/v1/batches", &json!({ "kind": "run", "items": [{ "model": "nobody", "input": {} }] }))
        .refuses(404, "unknown_model");
    assert_eq!(balance(&ann), (10_000, 0));
    let poor = json!({ "kind": "run", "items": vec![run()["items"][0].clone(); 60] });
    ann.post("/v1/batches", &poor).refuses(402, "insufficient_funds");
    stage.close(service);
}

/// A zip that cannot be made to its end does not look like one that was.
#[test]
fn a_zip_whose_file_is_gone_breaks_off() {
    let (stage, service, ann) = Stage::with_ann();
    let done = ended(&ann, &ann.post("/v1/batches", &run()).is(202).json());
    let zip = format!("/v1/batches/{}/results?format=zip", done["id"].as_str().unwrap());
    ann.get(&zip).is(200);
    std::fs::remove_dir_all(stage.desk.path("palitra-data/objects/audio")).unwrap();
    let (mut stream, _) = ann.ask("GET", &zip).start();
    let mut all = Vec::new();
    drop(std::io::Read::read_to_end(&mut stream, &mut all));
    assert!(all.starts_with(b"HTTP/1.1 200"));
    // The last chunk says that nothing follows.
    assert!(!all.ends_with(b"0\r\n\r\n"), "it ends as if it were whole");
    stage.close(service);
}
