//! Keys over HTTP: an account's own, and the operator's of anybody.

use crate::api::service::{Stage, roubles};
use serde_json::{Value, json};

#[test]
fn an_account_makes_lists_renews_and_revokes_its_own_keys() {
    let (stage, service, ann) = Stage::with_ann();
    let budgets = json!({ "day": roubles(500) });
    let wish = json!({ "name": "decks", "scopes": ["read"], "budgets": budgets, "expires_at": "90d" });
    let made = ann.post("/v1/keys", &wish).is(201).json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!(
        (&made["name"], &made["scopes"], &made["mode"]),
        (&json!("decks"), &json!(["read"]), &json!("live"))
    );
    assert_eq!(made["budgets"]["day"], json!({ "budget": roubles(500), "used": roubles(0) }));
    let decks = service.client(key);
    assert_eq!(decks.look("/v1/account")["name"], "ann");
    decks.get("/v1/keys").refuses(403, "forbidden");
    // Newest first, page by page, and the secret is seen once.
    let page = ann.look("/v1/keys?limit=1");
    assert_eq!((&page["data"][0]["id"], page["data"][0]["account"].as_str()), (&made["id"], Some("ann")));
    let rest = ann.look(&format!("/v1/keys?limit=1&after={}", page["next"].as_str().unwrap()));
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    assert!(!page.to_string().contains(key), "{page}");
    let next = ann.post(&format!("/v1/keys/{id}/rotate"), &json!({ "keep_s": 0 })).is(200).json();
    assert_eq!((&next["id"], next["key"] == made["key"]), (&made["id"], false));
    decks.get("/v1/account").refuses(401, "unauthorized");
    let decks = service.client(next["key"].as_str().unwrap());
    decks.get("/v1/account").is(200);
    assert_eq!(ann.post(&format!("/v1/keys/{id}/revoke"), &Value::Null).is(200).json()["revoked"], true);
    decks.get("/v1/account").refuses(401, "unauthorized");
    ann.post(&format!("/v1/keys/{id}/revoke"), &Value::Null).refuses(404, "not_found");
    ann.post(&format!("/v1/keys/{id}/rotate"), &json!({ "keep_s": 99_999_999 }))
        .refuses(422, "invalid_input");
    stage.close(service);
}

#[test]
fn no_key_gives_more_than_it_has() {
    let stage = Stage::new();
    let narrow = stage.key("ann", &["--scope", "read,account"]);
    let poor = stage.key("ann", &["--budget-day", "5"]);
    let ops = stage.key("ops", &["--scope", "read,account,operator"]);
    let service = stage.serve();
    let (narrow, poor, ops) = (service.client(&narrow), service.client(&poor), service.client(&ops));
    for wish in [
        json!({ "scopes": ["read", "generate"] }),
        json!({ "scopes": ["operator"] }),
        json!({ "account": "bob" }),
        json!({ "mode": "test" }),
        json!({ "credit": roubles(100) }),
    ] {
        let answer = narrow.post("/v1/keys", &wish);
        assert_eq!(answer.status, 403, "{wish}: {}", answer.text());
    }
    assert_eq!(narrow.post("/v1/keys", &json!({})).is(201).json()["scopes"], json!(["read", "account"]));
    poor.post("/v1/keys", &json!({})).refuses(403, "forbidden");
    narrow.get("/v1/keys?account=ops").refuses(403, "forbidden");
    // An operator makes keys for anybody, but no other operator.
    let made = ops.post("/v1/keys", &json!({ "account": "bob", "credit": roubles(700) })).is(201).json();
    let bob = service.client(made["key"].as_str().unwrap());
    assert_eq!(
        (&bob.look("/v1/account")["name"], &bob.look("/v1/balance")["cash"]),
        (&json!("bob"), &roubles(700))
    );
    ops.post("/v1/keys", &json!({ "account": "bob", "scopes": ["operator"] })).refuses(403, "forbidden");
    assert_eq!(ops.look("/v1/keys?account=bob")["data"].as_array().unwrap().len(), 1);
    assert!(ops.look("/v1/keys")["data"].as_array().unwrap().len() >= 5);
    for wish in [
        json!({ "budgets": { "day": { "amount": 1, "currency": "USD" } } }),
        json!({ "expires_at": "2020-01-01" }),
    ] {
        ops.post("/v1/keys", &wish).refuses(422, "invalid_input");
    }
    stage.close(service);
}
