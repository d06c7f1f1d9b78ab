//! The simulator itself, asked without the adapter: it refuses what fal refuses and keeps its log.

use super::*;
use palitra_sim::fal::key_tag;

pub(super) const GOOD: &str = r#"{"prompt": "a cat"}"#;

pub(super) fn auth(key: &str) -> String {
    format!("authorization: Key {key}\r\ncontent-type: application/json\r\n")
}

#[tokio::test]
async fn requests_are_refused_as_fal_refuses_them() {
    let sim = Bench::new(json!({"keys": ["a:b"]})).await.sim;
    for (head, headers, body, status) in [
        ("POST /fal-ai/flux/dev", String::new(), GOOD, 401),
        ("POST /fal-ai/flux/dev", "authorization: Bearer a:b\r\n".into(), GOOD, 401),
        ("POST /fal-ai/flux/dev", auth("x:y"), GOOD, 401),
        ("POST /fal-ai/fluks", auth("a:b"), GOOD, 404),
        ("POST /fal-ai/flux", auth("a:b"), GOOD, 404),
        ("POST /fal-ai/flux/dev", auth("a:b"), "{", 422),
        ("POST /fal-ai/flux/dev", auth("a:b"), r#"{"prompt": "a", "width": 5}"#, 422),
        ("GET /fal-ai/flux/dev", auth("a:b"), "", 404),
        ("POST /fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fa.example%2Fhook", auth("a:b"), GOOD, 200),
    ] {
        let (answered, _, answer) = ask(sim.address(), head, &headers, body).await;
        assert_eq!(answered, status, "{head} {headers} {body}: {answer}");
    }
    let log = sim.log();
    let [accepted] = log.accepted().collect::<Vec<_>>()[..] else { panic!("{log:?}") };
    assert_eq!(accepted.webhook.as_deref(), Some("https://a.example/hook"));
    assert_eq!(accepted.key, key_tag("a:b"));
    let reasons: Vec<_> = log.refused().filter_map(|refused| refused.reason.as_deref()).collect();
    assert_eq!(reasons.len(), 7);
    assert_eq!(reasons[6], "[\"body\",\"width\"] \"Extra inputs are not permitted\"");
}

#[tokio::test]
async fn work_is_shown_to_its_key_under_owner_and_alias_only() {
    let Bench { sim, clock, .. } = Bench::new(json!({})).await;
    let (_, head, answer) = ask(sim.address(), "POST /fal-ai/flux/dev", &auth("a:b"), GOOD).await;
    let id = answer["request_id"].as_str().expect("an id").to_owned();
    assert!(head.contains(&format!("x-fal-request-id: {id}")));
    assert_eq!(answer["status_url"], json!(format!("{}/fal-ai/flux/requests/{id}/status", sim.url())));
    let get = async |path: String, key: &str| {
        let (status, _, body) = ask(sim.address(), &format!("GET {path}"), &auth(key), "").await;
        (status, body)
    };
    let (status, body) = get(format!("/fal-ai/flux/requests/{id}/status?logs=1"), "a:b").await;
    assert_eq!((status, &body["status"]), (202, &json!("IN_PROGRESS")));
    assert!(body["logs"].is_array());
    assert_eq!(get(format!("/fal-ai/flux/requests/{id}"), "a:b").await.0, 400);
    assert_eq!(get(format!("/fal-ai/flux/dev/requests/{id}/status"), "a:b").await.0, 404);
    assert_eq!(get(format!("/fal-ai/flux/requests/{id}/status"), "c:d").await.0, 404);
    assert_eq!(
        get("/fal-ai/flux/requests/none/status".into(), "a:b").await,
        (404, json!({"status": "NOT_FOUND"}))
    );
    clock.advance(Duration::from_secs(1));
    let (status, body) = get(format!("/fal-ai/flux/requests/{id}/status"), "a:b").await;
    assert_eq!((status, &body["status"], &body["logs"]), (200, &json!("COMPLETED"), &Value::Null));
    let (status, body) = get(format!("/fal-ai/flux/requests/{id}"), "a:b").await;
    assert_eq!(
        (status, &body["images"][0]["width"], &body["has_nsfw_concepts"]),
        (200, &json!(1024), &json!([false]))
    );
    assert_eq!(get(format!("/files/{id}.png"), "a:b").await.0, 400, "credentials for a public file");
}

#[tokio::test]
async fn a_request_to_stop_is_in_the_log_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let bench = Bench::new(json!({"log_file": path})).await;
    bench.accepted("a dog").await;
    ask(bench.sim.address(), "PUT /fal-ai/flux/requests/none/cancel", &auth("a:b"), "").await;
    let text = std::fs::read_to_string(path).expect("a file");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [submission, cancel] = lines.as_slice() else { panic!("{text}") };
    assert_eq!((&submission["event"], &submission["overlap"]), (&json!("submission"), &json!(1)));
    assert_eq!((&cancel["event"], &cancel["outcome"]), (&json!("cancel"), &json!("NOT_FOUND")));
}
