//! What only WaveSpeedAI's webhooks hold: the record itself, and no price.

use super::*;
use palitra_domain::market::{WebhookHint, WebhookNote};

#[tokio::test]
async fn a_webhook_is_the_record_without_an_envelope_and_with_the_input() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "fail", "status": "cancelled"})).await;
    let mut stranger = Stranger::start().await;
    let webhook = Some(format!("{}/hook", stranger.base()));
    let remote = bench::accepted(bench.submit(&Request { webhook, ..picture("stopped") }).await);
    bench.a_minute_passes();
    bench.sim.delivered(1).await;
    let [came] = stranger.heard().try_into().expect("one webhook");
    let (_, body) = came.split_once("\r\n\r\n").expect("head and body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&body["id"], &body["input"]["prompt"]), (&json!(Subject::id_of(&remote)), &json!("stopped")));
    assert_eq!(
        (&body["status"], show(&bench.poll(&remote).await).as_str()),
        (&json!("cancelled"), "Cancelled")
    );
}

#[tokio::test]
async fn what_work_costs_that_only_a_note_tells_of_is_not_known_and_odd_ids_are_none() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let note = |id: &str| WebhookNote {
        request_id: id.into(),
        gateway_request_id: None,
        hint: WebhookHint::Finished,
    };
    let found = bench.market.reference("wavespeed-ai/flux-dev", &note(&Subject::id_of(&remote)));
    bench.a_minute_passes();
    assert_eq!(outputs(bench.poll(&found.expect("a reference")).await).cost, None);
    for id in ["..", &"x".repeat(300)] {
        assert_eq!(bench.market.reference("wavespeed-ai/flux-dev", &note(id)), None, "{id}");
    }
}
