//! What WaveSpeedAI's recorded answers mean, without a network: the error table, statuses, outputs. What is sent: [`sent`].

mod sent;

use super::{
    calls::Calls,
    outcome::{looked, submitted},
    remote::{Addresses, Remote},
};
use crate::{
    http::{BodyError, Clients, Mask, NoReply, Origins, Reply, Timeouts, base_url, headers},
    units,
};
use bytes::Bytes;
use palitra_domain::{
    Currency, MarketCost,
    market::{ErrorClass, MarketError, OutputFile, Outputs, Polled, RemoteRef, Submitted},
    secret::Secret,
};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

const KEY: &str = "ws-5a6b7c8d9e0f-key-secret";
const MODEL: &str = "wavespeed-ai/flux-dev";
const COST: MarketCost = MarketCost { micros: 12_000, currency: Currency::USD };

static CALLS: LazyLock<Calls> = LazyLock::new(|| calls("https://api.wavespeed.ai"));

fn calls(base: &str) -> Calls {
    let base = base_url("base_url", base).expect("a base");
    Calls {
        clients: Clients::new(Timeouts::default()).expect("clients"),
        addresses: Addresses { origins: Origins::new([base.clone()]), base },
        headers: headers(&[]).expect("no headers"),
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

fn remote() -> Remote {
    Remote::new(MODEL, "abc123", Some(COST)).expect("a good id")
}

fn show_submitted(submitted: &Submitted) -> String {
    match submitted {
        Submitted::Accepted(_) => "Accepted".into(),
        Submitted::Done(_) => "Done".into(),
        Submitted::Refused(error) => format!("Refused({:?})", error.class),
        Submitted::Unknown(error) => format!("Unknown({:?})", error.class),
    }
}

fn show(polled: &Polled) -> String {
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

/// What a prediction with these fields means.
fn look(data: Value) -> Polled {
    let body = json!({"code": 200, "message": "success", "data": data}).to_string();
    looked(&CALLS, &remote(), Ok(reply(200, &[], body)))
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
    look: String,
    message: Option<String>,
    retry_after_ms: Option<u64>,
}

#[test]
fn every_recorded_error_has_its_class_on_submission_and_on_the_look() {
    let cases: Vec<ErrorCase> =
        serde_json::from_str(include_str!("../fixtures/errors.json")).expect("fixtures");
    for case in &cases {
        let text = case.body.as_str().map_or_else(|| case.body.to_string(), str::to_owned);
        let pairs: Vec<(&str, &str)> =
            case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = || Ok(reply(case.status, &pairs, text.clone()));
        assert!(!case.source.is_empty());
        let submitted = submitted(&CALLS, MODEL, Some(COST), answer());
        assert_eq!(show_submitted(&submitted), case.submit, "{}, submitted", case.name);
        assert_eq!(show(&looked(&CALLS, &remote(), answer())), case.look, "{}, looked at", case.name);
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
    let trouble = || MarketError::new(ErrorClass::Unavailable, "no answer");
    let broken = |status| Reply { body: Err(BodyError::Broken("closed".into())), ..reply(status, &[], "") };
    let sync_timeout = json!({"code": 5004, "message": "Sync mode timed out", "data": {"id": "abc", "status": "processing"}});
    let error_with_id = json!({"code": 400, "message": "bad", "data": {"id": "abc", "status": "created"}});
    for (answer, wanted) in [
        (Err(NoReply::NotSent(trouble())), "Refused(Unavailable)"),
        (Err(NoReply::NoAnswer(trouble())), "Unknown(Unavailable)"),
        (Ok(reply(200, &[], include_str!("../fixtures/created.json"))), "Accepted"),
        (Ok(reply(202, &[], include_str!("../fixtures/created.json"))), "Accepted"),
        // Trap 14: the wait has ended, the task goes on.
        (Ok(reply(200, &[], sync_timeout.to_string())), "Accepted"),
        // With an id there is work, whatever else is said.
        (Ok(reply(200, &[], error_with_id.to_string())), "Accepted"),
        (Ok(reply(200, &[], "")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "<html>")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "{}")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code": 200, "data": null}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code": 200, "data": {"id": ""}}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code": 200, "data": {"id": ".."}}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code": 200, "data": {"id": 7}}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"id": "abc"}"#)), "Unknown(Protocol)"),
        (Ok(broken(200)), "Unknown(Protocol)"),
        // The status came whole, and it says no.
        (Ok(broken(422)), "Refused(InvalidInput)"),
    ] {
        assert_eq!(show_submitted(&submitted(&CALLS, MODEL, None, answer)), wanted);
    }
}

proptest! {
    #[test]
    fn no_answer_to_a_submission_is_taken_for_a_refusal_unless_it_is_a_clean_4xx(
        status in 100_u16..600,
        body in "\\PC{0,40}",
    ) {
        let submitted = submitted(&CALLS, MODEL, None, Ok(reply(status, &[], body)));
        let clean = (400..500).contains(&status) && status != 408 && status != 499;
        prop_assert_eq!(matches!(submitted, Submitted::Refused(_)), clean);
    }
}

#[test]
fn every_status_has_its_meaning_and_an_unknown_one_is_still_pending() {
    for (data, wanted) in [
        (json!({"status": "created", "outputs": null}), "Pending"),
        (json!({"status": "processing", "outputs": []}), "Pending"),
        (json!({"status": "completed", "outputs": ["https://a.example/1.png"]}), "Done"),
        (json!({"status": "failed", "error": "boom"}), "Failed(GenerationFailed)"),
        (json!({"status": "failed"}), "Failed(GenerationFailed)"),
        (json!({"status": "timeout", "error": "timed out"}), "Failed(Timeout)"),
        (json!({"status": "cancelled"}), "Cancelled"),
        (json!({"status": "warming_up"}), "Pending"),
        (json!({"status": "COMPLETED", "outputs": ["https://a.example/1.png"]}), "Pending"),
        (json!({"status": "FAILED"}), "Pending"),
        (json!({"status": "deleted"}), "Pending"),
        (json!({"status": ""}), "Pending"),
        (json!({"status": null}), "Unreachable(Protocol)"),
        (json!({"state": "completed"}), "Unreachable(Protocol)"),
        (json!(null), "Unreachable(Protocol)"),
    ] {
        assert_eq!(show(&look(data.clone())), wanted, "{data}");
    }
    // The wait is told from the run, the place in line is not.
    assert!(matches!(look(json!({"status": "created"})), Polled::Pending { position: Some(0) }));
    assert!(matches!(look(json!({"status": "processing"})), Polled::Pending { position: None }));
    let too_long = Reply { body: Err(BodyError::TooLong { bytes_max: 1 }), ..reply(200, &[], "") };
    assert_eq!(show(&looked(&CALLS, &remote(), Ok(too_long))), "Unreachable(Protocol)");
    let no_answer = NoReply::NoAnswer(MarketError::new(ErrorClass::Unavailable, "no answer"));
    assert_eq!(show(&looked(&CALLS, &remote(), Err(no_answer))), "Unreachable(Unavailable)");
}

#[test]
fn failures_are_told_apart_by_what_they_say() {
    for (error, wanted) in [
        (json!("Content flagged as potentially sensitive"), "Failed(ContentRejected)"),
        (json!("NSFW content detected"), "Failed(ContentRejected)"),
        (json!("failed to download image from url"), "Failed(InputFetch)"),
        (json!("no face detected in the image"), "Failed(GenerationFailed)"),
        (json!("insufficient credits at the provider"), "Failed(GenerationFailed)"),
        (json!({"code": 1}), "Failed(GenerationFailed)"),
    ] {
        let polled = look(json!({"status": "failed", "error": error}));
        assert_eq!(show(&polled), wanted, "{error}");
        let Polled::Failed(failure) = polled else { panic!("failed") };
        assert!(failure.message.starts_with("WaveSpeed failed: ") && failure.body.is_some(), "{failure:?}");
    }
}

fn done(data: Value) -> Outputs {
    match look(data) {
        Polled::Done(outputs) => outputs,
        other => panic!("{other:?}"),
    }
}

#[test]
fn outputs_hold_links_or_bytes_and_the_cost_of_the_run() {
    let recorded = reply(200, &[], include_str!("../fixtures/completed.json"));
    let Polled::Done(outputs) = looked(&CALLS, &remote(), Ok(recorded)) else { panic!("not done") };
    let link = "https://d1q70pf5vjeyhc.cloudfront.net/predictions/45b392b22c3b449fa935bd4e2a1d3f60/1.png";
    assert_eq!(outputs.files, [OutputFile::Link(link.into())]);
    assert_eq!((outputs.cost, outputs.billable_units, outputs.text), (Some(COST), None, None));
    let hello = OutputFile::Bytes(Bytes::from_static(b"hello"));
    for output in ["aGVsbG8=", "data:image/png;base64,aGVsbG8="] {
        assert_eq!(
            done(json!({"status": "completed", "outputs": [output]})).files.as_slice(),
            std::slice::from_ref(&hello)
        );
    }
    let one_of_two = json!({"status": "completed", "outputs": ["https://a.example/1", "https://a.example/2"], "has_nsfw_contents": [true, false]});
    assert_eq!(done(one_of_two).files, [OutputFile::Link("https://a.example/2".into())]);
    // What was made is there, whatever else is said about it.
    let complaint = json!({"status": "completed", "error": "slow", "outputs": ["https://a.example/1"], "has_nsfw_contents": null});
    assert_eq!(done(complaint).files.len(), 1);
}

#[test]
fn completed_without_something_to_show_is_a_failure() {
    for (data, wanted) in [
        (json!({"status": "completed"}), "Failed(GenerationFailed)"),
        (json!({"status": "completed", "outputs": []}), "Failed(GenerationFailed)"),
        (json!({"status": "completed", "outputs": [], "error": "nsfw"}), "Failed(ContentRejected)"),
        (
            json!({"status": "completed", "outputs": ["https://a.example/1"], "has_nsfw_contents": [true]}),
            "Failed(ContentRejected)",
        ),
        (json!({"status": "completed", "outputs": "https://a.example/1"}), "Failed(Protocol)"),
        (json!({"status": "completed", "outputs": [{"text": "a"}]}), "Failed(Protocol)"),
        (json!({"status": "completed", "outputs": [""]}), "Failed(Protocol)"),
        (json!({"status": "completed", "outputs": ["%%%"]}), "Failed(Protocol)"),
        (json!({"status": "completed", "outputs": ["data:image/png;base64,%%%"]}), "Failed(Protocol)"),
    ] {
        assert_eq!(show(&look(data.clone())), wanted, "{data}");
    }
}

#[test]
fn what_is_kept_of_an_answer_is_short_and_without_the_key() {
    let long = format!("{{\"code\": 403, \"message\": \"{KEY} {}\"}}", "я".repeat(20_000));
    let error = error_of(submitted(&CALLS, MODEL, None, Ok(reply(403, &[], long))));
    let body = error.body.expect("a body");
    assert!(body.len() <= 8 * 1024 && error.message.len() <= 300);
    for text in [&body, &error.message] {
        assert!(text.contains("[redacted]") && !text.contains("key-secret"), "{text}");
    }
    // A part of the key that lies across the cut must not survive either.
    for pad in 8_150..8_200 {
        let body = format!("{}{KEY}", "x".repeat(pad));
        let kept = error_of(submitted(&CALLS, MODEL, None, Ok(reply(400, &[], body)))).body.expect("a body");
        assert!(!kept.contains("ws-5a"), "{pad}");
    }
}
