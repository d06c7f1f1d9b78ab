//! What only fal does: texts, places in line, stopping, a bound for the start.

use super::*;
use palitra_domain::market::CancelAnswer;

#[tokio::test]
async fn a_text_is_written() {
    let bench = Bench::with(json!({}), false, |settings| settings.writer_model = "some/writer".into()).await;
    let input = json!({"prompt": "Slide about tides", "system_prompt": "You write prompts"});
    let outputs = bench.done(&request("write", "openrouter/router", input)).await;
    assert!(outputs.text.is_some_and(|text| text.contains("tides")));
    assert!(outputs.files.is_empty());
    assert!(outputs.billable_units.is_some_and(|units| (1..1_000_000).contains(&units.0)));
    assert_eq!(
        bench.sim.log().submissions[0].input,
        json!({"prompt": "Slide about tides", "system_prompt": "You write prompts", "model": "some/writer"})
    );
}

#[tokio::test]
async fn a_waiting_request_knows_its_place_and_the_reference_outlives_the_adapter() {
    let bench = Bench::new(json!({"concurrency": 1, "latency_ms": 1000})).await;
    let mut remotes = Vec::new();
    for prompt in ["a", "b", "c"] {
        remotes.push(bench.accepted(prompt).await);
    }
    assert!(matches!(bench.poll(&remotes[2]).await, Polled::Pending { position: Some(1) }));
    let again = bench.again(|_| {});
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(show(&again.poll("main", &remotes[0]).await), "Done");
    assert_eq!(show(&again.poll("main", &remotes[1]).await), "Pending");
    assert!(matches!(again.poll("main", &remotes[2]).await, Polled::Pending { position: Some(0) }));
    assert_eq!(bench.sim.log().overlap.values().copied().max(), Some(3));
}

#[tokio::test]
async fn work_is_stopped_while_it_waits_and_while_it_runs_but_not_afterwards() {
    let bench = Bench::new(json!({"concurrency": 1})).await;
    let (running, waiting) = (bench.accepted("runs").await, bench.accepted("waits").await);
    for remote in [&waiting, &running] {
        assert_eq!(bench.market.cancel("main", remote).await, CancelAnswer::Requested);
        assert_eq!(show(&bench.poll(remote).await), "Cancelled");
    }
    let done = bench.accepted("ends").await;
    bench.a_minute_passes();
    assert_eq!(bench.market.cancel("main", &done).await, CancelAnswer::TooLate);
    assert_eq!(show(&bench.poll(&done).await), "Done");
}

#[tokio::test]
async fn trap_7_work_that_cannot_start_in_half_of_its_longest_run_never_starts() {
    let bench = Bench::new(json!({"concurrency": 1, "latency_ms": 20_000})).await;
    bench.accepted("runs").await;
    let hasty = Request { longest_run: Duration::from_secs(30), ..picture("waits") };
    let remote = bench::accepted(bench.submit(&hasty).await);
    bench.clock.advance(Duration::from_secs(15));
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(show(&bench.poll(&remote).await), "Failed(Timeout)");
}

#[tokio::test]
async fn s2_072_an_upscaled_picture_is_twice_as_large() {
    let bench = Bench::new(json!({})).await;
    let upscale = request("upscale", "fal-ai/recraft/upscale/crisp", json!({"image_url": "ast_1"}));
    let link = bench.link(&Request { files: vec![png("ast_1")], ..upscale }).await;
    let bytes = read(bench.market.fetch(&link).await.expect("a file")).await.expect("a whole file");
    assert_eq!(sides(&bytes), (600, 400));
}
