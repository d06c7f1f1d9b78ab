//! Models, prices and usage: what the platform lists, page by page, and what of it is used.

use super::*;
use palitra_domain::{Clock, market::ListedPrice, price::Unit};

#[tokio::test]
async fn s3_02_every_model_is_listed_with_its_schema_and_its_price() {
    let extra: Value = (0..60)
        .map(|number| (format!("a/model-{number}"), json!({"metadata": {"category": "text-to-image"}})))
        .collect();
    let bench = Bench::new(json!({"listing": {"change": extra}})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("fal has one");
    assert!(listed.len() > 75, "{}: more than a page", listed.len());
    let flux = listed.iter().find(|model| model.market_id == "fal-ai/flux/dev").expect("flux");
    assert_eq!((flux.category.as_str(), flux.deprecated), ("text-to-image", false));
    let price = flux.price.expect("a price");
    assert_eq!((price.unit, price.cost_micros), (Unit::Megapixel, 25_000));
    let schema = flux.schema.as_ref().expect("a schema");
    assert_eq!(schema["required"], json!(["prompt"]));
    assert_eq!(schema["properties"]["output_format"]["enum"], json!(["jpeg", "png"]));
    // Time of a machine is no unit that is counted here; the writer is priced by tokens.
    let price_of = |id: &str| {
        listed
            .iter()
            .find(|model| model.market_id == id)
            .expect(id)
            .price
            .map(|price: ListedPrice| price.unit)
    };
    assert_eq!(price_of("fal-ai/retoucher"), None);
    assert_eq!(price_of("openrouter/router"), Some(Unit::KiloTokens));
    assert_eq!(price_of("a/model-0"), None);
}

#[tokio::test]
async fn s3_04_a_script_takes_models_away_and_changes_them() {
    let listing = json!({
        "remove": ["fal-ai/nano-banana"],
        "change": {
            "fal-ai/flux/dev": {"metadata": {"status": "deprecated"}},
            "fal-ai/veo3.1": {"openapi": {"components": {"schemas": {"Input": {"properties": {"duration": null}}}}}},
        },
    });
    let bench = Bench::new(json!({"listing": listing})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("fal has one");
    let find = |id: &str| listed.iter().find(|model| model.market_id == id);
    assert!(find("fal-ai/nano-banana").is_none());
    assert!(find("fal-ai/flux/dev").is_some_and(|model| model.deprecated));
    let veo = find("fal-ai/veo3.1").and_then(|model| model.schema.as_ref()).expect("a schema");
    assert!(veo["properties"]["duration"].is_null() && veo["properties"]["resolution"].is_object());
}

#[tokio::test]
async fn a_list_without_prices_is_still_a_list() {
    // One page of models, then the prices.
    let bench = Bench::rule(json!({"on": "platform", "nth": 2, "fault": "error", "status": 500})).await;
    let listed = bench.market.list_models("main").await.expect("a list").expect("fal has one");
    assert!(listed.iter().all(|model| model.price.is_none()) && !listed.is_empty());
}

#[tokio::test]
async fn s3_53_what_was_used_is_told_by_endpoint() {
    let bench = Bench::new(json!({})).await;
    for prompt in ["a cat", "a dog"] {
        bench.accepted(prompt).await;
    }
    let before = bench.clock.now();
    bench.a_minute_passes();
    let usage = bench.market.usage("main", before, bench.clock.now()).await.expect("usage");
    let [line] = usage.as_slice() else { panic!("{usage:?}") };
    assert_eq!((line.endpoint.as_str(), line.unit.as_str()), ("fal-ai/flux/dev", "megapixels"));
    assert_eq!((line.quantity, line.cost_micros), (Millionths::whole(2), 50_000));
}
