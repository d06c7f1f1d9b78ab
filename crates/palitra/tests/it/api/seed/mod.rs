//! The seed-compatible door, `/api/media/…`, requirement by requirement (S1): its contract, how a task moves, and what it costs.

mod contract;
mod course;
mod kills;

use super::{
    client::{Answer, Client},
    service::{Service, Stage, until},
};
use crate::harness::{Desk, FLUX, Fal};
use serde_json::{Value, json};

/// So many words, each with these flags.
fn words(count: usize, flags: &Value) -> Value {
    let word = |n: usize| {
        let mut word = flags.clone();
        word["word"] = json!(format!("word {n}"));
        word
    };
    (1..=count).map(word).collect()
}

/// Pictures by the sandbox, small.
fn pictures(count: usize) -> Value {
    json!({ "words": words(count, &json!({ "generate_image": true })), "format": "64x64" })
}

/// Pictures by the simulated fal.
fn by_fal(count: usize) -> Value {
    let mut batch = pictures(count);
    batch["image_model"] = json!(FLUX);
    batch
}

fn start(client: &Client, batch: &Value) -> Value {
    let answer = client.post("/api/media/generate-batch/", batch);
    assert!(matches!(answer.status, 200 | 202), "{}", answer.text());
    answer.json()
}

fn path(task: &Value) -> String {
    format!("/api/media/tasks/{}/", task["task_id"].as_str().unwrap_or_else(|| panic!("{task}")))
}

fn look(client: &Client, task: &Value) -> Value {
    client.look(&path(task))
}

fn is_over(task: &Value) -> bool {
    !matches!(task["status"].as_str(), Some("pending" | "processing"))
}

/// Looks again and again until it is over; answers everything that was seen.
fn watch(client: &Client, task: &Value) -> Vec<Value> {
    let mut seen = vec![task.clone()];
    until("the end of a task", || {
        let is_over = is_over(seen.last().unwrap());
        if !is_over {
            seen.push(look(client, task));
        }
        is_over.then_some(())
    });
    seen
}

fn ended(client: &Client, task: &Value) -> Value {
    watch(client, task).pop().unwrap()
}

/// A customer of a simulated fal.
fn at_fal(fal: &Fal, slots: &str) -> (Stage, Service, Client) {
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__SLOTS", slots);
    let stage = Stage::at(desk);
    let key = stage.key("ann", &["--credit", "10000"]);
    let service = stage.serve();
    let ann = service.client(&key);
    (stage, service, ann)
}

/// A refusal in the words of this door.
#[track_caller]
fn refused(answer: Answer, status: u16, code: &str) -> Value {
    let said = answer.refuses(status, code).json();
    assert!(said["detail"].is_string(), "{said}");
    said
}
