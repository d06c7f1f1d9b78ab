//! `Idempotency-Key`: the same request again is the same generation.

use crate::api::{
    client::{Answer, Client},
    service::{PICTURE, Stage, balance, fox, made, picture, roubles},
};
use serde_json::{Value, json};

fn create(client: &Client, key: &str, body: &Value) -> Answer {
    client.ask("POST", "/v1/generations").header("idempotency-key", key).json(body).send()
}

#[test]
fn the_same_key_and_body_answer_with_the_same_generation() {
    let stage = Stage::new();
    let (ann, bob) = (stage.key("ann", &["--credit", "100"]), stage.key("bob", &["--credit", "100"]));
    let service = stage.serve();
    let (ann, bob) = (service.client(&ann), service.client(&bob));
    let first = create(&ann, "order 7", &fox()).is(202);
    assert_eq!(first.header("idempotent-replayed"), None);
    let id = first.json()["id"].clone();
    let again =
        ann.ask("POST", "/v1/generations?wait=60").header("idempotency-key", "order 7").json(&fox()).send();
    assert_eq!((again.header("idempotent-replayed"), again.status), (Some("true"), 200));
    assert_eq!(again.json()["id"], id);
    create(&ann, "order 7", &picture("a hen")).refuses(409, "idempotency_conflict");
    // Of another account it is another key.
    assert_ne!(create(&bob, "order 7", &fox()).is(202).json()["id"], id);
    for bad in ["", "ключ", &"k".repeat(256)] {
        create(&ann, bad, &fox()).refuses(422, "invalid_input");
    }
    assert_eq!(balance(&ann), (10_000 - PICTURE, 0));
    let bobs = bob.look("/v1/generations")["data"][0]["id"].as_str().unwrap().to_owned();
    bob.look(&format!("/v1/generations/{bobs}?wait=60"));
    stage.close(service);
}

#[test]
fn of_many_at_once_under_one_key_one_is_made() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    let answers: Vec<Answer> = std::thread::scope(|threads| {
        let asked: Vec<_> = (0..12).map(|_| threads.spawn(|| create(&ann, "order 7", &fox()))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let id = answers[0].json()["id"].clone();
    let new = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count();
    assert_eq!(new, 1);
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.json()["id"] == id));
    assert_eq!(balance(&ann), (10_000 - PICTURE, PICTURE));
    ann.post("/v1/generations/cancel", &Value::Null).is(200);
    stage.close(service);
}

#[test]
fn repeats_and_variations_are_made_once_under_a_key() {
    let (stage, service, ann) = Stage::with_ann();
    let first = ann.post("/v1/generations?wait=60", &fox()).is(200).json();
    let path = format!("/v1/generations/{}", first["id"].as_str().unwrap());
    let ask = |verb: &str, body: &Value| {
        let asked =
            ann.ask("POST", &format!("{path}/{verb}")).header("idempotency-key", verb).json(body).send();
        // 200: it was there before the answer was.
        assert!(matches!(asked.status, 200 | 202), "{}", asked.text());
        asked.json()
    };
    let one = json!({ "new_seed": true });
    assert_eq!(ask("repeat", &one)["id"], ask("repeat", &one)["id"]);
    let two = json!({ "count": 2 });
    let ids = |made: &Value| -> Vec<String> {
        made.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let made = ids(&ask("variations", &two));
    assert_eq!((made.len(), &made), (2, &ids(&ask("variations", &two))));
    for id in &made {
        ann.look(&format!("/v1/generations/{id}?wait=60"));
    }
    for shown in ann.look("/v1/generations")["data"].as_array().unwrap() {
        ann.look(&format!("/v1/generations/{}?wait=60", shown["id"].as_str().unwrap()));
    }
    assert_eq!(balance(&ann), (10_000 - 4 * PICTURE, 0));
    stage.close(service);
}

#[test]
fn whatever_is_created_is_created_once() {
    let stage = Stage::new().set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true");
    let ops = stage.key("ops", &["--scope", "read,generate,account,operator", "--credit", "100"]);
    let service = stage.serve();
    let ops = service.client(&ops);
    let hook = json!({ "url": "http://127.0.0.1:9/" });
    let bodies = [
        ("/v1/quotes", 200, fox(), picture("a hen")),
        ("/v1/webhooks", 201, hook, json!({ "url": "http://127.0.0.1:9/b" })),
        ("/v1/keys", 201, json!({ "name": "a" }), json!({ "name": "b" })),
        (
            "/v1/vouchers",
            201,
            json!({ "amount": roubles(5), "code": "SPRING" }),
            json!({ "amount": roubles(6) }),
        ),
        ("/v1/accounts/ops/credit", 200, json!({ "amount": roubles(5) }), json!({ "amount": roubles(6) })),
        ("/v1/accounts/ops/debit", 200, json!({ "amount": roubles(5) }), json!({ "amount": roubles(6) })),
    ];
    let ask =
        |path: &str, body: &Value| ops.ask("POST", path).header("idempotency-key", path).json(body).send();
    for (path, status, body, other) in &bodies {
        let (first, again) = (ask(path, body).is(*status), ask(path, body).is(*status));
        assert_eq!(first.header("idempotent-replayed"), None, "{path}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{path}");
        let (mut first, mut again) = (first.json(), again.json());
        if *path == "/v1/keys" {
            // The secret is seen once.
            assert_ne!(first["key"].take(), again["key"].take());
        }
        assert_eq!(first, again, "{path}");
        ask(path, other).refuses(409, "idempotency_conflict");
    }
    assert_eq!(ops.look("/v1/webhooks")["data"].as_array().unwrap().len(), 1);
    assert_eq!(ops.look("/v1/keys?account=ops")["data"].as_array().unwrap().len(), 2);
    assert_eq!(ops.look("/v1/vouchers")["data"].as_array().unwrap().len(), 1);
    assert_eq!(ops.look("/v1/ledger")["data"].as_array().unwrap().len(), 3, "a top-up, a credit, a debit");
    // A quote that is answered again binds as it did.
    let quote = ask("/v1/quotes", &fox()).is(200).json();
    let mut order = fox();
    order["quote_id"] = quote["id"].clone();
    assert_eq!(ops.post("/v1/generations?wait=60", &order).is(200).json()["quote_id"], quote["id"]);
    stage.close(service);
}

#[test]
fn an_upload_is_fetched_and_kept_once_under_its_key() {
    let (stage, service, ann) = Stage::with_ann();
    let fox = made(&ann, &fox());
    let file = ann.get(fox["assets"][0]["url"].as_str().unwrap()).is(200).body;
    let upload = |key: &str, bytes: &[u8]| {
        ann.ask("POST", "/v1/uploads?name=fox")
            .header("idempotency-key", key)
            .bytes("image/png", bytes)
            .send()
    };
    let first = upload("a", &file).is(201).json();
    let again = upload("a", &file).is(201);
    assert_eq!((&again.json()["id"], again.header("idempotent-replayed")), (&first["id"], Some("true")));
    upload("a", &file[..file.len() - 1]).refuses(409, "idempotency_conflict");
    // The same file under another key is an upload that is there, and both keys say so.
    for _ in 0..2 {
        assert_eq!(upload("b", &file).is(201).json()["id"], first["id"]);
    }
    stage.close(service);
}

#[test]
fn a_prompt_is_written_once_under_its_key() {
    let (stage, service, ann) = Stage::with_ann();
    let body = json!({ "idea": "a lighthouse in a storm" });
    assert!(ann.post("/v1/prompts/plan", &body).is(200).json()["price"].is_object());
    let write =
        || ann.ask("POST", "/v1/prompts").header("idempotency-key", "one").json(&body).send().is(200).json();
    let first = write();
    assert!(first["prompt"].as_str().unwrap().len() > 20, "{first}");
    assert_eq!(first["parts"].as_array().unwrap().len(), 5);
    assert_eq!(write(), first, "the same questions, not asked again");
    let asked = ann.look("/v1/generations")["data"].as_array().unwrap().len();
    assert_eq!(asked, first["generations"].as_array().unwrap().len());
    stage.close(service);
}
