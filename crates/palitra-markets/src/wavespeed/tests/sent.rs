//! What is sent: addresses, references; and the amounts that are read.

use super::*;

#[test]
fn addresses_are_built_from_the_id_and_never_taken_from_an_answer() {
    for (base, wanted) in [
        ("https://api.wavespeed.ai", "https://api.wavespeed.ai/api/v3/predictions/r%201%2F2%3Fx/result"),
        ("http://127.0.0.1:8443/ws/", "http://127.0.0.1:8443/ws/api/v3/predictions/r%201%2F2%3Fx/result"),
    ] {
        let calls = calls(base);
        let data =
            json!({"id": "r 1/2?x", "urls": {"get": "https://evil.example/api/v3/predictions/r/result"}});
        let answer = reply(200, &[], json!({"code": 200, "data": data}).to_string());
        let Submitted::Accepted(reference) = submitted(&calls, MODEL, Some(COST), Ok(answer)) else {
            panic!("not accepted")
        };
        assert!(!reference.0.contains("evil"), "{reference:?}");
        let remote = Remote::read(&reference).expect("what was just written");
        assert_eq!(calls.addresses.result(&remote).as_str(), wanted);
        assert_eq!((remote.model.as_str(), remote.cost()), (MODEL, Some(COST)));
        assert!(calls.addresses.submit(MODEL, None).as_str().ends_with("/api/v3/wavespeed-ai/flux-dev"));
    }
    let hook = CALLS.addresses.submit(MODEL, Some("https://pal.example/h?a=1&b=2"));
    assert_eq!(hook.query(), Some("webhook=https%3A%2F%2Fpal.example%2Fh%3Fa%3D1%26b%3D2"));
    assert_eq!(CALLS.addresses.submit(MODEL, Some("ftp://pal.example")).query(), None);
}

#[test]
fn references_that_are_not_wavespeeds_are_not_followed() {
    for text in ["", "{}", "null", r#"{"request_id": "r"}"#, "r-1"] {
        assert!(Remote::read(&RemoteRef(text.into())).is_none(), "{text}");
    }
    // Without a cost, or with one in a currency that is none: the work is still found.
    for (text, cost) in [
        (r#"{"model": "m", "id": "a"}"#, None),
        (r#"{"model": "m", "id": "a", "cost": {"micros": 1, "currency": "dollars"}}"#, None),
        (r#"{"model": "m", "id": "a", "cost": {"micros": 12000, "currency": "USD"}}"#, Some(COST)),
    ] {
        assert_eq!(Remote::read(&RemoteRef(text.into())).expect(text).cost(), cost);
    }
    for id in ["", " ", ".", "..", &"x".repeat(201)] {
        assert_eq!(Remote::new(MODEL, id, None), None, "{id}");
    }
}

fn cost_micros(number: &serde_json::Number) -> Option<i64> {
    units::parse(&number.to_string()).map(|cost| cost.0)
}

fn balance_micros(number: &serde_json::Number) -> Option<i64> {
    units::parse_balance(&number.to_string()).map(|balance| balance.0)
}

proptest! {
    #[test]
    fn amounts_are_rounded_against_us(whole in 0_u32..100_000, part in 0_u64..1_000_000_000) {
        let number = serde_json::from_str(&format!("{whole}.{part:09}")).expect("a number");
        let nanos = i64::from(whole) * 1_000_000_000 + i64::try_from(part).expect("small");
        let up = cost_micros(&number).expect("a cost");
        let down = balance_micros(&number).expect("a balance");
        prop_assert!(up * 1_000 >= nanos && up * 1_000 - nanos < 1_000);
        prop_assert!(down * 1_000 <= nanos && nanos - down * 1_000 < 1_000);
    }
}

#[test]
fn amounts_are_read_from_their_digits() {
    let number = |text: &str| serde_json::from_str(text).expect("a number");
    for (text, cost, balance) in [
        ("0.012", Some(12_000), Some(12_000)),
        ("1", Some(1_000_000), Some(1_000_000)),
        ("0", Some(0), Some(0)),
        ("0.0000001", Some(1), Some(0)),
        ("1e-05", Some(10), Some(10)),
        ("1.5E2", Some(150_000_000), Some(150_000_000)),
        ("1e-60", Some(1), Some(0)),
        ("-0.5", None, Some(-500_000)),
        ("-0.0000001", None, Some(-1)),
        ("9e30", None, None),
    ] {
        assert_eq!(cost_micros(&number(text)), cost, "{text}");
        assert_eq!(balance_micros(&number(text)), balance, "{text}");
    }
}
