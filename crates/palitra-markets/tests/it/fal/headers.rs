//! What fal is told in headers and in the query, and what its answers say in their own way.

use super::*;

#[tokio::test]
async fn a_submission_says_how_long_it_may_wait_and_how_long_its_files_are_kept() {
    let mut stranger = Stranger::start().await;
    let fal = Fal::new(FalSettings {
        headers: vec![("X-Fal-Store-IO".into(), Secret::new("0"))],
        ..settings(stranger.base())
    })
    .expect("good settings");
    fal.submit("main", &picture("a cat")).await;
    let request = stranger.heard_once();
    for header in [
        "x-fal-store-io: 0\r\n",
        "x-fal-request-timeout: 150\r\n",
        "x-fal-object-lifecycle-preference: {\"expiration_duration_seconds\":604800}\r\n",
    ] {
        assert!(request.contains(header), "{header} in {request}");
    }
    // fal's own retries stay on (docs/markets.md).
    assert!(!request.contains("x-fal-no-retry"), "{request}");
}

#[tokio::test]
async fn where_to_put_a_file_is_asked_with_the_key_and_with_how_long_it_is_to_be_kept() {
    let mut stranger = Stranger::start().await;
    let fal = Fal::new(FalSettings {
        rest_url: format!("{}/behind/a/proxy", stranger.base()),
        ..settings(stranger.base())
    })
    .expect("good settings");
    assert!(fal.upload("main", &png("ast_1")).await.is_err());
    let request = stranger.heard_once();
    let head = "post /behind/a/proxy/storage/upload/initiate?storage_type=fal-cdn-v3 http/1.1\r\n";
    assert!(request.starts_with(head), "{request}");
    for header in [
        format!("authorization: key {KEY}\r\n"),
        "x-fal-object-lifecycle-preference: {\"expiration_duration_seconds\":604800}\r\n".into(),
    ] {
        assert!(request.contains(&header), "{header} in {request}");
    }
}

#[tokio::test]
async fn the_storage_is_told_name_and_type_of_a_file() {
    let bench = Bench::new(json!({})).await;
    bench.market.upload("main", &png("ast_1")).await.expect("a link");
    let log = bench.sim.log();
    let [upload] = log.uploads.as_slice() else { panic!("{log:?}") };
    assert_eq!((upload.file_name.as_str(), upload.content_type.as_str()), ("input.png", "image/png"));
    assert_eq!((upload.bytes, &upload.key), (Some(24), &palitra_sim::fal::key_tag(KEY)));
}

#[tokio::test]
async fn a_registered_address_is_percent_encoded() {
    let mut stranger = Stranger::start().await;
    let fal = Fal::new(settings(stranger.base())).expect("good settings");
    let webhook = Some("https://pal.example/hooks/fal/1/t?a=1&fal_max_queue_length=0".to_owned());
    fal.submit("main", &Request { webhook, ..picture("a cat") }).await;
    let [request] = stranger.heard().try_into().expect("one request");
    let head = "POST /fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fpal.example%2Fhooks%2Ffal%2F1%2Ft%3Fa%3D1%26fal_max_queue_length%3D0 HTTP/1.1\r\n";
    assert!(request.starts_with(head), "{request}");
}

#[tokio::test]
async fn black_pictures_are_refused_ones() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "nsfw"})).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Failed(ContentRejected)");
}

#[tokio::test]
async fn an_error_inside_a_200_is_a_failure() {
    let bench =
        Bench::rule(json!({"on": "submit", "fault": "output_error", "message": "provider is down"})).await;
    let text = request("write", "openrouter/router", json!({"prompt": "p"}));
    let remote = bench::accepted(bench.submit(&text).await);
    bench.a_minute_passes();
    let Polled::Failed(error) = bench.poll(&remote).await else { panic!("not failed") };
    assert_eq!(error.class, ErrorClass::GenerationFailed);
    assert_eq!(error.message, "the model failed: provider is down");
}
