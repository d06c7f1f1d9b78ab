//! The signature rule against its vector and everything that is nearly the vector, without a network.

use super::{
    Distrust, REQUEST_ID, SIGNATURE, TIMESTAMP, USER_ID,
    keys::{PublicKey, keys},
    verify,
};
use crate::http::DRIFT_MAX;
use palitra_domain::{
    Timestamp,
    market::{WebhookHint, WebhookNote},
};
use proptest::prelude::*;
use ring::signature::Ed25519KeyPair;
use serde_json::json;
use std::time::Duration;

/// The vector of `providers.md` §1.8; the secret key is the bytes 00 to 1f.
const X: &str = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
const BODY: &str =
    r#"{"request_id":"req-1","gateway_request_id":"req-1","status":"OK","payload":{"ok":true}}"#;
const SIGNED: &str = "d7ad069615e81252a5c5a5cf4fa44f361d57bf36f3cdb451a8b7fd197395faaf73a6ed85662aa8f43cf84c318a6aa1f4e11ecf70e7dda3f2ca0c450316d3e406";
const AT: i64 = 1_700_000_000;

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn vector_keys() -> Vec<PublicKey> {
    keys(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": X}]}).to_string().as_bytes())
}

fn vector_headers() -> Vec<(String, String)> {
    [
        ("X-Fal-Webhook-Request-Id", "req-1"),
        ("X-Fal-Webhook-User-Id", "user-1"),
        ("X-Fal-Webhook-Timestamp", "1700000000"),
        ("X-Fal-Webhook-Signature", SIGNED),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn check(headers: &[(String, String)], body: &[u8]) -> Result<WebhookNote, Distrust> {
    verify(headers, body, seconds(AT), &vector_keys())
}

/// The vector with one header replaced; none takes it away.
fn with(name: &str, value: Option<&str>) -> Result<WebhookNote, Distrust> {
    let mut headers = vector_headers();
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    check(&headers, BODY.as_bytes())
}

/// Any body, signed as fal would sign it with the vector's key.
fn signed(body: &[u8]) -> Result<WebhookNote, Distrust> {
    let seed: Vec<u8> = (0..32).collect();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes");
    let hash = hex(super::digest(&super::SHA256, body).as_ref());
    let signature = hex(pair.sign(format!("req-1\nuser-1\n{AT}\n{hash}").as_bytes()).as_ref());
    let mut headers = vector_headers();
    headers[3].1 = signature;
    check(&headers, body)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_vector_is_trusted() {
    let note = WebhookNote {
        request_id: "req-1".into(),
        gateway_request_id: Some("req-1".into()),
        hint: WebhookHint::Finished,
    };
    assert_eq!(check(&vector_headers(), BODY.as_bytes()), Ok(note.clone()));
    // The way the tests sign is the way the vector was signed.
    assert_eq!(signed(BODY.as_bytes()), Ok(note));
}

#[test]
fn header_names_are_read_in_any_case_and_order() {
    for change in [str::to_lowercase, str::to_uppercase] {
        let mut headers = vector_headers();
        headers.iter_mut().for_each(|(name, _)| *name = change(name));
        headers.reverse();
        headers.push(("content-type".into(), "application/json".into()));
        assert!(check(&headers, BODY.as_bytes()).is_ok());
    }
}

#[test]
fn whatever_was_altered_is_not_trusted() {
    for body in [
        "",
        "{}",
        &BODY.replace("true", "false"),
        &BODY.replace("OK", "ERROR"),
        &BODY.replace("req-1", "req-2"),
        // The same JSON in other bytes.
        &BODY.replace(',', ", "),
        &format!("{BODY}\n"),
        &BODY[..BODY.len() - 1],
    ] {
        assert_eq!(check(&vector_headers(), body.as_bytes()), Err(Distrust::Signature), "{body}");
    }
    for (name, value) in [
        (REQUEST_ID, "req-2"),
        (REQUEST_ID, "REQ-1"),
        (REQUEST_ID, "req-1 "),
        (USER_ID, "user-2"),
        (TIMESTAMP, "1700000001"),
        (TIMESTAMP, "1699999999"),
        (TIMESTAMP, "01700000000"),
        (SIGNATURE, &SIGNED.replace("d7ad", "d7ae")),
        (SIGNATURE, &"0".repeat(128)),
    ] {
        assert_eq!(with(name, Some(value)), Err(Distrust::Signature), "{name}: {value}");
    }
}

#[test]
fn a_signature_has_one_form() {
    // Adding the order of the curve to its second half makes another number that lax verifiers take for the same.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut twin = super::bytes(SIGNED).expect("the vector");
    let mut carry = 0;
    for (byte, more) in twin[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = u8::try_from(sum & 0xff).expect("eight bits");
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(with(SIGNATURE, Some(&hex(&twin))), Err(Distrust::Signature));
}

#[test]
fn each_header_comes_once_and_well_formed() {
    for (name, right) in
        [(REQUEST_ID, "req-1"), (USER_ID, "user-1"), (TIMESTAMP, "1700000000"), (SIGNATURE, SIGNED)]
    {
        assert_eq!(with(name, None), Err(Distrust::Header(name)));
        assert_eq!(with(name, Some("")), Err(Distrust::Header(name)));
        assert_eq!(with(name, Some(&format!("{right}\n"))), Err(Distrust::Header(name)));
        // Twice is refused even when both are right, in whatever case.
        let mut twice = vector_headers();
        twice.push((name.to_uppercase(), right.to_owned()));
        assert_eq!(check(&twice, BODY.as_bytes()), Err(Distrust::Header(name)));
    }
    // Text that moves from one part to the next would keep the signed message as it was.
    let mut moved = vector_headers();
    moved[0].1 = "req-1\nuser-1".into();
    moved[1].1 = "1700000000".into();
    assert_eq!(check(&moved, BODY.as_bytes()), Err(Distrust::Header(REQUEST_ID)));
    for wrong in [
        SIGNED.to_uppercase(),
        SIGNED.replace('d', "D"),
        SIGNED.replace('d', "g"),
        SIGNED.replace("d7", "+7"),
        SIGNED[..126].to_owned(),
        SIGNED[..127].to_owned(),
        format!("{SIGNED}00"),
        format!("0x{}", &SIGNED[..126]),
        format!(" {}", &SIGNED[..127]),
        "é".repeat(64),
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
fn the_time_may_differ_by_300_s_to_either_side() {
    let at = |now| verify(&vector_headers(), BODY.as_bytes(), now, &vector_keys()).map(|note| note.hint);
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
fn any_key_may_have_signed_and_no_other() {
    let other = PublicKey([7; 32]);
    let ours = vector_keys()[0];
    let by = |keys: &[PublicKey]| verify(&vector_headers(), BODY.as_bytes(), seconds(AT), keys).is_ok();
    for keys in [vec![ours], vec![other, ours], vec![ours, other], vec![PublicKey([0; 32]), ours]] {
        assert!(by(&keys));
    }
    let mut near = ours;
    near.0[31] ^= 0x80;
    for keys in [vec![], vec![other], vec![near], vec![PublicKey([0; 32]), PublicKey([0xff; 32])]] {
        assert!(!by(&keys));
    }
}

#[test]
fn entries_that_are_not_ed25519_keys_are_passed_over() {
    let right = json!({"kty": "OKP", "crv": "Ed25519", "x": X, "use": "sig", "kid": "1", "more": [1]});
    for wrong in [
        json!(null),
        json!("key"),
        json!([]),
        json!({}),
        json!({"kty": "OKP", "crv": "Ed25519"}),
        json!({"kty": "OKP", "crv": "X25519", "x": X}),
        json!({"kty": "EC", "crv": "Ed25519", "x": X}),
        json!({"kty": "okp", "crv": "Ed25519", "x": X}),
        json!({"crv": "Ed25519", "x": X}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": 7}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": ""}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": format!("{X}=")}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": X.replace('_', "/")}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": &X[..42]}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": format!("{X}A")}),
    ] {
        let jwks = json!({"keys": [wrong, right, wrong]}).to_string();
        assert_eq!(keys(jwks.as_bytes()), vector_keys(), "{jwks}");
    }
    for nothing in ["", "null", "[]", "{}", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":[]}"#, "<html>"]
    {
        assert_eq!(keys(nothing.as_bytes()), vec![], "{nothing}");
    }
    let both = json!({"keys": [right, {"kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43)}]}).to_string();
    assert_eq!(keys(both.as_bytes()), [vector_keys(), vec![PublicKey([0; 32])]].concat());
}

#[test]
fn trap_3_every_form_of_a_signed_body_has_a_hint() {
    for (body, hint) in [
        (json!({"request_id": "req-1", "status": "OK", "payload": {"images": []}}), WebhookHint::Finished),
        (
            json!({"request_id": "req-1", "status": "OK", "payload": null, "payload_error": "not serialisable"}),
            WebhookHint::Finished,
        ),
        (
            json!({"request_id": "req-1", "status": "ERROR", "error": "Invalid status code: 422",
                "payload": {"detail": [{"loc": ["body"], "msg": "no", "type": "missing"}]}}),
            WebhookHint::Failed,
        ),
        (
            json!({"request_id": "req-1", "status": "ERROR", "error": null, "payload": null}),
            WebhookHint::Failed,
        ),
        (json!({"request_id": "req-1"}), WebhookHint::Unknown),
        (json!({"request_id": "req-1", "status": null}), WebhookHint::Unknown),
        (json!({"request_id": "req-1", "status": "ok"}), WebhookHint::Unknown),
        (json!({"request_id": "req-1", "status": "IN_PROGRESS"}), WebhookHint::Unknown),
        (json!({"request_id": "req-1", "status": ["OK"], "gateway_request_id": 5}), WebhookHint::Unknown),
    ] {
        let note = signed(body.to_string().as_bytes()).expect("signed");
        assert_eq!((note.request_id.as_str(), note.hint), ("req-1", hint), "{body}");
        assert_eq!(note.gateway_request_id, None);
    }
    // fal's own retry has an id of its own.
    let retried = json!({"request_id": "req-1", "gateway_request_id": "gw-2", "status": "OK", "payload": {}});
    let note = signed(retried.to_string().as_bytes()).expect("signed");
    assert_eq!(note.gateway_request_id.as_deref(), Some("gw-2"));
    // A payload is not looked at, however deep.
    let deep = format!(
        r#"{{"request_id":"req-1","payload":{}{},"status":"OK"}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert_eq!(signed(deep.as_bytes()).map(|note| note.hint), Ok(WebhookHint::Finished));
}

#[test]
fn a_signed_body_that_does_not_name_the_signed_request_is_not_trusted() {
    for (body, why) in [
        (r#"{"request_id":"req-2","status":"OK"}"#, Distrust::OtherRequest),
        (r#"{"request_id":"","status":"OK"}"#, Distrust::OtherRequest),
        (r#"{"request_id":1,"status":"OK"}"#, Distrust::Body),
        (r#"{"request_id":"req-1","request_id":"req-2","status":"OK"}"#, Distrust::Body),
        (r#"{"status":"OK"}"#, Distrust::Body),
        (r#"{"request_id":"req-1"} {}"#, Distrust::Body),
        ("", Distrust::Body),
        ("req-1", Distrust::Body),
        ("null", Distrust::Body),
    ] {
        assert_eq!(signed(body.as_bytes()), Err(why), "{body}");
    }
    assert_eq!(signed(b"{\"request_id\":\"req-1\",\"status\":\"\xff\"}"), Err(Distrust::Body));
}

/// A header that could be one of fal's: its names in any case and number, values from nearly right to noise.
fn any_header() -> impl Strategy<Value = (String, String)> {
    let name = prop_oneof![
        8 => prop::sample::select(vec![REQUEST_ID, USER_ID, TIMESTAMP, SIGNATURE]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["X-FAL-WEBHOOK-SIGNATURE", "X-Fal-Webhook-Timestamp"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let value = prop_oneof![
        Just("req-1".to_owned()),
        Just("user-1".to_owned()),
        Just("1700000000".to_owned()),
        (AT - 400..AT + 400).prop_map(|at| at.to_string()),
        "[0-9a-f]{128}",
        "[0-9a-fA-Fg-z]{0,130}",
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
        let known = [vector_keys(), vec![PublicKey([0; 32])]].concat();
        prop_assert!(verify(&headers, &body, Timestamp::from_micros(now), &known).is_err());
    }

    /// All four headers there and of the right form, so that only the signature is left to say no.
    #[test]
    fn what_was_signed_by_nobody_never_passes(
        request in "[a-z0-9-]{1,40}",
        user in "\\PC{1,40}",
        late in -300i64..=300,
        signature in prop::array::uniform32(any::<[u8; 2]>()),
        status in "OK|ERROR|[A-Z]{0,8}",
    ) {
        let mut headers = vector_headers();
        headers[0].1.clone_from(&request);
        headers[1].1 = user;
        headers[3].1 = hex(signature.as_flattened());
        let body = json!({"request_id": request, "status": status}).to_string();
        let verified = verify(&headers, body.as_bytes(), seconds(AT + late), &vector_keys());
        prop_assert_eq!(verified, Err(Distrust::Signature));
    }

    /// One bit of the body, of the signature or of the key.
    #[test]
    fn one_bit_is_enough(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let flip = |bytes: &mut [u8]| { let at = at.index(bytes.len()); bytes[at] ^= 1 << bit };
        let mut body = BODY.as_bytes().to_vec();
        flip(&mut body);
        prop_assert_eq!(check(&vector_headers(), &body), Err(Distrust::Signature));
        let mut signature = super::bytes(SIGNED).expect("the vector");
        flip(&mut signature);
        prop_assert_eq!(with(SIGNATURE, Some(&hex(&signature))), Err(Distrust::Signature));
        let mut key = vector_keys()[0];
        flip(&mut key.0);
        let verified = verify(&vector_headers(), BODY.as_bytes(), seconds(AT), &[key]);
        prop_assert_eq!(verified, Err(Distrust::Signature));
    }

    #[test]
    fn any_answer_is_read_as_keys_without_a_panic(jwks in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(keys(&jwks), vec![]);
    }
}
