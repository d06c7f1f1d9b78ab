//! The secrets that webhooks are checked with: each key has its own, asked for with it.

use super::*;
use crate::stage::{StepClock, gate::Gate};
use palitra_domain::recipe::hex;
use ring::hmac;

/// The answer with this secret.
fn secret(text: &str) -> String {
    json!({"code": 200, "message": "success", "data": {"secret": format!("whsec_{text}")}}).to_string()
}

/// A webhook as WaveSpeedAI sends it, signed now with this secret.
fn signed_with(secret: &str, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>) {
    let body = json!({"id": "req-1", "status": "completed", "outputs": []}).to_string();
    let at = now.micros() / 1_000_000;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hex(hmac::sign(&key, format!("msg-1.{at}.{body}").as_bytes()).as_ref());
    let headers = [
        ("webhook-id", "msg-1".to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", format!("v3,{signature}")),
    ];
    (headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body.into_bytes())
}

impl Signs for Subject {
    const ASKED_AT: &'static str = "/api/v3/webhook/secret";
    const ASKED_WITH_KEY: bool = true;

    fn gives(number: u8) -> String {
        secret(&format!("secret-{number}"))
    }

    fn gives_none() -> Vec<String> {
        let data = |data: Value| json!({"code": 200, "data": data}).to_string();
        [
            data(json!(null)),
            data(json!({"secret": ""})),
            data(json!({"secret": "whsec_"})),
            data(json!({"secret": ["whsec_secret-2"]})),
            data(json!("whsec_secret-2")),
            data(json!({"secret": "x".repeat(1000)})),
            r#"{"code": 403, "message": "whsec_secret-2", "data": {"secret": "whsec_secret-2"}}"#.into(),
        ]
        .map(|body| parrot::ok(&body))
        .to_vec()
    }

    fn signed(number: u8, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>) {
        signed_with(&format!("secret-{number}"), now)
    }
}

#[tokio::test]
async fn every_key_has_a_secret_of_its_own_and_a_key_that_is_gone_has_none() {
    let gate = Gate::start(parrot::ok(&secret("one"))).await;
    let mut settings = settings(gate.base());
    settings.keys.push(("second".into(), Secret::new("ws-another-key")));
    let market = WaveSpeed::new(settings).expect("good settings");
    let now = StepClock::start();
    let good = async |label: &str, secret: &str| {
        let (headers, body) = signed_with(secret, now);
        market.verify_webhook(label, &headers, &body, now).await.is_ok()
    };
    assert!(good("main", "one").await);
    gate.says(parrot::ok(&secret("two")));
    assert!(good("second", "two").await && good("main", "one").await && !good("gone", "two").await);
    let heads = gate.heads();
    let [first, second] = heads.as_slice() else { panic!("{heads:?}") };
    for (head, key) in [(first, KEY), (second, "ws-another-key")] {
        assert!(head.contains(&format!("authorization: bearer {key}\r\n")), "{head}");
    }
}

#[tokio::test]
async fn a_regenerated_secret_is_learned_from_the_market() {
    let bench = Bench::new(json!({})).await;
    for asked in [1, 2] {
        let mut stranger = Stranger::start().await;
        let webhook = Some(format!("{}/hook", stranger.base()));
        let request = Request { webhook, ..picture("a cat") };
        bench::accepted(bench.submit(&request).await);
        bench.a_minute_passes();
        bench.sim.delivered(asked).await;
        let [came] = stranger.heard().try_into().expect("one webhook");
        let (head, body) = came.split_once("\r\n\r\n").expect("head and body");
        let headers: Vec<(String, String)> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let now = bench.clock.now();
        let verified = bench.market.verify_webhook("main", &headers, body.as_bytes(), now).await;
        assert!(verified.is_ok(), "{verified:?}");
        assert_eq!(bench.sim.log().secrets, u64::try_from(asked).expect("small"));
        bench.sim.rotate_secrets();
    }
}
