//! Money over HTTP: quotes that bind, prices that are held and charged, balance and ledger, test money beside real money.

use crate::api::service::{ARTIST, PICTURE, Stage, balance, fox, made, picture, roubles};
use serde_json::{Value, json};

#[test]
fn a_quote_binds_what_it_was_made_for() {
    let (stage, service, ann) = Stage::with_ann();
    let quote = ann.post("/v1/quotes", &fox()).is(200).json();
    assert_eq!((&quote["price"], &quote["mode"]), (&roubles(PICTURE), &json!("create")));
    assert_eq!(balance(&ann), (10_000, 0), "a quote holds nothing");
    let with_quote = |body: Value| {
        let mut body = body;
        body["quote_id"] = quote["id"].clone();
        ann.post("/v1/generations?wait=60", &body)
    };
    let shown = with_quote(fox()).is(200).json();
    assert_eq!((&shown["quote_id"], &shown["price"]), (&quote["id"], &roubles(PICTURE)));
    let other = with_quote(picture("a hen"));
    assert!((400..500).contains(&other.status), "{}", other.text());
    let mut unknown = fox();
    unknown["quote_id"] = json!("quo_06c63dm9feph4jz1wdj0tj76he");
    let refused = ann.post("/v1/generations", &unknown);
    assert!((400..500).contains(&refused.status), "{}", refused.text());
    let dropped = json!({ "model": ARTIST, "input": { "prompt": "a fox", "negative": "hens" } });
    let notices = ann.post("/v1/quotes", &dropped).is(200).json()["notices"].clone();
    assert!(!notices.as_array().unwrap().is_empty(), "nothing is said of what is not sent");
    assert_eq!(balance(&ann), (10_000 - PICTURE, 0));
    stage.close(service);
}

#[test]
fn a_price_is_held_charged_once_and_written_down() {
    let (stage, service, ann) = Stage::with_ann();
    let shown = made(&ann, &fox());
    assert_eq!(balance(&ann), (10_000 - PICTURE, 0));
    let ledger = ann.look("/v1/ledger");
    let (charge, topup) = (&ledger["data"][0], &ledger["data"][1]);
    assert_eq!(
        (&charge["kind"], &charge["state"], &charge["cash"], &charge["generation_id"]),
        (&json!("hold"), &json!("posted"), &roubles(-PICTURE), &shown["id"])
    );
    assert_eq!((&topup["kind"], &topup["cash"]), (&json!("topup"), &roubles(10_000)));
    let page = ann.look("/v1/ledger?limit=1");
    let next = page["next"].as_str().unwrap();
    assert_eq!(ann.look(&format!("/v1/ledger?limit=1&after={next}"))["data"][0]["id"], topup["id"]);
    let books = stage.close(service);
    assert_eq!(books.generations[0].charged, PICTURE);
}

#[test]
fn without_money_nothing_is_made() {
    let stage = Stage::new();
    let key = stage.key("poor", &["--credit", "1"]);
    let capped = stage.key("rich", &["--credit", "100", "--budget-total", "3"]);
    let service = stage.serve();
    let poor = service.client(&key);
    poor.post("/v1/generations", &fox()).refuses(402, "insufficient_funds");
    assert_eq!(poor.look("/v1/generations")["data"], json!([]));
    assert_eq!(balance(&poor), (100, 0));
    let capped = service.client(&capped);
    made(&capped, &fox());
    capped.post("/v1/generations", &picture("a hen")).refuses(402, "over_budget");
    stage.close(service);
}

#[test]
fn a_test_key_spends_test_money_and_sees_test_things() {
    let stage = Stage::new();
    let live = stage.key("ann", &["--credit", "100"]);
    let test = stage.key("ann", &["--test", "--credit", "50"]);
    assert!(test.starts_with("sk_test_") && live.starts_with("sk_live_"));
    let service = stage.serve();
    let (live, test) = (service.client(&live), service.client(&test));
    let real = made(&live, &fox());
    let shown = made(&test, &fox());
    assert_eq!((&shown["livemode"], &real["livemode"]), (&json!("test"), &json!("live")));
    assert_eq!((balance(&live), balance(&test)), ((10_000 - PICTURE, 0), (5_000 - PICTURE, 0)));
    for (client, own, other) in [(&live, &real, &shown), (&test, &shown, &real)] {
        assert_eq!(client.look("/v1/generations")["data"].as_array().unwrap().len(), 1);
        client.get(&format!("/v1/generations/{}", own["id"].as_str().unwrap())).is(200);
        client.get(&format!("/v1/generations/{}", other["id"].as_str().unwrap())).refuses(404, "not_found");
    }
    stage.close(service);
}

#[test]
fn who_pays_nothing_writes_prompts_as_far_as_the_house_bears_and_asks_no_writer_for_nothing() {
    let stage = Stage::new().set("PALITRA_ENGINE__HOUSE_LOSS_HOUR_MINOR", "500");
    stage.desk.json(&["models", "price", "sandbox/writer", "--unit", "run", "--cost", "0.01"]);
    let key = stage.key("poor", &[]);
    let service = stage.serve();
    let poor = service.client(&key);
    let wish =
        json!({ "model": "sandbox/writer", "mode": "compose", "input": { "prompt": "write my homework" } });
    poor.post("/v1/generations", &wish).refuses(402, "insufficient_funds");
    // Two questions at least, each at 95 kopecks of the house's.
    let idea = json!({ "idea": "a lighthouse in a storm" });
    assert_eq!(poor.post("/v1/prompts", &idea).is(200).json()["price"], roubles(0));
    let refused = (0..3).map(|_| poor.post("/v1/prompts", &idea)).find(|answer| answer.status != 200);
    refused.expect("it goes on without end").refuses(429, "house_loss");
    stage.close(service);
}
