//! What can be used and what it takes, and the description of the API itself.

use crate::api::service::{ARTIST, PICTURE, Stage};
use serde_json::{Value, json};

fn ids(shown: &Value) -> Vec<&str> {
    shown["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[test]
fn models_are_listed_with_their_prices_and_what_they_take() {
    let (stage, service, ann) = Stage::with_ann();
    let all = ann.look("/v1/models");
    assert!(ids(&all).contains(&ARTIST) && !ids(&all).contains(&"fal-ai/flux/dev"));
    let artist = all["data"].as_array().unwrap().iter().find(|model| model["id"] == ARTIST).unwrap().clone();
    assert_eq!(
        artist["prices"][0],
        json!({ "mode": "create", "unit": "image", "amount": PICTURE, "currency": "RUB" })
    );
    assert!(ids(&ann.look("/v1/models?all=true")).contains(&"fal-ai/flux/dev"));
    assert_eq!(ids(&ann.look("/v1/models?market=sandbox&mode=edit")), [ARTIST]);
    assert!(ids(&ann.look("/v1/models?category=text")).contains(&"sandbox/writer"));
    let taken = ann.look(&format!("/v1/models/schema?id={ARTIST}"));
    assert_eq!(taken["inputs"]["create"]["required"], json!(["prompt"]));
    assert_eq!(taken["id"], ARTIST);
    ann.get("/v1/models/schema?id=nobody/nothing").refuses(404, "unknown_model");
    ann.get("/v1/models/schema").refuses(422, "invalid_input");
    ann.get("/v1/models?colour=red").refuses(422, "invalid_input");
    stage.close(service);
}

#[test]
fn the_description_is_for_everybody() {
    let (stage, service, _) = Stage::with_ann();
    let stranger = service.stranger();
    let described = stranger.look("/openapi.json");
    assert_eq!((&described["openapi"], &described["info"]["title"]), (&json!("3.1.0"), &json!("Palitra")));
    let text = described.to_string();
    for (n, _) in text.match_indices("#/components/schemas/") {
        let name: String = text[n + 21..].chars().take_while(|letter| *letter != '"').collect();
        assert!(
            !described["components"]["schemas"][&name].is_null(),
            "`{name}` is referred to and not there"
        );
    }
    let page = stranger.get("/docs").is(200);
    assert!(
        page.header("content-type").unwrap().starts_with("text/html")
            && page.text().contains("/v1/generations")
    );
    stage.close(service);
}
