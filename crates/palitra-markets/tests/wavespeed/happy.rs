//! What works: pictures, edits, faces, waiting in line, and going on after a restart.

use super::*;
use palitra_domain::{Currency, MarketCost, market::CancelAnswer, media_type};

/// Sides of a fetched PNG.
async fn sides(bench: &Bench, outputs: &Outputs) -> (u32, u32) {
    let stream = bench.market.fetch(&link_of(outputs)).await.expect("a file");
    let bytes = read(stream).await.expect("a whole file");
    assert_eq!(media_type::sniff(&bytes).map(|media| media.extension), Some("png"));
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    (side(16), side(20))
}

/// From submission to the outputs, with the one body that was sent.
async fn run(bench: &Bench, request: &Request) -> (Outputs, Value) {
    let Submitted::Accepted(remote) = bench.market.submit("main", request).await else {
        panic!("not accepted")
    };
    assert!(matches!(bench.poll(&remote).await, Polled::Pending { position: None }));
    bench.a_minute_passes();
    let outputs = outputs(bench.poll(&remote).await);
    let log = bench.sim.log();
    let submission = log.submissions.last().expect("a submission");
    assert_eq!((submission.model.as_str(), submission.answered), (request.model.as_str(), true));
    (outputs, submission.input.clone())
}

fn dollars(micros: i64) -> Option<MarketCost> {
    Some(MarketCost { micros, currency: Currency::USD })
}

#[tokio::test]
async fn a_picture_is_submitted_waited_for_and_fetched() {
    let bench = Bench::new(json!({})).await;
    let mut request = picture("a lighthouse");
    request.input = json!({"prompt": "a lighthouse", "size": "1024*768", "num_images": 1, "seed": 42, "output_format": "png"});
    let (outputs, sent) = run(&bench, &request).await;
    assert_eq!((outputs.cost, outputs.billable_units, outputs.text.is_none()), (dollars(12_000), None, true));
    assert_eq!(sides(&bench, &outputs).await, (1024, 768));
    assert_eq!(sent, request.input);
}

#[tokio::test]
async fn s2_065_s2_068_s2_069_a_face_is_swapped() {
    let bench = Bench::new(json!({})).await;
    let (image, face) = ("https://a.example/photo.jpg", "https://a.example/portrait.jpg");
    let (outputs, sent) = run(&bench, &face_swap(image, face)).await;
    assert_eq!(sent, json!({"image": image, "face_image": face, "target_index": 0, "output_format": "png"}));
    assert_eq!(outputs.cost, dollars(10_000));
    assert_eq!(sides(&bench, &outputs).await, (1024, 1024));
}

#[tokio::test]
async fn s2_031_s2_035_up_to_four_pictures_are_edited_into_one() {
    let bench = Bench::new(json!({})).await;
    let images: Vec<String> = (1..=4).map(|number| format!("https://a.example/{number}.png")).collect();
    let request = Request {
        model: "google/nano-banana/edit".into(),
        mode: "edit".into(),
        input: json!({"prompt": "all in one scene", "images": images, "output_format": "png"}),
        ..picture("")
    };
    let (outputs, sent) = run(&bench, &request).await;
    assert_eq!(sent, json!({"prompt": "all in one scene", "images": images, "output_format": "png"}));
    assert_eq!((sides(&bench, &outputs).await, outputs.cost), ((1024, 1024), dollars(38_000)));
}

#[tokio::test]
async fn s2_074_a_picture_is_made_larger() {
    let bench = Bench::new(json!({})).await;
    let request = Request {
        model: "wavespeed-ai/image-upscaler".into(),
        mode: "upscale".into(),
        input: json!({"image": "https://a.example/a.png", "target_resolution": "2k", "output_format": "png"}),
        ..picture("")
    };
    let (outputs, sent) = run(&bench, &request).await;
    assert_eq!(
        sent,
        json!({"image": "https://a.example/a.png", "target_resolution": "2k", "output_format": "png"})
    );
    assert_eq!((sides(&bench, &outputs).await, outputs.cost), ((2048, 2048), dollars(10_000)));
}

#[tokio::test]
async fn what_waits_is_told_from_what_runs_and_the_reference_outlives_the_adapter() {
    let bench = Bench::new(json!({"level": "bronze", "latency_ms": 1000})).await;
    let mut remotes = Vec::new();
    for prompt in ["a", "b", "c", "d"] {
        remotes.push(bench.accepted(prompt).await);
    }
    // Three run; how many are in front of the fourth is not told.
    assert!(matches!(bench.poll(&remotes[2]).await, Polled::Pending { position: None }));
    assert!(matches!(bench.poll(&remotes[3]).await, Polled::Pending { position: Some(0) }));
    let again = WaveSpeed::new(settings(bench.sim.url())).expect("good settings");
    bench.clock.advance(Duration::from_secs(1));
    let polled = again.poll("main", &remotes[0]).await;
    assert_eq!(outputs(polled).cost, dollars(12_000));
    assert!(matches!(again.poll("main", &remotes[3]).await, Polled::Pending { position: None }));
    assert_eq!(bench.sim.log().overlap.values().copied().max(), Some(4));
}

#[tokio::test]
async fn nothing_is_called_to_stop_work_for_there_is_no_such_call() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    assert_eq!(bench.market.cancel("main", &remote).await, CancelAnswer::Unsupported);
    let capabilities = bench.market.capabilities();
    assert!(!capabilities.cancel && !capabilities.in_process && capabilities.webhooks);
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
    assert!(bench.sim.log().deleted.is_empty());
}
