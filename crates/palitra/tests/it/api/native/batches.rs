//! Batches: planned, started once, looked at in every form, cancelled.

use crate::{
    api::{
        client::Client,
        service::{ARTIST, PICTURE, SOUND, Stage, VOICE, balance, fox, made, roubles},
    },
    harness::Desk,
    processes::database::Database,
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
    // The last chunk says that nothing follows; what came before it may have got lost on the way.
    assert!(!all.ends_with(b"0\r\n\r\n"), "it ends as if it were whole");
    stage.close(service);
}

#[test]
fn every_option_of_the_commands_can_be_said() {
    let (stage, service, ann) = Stage::with_ann();
    let picture = made(&ann, &fox());
    let words = json!({
        "kind": "words", "format": "64x64", "template": "a drawing of {word}", "audio_format": "wav", "speed": 90, "image_workers": 1,
        "audio_workers": 2, "seed": 7, "drop": [9], "words": [
            { "number": 4, "word": "cat", "image": true }, { "number": 7, "word": "dog", "audio": true }, { "number": 9, "word": "hen" },
        ],
    });
    let batch = ann.post("/v1/batches", &words).is(202).json();
    assert_eq!(ended(&ann, &batch)["status"], "completed");
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    let report = ann.look(&format!("{path}/report"));
    let told: Vec<(&Value, &Value)> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["number"], &item["clean_prompt"]))
        .collect();
    assert_eq!(told, [(&json!(4), &json!("a drawing of cat")), (&json!(7), &Value::Null)]);
    let workers: Vec<&Value> = report["workers"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(workers, ["picture-1", "speech-1"]);

    let slides = json!({
        "kind": "slides", "format": "64x64", "style": "ink", "vary_seed": true, "sequential": true, "keep": [2, 3], "gate_percent": 100,
        "prompt_delay_ms": 1, "image_delay_ms": 1, "slides": [
            { "title": "one" }, { "title": "two", "prompt": "a boat" }, { "title": "three", "prompt": "a kite" },
        ],
    });
    let batch = ann.post("/v1/batches", &slides).is(202).json();
    assert_eq!(ended(&ann, &batch)["status"], "completed");
    let report = ann.look(&format!("/v1/batches/{}/report", batch["id"].as_str().unwrap()));
    assert_eq!(
        (&report["slides"][0]["number"], &report["slides"][0]["clean_prompt"]),
        (&json!(2), &json!("a boat. ink"))
    );
    assert_eq!(report["workers"].as_array().unwrap().len(), 1, "one call at a time");
    let mut looking = slides.clone();
    looking["references"] = json!([picture["assets"][0]["id"]]);
    assert_eq!(
        ann.post("/v1/batches/plan", &looking).is(200).json()["to_run"],
        2,
        "another look is another picture"
    );

    for (field, value) in [
        ("audio_format", json!("flac")),
        ("image_workers", json!(501)),
        ("prompt_delay_ms", json!(3_600_001)),
        ("references", json!(vec!["ast_x"; 17])),
    ] {
        let mut wrong = words.clone();
        wrong[field] = value;
        ann.post("/v1/batches/plan", &wrong).refuses(422, "invalid_input");
    }
    let twice = json!({ "kind": "words", "words": [{ "word": "a", "number": 2 }, { "word": "b" }] });
    let refused = ann.post("/v1/batches", &twice).refuses(422, "invalid_input").json();
    assert_eq!(refused["violations"][0]["path"], "words[1].number");
    stage.close(service);
}

#[test]
fn of_items_that_stand_alone_only_the_bad_ones_are_left_out() {
    let (stage, service, ann) = Stage::with_ann();
    let mut asked = json!({ "kind": "run", "each_alone": true, "items": [
        { "number": 3, "model": "sandbox/artits", "input": { "prompt": "a fox" } },
        { "number": 5, "model": ARTIST, "input": { "prompt": "a fox", "width": 64, "height": 64 } },
    ] });
    let plan = ann.post("/v1/batches/plan", &asked).is(200).json();
    assert_eq!((&plan["items"], &plan["price"]), (&json!(1), &roubles(PICTURE)));
    let left = &plan["left_out"][0];
    assert_eq!((&left["number"], &left["code"]), (&json!(3), &json!("unknown_model")));
    assert!(left["message"].as_str().unwrap().contains("sandbox/artits"), "{left}");
    let batch = ann.post("/v1/batches", &asked).is(202).json();
    assert_eq!(batch["left_out"], plan["left_out"], "what was started is said as well");
    assert_eq!(ended(&ann, &batch)["stages"][0]["total"], 1);
    asked["items"].as_array_mut().unwrap().pop();
    ann.post("/v1/batches", &asked).refuses(404, "unknown_model");
    stage.close(service);
}

#[test]
fn a_plan_fetches_nothing_and_a_batch_only_so_many_files() {
    let (stage, service, ann) = Stage::with_ann();
    let item = |n: usize| {
        let link = format!("https://pictures.invalid/{n}.png");
        json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "make it night", "images": [link] } })
    };
    let items = |count: usize| json!({ "kind": "run", "items": (0..count).map(item).collect::<Vec<_>>() });
    // Nobody is there under that name, and nobody was asked.
    let plan = ann.post("/v1/batches/plan", &items(256)).is(200).json();
    assert_eq!(plan["to_run"], 256);
    for route in ["/v1/batches", "/v1/batches/plan"] {
        let refused = ann.post(route, &items(257)).refuses(422, "invalid_input").json();
        assert_eq!(refused["violations"][0]["path"], "items");
    }
    let refused = ann.post("/v1/batches", &items(1)).refuses(422, "bad_file").json();
    assert_eq!(refused["values"]["place"], "`items[0]`", "{refused}");
    assert_eq!(balance(&ann), (10_000, 0));
    stage.close(service);
}

#[test]
fn a_plan_prices_every_file_that_a_start_would_bring() {
    let (stage, service, ann) = Stage::with_ann();
    let pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let item = |link: &str| json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "make it night", "images": [link] } });
    let asked = json!({ "kind": "run", "each_alone": true, "items": [item(pixel), item("http://pictures.invalid/1.png")] });
    let plan = ann.post("/v1/batches/plan", &asked).is(200).json();
    assert_eq!((&plan["to_run"], &plan["left_out"]), (&json!(2), &json!([])), "{plan}");
    let started = ann.post("/v1/batches", &json!({ "kind": "run", "items": [item(pixel)] })).is(202).json();
    let one = ann.post("/v1/batches/plan", &json!({ "kind": "run", "items": [item(pixel)] })).is(200).json();
    assert_eq!(started["task"]["total_words"], 1);
    assert_eq!(balance(&ann).0, 10_000 - one["price"]["amount"].as_i64().unwrap(), "as it was planned");
    // So many of one item, as when it is started.
    let many: Vec<String> = (0..17).map(|n| format!("https://pictures.invalid/{n}.png")).collect();
    let many =
        json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "make it night", "images": many } });
    ann.post("/v1/batches/plan", &json!({ "kind": "run", "items": [many] })).refuses(422, "invalid_input");
    stage.close(service);
}

#[test]
fn a_batch_is_not_started_at_more_than_was_agreed_to() {
    let (stage, service, ann) = Stage::with_ann();
    let at = |most: Value| {
        let mut asked = run();
        asked["max_price"] = most;
        ann.post("/v1/batches", &asked)
    };
    at(roubles(PICTURE + SOUND - 1)).refuses(402, "over_max_cost");
    at(json!({ "amount": 10_000, "currency": "EUR" })).refuses(422, "invalid_input");
    assert_eq!(balance(&ann), (10_000, 0));
    at(roubles(PICTURE + SOUND)).is(202);
    stage.close(service);
}

/// What stands once in a request may not fill this process's memory.
#[test]
fn what_is_said_once_for_many_items_has_a_bound() {
    let (stage, service, ann) = Stage::with_ann();
    let slides: Vec<Value> = (0..2_000).map(|n| json!({ "title": format!("{n}") })).collect();
    let word = "a".repeat(20_000);
    for (body, path) in [
        (json!({ "kind": "slides", "slides": slides, "style": "s".repeat(20_000) }), "style"),
        (json!({ "kind": "slides", "slides": slides[..1], "references": ["r".repeat(3_000)] }), "references"),
        (
            json!({ "kind": "words", "words": [{ "word": word }], "template": "{word}".repeat(3_000) }),
            "template",
        ),
        (json!({ "kind": "words", "words": [{ "word": "a" }], "template": "t".repeat(20_001) }), "template"),
        (
            json!({ "kind": "words", "words": [{ "word": "a" }], "voices": { "en": "v".repeat(201) } }),
            "voices",
        ),
        (
            json!({ "kind": "words", "words": [{ "word": "a" }], "image_model": "m".repeat(201) }),
            "image_model",
        ),
        (json!({ "kind": "words", "words": [{ "word": "a" }], "keep": vec![1; 10_001] }), "keep"),
    ] {
        let refused = ann.post("/v1/batches/plan", &body).refuses(422, "invalid_input").json();
        assert_eq!(refused["violations"][0]["path"], path, "{refused}");
    }
    stage.close(service);
}

#[test]
fn pictures_that_a_style_is_taken_from_are_looked_for_before_anything_is_paid() {
    let (stage, service, ann) = Stage::with_ann();
    let asked = json!({ "kind": "slides", "slides": [{ "title": "A harbour", "prompt": "a harbour" }], "format": "64x64",
        "image_model": ARTIST, "references": ["ast_0ckd2x9p3q8s7t6v5w4y3z2a1b"] });
    for route in ["/v1/batches/plan", "/v1/batches"] {
        ann.post(route, &asked).refuses(422, "invalid_input");
    }
    assert_eq!(balance(&ann), (10_000, 0));
    stage.close(service);
}

#[test]
fn what_was_cancelled_is_started_again_beside_what_is_there() {
    resumed(&Stage::new());
}

#[test]
fn what_was_cancelled_is_started_again_on_postgresql_too() {
    let database = Database::new();
    resumed(&Stage::at(Desk::new().set("PALITRA_DATABASE__URL", &database.url())));
    drop(database);
}

fn resumed(stage: &Stage) {
    let key = stage.key("ann", &["--credit", "100"]);
    let idle = stage.serve_door_alone();
    let ann = idle.client(&key);
    let batch = ann.post("/v1/batches", &run()).is(202).json();
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    let plan = ann.post("/v1/batches/plan", &run()).is(200).json();
    assert_eq!(plan["open_batch_id"], batch["id"], "it is at work");
    let same = ann.post(&format!("{path}/resume"), &Value::Null).is(202);
    assert_eq!((&same.json()["id"], same.header("idempotent-replayed")), (&batch["id"], None));
    let resume = |key: &str| {
        ann.ask("POST", &format!("{path}/resume")).header("idempotency-key", key).json(&json!({})).send()
    };
    assert_eq!(resume("early").is(202).json()["id"], batch["id"]);
    ann.post(&format!("{path}/cancel"), &Value::Null).is(200);
    assert_eq!(balance(&ann), (10_000, 0));
    assert_eq!(resume("early").is(202).json()["id"], batch["id"], "the same request has the same answer");
    let again = resume("once more").is(202).json();
    assert_ne!(again["id"], batch["id"]);
    assert_eq!((&again["title"], &again["kind"]), (&json!("Two"), &json!("run")));
    for key in ["once more", "and again"] {
        assert_eq!(resume(key).is(202).json()["id"], again["id"], "it is held once");
    }
    assert_eq!(balance(&ann), (10_000 - PICTURE - SOUND, PICTURE + SOUND));
    idle.kill();
    let service = stage.serve();
    let ann = service.client(&key);
    assert_eq!(ended(&ann, &again)["status"], "completed");
    for ended in [&again, &batch] {
        ann.post(&format!("/v1/batches/{}/resume", ended["id"].as_str().unwrap()), &Value::Null)
            .refuses(409, "already_finished");
    }
    assert_eq!(balance(&ann), (10_000 - PICTURE - SOUND, 0));
    stage.close(service);
}

/// A batch whose items stand in a file.
fn form(
    client: &Client,
    route: &str,
    request: &Value,
    name: &str,
    file: &[u8],
) -> crate::api::client::Answer {
    let mut body = format!(
        "--7b\r\ncontent-disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n--7b\r\ncontent-disposition: form-data; \
         name=\"file\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--7b--\r\n");
    client.ask("POST", route).bytes("multipart/form-data; boundary=7b", body).send()
}

#[test]
fn a_batch_may_come_as_a_file() {
    let (stage, service, ann) = Stage::with_ann();
    let deck = "# The harbour\n\nShips\n\n---\n\n# The lighthouse\n\n<!-- prompt: a lighthouse at dawn -->\n";
    let slides = json!({ "kind": "slides", "format": "64x64" });
    let batch = form(&ann, "/v1/batches", &slides, "deck.md", deck.as_bytes()).is(202).json();
    assert_eq!(ended(&ann, &batch)["status"], "completed");
    let report = ann.look(&format!("/v1/batches/{}/report", batch["id"].as_str().unwrap()));
    assert_eq!(report["slides"].as_array().unwrap().len(), 2);

    let words = json!({ "kind": "words", "format": "64x64", "source": "mine" });
    let table = "слово;перевод\nкот;cat\nдом;house\n".as_bytes();
    let plan = form(&ann, "/v1/batches/plan", &words, "list.csv", table).is(200).json();
    assert_eq!(
        (&plan["items"], plan["notices"].as_array().unwrap().is_empty()),
        (&json!(2), false),
        "{plan}"
    );
    let batch = form(&ann, "/v1/batches", &words, "list.csv", table).is(202).json();
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(ended(&ann, &batch)["task"]["succeeded_words"], 2);
    assert_eq!(ann.look(&format!("{path}/items"))["data"][1]["title"], "дом");

    let line =
        json!({ "model": ARTIST, "input": { "prompt": "a fox", "width": 64, "height": 64 }, "id": "mine" });
    let lines = format!("\u{feff}{line}\n\n{{\"model\": 7}}\n{line}\n");
    let run = json!({ "kind": "run" });
    let refused =
        form(&ann, "/v1/batches", &run, "wishes.jsonl", lines.as_bytes()).refuses(422, "invalid_input");
    assert!(refused.text().contains("line 3 column"), "{}", refused.text());
    let alone = json!({ "kind": "run", "each_alone": true });
    let plan = form(&ann, "/v1/batches/plan", &alone, "wishes.jsonl", lines.as_bytes()).is(200).json();
    assert_eq!((&plan["items"], &plan["left_out"][0]["number"]), (&json!(2), &json!(3)), "{plan}");
    let none =
        form(&ann, "/v1/batches", &alone, "wishes.jsonl", b"{\"model\": 7}\n").refuses(422, "invalid_input");
    assert!(none.text().contains("line 1 column"), "{}", none.text());
    stage.close(service);
}

#[test]
fn a_file_that_is_none_is_refused_with_its_place() {
    let (stage, service, ann) = Stage::with_ann();
    let deck = json!({ "kind": "slides" });
    let refused = form(&ann, "/v1/batches", &deck, "deck.json", b"{\"slides\": [}").refuses(422, "bad_deck");
    assert!(refused.text().contains("line 1"), "{}", refused.text());
    form(&ann, "/v1/batches", &json!({ "kind": "words" }), "list.csv", b"\0\0\0").refuses(422, "bad_list");
    form(&ann, "/v1/batches", &json!({ "kind": "words" }), "list.apkg", b"PK").refuses(422, "bad_list");
    form(&ann, "/v1/batches", &run(), "lines.jsonl", b"{}").refuses(422, "invalid_input");
    ann.ask("POST", "/v1/batches")
        .bytes(
            "multipart/form-data; boundary=7b",
            "--7b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nx\r\n--7b--\r\n",
        )
        .send()
        .refuses(422, "invalid_input");
    assert_eq!(balance(&ann), (10_000, 0));
    stage.close(service);
}
