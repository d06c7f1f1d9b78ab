//! The edge: problems in the reader's language, requests that cannot be read, limits, ids of requests.

use crate::api::service::{ARTIST, Stage, fox};
use serde_json::json;

#[test]
fn a_problem_speaks_the_readers_language_and_names_what_is_wrong() {
    let (stage, service, ann) = Stage::with_ann();
    let wrong = json!({ "model": ARTIST, "input": { "prompt": "", "width": "wide", "height": 1 } });
    let ask = |language: &str| {
        ann.ask("POST", "/v1/generations")
            .header("accept-language", language)
            .json(&wrong)
            .send()
            .refuses(422, "invalid_input")
    };
    let russian = ask("ru-RU,ru;q=0.9,en;q=0.5");
    assert_eq!(russian.header("content-type"), Some("application/problem+json"));
    assert_eq!(russian.header("content-language"), Some("ru"));
    let (russian, english) = (russian.json(), ask("en").json());
    let is_cyrillic = |text: &str| text.chars().any(|letter| ('а'..='я').contains(&letter));
    assert!(
        is_cyrillic(russian["title"].as_str().unwrap()) && is_cyrillic(russian["hint"].as_str().unwrap())
    );
    assert!(!is_cyrillic(english["title"].as_str().unwrap()));
    assert_eq!(russian["type"], "urn:palitra:error:invalid_input");
    let wrong: Vec<&str> =
        english["violations"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert!(["prompt", "width", "height"].iter().all(|field| wrong.contains(field)), "{english}");
    ann.post("/v1/generations", &json!({ "model": "sandbox/artits", "input": {} }))
        .refuses(404, "unknown_model");
    stage.close(service);
}

#[test]
fn a_request_that_cannot_be_read_says_why() {
    let (stage, service, ann) = Stage::with_ann();
    let post = |kind: &str, body: &str| ann.ask("POST", "/v1/generations").bytes(kind, body).send();
    for body in ["{", "", "no", "{\"model\": \"a\", \"input\": {}} x", "\u{feff}{}"] {
        post("application/json", body).refuses(400, "malformed");
    }
    for (body, path) in [
        ("[]", "body"),
        ("{\"input\": {}}", "body"),
        ("{\"model\": 1, \"input\": {}}", "model"),
        ("{\"model\": \"a\", \"input\": []}", "input"),
        ("{\"model\": \"a\", \"input\": {}, \"colour\": 1}", "colour"),
    ] {
        let refused = post("application/json", body).refuses(422, "invalid_input").json();
        assert_eq!(refused["violations"][0]["path"], path, "{body}: {refused}");
    }
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        post(kind, &fox().to_string()).refuses(415, "media_type");
    }
    post("application/json; charset=utf-8", "{").refuses(400, "malformed");
    let large = ann.ask("POST", "/v1/quotes").bytes("application/json", vec![b' '; 16 * 1024 * 1024 + 1]);
    large.send().refuses(413, "body_too_large");
    let wrong = ann.ask("PUT", "/v1/generations").send().refuses(405, "method_not_allowed");
    let allowed = wrong.header("allow").unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST") && !allowed.contains("PUT"), "{allowed}");
    ann.get("/v1/nothing").refuses(404, "not_found");
    ann.get("/nothing").refuses(404, "not_found");
    stage.close(service);
}

#[test]
fn each_request_has_an_id_and_may_bring_its_own() {
    let (stage, service, ann) = Stage::with_ann();
    let id = |given: &str| {
        let answer = ann.ask("GET", "/v1/balance").header("x-request-id", given).send().is(200);
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id("order-7.a_B"), "order-7.a_B");
    let own = id("no good: \"");
    assert!(own.len() >= 32 && own != id("no good: \""));
    let refused = ann.ask("GET", "/v1/assets/x").header("x-request-id", "mine").send().is(404);
    assert_eq!(
        (refused.json()["request_id"].as_str(), refused.header("x-request-id")),
        (Some("mine"), Some("mine"))
    );
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    stage.close(service);
}

/// With one a minute, so that nobody has to be quick. How a larger number counts down is tested where it is counted.
#[test]
fn all_keys_of_an_account_share_its_requests() {
    let stage = Stage::new().set("PALITRA_SECURITY__ACCOUNT_REQUESTS_PER_MINUTE", "3");
    let keys = [stage.key("ann", &[]), stage.key("ann", &["--test"]), stage.key("bob", &[])];
    let service = stage.serve();
    let [one, two, bob] = keys.map(|key| service.client(&key));
    for client in [&one, &two, &one] {
        client.get("/v1/balance").is(200);
    }
    let refused = two.get("/v1/balance").refuses(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"account\";q=3;w=60"));
    bob.get("/v1/balance").is(200);
    stage.close(service);
}

#[test]
fn a_key_has_so_many_requests_a_minute_and_is_told() {
    let stage = Stage::new().set("PALITRA_SECURITY__REQUESTS_PER_MINUTE", "1");
    let (ann, bob) = (stage.key("ann", &[]), stage.key("bob", &[]));
    let service = stage.serve();
    let (ann, bob) = (service.client(&ann), service.client(&bob));
    let answer = ann.get("/v1/balance").is(200);
    assert_eq!(answer.header("ratelimit-policy"), Some("\"key\";q=1;w=60"));
    assert!(answer.header("ratelimit").unwrap().starts_with("\"key\";r=0;t="));
    let refused = ann.get("/v1/balance").refuses(429, "rate_limited");
    let again_in: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&again_in), "{again_in}");
    assert!(refused.header("ratelimit").unwrap().starts_with("\"key\";r=0;t="));
    // Every door counts, and each says so in its own shape.
    assert_eq!(ann.get("/api/media/tasks/x").is(429).json()["code"], "rate_limited");
    assert_eq!(ann.get("/openai/v1/models").is(429).json()["error"]["type"], "rate_limit_error");
    assert_eq!(
        ann.get("/fal/queue/sandbox/artist/requests/x").is(429).json()["error_type"],
        "concurrent_requests_limit"
    );
    // What comes through the one address of fal's client counts once: it is refused by its own limit, not by another door's.
    let by_proxy = bob.ask("GET", "/api/fal/proxy");
    let target = format!("https://queue.fal.run/{ARTIST}/requests/gen_06c63dm9feph4jz1wdj0tj76he");
    by_proxy.header("x-fal-target-url", &target).send().is(404);
    bob.get("/v1/balance").is(429);
    stage.close(service);
}

#[test]
fn a_stranger_has_so_many_tries_a_minute() {
    let stage = Stage::new().set("PALITRA_SECURITY__STRANGERS_PER_MINUTE", "1");
    let ann = stage.key("ann", &[]);
    let service = stage.serve();
    service.client("sk_live_no").get("/v1/balance").refuses(401, "unauthorized");
    let refused = service.client("sk_live_no").get("/v1/balance").refuses(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    service.stranger().get("/openapi.json").is(200);
    // Behind a proxy strangers and friends come from one address.
    service.client(&ann).get("/v1/balance").is(200);
    stage.close(service);
}

/// As a browser asks before it sends a key along, and what of the answer it lets the page read.
#[test]
fn a_page_of_another_origin_may_call_where_the_operator_says_so() {
    for (set, origin, allowed) in [
        ("https://app.example.org", "https://app.example.org", Some("https://app.example.org")),
        ("https://app.example.org", "https://evil.example.org", None),
        ("*", "https://evil.example.org", Some("*")),
    ] {
        let stage = Stage::new().set("PALITRA_SERVER__CORS_ORIGINS", set);
        let key = stage.key("ann", &[]);
        let service = stage.serve();
        let preflight = service.stranger().ask("OPTIONS", "/v1/generations").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST");
        let sent = "authorization,content-type,idempotency-key";
        let answer = preflight.header("access-control-request-headers", sent).send().is(200);
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{set}");
        // The star stands for every header but `Authorization`.
        assert_eq!(answer.header("access-control-allow-headers"), Some(sent));
        assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
        let read = service.client(&key).ask("GET", "/v1/balance").header("origin", origin).send().is(200);
        assert_eq!(read.header("access-control-allow-origin"), allowed);
        let shown = read.header("access-control-expose-headers").unwrap_or_default();
        let wanted = ["x-request-id", "x-fal-request-id", "ratelimit", "etag", "retry-after", "location"];
        assert!(wanted.iter().all(|name| shown.split(',').any(|one| one == *name)), "{shown}");
        stage.close(service);
    }
}

#[test]
fn text_is_compressed_for_whoever_takes_it_and_events_are_not() {
    let (stage, service, ann) = Stage::with_ann();
    let ask = |path: &str, encodings: &str| {
        let asked = ann.ask("GET", path);
        if encodings.is_empty() { asked.send() } else { asked.header("accept-encoding", encodings).send() }
            .is(200)
    };
    let plain = ask("/v1/models", "");
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    for (encodings, name) in [("gzip", "gzip"), ("gzip, br;q=0.5", "gzip"), ("br", "br")] {
        let small = ask("/v1/models", encodings);
        assert_eq!(
            (small.header("content-encoding"), small.header("vary")),
            (Some(name), Some("accept-encoding"))
        );
        assert!(small.body.len() < plain.body.len() / 2, "{encodings}: {} bytes", small.body.len());
    }
    // As short as it is anyway.
    assert_eq!(ask("/v1/balance", "gzip").header("content-encoding"), None);
    // The reader of events knows no compression: it would find no words.
    let id = ann.post("/v1/generations", &fox()).is(202).json()["id"].as_str().unwrap().to_owned();
    let events =
        ann.ask("GET", &format!("/v1/generations/{id}/events")).header("accept-encoding", "gzip").events();
    assert!(events.count() > 0);
    stage.close(service);
}
