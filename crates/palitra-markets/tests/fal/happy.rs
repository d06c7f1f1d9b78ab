//! What works: pictures, texts, waiting in line, stopping, and going on after a restart.

use super::*;
use palitra_domain::{market::CancelAnswer, media_type, money::Millionths};

#[tokio::test]
async fn a_picture_is_submitted_waited_for_and_fetched() {
    let bench = Bench::new(json!({})).await;
    let mut request = picture("a lighthouse");
    request.input = json!({
        "prompt": "a lighthouse",
        "image_size": {"width": 1792, "height": 1008},
        "num_images": 1,
        "output_format": "png",
        "seed": 42,
    });
    let Submitted::Accepted(remote) = bench.fal.submit("main", &request).await else {
        panic!("not accepted")
    };
    assert!(matches!(bench.poll(&remote).await, Polled::Pending { position: None }));
    bench.a_minute_passes();
    let outputs = outputs(bench.poll(&remote).await);
    // 1.8 megapixels, rounded up.
    assert_eq!((outputs.billable_units, outputs.seed), (Some(Millionths::whole(2)), Some(42)));
    assert_eq!((outputs.text, outputs.cost), (None, None));
    let link = match outputs.files.as_slice() {
        [OutputFile::Link(link)] => link,
        other => panic!("{other:?}"),
    };
    let bytes = read(bench.fal.fetch(link).await.expect("a file")).await.expect("a whole file");
    assert_eq!(media_type::sniff(&bytes).map(|media| media.extension), Some("png"));
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((side(16), side(20)), (1792, 1008));
    let log = bench.sim.log();
    let [submission] = log.submissions.as_slice() else { panic!("{log:?}") };
    assert_eq!((submission.endpoint.as_str(), submission.answered), ("fal-ai/flux/dev", true));
    assert_eq!(submission.input, request.input);
}

#[tokio::test]
async fn a_text_is_written() {
    let bench = Bench::with(json!({}), false, |settings| settings.writer_model = "some/writer".into()).await;
    let request = Request {
        model: "openrouter/router".into(),
        mode: "write".into(),
        input: json!({"prompt": "Slide about tides", "system_prompt": "You write prompts"}),
        ..picture("")
    };
    let Submitted::Accepted(remote) = bench.fal.submit("main", &request).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    let outputs = outputs(bench.poll(&remote).await);
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
    let again = Fal::new(settings(bench.sim.url())).expect("good settings");
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
        assert_eq!(bench.fal.cancel("main", remote).await, CancelAnswer::Requested);
        assert_eq!(show(&bench.poll(remote).await), "Cancelled");
    }
    let done = bench.accepted("ends").await;
    bench.a_minute_passes();
    assert_eq!(bench.fal.cancel("main", &done).await, CancelAnswer::TooLate);
    assert_eq!(show(&bench.poll(&done).await), "Done");
    assert!(bench.fal.capabilities().cancel && !bench.fal.capabilities().in_process);
}

#[tokio::test]
async fn trap_7_work_that_cannot_start_in_half_of_its_longest_run_never_starts() {
    let bench = Bench::new(json!({"concurrency": 1, "latency_ms": 20_000})).await;
    bench.accepted("runs").await;
    let hasty = Request { longest_run: Duration::from_secs(30), ..picture("waits") };
    let Submitted::Accepted(remote) = bench.fal.submit("main", &hasty).await else { panic!("not accepted") };
    bench.clock.advance(Duration::from_secs(15));
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(show(&bench.poll(&remote).await), "Failed(Timeout)");
}
