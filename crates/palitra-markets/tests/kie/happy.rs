//! What works: pictures, waiting in line, going on after a restart, what it took.

use super::*;
use palitra_domain::{Currency, MarketCost, market::CancelAnswer, media_type, money::Millionths};

#[tokio::test]
async fn s3_32_s3_44_a_picture_is_submitted_waited_for_and_fetched() {
    let bench = Bench::new(json!({})).await;
    let mut request = picture("a lighthouse");
    request.input = json!({"prompt": "a lighthouse", "aspect_ratio": "16:9", "output_format": "png"});
    let remote = accepted(bench.kie.submit("main", &request).await);
    assert!(matches!(bench.poll(&remote).await, Polled::Pending { position: None }));
    bench.a_minute_passes();
    let outputs = outputs(bench.poll(&remote).await);
    // Four credits of half a cent.
    let cost = MarketCost { micros: 20_000, currency: Currency::USD };
    assert_eq!((outputs.cost, outputs.billable_units), (Some(cost), Some(Millionths::whole(4))));
    assert_eq!((&outputs.text, outputs.seed), (&None, None));
    let bytes = read(bench.kie.fetch(&link_of(&outputs)).await.expect("a file")).await.expect("a whole file");
    assert_eq!(media_type::sniff(&bytes).map(|media| media.extension), Some("png"));
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((side(16), side(20)), (1024, 576));
    let log = bench.sim.log();
    let [submission] = log.submissions.as_slice() else { panic!("{log:?}") };
    assert_eq!((submission.endpoint.as_str(), submission.answered), ("google/nano-banana", true));
    assert_eq!(submission.request_id, Some(task_id(&remote)));
    assert_eq!(submission.input, request.input);
}

#[tokio::test]
async fn s3_19_states_come_in_their_order_and_the_reference_outlives_the_adapter() {
    let bench = Bench::new(json!({"concurrency": 1, "latency_ms": 1000})).await;
    let (first, second) = (bench.accepted("a").await, bench.accepted("b").await);
    let again = Kie::new(settings(bench.sim.url())).expect("good settings");
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
async fn nothing_stops_a_task() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let capabilities = bench.kie.capabilities();
    assert!(!capabilities.cancel && !capabilities.in_process && capabilities.webhooks);
    assert_eq!(bench.kie.cancel("main", &remote).await, CancelAnswer::Unsupported);
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn s3_15_the_price_of_a_credit_is_the_operators() {
    let dearer = |settings: &mut KieSettings| settings.credit_usd = Millionths(6_001);
    let bench = Bench::with(json!({}), false, dearer).await;
    let request = Request {
        model: "z-image".into(),
        input: json!({"prompt": "a cat", "aspect_ratio": "1:1"}),
        ..picture("")
    };
    let remote = accepted(bench.kie.submit("main", &request).await);
    bench.a_minute_passes();
    // 0.8 credits, rounded up.
    let cost = outputs(bench.poll(&remote).await).cost;
    assert_eq!(cost, Some(MarketCost { micros: 4_801, currency: Currency::USD }));
}

#[tokio::test]
async fn trap_10_a_result_inside_a_text_inside_a_text_is_found() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "twice_encoded"})).await;
    let link = bench.made("a cat").await;
    assert!(bench.kie.fetch(&link).await.is_ok());
}
