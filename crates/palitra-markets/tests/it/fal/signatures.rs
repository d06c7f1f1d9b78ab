//! fal's webhooks are signed with Ed25519; its public keys are published without a key.

use super::*;
use crate::stage::{gate::Gate, parrot};
use palitra_domain::recipe::hex;
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};

fn signer(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).expect("32 bytes")
}

fn jwks(numbers: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let keys = numbers.iter().map(|number| {
        let x = BASE64_URL_SAFE_NO_PAD.encode(signer(*number).public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x})
    });
    json!({"keys": keys.collect::<Vec<_>>()}).to_string()
}

impl Signs for Subject {
    const ASKED_AT: &'static str = "/.well-known/jwks.json";
    const ASKED_WITH_KEY: bool = false;

    fn gives(number: u8) -> String {
        jwks(&[number])
    }

    fn gives_none() -> Vec<String> {
        let padded = format!("{}{}", jwks(&[2]), " ".repeat(64 * 1024 + 1 - jwks(&[2]).len()));
        [r#"{"keys": []}"#, r#"{"keys": [{"kty": "RSA"}]}"#, &padded].map(parrot::ok).to_vec()
    }

    fn signed(number: u8, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>) {
        let body =
            json!({"request_id": "req-1", "gateway_request_id": "gw-1", "status": "OK", "payload": {}});
        let body = body.to_string();
        let at = now.micros() / 1_000_000;
        let hash = hex(digest(&SHA256, body.as_bytes()).as_ref());
        let signature = signer(number).sign(format!("req-1\nuser-1\n{at}\n{hash}").as_bytes());
        let headers = [
            ("x-fal-webhook-request-id", "req-1".to_owned()),
            ("x-fal-webhook-user-id", "user-1".to_owned()),
            ("x-fal-webhook-timestamp", at.to_string()),
            ("x-fal-webhook-signature", hex(signature.as_ref())),
        ];
        (headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body.into_bytes())
    }
}

#[tokio::test]
async fn each_of_several_keys_is_believed_and_a_list_has_a_bound() {
    let keys = jwks(&[1, 2]);
    // To the byte: `gives_none` has one more.
    let padded = format!("{keys}{}", " ".repeat(64 * 1024 - keys.len()));
    let gate = Gate::start(parrot::ok(&padded)).await;
    let fal = Fal::new(settings(gate.base())).expect("good settings");
    for (number, later) in [(1, 0), (2, 1), (1, 1000), (2, 24 * 3600 - 1)] {
        let now = StepClock::start().plus(Duration::from_secs(later));
        let (headers, body) = Subject::signed(number, now);
        assert!(fal.verify_webhook("main", &headers, &body, now).await.is_ok(), "{number}");
    }
    assert_eq!(gate.asked(), 1);
}
