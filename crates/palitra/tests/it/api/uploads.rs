//! Files in the way of fal's clients, step by step: what a permission is worth, and parts across a restart. That the clients themselves are
//! content is in `sdk`.

use super::{
    client::Client,
    service::{Stage, fox, made},
};
use serde_json::{Value, json};

fn initiate(client: &Client, verb: &str) -> Value {
    client.post(&format!("/fal/rest/storage/{verb}"), &json!({})).is(200).json()
}

/// Of an address that was told by whichever process.
fn path(address: &Value) -> String {
    let (_, rest) = address.as_str().unwrap().split_once("://").unwrap();
    format!("/{}", rest.split_once('/').unwrap().1)
}

fn put(client: &Client, path: &str, bytes: &[u8]) -> super::client::Answer {
    client.ask("PUT", path).bytes("image/png", bytes).send()
}

fn png(client: &Client) -> Vec<u8> {
    let url = made(client, &fox())["assets"][0]["url"].clone();
    client.get(url.as_str().unwrap()).is(200).body
}

#[test]
fn what_was_permitted_to_a_key_ends_with_it() {
    let stage = Stage::new();
    let key = stage.desk.json(&["keys", "create", "--account", "ann", "--credit", "100"]);
    let service = stage.serve();
    let ann = service.client(key["key"].as_str().unwrap());
    let png = png(&ann);
    let begun = initiate(&ann, "upload/initiate");
    let (whole, file) = (path(&begun["upload_url"]), path(&begun["file_url"]));
    let parts = path(&initiate(&ann, "upload/initiate-multipart")["upload_url"]);
    let token = initiate(&ann, "auth/token")["token"].as_str().unwrap().to_owned();
    let upload =
        |client: &Client| client.ask("POST", "/fal/cdn/files/upload").bytes("image/png", png.clone()).send();
    let stranger = service.stranger();
    put(&stranger, &whole, &png).is(200);
    // A file never changes under its address.
    put(&stranger, &whole, &[&png[..], b"more"].concat()).is(200);
    assert_eq!(stranger.get(&file).is(200).body, png);
    let tag = put(&stranger, &format!("{parts}/1"), &png).is(200).json()["etag"].clone();
    upload(&service.client(&token)).is(200);
    stage.close(service);
    stage.desk.json(&["keys", "revoke", key["id"].as_str().unwrap()]);
    let service = stage.serve();
    let (stranger, bearer) = (service.stranger(), service.client(&token));
    put(&stranger, &whole, &png).is(404);
    put(&stranger, &format!("{parts}/2"), &png).is(404);
    let all = json!({ "parts": [{ "partNumber": 1, "etag": tag }] });
    stranger.post(&format!("{parts}/complete"), &all).is(404);
    upload(&bearer).is(401);
    bearer.post("/fal/cdn/files/upload/multipart", &json!({})).is(401);
    stage.close(service);
}

/// What is uploaded counts as a request of the key, and a wrong permission as one of a stranger.
#[test]
fn permissions_are_no_way_past_the_limits() {
    let stage = Stage::new()
        .set("PALITRA_SECURITY__REQUESTS_PER_MINUTE", "3")
        .set("PALITRA_SECURITY__STRANGERS_PER_MINUTE", "1");
    let (ann, bob) = (stage.key("ann", &[]), stage.key("bob", &[]));
    let service = stage.serve();
    let (ann, bob, stranger) = (service.client(&ann), service.client(&bob), service.stranger());
    let parts = path(&initiate(&ann, "upload/initiate-multipart")["upload_url"]);
    put(&stranger, &format!("{parts}/1"), b"one").is(200);
    put(&stranger, &format!("{parts}/2"), b"two").is(200);
    put(&stranger, &format!("{parts}/3"), b"three").is(429);
    ann.get("/v1/balance").refuses(429, "rate_limited");
    put(&stranger, "/fal/cdn/parts/no/1", b"one").is(404);
    put(&stranger, "/fal/cdn/parts/no/1", b"one").is(429);
    // Whoever has a good one is not shut out by his neighbours.
    let parts = path(&initiate(&bob, "upload/initiate-multipart")["upload_url"]);
    put(&stranger, &format!("{parts}/1"), b"one").is(200);
    stage.close(service);
}

#[test]
fn an_upload_in_parts_goes_on_after_a_restart() {
    let (stage, service, ann) = Stage::with_ann();
    let png = png(&ann);
    let begun = initiate(&ann, "upload/initiate-multipart");
    let (parts, file) = (path(&begun["upload_url"]), path(&begun["file_url"]));
    let part = |client: &Client, number: usize, bytes: &[u8]| {
        let kept = put(client, &format!("{parts}/{number}"), bytes).is(200);
        let told = kept.json();
        assert_eq!(kept.header("etag"), told["etag"].as_str());
        told
    };
    let first = part(&service.stranger(), 1, &png[..100]);
    service.kill();
    let service = stage.serve();
    let stranger = service.stranger();
    let second = part(&stranger, 2, &png[100..]);
    stranger.get(&file).is(404);
    let complete =
        |parts_of: &[&Value]| stranger.post(&format!("{parts}/complete"), &json!({ "parts": parts_of }));
    complete(&[&first, &json!({ "partNumber": 2, "etag": "\"no such\"" })]).is(404);
    for _ in 0..2 {
        complete(&[&first, &second]).is(200);
    }
    assert_eq!(stranger.get(&file).is(200).body, png);
    // Nothing of the parts is left.
    let left: Vec<_> = walk(&stage.desk.path("palitra-data/objects/parts"));
    assert_eq!(left, Vec::<String>::new());
    for number in ["0", "x", "99999"] {
        assert!(matches!(put(&stranger, &format!("{parts}/{number}"), &png).status, 404 | 422));
    }
    put(&stranger, &format!("{parts}/3"), &vec![0; 16 * 1024 * 1024 + 1]).is(413);
    stage.close(service);
}

/// Files below a folder.
fn walk(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.display().to_string()] })
        .collect()
}
