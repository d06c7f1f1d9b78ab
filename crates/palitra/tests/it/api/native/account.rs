//! An account takes everything along, and is forgotten when it says so twice.

use crate::api::service::{Stage, fox, made, until};
use serde_json::json;

#[test]
fn an_account_is_exported_and_deleted() {
    let stage = Stage::new();
    let (key, bob) = (stage.key("ann", &["--credit", "100"]), stage.key("bob", &["--credit", "100"]));
    let service = stage.serve();
    let (ann, bob) = (service.client(&key), service.client(&bob));
    let fox = made(&ann, &fox());
    let webhook = ann.post("/v1/webhooks", &json!({ "url": "https://example.org/hook" })).is(201).json();
    let export = ann.get("/v1/account/export").is(200);
    assert!(export.header("content-disposition").unwrap().starts_with("attachment"));
    let text = export.json().to_string();
    assert!(
        text.contains(fox["id"].as_str().unwrap()) && text.contains(fox["assets"][0]["id"].as_str().unwrap())
    );
    for secret in [key.as_str(), webhook["secret"].as_str().unwrap()] {
        assert!(!text.contains(secret), "a secret is exported");
    }
    let url = fox["assets"][0]["url"].as_str().unwrap();
    service.stranger().get(url).is(200);
    ann.ask("DELETE", "/v1/account").send().refuses(409, "needs_confirmation");
    ann.ask("DELETE", "/v1/account")
        .header("palitra-confirm", "yes")
        .send()
        .refuses(409, "needs_confirmation");
    ann.get("/v1/balance").is(200);
    ann.ask("DELETE", "/v1/account").header("palitra-confirm", "delete").send().is(202);
    ann.get("/v1/balance").refuses(401, "unauthorized");
    bob.get("/v1/balance").is(200);
    // Its files leave a moment later, whoever still has a link.
    until("the end of its files", || (service.stranger().get(url).status == 404).then_some(()));
    stage.close(service);
}
