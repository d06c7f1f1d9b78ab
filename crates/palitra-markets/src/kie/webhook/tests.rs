//! The signature rule against its vector and everything that is nearly the vector, without a network.

use super::{Distrust, SIGNATURE, TIMESTAMP, verify};
use crate::http::DRIFT_MAX;
use base64::{Engine, prelude::BASE64_STANDARD};
use palitra_domain::{
    Timestamp,
    market::{WebhookHint, WebhookNote},
    secret::Secret,
};
use proptest::prelude::*;
use ring::hmac;
use serde_json::json;
use std::time::Duration;

/// Our own vector: there is none in KIE's documentation. Checked with another implementation (openssl).
const KEY: &str = "kie-test-key";
const BODY: &str = r#"{"code":200,"msg":"Playground task completed successfully.","data":{"taskId":"task_abc","state":"success"}}"#;
const SIGNED: &str = "YsuKGGIkIIm8zq8q8AJ7tPNSJVNYbimLqYKl7AMwqUI=";
const AT: i64 = 1_700_000_000;

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn vector_headers() -> Vec<(String, String)> {
    [("X-Webhook-Timestamp", "1700000000"), ("X-Webhook-Signature", SIGNED)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn check(headers: &[(String, String)], body: &[u8]) -> Result<WebhookNote, Distrust> {
    verify(headers, body, seconds(AT), &Secret::new(KEY))
}

/// The vector with one header replaced; none takes it away.
fn with(name: &str, value: Option<&str>) -> Result<WebhookNote, Distrust> {
    let mut headers = vector_headers();
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    check(&headers, BODY.as_bytes())
}

fn sign(key: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    BASE64_STANDARD.encode(hmac::sign(&key, message.as_bytes()))
}

/// Any body, signed as KIE would sign it for this id.
fn signed(id: &str, body: &str) -> Result<WebhookNote, Distrust> {
    let mut headers = vector_headers();
    headers[1].1 = sign(KEY, &format!("{id}.{AT}"));
    check(&headers, body.as_bytes())
}

#[test]
fn s3_36_the_vector_is_trusted() {
    let note =
        WebhookNote { request_id: "task_abc".into(), gateway_request_id: None, hint: WebhookHint::Finished };
    assert_eq!(check(&vector_headers(), BODY.as_bytes()), Ok(note.clone()));
    // The way the tests sign is the way the vector was signed.
    assert_eq!(signed("task_abc", BODY), Ok(note));
}

#[test]
fn s3_36_whatever_was_signed_is_not_to_be_changed() {
    for body in [
        BODY.replace("task_abc", "task_abd"),
        BODY.replace("task_abc", "Task_abc"),
        BODY.replace("task_abc", "task_abc."),
    ] {
        assert_eq!(check(&vector_headers(), body.as_bytes()), Err(Distrust::Signature), "{body}");
    }
    for (name, value) in [
        (TIMESTAMP, "1700000001"),
        (TIMESTAMP, "1699999999"),
        (TIMESTAMP, "01700000000"),
        (SIGNATURE, &SIGNED.replace("Ysu", "Ysv")),
        (SIGNATURE, &BASE64_STANDARD.encode([0; 32])),
        (SIGNATURE, &BASE64_STANDARD.encode(&BASE64_STANDARD.decode(SIGNED).expect("base64")[..31])),
        (SIGNATURE, &sign("another key", "task_abc.1700000000")),
        (SIGNATURE, &sign("", "task_abc.1700000000")),
    ] {
        assert_eq!(with(name, Some(value)), Err(Distrust::Signature), "{name}: {value}");
    }
    // Text that moves from one part to the other would keep the signed message as it was: times are digits only.
    let mut moved = vector_headers();
    moved[0].1 = "abc.1700000000".into();
    assert_eq!(check(&moved, BODY.replace("task_abc", "task").as_bytes()), Err(Distrust::Header(TIMESTAMP)));
}

/// The body is not covered (trap 13): all that may come of an altered one is another word in the log.
#[test]
fn trap_13_an_altered_body_changes_nothing_but_the_hint() {
    for (body, hint) in [
        (BODY.replace("success\"", "fail\""), WebhookHint::Failed),
        (BODY.replace("success\"", "generating\""), WebhookHint::Unknown),
        (json!({"code": 501, "data": {"taskId": "task_abc"}}).to_string(), WebhookHint::Failed),
        (json!({"code": "200", "data": {"task_id": "task_abc", "info": {}}}).to_string(), WebhookHint::Finished),
        (json!({"data": {"taskId": "task_abc", "task_id": "task_abc"}}).to_string(), WebhookHint::Unknown),
        (json!({"data": {"taskId": "task_abc", "state": ["success"]}}).to_string(), WebhookHint::Unknown),
        (
            json!({"code": 200, "data": {"taskId": "task_abc", "resultJson": "{\"resultUrls\":[\"https://evil.example\"]}"}})
                .to_string(),
            WebhookHint::Finished,
        ),
    ] {
        let note = check(&vector_headers(), body.as_bytes());
        let wanted = WebhookNote { request_id: "task_abc".into(), gateway_request_id: None, hint };
        assert_eq!(note, Ok(wanted), "{body}");
    }
}

#[test]
fn s3_36_each_header_comes_once_and_well_formed() {
    for (name, right) in [(TIMESTAMP, "1700000000"), (SIGNATURE, SIGNED)] {
        assert_eq!(with(name, None), Err(Distrust::Header(name)));
        assert_eq!(with(name, Some("")), Err(Distrust::Header(name)));
        assert_eq!(with(name, Some(&format!("{right}\n"))), Err(Distrust::Header(name)));
        // Twice is refused even when both are right, in whatever case.
        let mut twice = vector_headers();
        twice.push((name.to_uppercase(), right.to_owned()));
        assert_eq!(check(&twice, BODY.as_bytes()), Err(Distrust::Header(name)));
    }
    for wrong in [
        &SIGNED[..43],
        &format!("{SIGNED}="),
        &format!(" {SIGNED}"),
        "YsuK!",
        &SIGNED.replace("q8q8", "q8-8"),
    ] {
        assert_eq!(with(SIGNATURE, Some(wrong)), Err(Distrust::Header(SIGNATURE)), "{wrong}");
    }
    for wrong in [
        "+1700000000",
        "-1700000000",
        "1700000000.0",
        "1.7e9",
        " 1700000000",
        "٠",
        "now",
        "99999999999999999999",
    ] {
        assert_eq!(with(TIMESTAMP, Some(wrong)), Err(Distrust::Header(TIMESTAMP)), "{wrong}");
    }
}

#[test]
fn s3_36_the_time_may_differ_by_300_s_to_either_side() {
    let at = |now| verify(&vector_headers(), BODY.as_bytes(), now, &Secret::new(KEY)).map(|note| note.hint);
    let edge = seconds(AT).plus(DRIFT_MAX);
    for now in [seconds(AT - 300), seconds(AT - 1), seconds(AT + 300), edge] {
        assert_eq!(at(now), Ok(WebhookHint::Finished), "{now:?}");
    }
    for now in [
        seconds(AT - 301),
        seconds(AT + 301),
        edge.plus(Duration::from_micros(1)),
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
fn a_signed_body_that_does_not_name_one_task_is_not_trusted() {
    let long = "x".repeat(201);
    for (id, body) in [
        ("a", json!({"data": {"taskId": "a", "task_id": "b"}}).to_string()),
        ("b", json!({"data": {"taskId": "a", "task_id": "b"}}).to_string()),
        ("", json!({"data": {"taskId": ""}}).to_string()),
        ("1", json!({"data": {"taskId": 1}}).to_string()),
        ("a", json!({"taskId": "a"}).to_string()),
        ("a", json!({"data": null}).to_string()),
        ("a", r#"{"data": {"taskId": "a", "taskId": "b"}}"#.to_owned()),
        ("a", r#"{"data": {"taskId": "a"}} {}"#.to_owned()),
        ("a\n", json!({"data": {"taskId": "a\n"}}).to_string()),
        (&long, json!({"data": {"taskId": long}}).to_string()),
        ("", String::new()),
        ("a", "a".to_owned()),
        ("a", "null".to_owned()),
    ] {
        assert_eq!(signed(id, &body), Err(Distrust::Body), "{body}");
    }
}

proptest! {
    #[test]
    fn what_was_not_signed_never_passes(
        signature in prop_oneof![any::<[u8; 32]>().prop_map(|bytes| BASE64_STANDARD.encode(bytes)), any::<String>()],
        timestamp in prop_oneof![(AT - 400..AT + 400).prop_map(|at| at.to_string()), any::<String>()],
        body in prop_oneof![Just(BODY.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..200)],
        now in prop_oneof![AT * 1_000_000 - 400_000_000..AT * 1_000_000 + 400_000_000, any::<i64>()],
    ) {
        let headers =
            vec![("X-Webhook-Timestamp".to_owned(), timestamp), ("X-Webhook-Signature".to_owned(), signature)];
        let verified = verify(&headers, &body, Timestamp::from_micros(now), &Secret::new(KEY));
        prop_assert!(verified.is_err());
    }

    #[test]
    fn one_bit_of_the_signature_is_enough(at in 0_usize..32, bit in 0_u8..8) {
        let mut bytes = BASE64_STANDARD.decode(SIGNED).expect("base64");
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(with(SIGNATURE, Some(&BASE64_STANDARD.encode(bytes))), Err(Distrust::Signature));
    }
}
