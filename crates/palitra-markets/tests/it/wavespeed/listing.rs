//! WaveSpeedAI's list of models: each with its schema and its base price.

use super::*;
use palitra_domain::price::Unit;

#[tokio::test]
async fn s3_02_every_model_is_listed_with_its_schema_and_its_price() {
    let bench = Bench::new(json!({})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("WaveSpeed has one");
    let flux = listed.iter().find(|model| model.market_id == "wavespeed-ai/flux-dev").expect("flux");
    let price = flux.price.expect("a price");
    assert_eq!((flux.category.as_str(), price.unit, price.cost_micros), ("text-to-image", Unit::Run, 12_000));
    let schema = flux.schema.as_ref().expect("a schema");
    assert_eq!(
        (&schema["required"], &schema["properties"]["num_images"]["maximum"]),
        (&json!(["prompt"]), &json!(4))
    );
}

#[tokio::test]
async fn s3_04_models_that_are_gone_new_or_changed_are_seen() {
    let listing = json!({
        "remove": ["google/nano-banana/edit"],
        "change": {"wavespeed-ai/flux-dev": {"base_price": null}, "new/model": {"type": "upscaler", "base_price": 0.5}},
    });
    let bench = Bench::new(json!({"listing": listing})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("WaveSpeed has one");
    let find = |id: &str| listed.iter().find(|model| model.market_id == id);
    assert!(find("google/nano-banana/edit").is_none());
    assert_eq!(find("wavespeed-ai/flux-dev").expect("flux").price, None);
    let new = find("new/model").expect("the new one");
    assert_eq!(
        (new.category.as_str(), new.price.map(|price| price.cost_micros), &new.schema),
        ("upscaler", Some(500_000), &None)
    );
}
