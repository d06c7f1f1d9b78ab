//! Webhooks: made, looked at, changed, deleted; and what became of telling them. That a delivery verifies is in `sdk`.

use crate::api::{
    client::Client,
    ear::Ear,
    service::{Stage, fox, made, until},
};
use serde_json::{Value, json};

#[test]
fn a_webhook_is_made_changed_and_deleted() {
    let (stage, service, ann) = Stage::with_ann();
    let asked = json!({ "url": "https://example.org/hook", "events": ["generation.succeeded"], "description": "ours" });
    let new = ann.post("/v1/webhooks", &asked).is(201).json();
    let secret = new["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let path = format!("/v1/webhooks/{}", new["id"].as_str().unwrap());
    let shown = ann.look(&path);
    assert_eq!(
        (&shown["url"], &shown["events"], &shown["enabled"]),
        (&asked["url"], &asked["events"], &json!(true))
    );
    assert!(shown["secret"].is_null(), "a secret is shown where it is made");
    assert_eq!(ann.look(&format!("{path}/secret"))["secret"], secret);
    assert_eq!(ann.look("/v1/webhooks")["data"].as_array().unwrap().len(), 1);
    let patch = |body: &Value| ann.ask("PATCH", &path).json(body).send();
    let changed =
        patch(&json!({ "events": ["batch.completed"], "only": "batches", "enabled": false })).is(200).json();
    assert_eq!(
        (&changed["events"], &changed["only"], &changed["disabled_because"], &changed["description"]),
        (&json!(["batch.completed"]), &json!("batches"), &json!("owner"), &json!("ours"))
    );
    ann.post(&format!("{path}/test"), &Value::Null).refuses(409, "webhook_disabled");
    let enabled = patch(&json!({ "enabled": true })).is(200).json();
    assert_eq!((&enabled["enabled"], &enabled["disabled_because"]), (&json!(true), &Value::Null));
    assert_eq!(enabled["only"], "batches", "what is not given stays");
    assert_eq!(patch(&json!({ "only": null })).is(200).json()["only"], Value::Null);
    let rotated = ann.post(&format!("{path}/secret/rotate"), &Value::Null).is(200).json();
    assert_ne!(rotated["secret"], secret);
    assert!(ann.look(&path)["old_secret_until"].is_string());
    assert!(ann.ask("DELETE", &path).send().is(204).body.is_empty());
    ann.get(&path).refuses(404, "not_found");
    assert_eq!(ann.look("/v1/webhooks")["data"], json!([]));
    stage.close(service);
}

#[test]
fn a_webhook_that_cannot_be_called_is_refused() {
    let (stage, service, ann) = Stage::with_ann();
    for url in [
        "https://127.0.0.1/hook",
        "http://localhost/hook",
        "https://[::1]/",
        "https://user:word@example.org/",
        "ftp://example.org",
        "",
    ] {
        ann.post("/v1/webhooks", &json!({ "url": url })).refuses(422, "webhook_url");
        let mut body = fox();
        body["webhook"] = json!(url);
        ann.post("/v1/generations", &body).refuses(422, "webhook_url");
    }
    ann.post("/v1/webhooks", &json!({ "url": "https://example.org/", "events": ["batch.done"] }))
        .refuses(422, "invalid_input");
    ann.post("/v1/webhooks", &json!({ "url": "https://example.org/", "colour": 1 }))
        .refuses(422, "invalid_input");
    stage.close(service);
}

/// The log once so many deliveries are in this state.
fn log(ann: &Client, webhook: &str, state: &str, count: usize) -> Vec<Value> {
    until("a delivery", || {
        let log = ann.look(&format!("/v1/webhooks/deliveries?webhook={webhook}&state={state}"));
        let log = log["data"].as_array().unwrap().clone();
        (log.len() >= count).then_some(log)
    })
}

#[test]
fn deliveries_are_logged_and_sent_again() {
    let (stage, service, ann) = Stage::new().set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true").ann();
    let ear = Ear::open();
    let new = ann.post("/v1/webhooks", &json!({ "url": ear.url })).is(201).json();
    let id = new["id"].as_str().unwrap();
    let test = ann.post(&format!("/v1/webhooks/{id}/test"), &Value::Null).is(202).json();
    assert_eq!(ear.next().header("webhook-id"), test["delivery_id"].as_str());
    let fox = made(&ann, &fox());
    let told = ear.next().header("webhook-id").unwrap().to_owned();
    let delivered = log(&ann, id, "delivered", 2);
    assert_eq!(
        (&delivered[0]["event"], &delivered[0]["subject"]),
        (&json!("generation.succeeded"), &fox["id"])
    );
    assert_eq!((&delivered[0]["status"], &delivered[0]["attempts"]), (&json!(204), &json!(1)));
    let path = format!("/v1/webhooks/deliveries/{told}");
    let shown = ann.look(&path);
    assert_eq!((&shown["webhook_id"], &shown["state"]), (&json!(id), &json!("delivered")));
    let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["data"]["id"], fox["id"]);
    // Its links are good for as long as it may be tried again.
    let url = |document: &Value| document["assets"][0]["url"].as_str().unwrap().to_owned();
    let until = |url: &str| -> i64 {
        let (_, rest) = url.split_once("expires=").unwrap();
        rest.split('&').next().unwrap().parse().unwrap()
    };
    assert!(until(&url(&body["data"])) - until(&url(&fox)) > 6 * 86_400);
    service.stranger().get(&url(&body["data"])).is(200);
    // Again, one by one and all of a time, under the same id.
    ann.post(&format!("{path}/replay"), &Value::Null).is(202);
    assert_eq!(ear.next().header("webhook-id"), Some(told.as_str()));
    log(&ann, id, "delivered", 2);
    let all = |body: Value| ann.post(&format!("/v1/webhooks/{id}/replay"), &body);
    assert_eq!(all(json!({ "since": "1h" })).is(202).json()["count"], 0, "nothing of it has failed");
    assert_eq!(all(json!({ "since": "1h", "all": true })).is(202).json()["count"], 2);
    (0..2).for_each(|_| drop(ear.next()));
    all(json!({})).refuses(422, "invalid_input");
    ann.get("/v1/webhooks/deliveries?state=lost").refuses(422, "invalid_input");
    stage.close(service);
}
