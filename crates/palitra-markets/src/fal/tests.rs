//! What fal's recorded answers mean, without a network: the error table, outputs, addresses, units.

use super::{
    calls::Calls,
    input,
    outcome::{self, Looked},
    remote::{Addresses, Remote},
    wire,
};
use crate::{
    http::{BodyError, Clients, Mask, NoReply, Origins, Reply, Timeouts, base_url, headers},
    units,
};
use bytes::Bytes;
use palitra_domain::{
    market::{MarketError, OutputFile, Polled, RemoteRef, Submitted},
    money::Millionths,
    secret::Secret,
};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

const KEY: &str = "0f1e2d3c-key-id:5a6b7c8d9e0f-key-secret";

fn calls(queue: &str) -> Calls {
    let queue = base_url("queue_url", queue).expect("a base");
    let run = base_url("run_url", "https://fal.run").expect("a base");
    Calls {
        clients: Clients::new(Timeouts::default()).expect("clients"),
        addresses: Addresses {
            origins: Origins::new([queue.clone(), run]),
            queue,
            rest: base_url("rest_url", "https://rest.fal.ai").expect("a base"),
            platform: base_url("platform_url", "https://api.fal.ai/v1").expect("a base"),
        },
        headers: headers(&[]).expect("no headers"),
        keep_files: None,
        mask: Mask::new(&[Secret::new(KEY)]),
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
    let headers = headers.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    });
    Reply { status, headers: HeaderMap::from_iter(headers), body: Ok(body.into()) }
}

fn done_status() -> wire::Status {
    serde_json::from_value(json!({"status": "COMPLETED", "logs": null})).expect("a status")
}

fn show_submitted(submitted: &Submitted) -> String {
    match submitted {
        Submitted::Accepted(_) => "Accepted".into(),
        Submitted::Done(_) => "Done".into(),
        Submitted::Refused(error) => format!("Refused({:?})", error.class),
        Submitted::Unknown(error) => format!("Unknown({:?})", error.class),
    }
}

fn show_polled(polled: &Polled) -> String {
    match polled {
        Polled::Pending { .. } => "Pending".into(),
        Polled::Done(_) => "Done".into(),
        Polled::Failed(error) => format!("Failed({:?})", error.class),
        Polled::Cancelled => "Cancelled".into(),
        Polled::NotFound => "NotFound".into(),
        Polled::Unreachable(error) => format!("Unreachable({:?})", error.class),
    }
}

fn error_of(submitted: Submitted) -> MarketError {
    match submitted {
        Submitted::Refused(error) | Submitted::Unknown(error) => error,
        other => panic!("no error in {other:?}"),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorCase {
    name: String,
    source: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Value,
    submit: String,
    result: String,
    message: Option<String>,
    retry_after_ms: Option<u64>,
}

#[test]
fn every_recorded_error_has_its_class_on_submission_and_on_the_result() {
    let cases: Vec<ErrorCase> = serde_json::from_str(include_str!("fixtures/errors.json")).expect("fixtures");
    let calls = calls("https://queue.fal.run");
    for case in &cases {
        let text = case.body.as_str().map_or_else(|| case.body.to_string(), str::to_owned);
        let pairs: Vec<(&str, &str)> =
            case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = || Ok(reply(case.status, &pairs, text.clone()));
        assert!(!case.source.is_empty());
        let submitted = outcome::submitted(&calls, "fal-ai/flux/dev", answer());
        assert_eq!(show_submitted(&submitted), case.submit, "{}, submitted", case.name);
        let polled = outcome::result(&calls, &done_status(), answer());
        assert_eq!(show_polled(&polled), case.result, "{}, result", case.name);
        let error = error_of(submitted);
        assert_eq!(error.status, Some(case.status), "{}", case.name);
        assert_eq!(error.body.as_deref(), Some(text.as_str()), "{}", case.name);
        assert_eq!(error.retry_after, case.retry_after_ms.map(Duration::from_millis), "{}", case.name);
        if let Some(message) = &case.message {
            assert_eq!(&error.message, message, "{}", case.name);
        }
    }
}

#[test]
fn a_submission_is_refused_only_when_that_is_certain() {
    let calls = calls("https://queue.fal.run");
    let trouble = || MarketError::new(palitra_domain::market::ErrorClass::Unavailable, "no answer");
    let broken = |status| Reply { body: Err(BodyError::Broken("closed".into())), ..reply(status, &[], "") };
    let cases = [
        (Err(NoReply::NotSent(trouble())), "Refused(Unavailable)"),
        (Err(NoReply::NoAnswer(trouble())), "Unknown(Unavailable)"),
        (Ok(reply(200, &[], include_str!("fixtures/accepted.json"))), "Accepted"),
        (Ok(reply(202, &[], include_str!("fixtures/accepted.json"))), "Accepted"),
        (Ok(reply(200, &[], "")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "<html>")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "{}")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"request_id": ""}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"request_id": 7}"#)), "Unknown(Protocol)"),
        (Ok(broken(200)), "Unknown(Protocol)"),
        // The status came whole, and it says no.
        (Ok(broken(422)), "Refused(InvalidInput)"),
    ];
    for (answer, wanted) in cases {
        assert_eq!(show_submitted(&outcome::submitted(&calls, "fal-ai/flux/dev", answer)), wanted);
    }
}

proptest! {
    #[test]
    fn no_answer_to_a_submission_is_taken_for_a_refusal_unless_it_is_a_clean_4xx(
        status in 100_u16..600,
        body in "\\PC{0,40}",
    ) {
        static CALLS: LazyLock<Calls> = LazyLock::new(|| calls("https://queue.fal.run"));
        let submitted = outcome::submitted(&CALLS, "a/b", Ok(reply(status, &[], body)));
        let clean = (400..500).contains(&status) && status != 408 && status != 499;
        prop_assert_eq!(matches!(submitted, Submitted::Refused(_)), clean);
    }

    #[test]
    fn units_are_never_less_than_the_decimal_says(whole in 0_u32..100_000, part in "[0-9]{0,12}") {
        let text = if part.is_empty() { whole.to_string() } else { format!("{whole}.{part}") };
        let Millionths(found) = units::parse(&text).expect("a decimal");
        let picos: u128 = format!("{part:0<12}").parse().expect("digits");
        let exact = u128::from(whole) * 1_000_000_000_000 + picos;
        let found = u128::try_from(found).expect("not below zero") * 1_000_000;
        prop_assert!(found >= exact && found - exact < 1_000_000);
    }
}

#[test]
fn units_are_read_as_fal_writes_them() {
    for (text, millionths) in [
        ("1", 1_000_000),
        (" 3.2 ", 3_200_000),
        ("0.001234", 1_234),
        ("0.0000001", 1),
        ("1e-05", 10),
        ("1.5E2", 150_000_000),
        ("1e-60", 1),
        ("0", 0),
        ("0e-60", 0),
    ] {
        assert_eq!(units::parse(text), Some(Millionths(millionths)), "{text}");
    }
    for text in ["", ".", "-1", "NaN", "inf", "1,5", "1e999999999999999999", "9e30", "0x10"] {
        assert_eq!(units::parse(text), None, "{text}");
    }
}

#[test]
fn trap_1_completed_with_an_error_is_a_failure() {
    let calls = calls("https://queue.fal.run");
    let looked = |body: Value| match outcome::status(&calls, Ok(reply(200, &[], body.to_string()))) {
        Looked::Settled(polled) => show_polled(&polled),
        Looked::Completed(status) => format!("Completed({:?})", status.failure()),
    };
    assert_eq!(looked(json!({"status": "COMPLETED", "logs": null})), "Completed(None)");
    assert_eq!(
        looked(json!({"status": "COMPLETED", "error": "boom", "error_type": "runner_server_error"})),
        "Completed(Some(\"boom\"))"
    );
    assert_eq!(looked(json!({"status": "COMPLETED", "error_type": "client_cancelled"})), "Cancelled");
    // With a failed status even a readable result is none.
    let failed: wire::Status = serde_json::from_value(
        json!({"status": "COMPLETED", "error": "boom", "error_type": "request_timeout"}),
    )
    .expect("a status");
    for (answer, wanted) in [
        (reply(200, &[], include_str!("fixtures/flux.json")), "Failed(Timeout)"),
        (reply(502, &[], "<html>"), "Failed(Timeout)"),
        (reply(403, &[], r#"{"detail": "User is locked"}"#), "Failed(Timeout)"),
        (reply(404, &[], "{}"), "Failed(Timeout)"),
        (
            reply(422, &[], r#"{"detail": [{"msg": "m", "type": "content_policy_violation"}]}"#),
            "Failed(ContentRejected)",
        ),
    ] {
        assert_eq!(show_polled(&outcome::result(&calls, &failed, Ok(answer))), wanted);
    }
}

#[test]
fn an_unknown_status_is_still_pending() {
    let calls = calls("https://queue.fal.run");
    for (status, body, wanted) in [
        (202, r#"{"status": "IN_QUEUE", "queue_position": 3}"#, "Pending"),
        (202, r#"{"status": "IN_PROGRESS", "logs": []}"#, "Pending"),
        (200, r#"{"status": "WARMING_UP"}"#, "Pending"),
        (200, r#"{"status": "FAILED"}"#, "Pending"),
        (200, r#"{"status": ""}"#, "Pending"),
        (200, r#"{"state": "COMPLETED"}"#, "Unreachable(Protocol)"),
        (200, "", "Unreachable(Protocol)"),
        (404, r#"{"status": "NOT_FOUND"}"#, "NotFound"),
        (404, "<html>no such page</html>", "Unreachable(Protocol)"),
        (401, r#"{"detail": "no"}"#, "Unreachable(Auth)"),
        (500, "{}", "Unreachable(GenerationFailed)"),
        (429, "{}", "Unreachable(RateLimited)"),
    ] {
        let looked = match outcome::status(&calls, Ok(reply(status, &[], body))) {
            Looked::Settled(polled) => show_polled(&polled),
            Looked::Completed(_) => "Completed".into(),
        };
        assert_eq!(looked, wanted, "{status} {body}");
    }
}

#[test]
fn outputs_hold_links_text_units_and_seed() {
    let calls = calls("https://queue.fal.run");
    let done = |headers: &[(&str, &str)], body: &str| match outcome::result(
        &calls,
        &done_status(),
        Ok(reply(200, headers, body.to_owned())),
    ) {
        Polled::Done(outputs) => outputs,
        other => panic!("{other:?}"),
    };
    let picture = done(&[("x-fal-billable-units", "2")], include_str!("fixtures/flux.json"));
    let link = "https://v3.fal.media/files/lion/mBmOXPqKoxXvTWzLpMYZU_1.png".to_owned();
    assert_eq!(picture.files, [OutputFile::Link(link)]);
    assert_eq!((picture.billable_units, picture.seed), (Some(Millionths::whole(2)), Some(2_717_393_046)));
    let text = done(&[], include_str!("fixtures/router.json"));
    assert_eq!(text.text.as_deref(), Some("A lighthouse in soft morning light"));
    assert_eq!((text.files.len(), text.billable_units), (0, None));
    let inline = done(&[], r#"{"images": [{"url": "data:image/png;base64,aGVsbG8="}]}"#);
    assert_eq!(inline.files, [OutputFile::Bytes(Bytes::from_static(b"hello"))]);
    let one_of_two =
        done(&[], r#"{"images": [{"url": "a"}, {"url": "b"}], "has_nsfw_concepts": [true, false]}"#);
    assert_eq!(one_of_two.files, [OutputFile::Link("b".into())]);
}

#[test]
fn a_200_that_is_no_result_is_a_failure_or_looked_at_again() {
    let calls = calls("https://queue.fal.run");
    for (body, wanted) in [
        (r#"{"output": "", "error": "provider returned 500"}"#, "Failed(GenerationFailed)"),
        (r#"{"output": "text", "error": {"code": 1}}"#, "Failed(GenerationFailed)"),
        (r#"{"output": "  ", "error": null}"#, "Failed(GenerationFailed)"),
        (r#"{"images": []}"#, "Failed(GenerationFailed)"),
        (r#"{"images": [{"url": "a"}], "has_nsfw_concepts": [true]}"#, "Failed(ContentRejected)"),
        (r#"{"images": [{"url": "data:image/png;base64,%%%"}]}"#, "Failed(Protocol)"),
        (r#"{"images": "none"}"#, "Failed(Protocol)"),
        ("{}", "Failed(Protocol)"),
        ("[]", "Failed(Protocol)"),
        ("", "Unreachable(Protocol)"),
        (r#"{"images": [{"url": "a"#, "Unreachable(Protocol)"),
    ] {
        let polled = outcome::result(&calls, &done_status(), Ok(reply(200, &[], body)));
        assert_eq!(show_polled(&polled), wanted, "{body}");
    }
    let too_long = Reply { body: Err(BodyError::TooLong { bytes_max: 1 }), ..reply(200, &[], "") };
    assert_eq!(show_polled(&outcome::result(&calls, &done_status(), Ok(too_long))), "Unreachable(Protocol)");
    let early = reply(400, &[], r#"{"detail": "Request is still in progress"}"#);
    assert_eq!(show_polled(&outcome::result(&calls, &done_status(), Ok(early))), "Pending");
}

#[test]
fn what_is_kept_of_an_answer_is_short_and_without_the_key() {
    let calls = calls("https://queue.fal.run");
    let long = format!("{{\"detail\": \"{KEY} {}\"}}", "я".repeat(20_000));
    let error = error_of(outcome::submitted(&calls, "a/b", Ok(reply(403, &[], long))));
    let body = error.body.expect("a body");
    assert!(body.len() <= 8 * 1024 && error.message.len() <= 300);
    for text in [&body, &error.message] {
        assert!(
            text.contains("[redacted]") && !text.contains("key-id") && !text.contains("key-secret"),
            "{text}"
        );
    }
    // A half of the key that lies across the cut must not survive either.
    for pad in 8_100..8_200 {
        let body = format!("{}5a6b7c8d9e0f-key-secret", "x".repeat(pad));
        let kept =
            error_of(outcome::submitted(&calls, "a/b", Ok(reply(400, &[], body)))).body.expect("a body");
        assert!(!kept.contains("5a6b"), "{pad}");
    }
}

fn remote_of(calls: &Calls, endpoint: &str, accepted: &str) -> Remote {
    match outcome::submitted(calls, endpoint, Ok(reply(200, &[], accepted.to_owned()))) {
        Submitted::Accepted(reference) => Remote::read(&reference).expect("what was just written"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn addresses_that_fal_returns_are_used_on_its_origin_and_rebuilt_elsewhere() {
    let calls = calls("https://queue.fal.run");
    let remote = remote_of(&calls, "fal-ai/flux/dev", include_str!("fixtures/accepted.json"));
    let base = "https://queue.fal.run/fal-ai/flux/requests/764cabcf-b745-4b3e-ae38-1200304cf45b";
    assert_eq!(remote.response_url, base);
    assert_eq!(remote.cancel_url, format!("{base}/cancel"));
    for foreign in [
        "https://evil.example/fal-ai/flux/requests/r/status",
        "http://queue.fal.run/fal-ai/flux/requests/r/status",
        "https://queue.fal.run:8443/fal-ai/flux/requests/r/status",
        "https://queue.fal.run@evil.example/requests/r/status",
        "https://me:secret@queue.fal.run/requests/r/status",
        "https://queue.fal.run.evil.example/requests/r/status",
        "//evil.example/r",
        "not an address",
    ] {
        let accepted = json!({"request_id": "r 1/2", "status_url": foreign}).to_string();
        let remote = remote_of(&calls, "fal-ai/flux/dev", &accepted);
        // Rebuilt under owner and alias (trap 2), and the id stays one segment.
        assert_eq!(
            remote.status_url, "https://queue.fal.run/fal-ai/flux/requests/r%201%2F2/status",
            "{foreign}"
        );
        let stored = Remote { status_url: foreign.to_owned(), ..remote };
        let asked = calls.addresses.status(&stored);
        assert_eq!(
            asked.as_str(),
            "https://queue.fal.run/fal-ai/flux/requests/r%201%2F2/status",
            "{foreign}"
        );
    }
}

#[test]
fn trap_2_rebuilt_addresses_keep_the_base_path_and_the_namespace() {
    for (base, endpoint, wanted) in [
        (
            "http://127.0.0.1:8443/queue/",
            "fal-ai/flux-pro/v1.1-ultra",
            "http://127.0.0.1:8443/queue/fal-ai/flux-pro/requests/r/status",
        ),
        ("https://q.example", "openrouter/router", "https://q.example/openrouter/router/requests/r/status"),
        (
            "https://q.example",
            "workflows/ann/cats/v2",
            "https://q.example/workflows/ann/cats/requests/r/status",
        ),
    ] {
        let calls = calls(base);
        let remote = remote_of(&calls, endpoint, r#"{"request_id": "r"}"#);
        assert_eq!(remote.status_url, wanted);
        assert_eq!(calls.addresses.status(&remote).as_str(), wanted);
        assert!(calls.addresses.submit(endpoint, None).as_str().ends_with(endpoint));
    }
}

#[test]
fn references_that_are_not_fals_are_not_followed() {
    for text in ["", "{}", "null", r#"{"request_id": "r"}"#, "r-1"] {
        assert!(Remote::read(&RemoteRef(text.into())).is_none(), "{text}");
    }
}

#[test]
fn the_input_is_sent_as_it_is_and_the_writer_gets_its_model() {
    let input = json!({"prompt": "a cat", "image_size": {"width": 1792, "height": 1008}, "seed": 7});
    assert_eq!(input::body("fal-ai/flux/dev", input.clone(), "a/writer"), input);
    for (given, model) in
        [(json!({"prompt": "p"}), "a/writer"), (json!({"prompt": "p", "model": "b/own"}), "b/own")]
    {
        let sent = input::body("openrouter/router", given, "a/writer");
        assert_eq!(sent, json!({"prompt": "p", "model": model}));
    }
}

#[test]
fn videos_and_sounds_are_results_like_pictures() {
    let calls = calls("https://queue.fal.run");
    for (body, links) in [
        (
            r#"{"video": {"url": "https://v3.fal.media/a.mp4", "content_type": "video/mp4"}}"#,
            vec!["https://v3.fal.media/a.mp4"],
        ),
        (
            r#"{"audio": {"url": "https://v3.fal.media/a.mp3"}, "duration_ms": 900}"#,
            vec!["https://v3.fal.media/a.mp3"],
        ),
        (
            r#"{"image": {"url": "https://v3.fal.media/a.png"}, "seed": 3}"#,
            vec!["https://v3.fal.media/a.png"],
        ),
    ] {
        let outputs = match outcome::result(&calls, &done_status(), Ok(reply(200, &[], body))) {
            Polled::Done(outputs) => outputs,
            other => panic!("{other:?}"),
        };
        let wanted: Vec<OutputFile> = links.into_iter().map(|link| OutputFile::Link(link.into())).collect();
        assert_eq!(outputs.files, wanted);
    }
    // Hex, where an address was not asked for.
    let hex = outcome::result(&calls, &done_status(), Ok(reply(200, &[], r#"{"audio": "52494646"}"#)));
    assert_eq!(show_polled(&hex), "Failed(Protocol)");
}
