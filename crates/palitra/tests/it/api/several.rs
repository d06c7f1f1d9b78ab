//! Several things for one request: all of them are accepted or none, and what has succeeded is answered whatever became of the others.

use super::{
    client::Client,
    service::{ARTIST, PICTURE, Stage, balance, fox, made},
};
use crate::{
    crash::scenario::rule,
    harness::{Desk, FLUX, Fal},
};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use serde_json::{Value, json};

/// The first picture of a fox is refused, whoever asks; the others are drawn.
pub(super) fn one_is_refused() -> (Fal, Stage) {
    let fault = Fault::Fail { error_type: "content_policy_violation".to_owned() };
    let rules = vec![Rule { times: Some(1), ..rule(Call::Submit, "a fox", fault) }];
    let fal = Fal::start(FalScript { latency_ms: 20, rules, ..FalScript::default() });
    let stage = Stage::at(Desk::with_fal(&fal.url()));
    (fal, stage)
}

/// A fox of fal's model, so many times.
pub(super) fn foxes(n: u32) -> Value {
    json!({ "model": FLUX, "prompt": "a fox", "size": "1024x1024", "n": n })
}

fn count(client: &Client) -> usize {
    client.look("/v1/generations")["data"].as_array().unwrap().len()
}

#[test]
fn what_there_is_no_money_for_all_of_is_refused_whole() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "5"]);
    let service = stage.serve();
    let ann = service.client(&key);
    let three = json!({ "model": ARTIST, "prompt": "a fox", "size": "64x64", "n": 3 });
    ann.post("/openai/v1/images/generations", &three).is(429);
    assert_eq!((balance(&ann), count(&ann)), ((500, 0), 0));
    let first = made(&ann, &fox());
    let variations = format!("/v1/generations/{}/variations", first["id"].as_str().unwrap());
    ann.post(&variations, &json!({ "count": 2 })).refuses(402, "insufficient_funds");
    assert_eq!((balance(&ann), count(&ann)), ((500 - PICTURE, 0), 1));
    stage.close(service);
}

#[test]
fn of_two_of_which_one_fails_the_other_is_answered_and_paid() {
    let (_fal, stage) = one_is_refused();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve();
    let ann = service.client(&key);
    let answer = ann.post("/openai/v1/images/generations", &foxes(2)).is(200).json();
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(1), "{answer}");
    let (left, held) = balance(&ann);
    let books = stage.close(service);
    let charged: Vec<i64> = books.generations.iter().map(|one| one.charged).filter(|one| *one > 0).collect();
    assert_eq!((charged.len(), held, books.generations.len()), (1, 0, 2));
    assert_eq!(left, 10_000 - charged[0]);
}

#[test]
fn what_the_model_cannot_do_is_not_made_as_something_else() {
    let (stage, service, ann) = Stage::with_ann();
    let link = "data:image/png;base64,iVBORw0KGgo=";
    let edit = |model: &str, image: Value| {
        let body = json!({ "model": model, "prompt": "a hat", "images": [image] });
        ann.post("/openai/v1/images/edits", &body)
    };
    let said = edit("sandbox/voice", json!({ "image_url": link })).is(404).json();
    assert_eq!(said["error"]["code"], "model_not_found", "{said}");
    let said = edit(ARTIST, json!({ "file_id": "file-1" })).is(400).json();
    assert_eq!(said["error"]["param"], "image", "{said}");
    let speech = json!({ "model": ARTIST, "input": "a fox", "voice": "alloy" });
    ann.post("/openai/v1/audio/speech", &speech).is(404);
    assert_eq!((balance(&ann), count(&ann)), ((10_000, 0), 0));
    stage.close(service);
}
