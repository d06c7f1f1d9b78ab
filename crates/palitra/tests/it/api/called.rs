//! Callbacks in fal's own form, verified as fal's documentation says: by the key that the service publishes.

use super::{
    client::Client,
    ear::{Ear, Heard},
    service::{Stage, until},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn submit(ann: &Client, ear: &Ear, prompt: &str) -> Value {
    let url = ear.url.replace(':', "%3A").replace('/', "%2F");
    let body = json!({ "prompt": prompt, "width": 64, "height": 64 });
    ann.post(&format!("/fal/queue/sandbox/artist?fal_webhook={url}"), &body).is(200).json()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the service signed this body for this delivery.
fn is_signed(stranger: &Client, heard: &Heard, body: &[u8]) -> bool {
    let keys = stranger.look("/fal/rest/.well-known/jwks.json");
    let key = BASE64_URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
    let header =
        |name: &str| heard.header(&format!("x-fal-webhook-{name}")).unwrap_or_else(|| panic!("{heard:?}"));
    let message = format!(
        "{}\n{}\n{}\n{}",
        header("request-id"),
        header("user-id"),
        header("timestamp"),
        hex(&Sha256::digest(body))
    );
    let signature = header("signature");
    let signature: Vec<u8> = (0..signature.len() / 2)
        .map(|n| u8::from_str_radix(&signature[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    UnparsedPublicKey::new(&ED25519, key).verify(message.as_bytes(), &signature).is_ok()
}

#[test]
fn a_client_of_fal_is_called_with_its_result_signed_as_fal_signs() {
    let (stage, service, ann) = Stage::new().set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true").ann();
    let ear = Ear::open();
    let asked = submit(&ann, &ear, "a fox");
    let heard = ear.next();
    let told: Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!((&told["request_id"], &told["status"]), (&asked["request_id"], &json!("OK")));
    let picture = &told["payload"]["images"][0];
    assert_eq!((&picture["width"], &picture["content_type"]), (&json!(64), &json!("image/png")));
    service.stranger().get(picture["url"].as_str().unwrap()).is(200);
    assert_eq!(heard.header("x-fal-webhook-request-id"), asked["request_id"].as_str());
    assert!(is_signed(&service.stranger(), &heard, &heard.body));
    let altered = [heard.body.as_slice(), b" "].concat();
    assert!(!is_signed(&service.stranger(), &heard, &altered));
    stage.close(service);
}

#[test]
fn a_client_of_fal_is_told_what_did_not_come_to_be() {
    let stage = Stage::new()
        .set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true")
        .set("PALITRA_MARKETS__SANDBOX__ARTIST_MS", "600000")
        .set("PALITRA_MARKETS__SANDBOX__SLOTS", "1");
    let (_stage, service, ann) = stage.ann();
    let ear = Ear::open();
    let first = submit(&ann, &ear, "a fox that takes ten minutes");
    let status = |asked: &Value| ann.get(asked["status_url"].as_str().unwrap()).json()["status"].clone();
    until("its start", || (status(&first) == "IN_PROGRESS").then_some(()));
    let second = submit(&ann, &ear, "a hen that waits");
    assert_eq!(status(&second), "IN_QUEUE");
    let cancelled = ann.ask("PUT", second["cancel_url"].as_str().unwrap()).send().is(202);
    assert_eq!(cancelled.json()["status"], "CANCELLATION_REQUESTED");
    let heard = ear.next();
    let told: Value = serde_json::from_slice(&heard.body).unwrap();
    assert_eq!((&told["request_id"], &told["status"]), (&second["request_id"], &json!("ERROR")));
    assert!(told["payload"]["detail"].is_string() && told["error"].is_string(), "{told}");
    assert!(is_signed(&service.stranger(), &heard, &heard.body));
    assert_eq!(status(&second), "COMPLETED");
    service.kill();
}
