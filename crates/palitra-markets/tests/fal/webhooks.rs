//! Webhooks: registering an address with a submission, and telling which work a note is about.

use super::*;
use palitra_domain::market::{WebhookHint, WebhookNote};

#[tokio::test]
async fn a_note_belongs_to_the_work_with_its_id_and_finds_work_that_never_told() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let stored: Value = serde_json::from_str(&remote.0).expect("JSON");
    let note = |id: &str| WebhookNote {
        request_id: id.into(),
        gateway_request_id: stored["request_id"].as_str().map(str::to_owned),
        hint: WebhookHint::Finished,
    };
    let ours = note(stored["request_id"].as_str().expect("an id"));
    assert!(bench.fal.is_about(&ours, &remote));
    assert!(!bench.fal.is_about(&note("another"), &remote));
    assert!(!bench.fal.is_about(&ours, &RemoteRef("{}".into())));
    // Only the note is left of this submission: that is enough to look, to fetch and to stop.
    let found = bench.fal.reference("fal-ai/flux/dev", &ours).expect("a reference");
    assert!(bench.fal.is_about(&ours, &found));
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&found).await), "Done");
    assert_eq!(bench.fal.reference("fal-ai/flux/dev", &note("")), None);
}

#[tokio::test]
async fn a_webhook_is_registered_with_the_submission_when_it_is_an_address() {
    for (webhook, sent) in [
        (None, None),
        (
            Some("https://pal.example/hooks/fal/att_1/t0k-_~en?a=1&b=%2F#c d"),
            Some("https://pal.example/hooks/fal/att_1/t0k-_~en?a=1&b=%2F#c%20d"),
        ),
        (Some("http://127.0.0.1:8000/hooks/fal/1/t"), Some("http://127.0.0.1:8000/hooks/fal/1/t")),
        (Some("/hooks/fal/1/t"), None),
        (Some("pal.example/hooks"), None),
        (Some("//pal.example/hooks"), None),
        (Some("ftp://pal.example/hooks"), None),
        (Some("javascript:alert(1)"), None),
        (Some("https://"), None),
        (Some(""), None),
    ] {
        let bench = Bench::new(json!({})).await;
        let request = Request { webhook: webhook.map(str::to_owned), ..picture("a cat") };
        assert_eq!(show_submitted(&bench.fal.submit("main", &request).await), "Accepted", "{webhook:?}");
        let log = bench.sim.log();
        assert_eq!(log.submissions[0].webhook.as_deref(), sent, "{webhook:?}");
    }
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
