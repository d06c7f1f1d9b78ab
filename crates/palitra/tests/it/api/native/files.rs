//! Files: uploads of every kind, results whole and in part, links that need no key.

use crate::api::{
    client::Client,
    service::{ARTIST, Stage, fox, made},
};
use crate::crash::books::look;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use palitra_store::p;
use serde_json::{Value, json};

/// The bytes of a new picture, and the document of its asset.
fn drawn(client: &Client) -> (Vec<u8>, Value) {
    let asset = made(client, &fox())["assets"][0].clone();
    let bytes = client.get(asset["url"].as_str().unwrap()).is(200).body;
    (bytes, asset)
}

#[test]
fn a_file_is_brought_as_bytes_or_in_its_address_and_used() {
    let (stage, service, ann) = Stage::with_ann();
    let (png, _) = drawn(&ann);
    let brought =
        ann.ask("POST", "/v1/uploads?name=fox.png").bytes("application/octet-stream", png.clone()).send();
    let first = brought.is(201).json();
    assert_eq!((&first["mime"], &first["width"]), (&json!("image/png"), &json!(64)));
    // What it is, is told by its content.
    let called_else = ann.ask("POST", "/v1/uploads").bytes("audio/wav", png.clone()).send().is(201).json();
    assert_eq!(called_else["id"], first["id"]);
    let data = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(&png));
    let same = ann.post("/v1/uploads", &json!({ "url": data })).is(201).json();
    assert_eq!(same["id"], first["id"], "the same file again is the same upload");
    let by_id = json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "at night", "images": [first["id"]] } });
    made(&ann, &by_id);
    for image in [&data, first["url"].as_str().unwrap()] {
        let by_link =
            json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "at night", "images": [image] } });
        assert_eq!(made(&ann, &by_link)["input"]["images"][0], first["id"]);
    }
    stage.close(service);
}

#[test]
fn what_is_no_file_is_refused() {
    let (stage, service, ann) = Stage::with_ann();
    for url in ["file:///etc/passwd", "data:image/png;base64,*", ""] {
        ann.post("/v1/uploads", &json!({ "url": url })).refuses(422, "bad_file");
        let named = json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "x", "images": [url] } });
        let refused = ann.post("/v1/generations", &named);
        assert_eq!(refused.status / 100, 4, "{url}: {}", refused.text());
    }
    ann.ask("POST", "/v1/uploads").bytes("image/png", "not a picture").send().refuses(422, "bad_file");
    ann.ask("POST", "/v1/uploads").send().refuses(422, "bad_file");
    let open =
        ann.ask("POST", "/v1/uploads").bytes("image/png", vec![0; 1]).header("transfer-encoding", "gzip");
    assert_eq!(open.status() / 100, 4);
    stage.close(service);
}

/// A picture that is really there, at an address of this machine: the guard alone makes the difference.
#[test]
fn a_file_in_a_private_network_is_fetched_only_where_the_operator_allows_it() {
    for allowed in [false, true] {
        let stage = Stage::new().set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", &allowed.to_string());
        let (stage, service, ann) = stage.ann();
        let (_, asset) = drawn(&ann);
        let url = asset["url"].as_str().unwrap();
        // By another name it is no address of the service itself.
        let other = url.replace("127.0.0.1", "localhost");
        let stranger = service.stranger();
        stranger.get(&url.replace(&service.url(""), "")).is(200);
        for url in [url, &other] {
            let answer = ann.post("/v1/uploads", &json!({ "url": url }));
            if allowed {
                answer.is(201)
            } else {
                answer.refuses(422, "bad_file")
            };
        }
        let edit = |url: &str| json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "x", "images": [url] } });
        let answer = ann.post("/v1/generations?wait=60", &edit(&other));
        if allowed {
            answer.is(200)
        } else {
            answer.refuses(422, "bad_file")
        };
        for url in ["https://[::1]/a.png", "https://10.0.0.1/a.png", "https://169.254.169.254/latest"] {
            if !allowed {
                ann.post("/v1/uploads", &json!({ "url": url })).refuses(422, "bad_file");
            }
        }
        stage.close(service);
    }
}

/// Neither before its form is right nor for a model that would leave it out.
#[test]
fn a_file_is_not_fetched_for_what_is_refused_anyway() {
    let (stage, service, ann) = Stage::new().set("PALITRA_SECURITY__ALLOW_PRIVATE_URLS", "true").ann();
    let (png, _) = drawn(&ann);
    let data = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(&png));
    let wrong = json!({ "model": ARTIST, "mode": "edit", "input": { "prompt": "x", "width": "wide", "images": [data] } });
    ann.post("/v1/generations", &wrong).refuses(422, "invalid_input");
    assert_eq!(uploads(&stage), 0);
    let kept = ann.ask("POST", "/v1/uploads").bytes("image/png", png).send().is(201).json();
    // What would be made without the file is something else.
    let left_out =
        json!({ "model": ARTIST, "mode": "create", "input": { "prompt": "x", "images": [kept["id"]] } });
    for route in ["/v1/generations", "/v1/quotes"] {
        let refused = ann.post(route, &left_out).refuses(422, "invalid_input").json();
        assert_eq!(refused["violations"][0]["rule"], "no-place", "{refused}");
    }
    stage.close(service);
}

fn uploads(stage: &Stage) -> i64 {
    look(&stage.desk, |tx| {
        tx.query_one("select count(*) from asset where generation_id is null", p![])?.get::<i64>(0)
    })
}

#[test]
fn a_result_is_read_whole_in_part_and_not_again() {
    let (stage, service, ann) = Stage::with_ann();
    let (png, asset) = drawn(&ann);
    let path = format!("/v1/assets/{}", asset["id"].as_str().unwrap());
    let shown = ann.look(&path);
    assert_eq!((&shown["id"], &shown["bytes"]), (&asset["id"], &json!(png.len())));
    let content = format!("{path}/content");
    let whole = ann.get(&content).is(200);
    assert_eq!(
        (whole.header("content-type"), whole.header("accept-ranges")),
        (Some("image/png"), Some("bytes"))
    );
    assert_eq!(whole.body, png);
    let tag = whole.header("etag").unwrap().to_owned();
    let part = |range: &str| ann.ask("GET", &content).header("range", range).send();
    let (total, last) = (png.len(), png.len() - 1);
    for (range, from, to) in [
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, last),
        ("bytes=-5", total - 5, last),
        ("bytes=9-999999999", 9, last),
    ] {
        let answer = part(range).is(206);
        assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-{to}/{total}").as_str()));
        assert_eq!(answer.body, png[from..=to], "{range}");
    }
    let outside = part(&format!("bytes={total}-")).is(416);
    assert_eq!(outside.header("content-range"), Some(format!("bytes */{total}").as_str()));
    assert_eq!(part("bytes=0-1,4-5").is(200).body, png);
    let known = |tag: &str| ann.ask("GET", &content).header("if-none-match", tag).send();
    assert!(known(&tag).is(304).body.is_empty());
    known(&format!("\"another\", W/{tag}")).is(304);
    known("\"another\"").is(200);
    let resumed =
        |tag: &str| ann.ask("GET", &content).header("range", "bytes=1-").header("if-range", tag).send();
    assert_eq!((resumed(&tag).status, resumed("\"another\"").status), (206, 200));
    let saved = ann.get(&format!("{content}?disposition=attachment")).is(200);
    assert!(saved.header("content-disposition").unwrap().starts_with("attachment; filename=\"ast_"));
    assert!(saved.header("content-security-policy").unwrap().contains("sandbox"));
    stage.close(service);
}

#[test]
fn a_link_opens_one_file_without_a_key_and_nothing_else() {
    let (stage, service, ann) = Stage::with_ann();
    let large = json!({ "model": ARTIST, "input": { "prompt": "a fox", "width": 640, "height": 640 } });
    let asset = made(&ann, &large)["assets"][0].clone();
    let (_, other) = drawn(&ann);
    let stranger = service.stranger();
    let url = asset["url"].as_str().unwrap();
    assert!(stranger.get(url).is(200).body.starts_with(b"\x89PNG"));
    let small = asset["thumbnail_url"].as_str().unwrap();
    let thumbnail = stranger.get(small).is(200);
    assert_eq!(thumbnail.header("content-type"), Some("image/webp"));
    let (address, query) = url.split_once('?').unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    let later = expires.strip_prefix("expires=").unwrap().parse::<i64>().unwrap() + 1;
    let forged: String = signature.chars().rev().collect();
    for bad in [
        address.to_owned(),
        format!("{address}?expires={later}&{signature}"),
        format!("{address}?{expires}&signature={forged}"),
        format!("{address}?{expires}&signature="),
        format!("{address}?{expires}"),
        format!("{address}?{signature}"),
        // Of another file, and of another form of this one.
        url.replace(asset["id"].as_str().unwrap(), other["id"].as_str().unwrap()),
        url.replace("/content", "/thumbnail"),
        small.replace("side=", "side=1"),
        service.url("/v1/assets/ast_06c63dm9feph4jz1wdj0tj76he/content"),
    ] {
        stranger.get(&bad).refuses(404, "not_found");
    }
    // A signature that is no good is not mended by a key.
    ann.get(&format!("{address}?expires={later}&{signature}")).refuses(404, "not_found");
    stage.close(service);
}
