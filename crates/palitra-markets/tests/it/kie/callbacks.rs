//! KIE's callbacks are asked for only when they can be checked.

use super::*;
use palitra_domain::market::WebhookRefused;

/// Without the account's key KIE does not sign: then nothing is asked for and nothing believed.
#[tokio::test]
async fn s3_36_callbacks_are_asked_for_only_when_every_key_can_check_them() {
    let keys = |labels: &[&str]| {
        labels.iter().map(|label| ((*label).to_owned(), Secret::new(WEBHOOK_KEY))).collect()
    };
    for (webhook_keys, asked) in
        [(keys(&["main", "spare"]), true), (keys(&["spare"]), false), (keys(&[]), false)]
    {
        let bench = Bench::with(json!({}), false, |settings: &mut KieSettings| {
            settings.keys.push(("spare".into(), Secret::new("another-kie-key")));
            settings.webhook_keys = webhook_keys;
        })
        .await;
        assert_eq!(bench.market.capabilities().webhooks, asked);
        let address = "https://pal.example/hooks/kie/1/t";
        let request = Request { webhook: Some(address.into()), ..picture("a cat") };
        for key in ["main", "spare"] {
            bench::accepted(bench.market.submit(key, &request).await);
        }
        for submission in bench.sim.log().submissions {
            assert_eq!(submission.webhook.as_deref(), asked.then_some(address));
        }
    }
    let bench = Bench::with(json!({}), false, |settings| settings.webhook_keys.clear()).await;
    let refused = bench.market.verify_webhook("main", &[], b"{}", bench.clock.now()).await;
    assert_eq!(refused, Err(WebhookRefused::Unsupported));
}
