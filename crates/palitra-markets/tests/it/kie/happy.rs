//! What only KIE does: three words for what is not done yet, credits, texts inside texts.

use super::*;

#[tokio::test]
async fn s3_19_states_come_in_their_order_and_the_reference_outlives_the_adapter() {
    let bench = Bench::new(json!({"concurrency": 1, "latency_ms": 1000})).await;
    let (first, second) = (bench.accepted("a").await, bench.accepted("b").await);
    let again = bench.again(|_| {});
    // `waiting`, then `queuing` and `generating`, then `success`: three ways to be pending.
    for (pause, shown) in [
        (0, ["Pending", "Pending"]),
        (999, ["Pending", "Pending"]),
        (1, ["Done", "Pending"]),
        (1000, ["Done", "Done"]),
    ] {
        bench.clock.advance(Duration::from_millis(pause));
        let looked = [again.poll("main", &first).await, again.poll("main", &second).await];
        assert_eq!(looked.each_ref().map(show), shown, "{pause}");
    }
    assert_eq!(bench.sim.log().overlap.values().copied().max(), Some(2));
}

#[tokio::test]
async fn s3_15_the_price_of_a_credit_is_the_operators() {
    let dearer = |settings: &mut KieSettings| settings.credit_usd = Millionths(6_001);
    let bench = Bench::with(json!({}), false, dearer).await;
    let image = request("create", "z-image", json!({"prompt": "a cat", "aspect_ratio": "1:1"}));
    // 0.8 credits, rounded up.
    let cost = bench.done(&image).await.cost;
    assert_eq!(cost, Some(MarketCost { micros: 4_801, currency: Currency::USD }));
}

#[tokio::test]
async fn trap_10_a_result_inside_a_text_inside_a_text_is_found() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "twice_encoded"})).await;
    let link = bench.link(&picture("a cat")).await;
    assert!(bench.market.fetch(&link).await.is_ok());
}
