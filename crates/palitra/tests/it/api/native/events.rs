//! Server-sent events: of an account, a batch, a generation; and what is heard of what was missed.

use crate::{
    api::{
        client::{Client, Event},
        service::{Stage, fox, made, picture},
    },
    harness::Desk,
    processes::database::Database,
};
use serde_json::{Value, json};

fn again(client: &Client, path: &str, last: &str) -> Vec<Event> {
    client.ask("GET", path).header("last-event-id", last).events().collect()
}

#[test]
fn a_generation_is_followed_to_its_end() {
    let (stage, service, ann) = Stage::new().set("PALITRA_MARKETS__SANDBOX__ARTIST_MS", "300").ann();
    let id = ann.post("/v1/generations", &fox()).is(202).json()["id"].clone();
    let path = format!("/v1/generations/{}/events", id.as_str().unwrap());
    let seen: Vec<Event> = ann.ask("GET", &path).events().collect();
    assert!(seen.iter().all(|event| event.name == "generation" && event.data["id"] == id));
    let last = seen.last().unwrap();
    assert_eq!((&last.data["status"], &last.data["progress"]["percent"]), (&json!("succeeded"), &json!(100)));
    assert!(last.data["assets"][0]["url"].is_string());
    let statuses: Vec<&Value> = seen.iter().map(|event| &event.data["status"]).collect();
    assert_eq!(statuses.iter().filter(|status| **status == "succeeded").count(), 1, "{statuses:?}");
    // Whoever has seen the end hears nothing again; whoever comes later hears the end.
    assert_eq!(again(&ann, &path, &last.id), []);
    assert_eq!(ann.ask("GET", &path).events().count(), 1);
    ann.get("/v1/generations/gen_06c63dm9feph4jz1wdj0tj76he/events").refuses(404, "not_found");
    stage.close(service);
}

#[test]
fn s1_38_a_batch_is_followed_step_by_step() {
    let (stage, service, ann) = Stage::with_ann();
    let words =
        json!({ "kind": "words", "format": "64x64", "words": [{ "word": "cat" }, { "word": "dog" }] });
    let id = ann.post("/v1/batches", &words).is(202).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/batches/{id}/events");
    let seen: Vec<Event> = ann.ask("GET", &path).events().collect();
    let steps: Vec<&Event> = seen.iter().filter(|event| event.name.ends_with("_ready")).collect();
    let mut names: Vec<(&str, &str)> =
        steps.iter().map(|event| (event.name.as_str(), event.data["title"].as_str().unwrap())).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [("audio_ready", "cat"), ("audio_ready", "dog"), ("image_ready", "cat"), ("image_ready", "dog")]
    );
    let done = seen.last().unwrap();
    assert_eq!((done.name.as_str(), &done.data["percent"]), ("done", &json!(100)));
    assert_eq!(done.data["task"]["progress_detail"], json!({ "total": 2, "current": 2 }));
    // From any event on, what follows it.
    for (n, step) in steps.iter().enumerate() {
        let rest = again(&ann, &path, &step.id);
        let ids: Vec<&str> =
            rest.iter().filter(|event| event.name != "done").map(|event| event.id.as_str()).collect();
        let wanted: Vec<&str> = steps[n + 1..].iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids, wanted);
    }
    stage.close(service);
}

#[test]
fn an_account_hears_of_its_own_and_of_what_it_has_missed() {
    let stage = Stage::new();
    let (ann, bob) = (stage.key("ann", &["--credit", "100"]), stage.key("bob", &["--credit", "100"]));
    let service = stage.serve();
    let (ann, bob) = (service.client(&ann), service.client(&bob));
    let (mut hers, mut his) = (ann.ask("GET", "/v1/events").events(), bob.ask("GET", "/v1/events").events());
    let fox = made(&ann, &fox());
    let heard = hers.next().unwrap();
    assert_eq!((heard.name.as_str(), &heard.data["data"]["id"]), ("generation.succeeded", &fox["id"]));
    assert_eq!(heard.data["type"], "generation.succeeded");
    drop(hers);
    // While nobody listens.
    let missed: Vec<Value> =
        (0..3).map(|n| made(&ann, &picture(&format!("hen {n}")))["id"].clone()).collect();
    let resumed = ann.ask("GET", "/v1/events").header("last-event-id", &heard.id).events();
    let told: Vec<Value> = resumed.take(3).map(|event| event.data["data"]["id"].clone()).collect();
    assert_eq!(told, missed);
    let own = made(&bob, &picture("a goat"));
    assert_eq!(his.next().unwrap().data["data"]["id"], own["id"], "he hears of others");
    drop(his);
    stage.close(service);
}

/// Two services at one database: each tells what the other does, and what was missed at the other.
#[test]
fn what_one_service_does_is_heard_at_another() {
    let database = Database::new();
    let stage = Stage::at(Desk::new().set("PALITRA_DATABASE__URL", &database.url()));
    let key = stage.key("ann", &["--credit", "100"]);
    // One has a door and does no work, the other both.
    let (door, worker) = (stage.serve_door_alone(), stage.serve());
    let (here, there) = (door.client(&key), worker.client(&key));
    let mut heard_here = here.ask("GET", "/v1/events").events();
    let fox = made(&there, &fox());
    let heard = heard_here.next().unwrap();
    assert_eq!((heard.name.as_str(), &heard.data["data"]["id"]), ("generation.succeeded", &fox["id"]));
    let id = here.post("/v1/generations", &picture("a hen")).is(202).json()["id"].clone();
    let path = format!("/v1/generations/{}/events", id.as_str().unwrap());
    let last = here.ask("GET", &path).events().last().unwrap();
    assert_eq!(last.data["status"], "succeeded");
    assert_eq!(again(&there, &path, &last.id), []);
    let hen = heard_here.next().unwrap();
    assert_eq!(hen.data["data"]["id"], id);
    drop(heard_here);
    // What nobody heard here is told there, from the last event on. Of the last minute something older may come again.
    let missed: Vec<Value> =
        (0..2).map(|n| made(&there, &picture(&format!("goat {n}")))["id"].clone()).collect();
    for client in [&there, &here] {
        let resumed = client.ask("GET", "/v1/events").header("last-event-id", &hen.id).events();
        let ids = resumed.map(|event| event.data["data"]["id"].clone());
        let told: Vec<Value> = ids.filter(|id| *id != fox["id"]).take(2).collect();
        assert_eq!(told, missed);
    }
    door.stop();
    stage.close(worker);
    drop(stage);
    drop(database);
}

/// A service that is stopped ends the streams that have no end.
#[test]
fn a_stream_ends_with_its_service() {
    let (stage, service, ann) = Stage::with_ann();
    let events = ann.ask("GET", "/v1/events").events();
    let listening = std::thread::spawn(move || events.count());
    stage.close(service);
    assert_eq!(listening.join().unwrap(), 0);
}
