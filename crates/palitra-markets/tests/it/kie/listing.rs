//! KIE's list of models: names and prose; schemas one by one.

use super::*;

#[tokio::test]
async fn s3_02_s3_66_every_model_is_listed_by_its_kind() {
    let bench = Bench::new(json!({})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("KIE has one");
    assert_eq!(listed.len(), palitra_sim::kie::models().count());
    let find = |id: &str| listed.iter().find(|model| model.market_id == id).unwrap_or_else(|| panic!("{id}"));
    for (id, category) in [
        ("google/nano-banana", "text-to-image"),
        ("google/nano-banana-edit", "image-to-image"),
        ("kling-2.6/image-to-video", "image-to-video"),
        ("elevenlabs/text-to-speech-turbo-2-5", "text-to-speech"),
    ] {
        let model = find(id);
        // What it costs is prose, and schemas are asked for one by one.
        assert_eq!((model.category.as_str(), model.price, &model.schema), (category, None, &None), "{id}");
    }
}

#[tokio::test]
async fn s3_04_models_that_are_gone_or_new_are_seen() {
    let listing = json!({"remove": ["z-image"], "change": {"new/model": {"title": "New", "taskType": "text-to-video"}}});
    let bench = Bench::new(json!({"listing": listing})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("KIE has one");
    assert!(listed.iter().all(|model| model.market_id != "z-image"));
    let new = listed.iter().find(|model| model.market_id == "new/model").expect("the new one");
    assert_eq!((new.name.as_str(), new.category.as_str()), ("New", "text-to-video"));
}

#[tokio::test]
async fn a_schema_is_shown_when_it_is_asked_for_once_a_second() {
    let bench = Bench::new(json!({})).await;
    let schema =
        bench.market.schema("main", "google/nano-banana-edit").await.expect("an answer").expect("a schema");
    assert_eq!(schema["required"], json!(["prompt", "image_urls"]));
    let hasty = bench.market.schema("main", "z-image").await;
    assert_eq!(hasty.err().map(|error| error.class), Some(ErrorClass::RateLimited));
    bench.clock.advance(Duration::from_secs(1));
    let unknown = bench.market.schema("main", "nobody/knows").await;
    assert!(unknown.is_err());
}
