//! The signature rule against its vector and everything that is nearly the vector, without a network.

use super::{Distrust, ID, SIGNATURE, SigningKey, TIMESTAMP, verify};
use crate::http::DRIFT_MAX;
use palitra_domain::{
    Timestamp,
    market::{WebhookHint, WebhookNote},
    recipe::hex,
};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

/// The vector of `providers.md` §3.6.
const SECRET: &str = "whsec_test-secret-0001";
const BODY: &str = r#"{"id":"abc123","status":"completed","outputs":["https://example.com/a.png"]}"#;
const SIGNED: &str = "v3,1bed1be87ce7474882b70f2d009c02db7e347cf5e351f1e975a99b9454c8cfc6";
const AT: i64 = 1_700_000_000;

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn key(secret: &str) -> SigningKey {
    SigningKey::new(secret).expect("a secret")
}

fn vector_headers() -> Vec<(String, String)> {
    [("webhook-id", "evt_1"), ("webhook-timestamp", "1700000000"), ("webhook-signature", SIGNED)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn check(headers: &[(String, String)], body: &[u8]) -> Result<WebhookNote, Distrust> {
    verify(headers, body, seconds(AT), Some(&key(SECRET)))
}

/// The vector with one header replaced; none takes it away.
fn with(name: &str, value: Option<&str>) -> Result<WebhookNote, Distrust> {
    let mut headers = vector_headers();
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    check(&headers, BODY.as_bytes())
}

/// `v3,<hex>` of any body, as WaveSpeedAI would sign it with this secret.
fn signature(secret: &str, body: &[u8]) -> String {
    let message = [format!("evt_1.{AT}.").as_bytes(), body].concat();
    format!("v3,{}", hex(&key(secret).sign(&message)))
}

/// Any body, signed with the vector's secret.
fn signed(body: &[u8]) -> Result<WebhookNote, Distrust> {
    let mut headers = vector_headers();
    headers[2].1 = signature(SECRET, body);
    check(&headers, body)
}

fn finished() -> WebhookNote {
    WebhookNote { request_id: "abc123".into(), gateway_request_id: None, hint: WebhookHint::Finished }
}

#[test]
fn the_vector_is_trusted() {
    assert_eq!(check(&vector_headers(), BODY.as_bytes()), Ok(finished()));
    // The way the tests sign is the way the vector was signed.
    assert_eq!(signed(BODY.as_bytes()), Ok(finished()));
    assert_eq!(signature(SECRET, BODY.as_bytes()), SIGNED);
}

#[test]
fn header_names_are_read_in_any_case_and_order() {
    for change in [str::to_lowercase, str::to_uppercase] {
        let mut headers = vector_headers();
        headers.iter_mut().for_each(|(name, _)| *name = change(name));
        headers.reverse();
        headers.push(("content-type".into(), "application/json".into()));
        assert_eq!(check(&headers, BODY.as_bytes()), Ok(finished()));
    }
}

#[test]
fn trap_14_the_secret_is_text_without_its_prefix() {
    let by =
        |secret: &str| verify(&vector_headers(), BODY.as_bytes(), seconds(AT), Some(&key(secret))).is_ok();
    assert!(by(SECRET) && by("test-secret-0001"));
    for other in [
        "whsec_whsec_test-secret-0001",
        "whsec_test-secret-0002",
        "whsec_test-secret-0001 ",
        "WHSEC_test-secret-0001",
        "whsec_dGVzdC1zZWNyZXQtMDAwMQ==",
    ] {
        assert!(!by(other), "{other}");
    }
    for none in ["", " ", "whsec_", "whsec_ ", &format!("whsec_{}", "x".repeat(513))] {
        assert!(SigningKey::new(none).is_none(), "{none}");
    }
    assert_eq!(verify(&vector_headers(), BODY.as_bytes(), seconds(AT), None), Err(Distrust::Signature));
    assert!(!format!("{:?}", key(SECRET)).contains("secret-0001"));
}

#[test]
fn whatever_was_altered_is_not_trusted() {
    for body in [
        "",
        "{}",
        &BODY.replace("abc123", "abc124"),
        &BODY.replace("completed", "failed"),
        // The same JSON in other bytes.
        &BODY.replace(',', ", "),
        &format!("{BODY}\n"),
        &BODY[..BODY.len() - 1],
    ] {
        assert_eq!(check(&vector_headers(), body.as_bytes()), Err(Distrust::Signature), "{body}");
    }
    for (name, value) in [
        (ID, "evt_2"),
        (ID, "EVT_1"),
        (ID, "evt_1 "),
        (TIMESTAMP, "1700000001"),
        (TIMESTAMP, "1699999999"),
        (TIMESTAMP, "01700000000"),
        (SIGNATURE, &SIGNED.replace("1bed", "1bee")),
        (SIGNATURE, &format!("v3,{}", "0".repeat(64))),
    ] {
        assert_eq!(with(name, Some(value)), Err(Distrust::Signature), "{name}: {value}");
    }
    // Text that moves from one part to the next keeps the signed message, and is no body any more.
    let mut moved = vector_headers();
    moved[0].1 = "evt_1.1700000000".into();
    assert_eq!(check(&moved, BODY.as_bytes()), Err(Distrust::Signature));
}

#[test]
fn each_header_comes_once_and_well_formed() {
    for (name, right) in [(ID, "evt_1"), (TIMESTAMP, "1700000000"), (SIGNATURE, SIGNED)] {
        assert_eq!(with(name, None), Err(Distrust::Header(name)));
        assert_eq!(with(name, Some("")), Err(Distrust::Header(name)));
        assert_eq!(with(name, Some(&format!("{right}\n"))), Err(Distrust::Header(name)));
        // Twice is refused even when both are right, in whatever case.
        let mut twice = vector_headers();
        twice.push((name.to_uppercase(), right.to_owned()));
        assert_eq!(check(&twice, BODY.as_bytes()), Err(Distrust::Header(name)));
    }
    let hex = &SIGNED[3..];
    for wrong in [
        hex.to_owned(),
        format!("v1,{hex}"),
        format!("V3,{hex}"),
        format!("v3={hex}"),
        format!("v3, {hex}"),
        format!("v3,{}", hex.to_uppercase()),
        format!("v3,{}", &hex[..62]),
        format!("v3,{}", &hex[..63]),
        format!("v3,{hex}00"),
        format!("v3,0x{}", &hex[..62]),
        format!("v3,{}", hex.replace("1b", "+b")),
        format!("v3,{}", "é".repeat(32)),
        "v3,".into(),
        "v3".into(),
        ",".into(),
        " ".into(),
        // The same bytes in base64, as Standard Webhooks would write them.
        "v3,G+0b6HznR0iCtw8tAJwC2340fPXjUfHpdambRFTIz8Y=".into(),
    ] {
        assert_eq!(with(SIGNATURE, Some(&wrong)), Err(Distrust::Header(SIGNATURE)), "{wrong}");
    }
    for wrong in [
        "+1700000000",
        "-1700000000",
        "1700000000.0",
        "1.7e9",
        " 1700000000",
        "1700000000 ",
        "٠",
        "now",
        "2023-11-14T22:13:20Z",
        "99999999999999999999",
        "9223372036854775807",
    ] {
        assert_eq!(with(TIMESTAMP, Some(wrong)), Err(Distrust::Header(TIMESTAMP)), "{wrong}");
    }
}

#[test]
fn any_of_several_signatures_may_be_the_right_one() {
    let zero = format!("v3,{}", "0".repeat(64));
    let old = signature("whsec_the-secret-before", BODY.as_bytes());
    for good in [
        format!("{old} {SIGNED}"),
        format!("{SIGNED} {old}"),
        format!("{zero} {old} {SIGNED}"),
        format!("v1,G+0b6HznR0iCtw8t {SIGNED}"),
        format!("{SIGNED} v4,whatever"),
        format!("{SIGNED} {SIGNED}"),
    ] {
        assert_eq!(with(SIGNATURE, Some(&good)), Ok(finished()), "{good}");
    }
    for bad in [format!("{zero} {old}"), old.clone(), format!("{old} v1,{}", &SIGNED[3..])] {
        assert_eq!(with(SIGNATURE, Some(&bad)), Err(Distrust::Signature), "{bad}");
    }
    for malformed in [
        format!("{SIGNED},{SIGNED}"),
        format!("{SIGNED} v3,short"),
        [SIGNED; 9].join(" "),
        format!("v1,a v2,{}", &SIGNED[3..]),
    ] {
        assert_eq!(with(SIGNATURE, Some(&malformed)), Err(Distrust::Header(SIGNATURE)), "{malformed}");
    }
}

#[test]
fn the_time_may_differ_by_300_s_to_either_side() {
    let at = |now| verify(&vector_headers(), BODY.as_bytes(), now, Some(&key(SECRET))).map(|note| note.hint);
    let edge = seconds(AT).plus(DRIFT_MAX);
    for now in [seconds(AT - 300), seconds(AT - 1), seconds(AT + 300), edge] {
        assert_eq!(at(now), Ok(WebhookHint::Finished), "{now:?}");
    }
    for now in [
        seconds(AT - 301),
        seconds(AT + 301),
        edge.plus(Duration::from_micros(1)),
        seconds(AT - 86_400),
        seconds(0),
        // Milliseconds taken for seconds.
        seconds(AT * 1000),
        Timestamp::from_micros(i64::MIN),
        Timestamp::from_micros(i64::MAX),
    ] {
        assert_eq!(at(now), Err(Distrust::Time), "{now:?}");
    }
}

#[test]
fn every_form_of_a_signed_body_has_a_hint() {
    for (body, hint) in [
        (json!({"id": "abc123", "status": "completed", "outputs": []}), WebhookHint::Finished),
        (json!({"id": "abc123", "status": "failed", "error": "boom"}), WebhookHint::Failed),
        (json!({"id": "abc123", "status": "timeout"}), WebhookHint::Failed),
        (json!({"id": "abc123", "status": "cancelled"}), WebhookHint::Failed),
        (json!({"id": "abc123", "status": "processing"}), WebhookHint::Unknown),
        (json!({"id": "abc123", "status": "COMPLETED"}), WebhookHint::Unknown),
        (json!({"id": "abc123", "status": ["completed"]}), WebhookHint::Unknown),
        (json!({"id": "abc123", "status": null}), WebhookHint::Unknown),
        (json!({"id": "abc123"}), WebhookHint::Unknown),
    ] {
        let note = signed(body.to_string().as_bytes()).expect("signed");
        assert_eq!((note.request_id.as_str(), note.hint), ("abc123", hint), "{body}");
    }
    for body in [
        r#"{"id":"","status":"completed"}"#,
        r#"{"id":" ","status":"completed"}"#,
        r#"{"id":1,"status":"completed"}"#,
        r#"{"id":"a","id":"b","status":"completed"}"#,
        r#"{"status":"completed"}"#,
        r#"{"code":200,"data":{"id":"abc123"}}"#,
        r#"{"id":"abc123"} {}"#,
        "",
        "abc123",
        "null",
    ] {
        assert_eq!(signed(body.as_bytes()), Err(Distrust::Body), "{body}");
    }
    assert_eq!(signed(b"{\"id\":\"abc123\",\"status\":\"\xff\"}"), Err(Distrust::Body));
    // Outputs are not looked at, however deep.
    let deep = format!(
        r#"{{"id":"abc123","outputs":{}{},"status":"completed"}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert_eq!(signed(deep.as_bytes()).map(|note| note.hint), Ok(WebhookHint::Finished));
}

/// A header that could be one of WaveSpeedAI's: its names in any case and number, values from nearly right to noise.
fn any_header() -> impl Strategy<Value = (String, String)> {
    let name = prop_oneof![
        8 => prop::sample::select(vec![ID, TIMESTAMP, SIGNATURE]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["WEBHOOK-SIGNATURE", "Webhook-Timestamp"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let value = prop_oneof![
        Just("evt_1".to_owned()),
        Just("1700000000".to_owned()),
        (AT - 400..AT + 400).prop_map(|at| at.to_string()),
        "v3,[0-9a-f]{64}",
        "v[0-9],[0-9a-f]{64} v3,[0-9a-f]{64}",
        any::<String>(),
    ];
    (name, value)
}

proptest! {
    #[test]
    fn what_was_not_signed_never_passes(
        headers in prop::collection::vec(any_header(), 0..8),
        body in prop_oneof![Just(BODY.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..200)],
        now in prop_oneof![AT * 1_000_000 - 400_000_000..AT * 1_000_000 + 400_000_000, any::<i64>()],
    ) {
        let verified = verify(&headers, &body, Timestamp::from_micros(now), Some(&key(SECRET)));
        prop_assert!(verified.is_err());
    }

    /// One bit of the body or of the signature.
    #[test]
    fn one_bit_is_enough(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let flip = |bytes: &mut [u8]| { let at = at.index(bytes.len()); bytes[at] ^= 1 << bit };
        let mut body = BODY.as_bytes().to_vec();
        flip(&mut body);
        prop_assert_eq!(check(&vector_headers(), &body), Err(Distrust::Signature));
        let mut signature = super::bytes(&SIGNED[3..]).expect("the vector");
        flip(&mut signature);
        prop_assert_eq!(with(SIGNATURE, Some(&format!("v3,{}", hex(&signature)))), Err(Distrust::Signature));
    }
}
