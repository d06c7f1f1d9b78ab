//! `Idempotency-Key`: the same request again is the same generation.

use crate::api::{
    client::{Answer, Client},
    service::{PICTURE, Stage, balance, fox, picture},
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
        ann.ask("POST", &format!("{path}/{verb}"))
            .header("idempotency-key", verb)
            .json(body)
            .send()
            .is(202)
            .json()
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
