//! Accounts that strangers make for themselves.

use crate::api::service::{Stage, balance, fox, made, roubles};
use serde_json::Value;

#[test]
fn nobody_signs_up_unless_the_operator_lets_them() {
    let stage = Stage::new();
    let service = stage.serve();
    service.stranger().post("/v1/accounts", &Value::Null).refuses(403, "sign_up_closed");
    stage.close(service);
}

#[test]
fn a_stranger_makes_an_account_and_works_with_its_key() {
    let stage = Stage::new()
        .set("PALITRA_SERVER__SIGN_UP", "true")
        .set("PALITRA_SERVER__SIGN_UPS_A_DAY", "2")
        .set("PALITRA_MONEY__SIGN_UP_MINOR", "500");
    let ops = stage.key("ops", &["--scope", "operator"]);
    let service = stage.serve();
    let sign_up =
        |key: &str| service.stranger().ask("POST", "/v1/accounts").header("idempotency-key", key).send();
    let first = sign_up("mine").is(201).json();
    let again = sign_up("mine").is(201);
    // Whoever says the same key may be another stranger behind the same address.
    let told = again.json();
    assert!(told.as_object().unwrap().values().all(Value::is_null), "{told}");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let guest = service.client(first["key"].as_str().unwrap());
    assert_eq!(guest.look("/v1/account")["bonus"], roubles(500));
    made(&guest, &fox());
    assert_eq!(balance(&guest).1, 0);
    assert_ne!(sign_up("another").is(201).json()["account_id"], first["account_id"]);
    let refused = sign_up("a third").refuses(429, "sign_ups_full");
    assert!(refused.header("retry-after").is_some());
    let done = service.client(&ops).look("/v1/audit?action=sign_up");
    assert_eq!(done["data"].as_array().unwrap().len(), 2);
    stage.close(service);
}

#[test]
fn an_address_signs_up_as_often_as_strangers_may_ask() {
    let stage = Stage::new()
        .set("PALITRA_SERVER__SIGN_UP", "true")
        .set("PALITRA_SECURITY__STRANGERS_PER_MINUTE", "2");
    let service = stage.serve();
    for _ in 0..2 {
        service.stranger().post("/v1/accounts", &Value::Null).is(201);
    }
    service.stranger().post("/v1/accounts", &Value::Null).refuses(429, "rate_limited");
    stage.close(service);
}

#[test]
fn an_address_makes_so_many_accounts_a_day_and_a_proxy_says_whose_it_is() {
    let stage = Stage::new()
        .set("PALITRA_SERVER__SIGN_UP", "true")
        .set("PALITRA_SERVER__SIGN_UPS_PER_ADDRESS", "1")
        .set("PALITRA_SERVER__TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8");
    let service = stage.serve();
    let from =
        |said: &str| service.stranger().ask("POST", "/v1/accounts").header("x-forwarded-for", said).send();
    from("192.0.2.1").is(201);
    let refused = from("192.0.2.1").refuses(429, "sign_ups_full");
    assert!(refused.header("retry-after").is_some());
    // What a stranger says before his proxy does is nothing; a proxy behind a proxy is none of them.
    from("192.0.2.9, 192.0.2.1").refuses(429, "sign_ups_full");
    from("192.0.2.1, 10.1.2.3").refuses(429, "sign_ups_full");
    from("192.0.2.1, 192.0.2.2").is(201);
    stage.close(service);
}

#[test]
fn what_a_stranger_says_of_his_address_is_nothing() {
    let stage =
        Stage::new().set("PALITRA_SERVER__SIGN_UP", "true").set("PALITRA_SERVER__SIGN_UPS_PER_ADDRESS", "1");
    let service = stage.serve();
    let from =
        |said: &str| service.stranger().ask("POST", "/v1/accounts").header("x-forwarded-for", said).send();
    from("192.0.2.1").is(201);
    from("192.0.2.2").refuses(429, "sign_ups_full");
    stage.close(service);
}
