//! Clients that repeat their POSTs and send no idempotency key: who did not hear the answer is charged once, who heard it and asks again
//! is made another one.

use super::{
    client::{Answer, Client},
    service::{ARTIST, PICTURE, SOUND, Service, Stage, VOICE, balance, until},
    several::{foxes, one_is_refused},
};
use crate::{crash::books::look, harness::FLUX};
use palitra_store::p;
use serde_json::{Value, json};

/// A request of a client without keys, by its door, and what it costs.
fn requests() -> [(&'static str, Value, i64); 4] {
    [
        (
            "/openai/v1/images/generations",
            json!({ "model": ARTIST, "prompt": "a fox", "size": "64x64", "n": 2 }),
            2 * PICTURE,
        ),
        ("/openai/v1/audio/speech", json!({ "model": VOICE, "input": "a fox", "voice": "alloy" }), SOUND),
        ("/fal/queue/sandbox/artist", json!({ "prompt": "a fox", "width": 64, "height": 64 }), PICTURE),
        ("/fal/run/sandbox/artist", json!({ "prompt": "a hen", "width": 64, "height": 64 }), PICTURE),
    ]
}

/// A sandbox that stands still until somebody lets it go on: nothing is answered before that.
fn still(stage: &Stage) -> (Service, Client) {
    let ops = stage.key("ops", &["--scope", "operator"]);
    let service = stage.serve();
    let ops = service.client(&ops);
    ops.post("/v1/markets/sandbox/pause", &json!({})).is(200);
    (service, ops)
}

/// Lets it go on when the request that was started has been taken in, too.
fn go_on(stage: &Stage, ops: &Client, before: i64) {
    until("a request", || (taken_in(stage) > before).then_some(()));
    ops.post("/v1/markets/sandbox/resume", &json!({})).is(200);
}

/// Goes up with every request of a client without a key.
fn taken_in(stage: &Stage) -> i64 {
    look(&stage.desk, |tx| {
        tx.query_one("select coalesce(max(expires_at), 0) from idempotency", p![])?.get::<i64>(0)
    })
}

/// Waits until so many generations were accepted, whatever has become of them.
fn accepted(client: &Client, count: usize) -> Value {
    until("a generation", || {
        let shown = client.look("/v1/generations");
        (shown["data"].as_array().unwrap().len() >= count).then_some(shown)
    })
}

fn end(client: &Client) {
    for shown in client.look("/v1/generations")["data"].as_array().unwrap() {
        let ended = client.look(&format!("/v1/generations/{}?wait=60", shown["id"].as_str().unwrap()));
        assert_eq!(ended["status"], "succeeded", "{ended}");
    }
}

/// The connection is cut after the service has accepted, before it has answered. The queue answers as soon as it has accepted, so nobody can
/// be cut off in between; what it does for whoever tries again is below.
#[test]
fn who_is_cut_off_and_asks_again_is_charged_once() {
    for (path, body, price) in requests().into_iter().filter(|(path, ..)| !path.starts_with("/fal/queue")) {
        let stage = Stage::new();
        let key = stage.key("ann", &["--credit", "100"]);
        let (service, ops) = still(&stage);
        let ann = service.client(&key);
        let count = usize::from(path.ends_with("generations")) + 1;
        let first = ann.ask("POST", path).json(&body).start();
        let seen = accepted(&ann, count);
        drop(first);
        let before = taken_in(&stage);
        let second = ann.ask("POST", path).json(&body).start();
        go_on(&stage, &ops, before);
        Answer::heard(second).is(200);
        end(&ann);
        let now = ann.look("/v1/generations");
        let ids = |page: &Value| -> Vec<Value> {
            page["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
        };
        assert_eq!(ids(&now), ids(&seen), "{path}: another one was made");
        assert_eq!(balance(&ann), (10_000 - price, 0), "{path}");
        stage.close(service);
    }
}

#[test]
fn who_heard_the_answer_and_asks_again_is_made_another_one() {
    let (stage, service, ann) = Stage::with_ann();
    let mut spent = 0;
    for (path, body, price) in requests() {
        ann.post(path, &body).is(200);
        end(&ann);
        // That the answer went out is written down a moment after it did.
        delivered(&stage);
        ann.post(path, &body).is(200);
        end(&ann);
        spent += 2 * price;
        assert_eq!(balance(&ann), (10_000 - spent, 0), "{path}");
        delivered(&stage);
    }
    stage.close(service);
}

/// Waits until it is written down of every request that its answer went out.
fn delivered(stage: &Stage) {
    until("that an answer went out", || {
        let open = look(&stage.desk, |tx| {
            tx.query_one("select count(*) from idempotency where delivered = 0", p![])?.get::<i64>(0)
        });
        (open == 0).then_some(())
    });
}

#[test]
fn who_says_that_it_tries_again_is_joined() {
    let (stage, service, ann) = Stage::with_ann();
    let mut spent = 0;
    for (path, body, price) in requests() {
        ann.ask("POST", path).header("x-stainless-retry-count", "0").json(&body).send().is(200);
        end(&ann);
        delivered(&stage);
        ann.ask("POST", path).header("x-stainless-retry-count", "1").json(&body).send().is(200);
        end(&ann);
        spent += price;
        assert_eq!(balance(&ann), (10_000 - spent, 0), "{path}");
        delivered(&stage);
    }
    stage.close(service);
}

/// The work goes on in the queue, and its answer was not that.
#[test]
fn who_gave_up_waiting_and_asks_again_is_joined() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let (service, ops) = still(&stage);
    let ann = service.client(&key);
    let body = json!({ "prompt": "a fox", "width": 64, "height": 64 });
    let ask = || ann.ask("POST", "/fal/run/sandbox/artist").json(&body);
    let late = ask().header("x-fal-request-timeout", "0.1").send().is(504);
    ops.post("/v1/markets/sandbox/resume", &json!({})).is(200);
    let done = ask().send().is(200);
    assert_eq!(done.header("x-fal-request-id"), late.header("x-fal-request-id"));
    assert_eq!(balance(&ann), (10_000 - PICTURE, 0));
    stage.close(service);
}

/// Nothing was charged for it, and the same again may come out well.
#[test]
fn what_has_failed_is_tried_again() {
    for path in ["/openai/v1/images/generations", &format!("/fal/run/{FLUX}")] {
        let (_fal, stage) = one_is_refused();
        let key = stage.key("ann", &["--credit", "100"]);
        let service = stage.serve();
        let ann = service.client(&key);
        let ask = || ann.ask("POST", path).header("x-stainless-retry-count", "1").json(&foxes(1)).send();
        let refused = ask();
        assert!(matches!(refused.status, 400 | 422), "{}", refused.text());
        ask().is(200);
        let books = stage.close(service);
        let states: Vec<&str> = books.generations.iter().map(|one| &*one.state).collect();
        assert_eq!((states.len(), states.contains(&"succeeded")), (2, true), "{path}: {states:?}");
    }
}

/// Another key of the same account is another client.
#[test]
fn another_key_is_not_joined() {
    let stage = Stage::new();
    let (one, two) = (stage.key("ann", &["--credit", "100"]), stage.key("ann", &[]));
    let (service, ops) = still(&stage);
    let (one, two) = (service.client(&one), service.client(&two));
    let (path, body, price) = requests().into_iter().next().unwrap();
    let first = one.ask("POST", path).json(&body).start();
    accepted(&one, 2);
    drop(first);
    let before = taken_in(&stage);
    let second = two.ask("POST", path).json(&body).start();
    go_on(&stage, &ops, before);
    Answer::heard(second).is(200);
    end(&one);
    assert_eq!(balance(&one), (10_000 - 2 * price, 0));
    stage.close(service);
}
