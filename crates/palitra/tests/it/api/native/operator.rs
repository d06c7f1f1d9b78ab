//! What only the operator does over HTTP: accounts, money, vouchers, price groups, models, and the list of what was done.

use crate::api::service::{ARTIST, PICTURE, Stage, balance, fox, made, roubles};
use serde_json::{Value, json};

#[test]
fn an_operator_looks_after_accounts_and_their_money() {
    let (stage, service, ann) = Stage::with_ann_and_operator();
    let ops = service.client(&stage.operator());
    assert_eq!(ops.look("/v1/accounts/ann")["cash"], roubles(10_000));
    let page = ops.look("/v1/accounts?limit=1");
    assert_eq!((&page["data"][0]["name"], &page["next"]), (&json!("ann"), &json!("ann")));
    let rest = ops.look("/v1/accounts?after=ann");
    let names: Vec<_> = rest["data"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["local", "ops"]);
    // By its id as well as by its name, and never another's business.
    let id = ann.look("/v1/account")["id"].as_str().unwrap().to_owned();
    assert_eq!(ops.look(&format!("/v1/accounts/{id}"))["name"], "ann");
    ops.get("/v1/accounts/nobody").refuses(404, "not_found");
    let credited = ops.post("/v1/accounts/ann/credit", &json!({ "amount": roubles(500) })).is(200).json();
    assert_eq!((&credited["cash"], &credited["available"]), (&roubles(10_500), &roubles(10_500)));
    let debit = |amount: i64| {
        ops.post("/v1/accounts/ann/debit", &json!({ "amount": roubles(amount), "note": "a gift" }))
    };
    assert_eq!(debit(500).is(200).json()["cash"], roubles(10_000));
    debit(10_001).refuses(402, "insufficient_funds");
    for amount in [roubles(0), roubles(-5), json!({ "amount": 5, "currency": "USD" })] {
        ops.post("/v1/accounts/ann/credit", &json!({ "amount": amount })).refuses(422, "invalid_input");
    }
    let ledger = ops.look("/v1/accounts/ann/ledger?limit=1");
    assert_eq!(
        (&ledger["data"][0]["kind"], &ledger["data"][0]["note"]),
        (&json!("adjustment"), &json!("a gift"))
    );
    // Half of the price from now on, and the plain one again.
    assert_eq!(
        ops.ask("PUT", "/v1/price-groups/friends").json(&json!({ "factor": "0.5" })).send().is(200).json(),
        json!({ "name": "friends", "factor": "0.5", "accounts": 0 })
    );
    let change = |body: &Value| ops.ask("PATCH", "/v1/accounts/ann").json(body).send();
    assert_eq!(change(&json!({ "group": "friends" })).is(200).json()["factor"], "0.5");
    let own = ann.look("/v1/account");
    assert_eq!((&own["factor"], &own["group"], &own["weight"]), (&json!("0.5"), &Value::Null, &Value::Null));
    assert_eq!(ann.post("/v1/quotes", &fox()).is(200).json()["price"], roubles(PICTURE / 2));
    ops.ask("DELETE", "/v1/price-groups/friends").send().refuses(409, "group_in_use");
    assert_eq!(change(&json!({ "group": null })).is(200).json()["group"], Value::Null);
    ops.ask("DELETE", "/v1/price-groups/friends").send().is(204);
    change(&json!({ "group": "friends" })).refuses(404, "not_found");
    change(&json!({ "referral_code": ann.look("/v1/account")["referral_code"] }))
        .refuses(409, "referral_refused");
    stage.close(service);
}

#[test]
fn an_operator_gives_back_what_was_charged_and_no_more() {
    let (stage, service, ann) = Stage::with_ann_and_operator();
    let ops = service.client(&stage.operator());
    let id = made(&ann, &fox())["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/generations/{id}/refund");
    ann.post(&path, &json!({})).refuses(403, "forbidden");
    let refund =
        |key: &str, body: &Value| ops.ask("POST", &path).header("idempotency-key", key).json(body).send();
    let part = json!({ "amount": roubles(90), "note": "six fingers" });
    let first = refund("one", &part).is(200);
    assert_eq!((&first.json()["cash"], &first.json()["left"]), (&roubles(90), &roubles(PICTURE - 90)));
    let again = refund("one", &part).is(200);
    assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), Some("true")));
    assert_eq!(balance(&ann), (10_000 - PICTURE + 90, 0), "once");
    refund("one", &json!({})).refuses(409, "idempotency_conflict");
    assert_eq!(refund("two", &json!({})).is(200).json()["left"], roubles(0));
    refund("three", &json!({})).refuses(409, "refund_too_large");
    assert_eq!(balance(&ann), (10_000, 0));
    stage.close(service);
}

#[test]
fn vouchers_are_made_once_redeemed_once_and_revoked() {
    let (stage, service, ann) = Stage::with_ann_and_operator();
    let ops = service.client(&stage.operator());
    let make =
        |body: &Value| ops.ask("POST", "/v1/vouchers").header("idempotency-key", "spring").json(body).send();
    let body = json!({ "amount": roubles(300), "purse": "bonus", "days": 30, "uses": 2, "expires_at": "2199-01-31" });
    let first = make(&body).is(201).json();
    let again = make(&body).is(201).json();
    assert_eq!((&again["id"], &again["code"]), (&first["id"], &Value::Null), "it is seen once");
    let listed = ops.look("/v1/vouchers");
    let it = &listed["data"][0];
    assert_eq!((listed["data"].as_array().unwrap().len(), &it["status"]), (1, &json!("active")));
    let code = json!({ "code": first["code"] });
    let given = ann.post("/v1/vouchers/redeem", &code).is(200).json();
    assert_eq!(
        (&given["purse"], &given["amount"], &given["account"]),
        (&json!("bonus"), &roubles(300), &json!("ann"))
    );
    ann.post("/v1/vouchers/redeem", &code).refuses(409, "voucher_used");
    ops.post("/v1/accounts/local/redeem", &code).is(200);
    let written = ops.look("/v1/audit?action=voucher_redeem")["data"].clone();
    let local = ops.look("/v1/accounts/local")["id"].clone();
    assert_eq!((written.as_array().unwrap().len(), &written[0]["subject"]), (1, &local));
    ops.post("/v1/accounts/ops/redeem", &code).refuses(410, "voucher_over");
    assert_eq!(
        ops.post(&format!("/v1/vouchers/{}/revoke", it["id"].as_str().unwrap()), &Value::Null).is(200).json()
            ["revoked"],
        true
    );
    assert_eq!(ops.look("/v1/vouchers")["data"][0]["status"], "revoked");
    for wrong in [
        json!({ "amount": roubles(0) }),
        json!({ "amount": roubles(5), "code": "abc" }),
        json!({ "amount": roubles(5), "uses": 0 }),
    ] {
        ops.post("/v1/vouchers", &wrong).refuses(422, "invalid_input");
    }
    stage.close(service);
}

#[test]
fn an_operator_exports_and_deletes_an_account() {
    let (stage, service, ann) = Stage::with_ann_and_operator();
    let ops = service.client(&stage.operator());
    made(&ann, &fox());
    assert_eq!(ops.look("/v1/accounts/ann/export")["account"]["name"], "ann");
    let holdings = ops.look("/v1/accounts/ann/holdings");
    assert_eq!((&holdings["files"], &holdings["cash"]), (&json!(1), &roubles(10_000 - PICTURE)));
    let deleted = ops.ask("DELETE", "/v1/accounts/ann").send().is(202).json();
    assert_eq!((&deleted["account"], &deleted["lost"]), (&json!("ann"), &holdings));
    ann.get("/v1/account").refuses(401, "unauthorized");
    ops.get("/v1/accounts/ann").refuses(404, "not_found");
    ops.ask("DELETE", "/v1/accounts/local").send().refuses(422, "invalid_input");
    stage.close(service);
}

#[test]
fn an_operator_prices_and_sells_models_and_all_of_it_is_written_down() {
    let (stage, service, _) = Stage::with_ann_and_operator();
    let ops = service.client(&stage.operator());
    let price = json!({ "model": ARTIST, "unit": "image", "cost": "0.05" });
    let shown = ops.post("/v1/models/price", &price).is(200).json();
    assert_eq!((&shown["id"], shown["inputs"]["create"].is_object()), (&json!(ARTIST), true));
    ops.post("/v1/models/approve", &json!({ "model": ARTIST })).is(200);
    ops.post("/v1/models/price", &json!({ "model": ARTIST, "unit": "yard", "cost": "1" }))
        .refuses(422, "invalid_input");
    ops.post("/v1/models/approve", &json!({ "model": "nobody/nothing" })).refuses(404, "not_found");
    assert_eq!(ops.look("/v1/models/history?limit=1")["data"][0]["change"], "approved");
    assert_eq!(
        ops.post("/v1/models/sync", &json!({})).is(200).json()["data"],
        json!([]),
        "nobody has a list here"
    );
    ops.post("/v1/accounts/ann/credit", &json!({ "amount": roubles(1) })).is(200);
    let done = ops.look("/v1/audit?limit=3");
    let done: Vec<_> =
        done["data"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(done, ["credit", "model_approve", "model_price"]);
    let entry = ops.look("/v1/audit?action=credit&limit=1")["data"][0].clone();
    assert!(entry["who"].as_str().unwrap().starts_with("key_"), "{entry}");
    ops.get("/v1/audit?action=nothing").refuses(422, "invalid_input");
    stage.close(service);
}

#[test]
fn an_operators_test_key_changes_nothing_that_is_live() {
    let mut stage = Stage::new();
    let tester = stage.key("ops", &["--scope", "read,generate,account,operator", "--test"]);
    stage.operator = stage.key("ops", &["--scope", "read,account,operator"]);
    let (stage, service, ann) = stage.ann();
    let (ops, test) = (service.client(&stage.operator()), service.client(&tester));
    let id = made(&ann, &fox())["id"].as_str().unwrap().to_owned();
    let code = ops.post("/v1/vouchers", &json!({ "amount": roubles(300) })).is(201).json()["code"].clone();
    for (path, body) in [
        ("/v1/vouchers".to_owned(), json!({ "amount": roubles(300) })),
        ("/v1/accounts/ann/redeem".to_owned(), json!({ "code": code })),
        (format!("/v1/generations/{id}/refund"), json!({})),
        ("/v1/keys".to_owned(), json!({ "account": "ann", "mode": "live", "credit": roubles(500) })),
        ("/v1/models/approve".to_owned(), json!({ "model": ARTIST })),
    ] {
        test.post(&path, &body).refuses(403, "forbidden");
    }
    test.get(&format!("/v1/generations/{id}")).refuses(404, "not_found");
    assert_eq!(balance(&ann), (10_000 - PICTURE, 0));
    // Test money is what it is for.
    let credited = test.post("/v1/accounts/ann/credit", &json!({ "amount": roubles(500) })).is(200).json();
    assert_eq!(credited["cash"], roubles(500));
    assert_eq!(balance(&ann), (10_000 - PICTURE, 0));
    stage.close(service);
}
