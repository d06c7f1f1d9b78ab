//! Generations: created, waited for, listed, cancelled, repeated, varied, rated.

use crate::{
    api::{
        client::Client,
        service::{ARTIST, PICTURE, Stage, VOICE, balance, fox, made, picture, roubles},
        several::one_is_refused,
    },
    harness::FLUX,
};
use serde_json::{Value, json};

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|shown| shown["id"].as_str().unwrap()).collect()
}

#[test]
fn a_generation_is_queued_at_once_and_waited_for_when_asked() {
    let (stage, service, ann) = Stage::with_ann();
    let asked = json!({ "model": ARTIST, "input": { "prompt": "a fox", "width": 64, "height": 64 }, "metadata": { "order": 7 } });
    let queued = ann.post("/v1/generations", &asked).is(202);
    let shown = queued.json();
    let id = shown["id"].as_str().unwrap();
    let path = format!("/v1/generations/{id}");
    assert_eq!(queued.header("location"), Some(service.url(&path).as_str()));
    assert_eq!(
        (&shown["price"], &shown["metadata"], &shown["mode"], &shown["livemode"]),
        (&roubles(PICTURE), &json!({ "order": 7 }), &json!("create"), &json!("live"))
    );
    let ended = ann.look(&format!("{path}?wait=60"));
    assert_eq!((&ended["status"], &ended["progress"]["percent"]), (&json!("succeeded"), &json!(100)));
    assert_eq!(
        (&ended["assets"][0]["width"], &ended["assets"][0]["mime"]),
        (&json!(64), &json!("image/png"))
    );
    assert!(ended["attempts"].is_null(), "attempts are for the operator: {ended}");
    // The header says the same as the query.
    let preferred =
        ann.ask("POST", "/v1/generations").header("prefer", "respond-async, wait=60").json(&fox());
    assert_eq!(preferred.send().is(200).json()["status"], "succeeded");
    ann.get(&format!("{path}?wait=61")).refuses(422, "invalid_input");
    ann.get("/v1/generations/gen_06c63dm9feph4jz1wdj0tj76he").refuses(404, "not_found");
    ann.get("/v1/generations/else").refuses(404, "not_found");
    stage.close(service);
}

#[test]
fn a_list_is_read_page_by_page_and_by_what_is_asked_of_it() {
    let (stage, service, ann) = Stage::with_ann();
    let made: Vec<String> = (0..5)
        .map(|n| made(&ann, &picture(&format!("fox {n}")))["id"].as_str().unwrap().to_owned())
        .collect();
    let sound =
        ann.post("/v1/generations?wait=60", &json!({ "model": VOICE, "input": { "text": "a hen" } })).is(200);
    assert_eq!(sound.json()["assets"][0]["kind"], "audio");
    let newest_first: Vec<&str> = made.iter().rev().map(String::as_str).collect();
    let first = ann.look("/v1/generations?limit=2&lane=image");
    assert_eq!(ids(&first), newest_first[..2]);
    let next = first["next"].as_str().unwrap();
    let second = ann.look(&format!("/v1/generations?limit=2&lane=image&after={next}"));
    assert_eq!(ids(&second), newest_first[2..4]);
    let next = second["next"].as_str().unwrap();
    let last = ann.look(&format!("/v1/generations?limit=2&lane=image&after={next}"));
    assert_eq!((ids(&last), &last["next"]), (newest_first[4..].to_vec(), &Value::Null));
    for (query, count) in [
        ("", 6),
        ("?status=succeeded", 6),
        ("?status=failed", 0),
        ("?model=sandbox/voice", 1),
        ("?mode=speak", 1),
        ("?market=sandbox&lane=audio", 1),
        ("?text=fox%203", 1),
        ("?since=1h", 6),
        ("?until=1h", 0),
    ] {
        assert_eq!(ids(&ann.look(&format!("/v1/generations{query}"))).len(), count, "{query}");
    }
    for query in ["limit=0", "limit=1001", "limit=x", "colour=red", "status=done", "after=x", "since=soon"] {
        ann.get(&format!("/v1/generations?{query}")).refuses(422, "invalid_input");
    }
    ann.get("/v1/generations?account=bob").refuses(403, "forbidden");
    stage.close(service);
}

#[test]
fn what_waits_is_cancelled_and_its_money_comes_back() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    let waiting = ann.post("/v1/generations", &fox()).is(202).json();
    assert_eq!((&waiting["status"], &waiting["progress"]["position"]), (&json!("queued"), &json!(1)));
    assert_eq!(balance(&ann), (10_000 - PICTURE, PICTURE));
    let path = format!("/v1/generations/{}", waiting["id"].as_str().unwrap());
    assert_eq!(ann.get(&path).header("retry-after"), Some("2"));
    let cancelled = ann.post(&format!("{path}/cancel"), &Value::Null).is(200).json();
    assert_eq!((&cancelled["status"], &cancelled["cancelled"]), (&json!("cancelled"), &json!(true)));
    assert_eq!(balance(&ann), (10_000, 0));
    ann.post(&format!("{path}/cancel"), &Value::Null).refuses(409, "already_finished");
    let shown = ann.look(&path);
    assert_eq!((&shown["error"]["code"], &shown["error"]["charged"]), (&json!("cancelled"), &roubles(0)));
    stage.close(service);
}

#[test]
fn many_are_cancelled_by_a_filter_and_no_more_than_it_says() {
    let stage = Stage::new();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve_door_alone();
    let ann = service.client(&key);
    for n in 0..6 {
        ann.post("/v1/generations", &picture(&format!("fox {n}"))).is(202);
    }
    ann.post("/v1/generations", &json!({ "model": VOICE, "input": { "text": "a hen" } })).is(202);
    let cancel = |query: &str| ann.post(&format!("/v1/generations/cancel?{query}"), &Value::Null);
    for wrong in ["limit=0", "limit=1001", "colour=red"] {
        cancel(wrong).refuses(422, "invalid_input");
    }
    assert_eq!(
        cancel("text=fox%203").is(200).json(),
        json!({ "cancelled": 1, "requested": 0, "more": false })
    );
    assert_eq!(cancel("lane=image&limit=2").is(200).json()["cancelled"], 2);
    assert_eq!(cancel("lane=image").is(200).json()["cancelled"], 3);
    assert_eq!(ids(&ann.look("/v1/generations?status=queued")).len(), 1);
    assert_eq!(cancel("").is(200).json()["cancelled"], 1);
    stage.close(service);
}

fn seed(shown: &Value) -> i64 {
    shown["input"]["seed"].as_i64().unwrap_or_else(|| panic!("{shown}"))
}

#[test]
fn a_result_is_repeated_varied_and_rated() {
    let (stage, service, ann) = Stage::with_ann();
    let asked =
        json!({ "model": ARTIST, "input": { "prompt": "a fox", "width": 64, "height": 64, "seed": 7 } });
    let first = made(&ann, &asked);
    let path = format!("/v1/generations/{}", first["id"].as_str().unwrap());
    let again = ann.post(&format!("{path}/repeat"), &json!({})).is(202).json();
    assert_eq!((&again["parent_id"], &again["input"]), (&first["id"], &first["input"]));
    assert_ne!(again["id"], first["id"]);
    let bare = ann.ask("POST", &format!("{path}/repeat")).send().is(202).json();
    assert_eq!(seed(&bare), 7);
    let other = ann.post(&format!("{path}/repeat"), &json!({ "new_seed": true })).is(202).json();
    assert_ne!(seed(&other), 7);
    let varied = ann.post(&format!("{path}/variations"), &json!({ "count": 3 })).is(202).json();
    let mut seeds: Vec<i64> = varied.as_array().unwrap().iter().map(seed).collect();
    seeds.extend([7, seed(&other)]);
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), 5, "{varied}");
    for count in [0, 9] {
        ann.post(&format!("{path}/variations"), &json!({ "count": count })).refuses(422, "invalid_input");
    }
    let rated = json!({ "rating": "good", "comment": "a good fox" });
    assert_eq!(ann.post(&format!("{path}/feedback"), &rated).is(200).json(), rated);
    ann.post(&format!("{path}/feedback"), &json!({ "rating": "fine" })).refuses(422, "invalid_input");
    let long = json!({ "rating": "bad", "comment": "x".repeat(2_001) });
    ann.post(&format!("{path}/feedback"), &long).refuses(422, "invalid_input");
    all_end(&ann);
    assert_eq!(balance(&ann), (10_000 - 7 * PICTURE, 0));
    stage.close(service);
}

fn all_end(ann: &Client) {
    for shown in ann.look("/v1/generations")["data"].as_array().unwrap() {
        let ended = ann.look(&format!("/v1/generations/{}?wait=60", shown["id"].as_str().unwrap()));
        assert_eq!(ended["status"], "succeeded", "{ended}");
    }
}

/// A client that has it is told so, however it says which one it has; what another language or another time says is another one.
#[test]
fn a_document_is_sent_again_when_it_says_something_else() {
    let (_fal, stage) = one_is_refused();
    let key = stage.key("ann", &["--credit", "100"]);
    let service = stage.serve();
    let ann = service.client(&key);
    let asked = json!({ "model": FLUX, "input": { "prompt": "a fox", "width": 1024, "height": 1024 } });
    let failed = ann.post("/v1/generations?wait=60", &asked).is(200).json();
    assert_eq!(failed["status"], "failed", "{failed}");
    let path = format!("/v1/generations/{}", failed["id"].as_str().unwrap());
    let look = |lang: &str, known: &str| {
        ann.ask("GET", &path).header("accept-language", lang).header("if-none-match", known).send()
    };
    let first = look("en", "\"another\"").is(200);
    assert_eq!(first.header("vary").map(|vary| vary.contains("accept-language")), Some(true));
    let tag = first.header("etag").unwrap();
    for known in [tag, "*", &format!("\"another\", {tag}"), tag.strip_prefix("W/").unwrap()] {
        assert!(look("en", known).is(304).body.is_empty());
    }
    let russian = look("ru", tag).is(200);
    assert_ne!(russian.header("etag"), Some(tag));
    look("ru", russian.header("etag").unwrap()).is(304);
    stage.close(service);
}
