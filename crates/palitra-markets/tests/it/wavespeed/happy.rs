//! What only WaveSpeedAI does: faces, edits of up to four pictures, resolutions by name, two words for what is not done yet.

use super::*;

/// Sides of the one PNG.
async fn fetched(bench: &Bench, outputs: &Outputs) -> (u32, u32) {
    let stream = bench.market.fetch(&link_of(outputs)).await.expect("a file");
    sides(&read(stream).await.expect("a whole file"))
}

/// The outputs, with the one body that was sent.
async fn run(bench: &Bench, request: &Request) -> (Outputs, Value) {
    let outputs = bench.done(request).await;
    let log = bench.sim.log();
    let submission = log.submissions.last().expect("a submission");
    assert_eq!((submission.endpoint.as_str(), submission.answered), (request.model.as_str(), true));
    (outputs, submission.input.clone())
}

#[tokio::test]
async fn s2_065_s2_068_s2_069_a_face_is_swapped() {
    let bench = Bench::new(json!({})).await;
    let (image, face) = ("https://a.example/photo.jpg", "https://a.example/portrait.jpg");
    let (outputs, sent) = run(&bench, &Subject::edit([image, face])).await;
    assert_eq!(sent, json!({"image": image, "face_image": face, "target_index": 0, "output_format": "png"}));
    assert_eq!(outputs.cost, Some(dollars(10_000)));
    assert_eq!(fetched(&bench, &outputs).await, (1024, 1024));
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
    assert_eq!((fetched(&bench, &outputs).await, outputs.cost), ((1024, 1024), Some(dollars(38_000))));
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
    assert_eq!((fetched(&bench, &outputs).await, outputs.cost), ((2048, 2048), Some(dollars(10_000))));
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
    let again = bench.again(|_| {});
    bench.clock.advance(Duration::from_secs(1));
    let polled = again.poll("main", &remotes[0]).await;
    assert_eq!(outputs(polled).cost, Some(dollars(12_000)));
    assert!(matches!(again.poll("main", &remotes[3]).await, Polled::Pending { position: None }));
    assert_eq!(bench.sim.log().overlap.values().copied().max(), Some(4));
}

#[tokio::test]
async fn pictures_inside_the_answer_are_taken_as_they_are() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "inline"})).await;
    let outputs = bench.done(&picture("a cat")).await;
    let [OutputFile::Bytes(bytes)] = outputs.files.as_slice() else { panic!("{outputs:?}") };
    assert!(bytes.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn a_failure_inside_a_200_keeps_its_status() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "fail"})).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    let Polled::Failed(error) = bench.poll(&remote).await else { panic!("not failed") };
    assert_eq!(error.status, Some(200));
}

#[tokio::test]
async fn the_price_is_asked_for_the_very_body_that_is_sent_and_ids_are_encoded() {
    let mut stranger = Stranger::start().await;
    let market =
        WaveSpeed::new(settings(format!("{}/behind/a/proxy", stranger.base()))).expect("good settings");
    market.submit("main", &picture("a cat")).await;
    let reference = RemoteRef(r#"{"model": "wavespeed-ai/flux-dev", "id": "a b/../c"}"#.into());
    assert_eq!(show(&market.poll("main", &reference).await), "Unreachable(Protocol)");
    let heads: Vec<String> = stranger.heard().iter().map(|request| request.to_lowercase()).collect();
    let [price, submission, look] = heads.as_slice() else { panic!("{heads:?}") };
    for (request, head) in [
        (price, "post /behind/a/proxy/api/v3/model/price http/1.1\r\n"),
        (submission, "post /behind/a/proxy/api/v3/wavespeed-ai/flux-dev http/1.1\r\n"),
        (look, "get /behind/a/proxy/api/v3/predictions/a%20b%2f..%2fc/result http/1.1\r\n"),
    ] {
        assert!(request.starts_with(head), "{request}");
        assert!(request.contains(&format!("authorization: bearer {KEY}\r\n")), "{request}");
    }
    let body = |request: &str| request.split_once("\r\n\r\n").expect("a body").1.to_owned();
    let question: Value = serde_json::from_str(&body(price)).expect("JSON");
    let sent: Value = serde_json::from_str(&body(submission)).expect("JSON");
    assert_eq!(question, json!({"model_id": "wavespeed-ai/flux-dev", "inputs": sent}));
}
