//! What is asked and what is answered, field by field.

use super::{ended, look, path, pictures, refused, start, words};
use crate::api::{
    client::Client,
    service::{PICTURE, SOUND, Stage, balance, roubles},
};
use serde_json::{Value, json};

const FIELDS: &[&str] = &[
    "task_id",
    "status",
    "status_label",
    "partial",
    "progress",
    "progress_detail",
    "total_words",
    "completed_words",
    "succeeded_words",
    "failed_words",
    "stale_words",
    "created_at",
    "updated_at",
    "results",
];

fn with_wait(client: &Client, path: &str, body: &Value) -> Value {
    client.ask("POST", path).header("prefer", "wait=60").json(body).send().is(200).json()
}

#[test]
fn s1_01_one_word_becomes_a_picture_in_the_background_or_while_it_is_waited_for() {
    let (stage, service, ann) = Stage::with_ann();
    for (n, path) in ["/api/media/generate-image/", "/api/media/generate-image"].into_iter().enumerate() {
        let body = json!({ "word": format!("fox {n}"), "translation": "лиса", "example": "The fox runs.", "format": "64x64" });
        let queued = ann.post(path, &body);
        assert!(matches!(queued.status, 200 | 202), "{}", queued.text());
        let queued = queued.json();
        assert!(queued["task_id"].is_string());
        assert_eq!(ended(&ann, &queued)["status"], "completed");
        let shown = with_wait(&ann, path, &body);
        assert_eq!(
            (&shown["status"], &shown["progress"], &shown["price"]),
            (&json!("completed"), &json!(100), &roubles(0))
        );
        let picture = service.stranger().get(shown["image_url"].as_str().unwrap()).is(200);
        assert!(picture.body.starts_with(b"\x89PNG"));
        assert!(shown["audio_url"].is_null());
    }
    stage.close(service);
}

#[test]
fn s1_02_one_word_becomes_a_sound_that_can_be_heard() {
    let (stage, service, ann) = Stage::with_ann();
    for path in ["/api/media/generate-audio/", "/api/media/generate-audio"] {
        let shown = with_wait(&ann, path, &json!({ "word": "fox", "language": "en" }));
        assert!(shown["image_url"].is_null());
        let sound = service.stranger().get(shown["audio_url"].as_str().unwrap()).is(200);
        assert_eq!(sound.header("content-type"), Some("audio/wav"));
        let (samples, _) = sound.body[44..].as_chunks::<2>();
        let loudest = samples.iter().map(|two| i16::from_le_bytes(*two).unsigned_abs()).max().unwrap();
        assert!(loudest > 1_000, "{loudest}");
    }
    stage.close(service);
}

#[test]
fn s1_03_a_submission_is_answered_while_its_picture_takes_ten_minutes() {
    let stage = Stage::new().set("PALITRA_MARKETS__SANDBOX__ARTIST_MS", "600000");
    let key = stage.key("ann", &["--credit", "1000"]);
    let service = stage.serve();
    let ann = service.client(&key);
    for n in 0..100 {
        let body = json!({ "word": format!("fox {n}"), "format": "64x64" });
        assert_eq!(ann.post("/api/media/generate-image/", &body).is(202).json()["progress"], 0);
    }
    let running = ann.look("/v1/generations?limit=1000")["data"].as_array().unwrap().len();
    assert_eq!(running, 100);
    service.kill();
}

#[test]
fn s1_05_a_batch_is_answered_with_its_task() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    // Nobody works, so nothing has begun when it is answered.
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    for path in ["/api/media/generate-batch/", "/api/media/generate-batch"] {
        let task = ann.post(path, &pictures(3)).is(202).json();
        let mut names: Vec<&str> = task.as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted = FIELDS.to_vec();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted);
        assert_eq!((&task["status"], &task["progress"]), (&json!("pending"), &json!(0)));
        assert_eq!((&task["total_words"], &task["completed_words"]), (&json!(3), &json!(0)));
        assert_eq!((&task["failed_words"], &task["partial"]), (&json!([]), &json!(false)));
        let first = &task["results"][0];
        assert_eq!((&first["word"], &first["status"]), (&json!("word 1"), &json!("pending")));
        assert_eq!(
            (&first["image_url"], &first["audio_url"], &first["error"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        ann.ask("DELETE", &super::path(&task)).send().is(200);
    }
    stage.close(service);
}

#[test]
fn s1_06_flags_are_honoured_word_by_word() {
    let (stage, service, ann) = Stage::with_ann();
    let batch = json!({ "format": "64x64", "words": [
        { "word": "both" },
        { "word": "seen", "generate_image": true, "generate_audio": false },
        { "word": "heard", "generate_audio": true },
        { "word": "told", "generate_image": true, "prompt": "a red kite over a field" },
    ] });
    let task = ended(&ann, &start(&ann, &batch));
    let has: Vec<(bool, bool)> = task["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| (word["image_url"].is_string(), word["audio_url"].is_string()))
        .collect();
    assert_eq!(has, [(true, true), (true, false), (false, true), (true, false)]);
    assert_eq!(task["results"][0]["price"], roubles(PICTURE + SOUND));
    assert_eq!(balance(&ann), (10_000 - 3 * PICTURE - 2 * SOUND, 0));
    let prompts = ann.look("/v1/generations?text=red%20kite");
    assert_eq!(prompts["data"].as_array().unwrap().len(), 1);
    stage.close(service);
}

#[test]
fn s1_06_what_is_not_known_is_refused_with_its_place() {
    let (stage, service, ann) = Stage::with_ann();
    for (batch, path) in [
        (json!({ "words": [{ "word": "fox" }, { "word": "hen", "colour": "red" }] }), "words[1].colour"),
        (json!({ "words": [{ "word": "fox", "generate_image": "yes" }] }), "words[0].generate_image"),
        (json!({ "words": [{ "word": " " }] }), "words[0].word"),
        (json!({ "words": [{ "word": "fox" }, { "translation": "hen" }] }), "words[1]"),
        (
            json!({ "words": [{ "word": "fox", "generate_image": false, "generate_audio": false }] }),
            "words[0].generate_image",
        ),
        (json!({ "words": [{ "word": "x".repeat(2_001) }] }), "words[0].word"),
        (json!({ "words": [] }), "words"),
        (json!({ "words": [{ "word": "fox" }], "colour": "red" }), "colour"),
        (json!({}), "body"),
    ] {
        let said = refused(ann.post("/api/media/generate-batch/", &batch), 422, "invalid_input");
        assert_eq!(said["violations"][0]["path"], path, "{said}");
    }
    let many = json!({ "words": words(10_001, &json!({})) });
    refused(ann.post("/api/media/generate-batch/", &many), 422, "invalid_input");
    let word = json!({ "word": "fox", "colour": "red" });
    let said = refused(ann.post("/api/media/generate-image/", &word), 422, "invalid_input");
    assert_eq!(said["violations"][0]["path"], "colour");
    refused(
        ann.post("/api/media/generate-image/", &json!({ "word": "fox", "format": "huge" })),
        422,
        "bad_format",
    );
    let model = json!({ "word": "fox", "image_model": "nobody/nothing" });
    refused(ann.post("/api/media/generate-image/", &model), 404, "unknown_model");
    assert_eq!(balance(&ann), (10_000, 0));
    stage.close(service);
}

#[test]
fn s1_07_and_s1_11_a_task_is_looked_at_by_its_id() {
    let (stage, service, ann) = Stage::with_ann();
    let task = start(&ann, &pictures(2));
    let id = task["task_id"].as_str().unwrap();
    assert!(id.len() <= 255 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{id}");
    assert_ne!(start(&ann, &pictures(1))["task_id"], id);
    let done = ended(&ann, &task);
    for name in FIELDS {
        assert!(done.get(*name).is_some(), "`{name}` is missing: {done}");
    }
    assert_eq!(ann.look(path(&task).trim_end_matches('/')), done);
    for unknown in ["bat_06c63dm9feph4jz1wdj0tj76he", "x", &"x".repeat(300)] {
        refused(ann.get(&format!("/api/media/tasks/{unknown}/")), 404, "not_found");
    }
    stage.close(service);
}

#[test]
fn s1_09_a_key_is_needed_and_a_task_is_its_accounts() {
    let stage = Stage::new();
    let (ann, bob) = (stage.key("ann", &["--credit", "100"]), stage.key("bob", &["--credit", "100"]));
    let service = stage.serve();
    let (ann, bob, stranger) = (service.client(&ann), service.client(&bob), service.stranger());
    let task = ended(&ann, &start(&ann, &pictures(1)));
    refused(stranger.post("/api/media/generate-batch/", &pictures(1)), 401, "unauthorized");
    for method in ["GET", "DELETE"] {
        refused(stranger.ask(method, &path(&task)).send(), 401, "unauthorized");
        refused(bob.ask(method, &path(&task)).send(), 404, "not_found");
    }
    // Other services' clients say `Token`.
    let token = Client { authorization: ann.authorization.replace("Bearer", "Token"), ..ann.clone() };
    assert_eq!(look(&token, &task), task);
    stage.close(service);
}

#[test]
fn s1_12_a_status_has_its_label_in_the_readers_language() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    let task = start(&ann, &pictures(1));
    assert_eq!((&task["status"], &task["status_label"]), (&json!("pending"), &json!("Ожидает")));
    let english = ann.ask("GET", &path(&task)).header("accept-language", "en").send().is(200).json();
    assert_ne!(english["status_label"], "Ожидает");
    let cancelled = ann.ask("DELETE", &path(&task)).send().is(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    stage.close(service);
}

#[test]
fn s1_31_who_polls_is_told_when_to_come_again() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    let task = start(&ann, &pictures(2));
    assert_eq!(ann.get(&path(&task)).header("retry-after"), Some("2"));
    ann.ask("DELETE", &path(&task)).send().is(200);
    assert_eq!(ann.get(&path(&task)).header("retry-after"), None);
    stage.close(service);
}

/// Not in S1, but its clients repeat requests as all do.
#[test]
fn a_batch_is_started_once_under_a_key() {
    let (stage, service, ann) = Stage::with_ann();
    let ask = |body: &Value| {
        ann.ask("POST", "/api/media/generate-batch/").header("idempotency-key", "deck 7").json(body).send()
    };
    let first = ask(&pictures(2));
    let again = ask(&pictures(2));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!(first.json()["task_id"], again.json()["task_id"]);
    refused(ask(&pictures(3)), 409, "idempotency_conflict");
    ended(&ann, &first.json());
    assert_eq!(balance(&ann), (10_000 - 2 * PICTURE, 0));
    stage.close(service);
}
