//! What KIE's recorded answers mean, without a network: codes, states, results, credits.

use super::{
    calls::Calls,
    errors::{Phase, class},
    input, outcome,
    remote::Remote,
};
use crate::http::{BodyError, Clients, Mask, NoReply, Origins, Reply, Timeouts, base_url, headers};
use bytes::Bytes;
use palitra_domain::{
    Currency, MarketCost,
    market::{ErrorClass, MarketError, OutputFile, Outputs, Polled, RemoteRef, Submitted},
    money::Millionths,
    secret::Secret,
};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

const KEY: &str = "5a6b7c8d9e0f-kie-secret";
const RECORD: &str = include_str!("fixtures/record.json");
const TASK: &str = "281e5b0f39b9";
const CREDIT: Millionths = Millionths(5_000);

fn calls() -> Calls {
    let base = base_url("base_url", "https://api.kie.ai").expect("a base");
    let upload = base_url("upload_url", "https://kieai.redpandaai.co").expect("a base");
    Calls {
        clients: Clients::new(Timeouts::default()).expect("clients"),
        origins: Origins::new([base.clone(), upload.clone()]),
        base,
        upload,
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

fn polled(calls: &Calls, reply: Reply) -> Polled {
    let remote = Remote::new("google/nano-banana", TASK).expect("an id");
    outcome::polled(calls, &remote, CREDIT, Ok(reply))
}

/// The recorded record with some fields of `data` replaced.
fn record(changes: Value) -> Reply {
    let mut body: Value = serde_json::from_str(RECORD).expect("JSON");
    for (name, value) in changes.as_object().expect("fields") {
        body["data"][name] = value.clone();
    }
    reply(200, &[], body.to_string())
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

fn done(polled: Polled) -> Outputs {
    match polled {
        Polled::Done(outputs) => outputs,
        other => panic!("not done: {other:?}"),
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
    look: String,
    message: Option<String>,
    retry_after_ms: Option<u64>,
}

#[test]
fn s3_19_every_recorded_error_has_its_class_on_submission_and_on_a_look() {
    let cases: Vec<ErrorCase> = serde_json::from_str(include_str!("fixtures/errors.json")).expect("fixtures");
    let calls = calls();
    for case in &cases {
        let text = case.body.as_str().map_or_else(|| case.body.to_string(), str::to_owned);
        let pairs: Vec<(&str, &str)> =
            case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = || reply(case.status, &pairs, text.clone());
        assert!(!case.source.is_empty());
        let submitted = outcome::submitted(&calls, "z-image", Ok(answer()));
        assert_eq!(show_submitted(&submitted), case.submit, "{}, submitted", case.name);
        assert_eq!(show(&polled(&calls, answer())), case.look, "{}, looked at", case.name);
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
fn s3_38_a_submission_is_refused_only_when_that_is_certain() {
    let calls = calls();
    let trouble = || MarketError::new(ErrorClass::Unavailable, "no answer");
    let broken = |status| Reply { body: Err(BodyError::Broken("closed".into())), ..reply(status, &[], "") };
    let created = r#"{"code":200,"msg":"success","data":{"taskId":"t","recordId":"r"}}"#;
    let cases = [
        (Err(NoReply::NotSent(trouble())), "Refused(Unavailable)"),
        (Err(NoReply::NoAnswer(trouble())), "Unknown(Unavailable)"),
        (Ok(reply(200, &[], created)), "Accepted"),
        (Ok(reply(200, &[], r#"{"code":"200","data":{"taskId":"t"}}"#)), "Accepted"),
        (Ok(reply(500, &[], created)), "Unknown(Protocol)"),
        (Ok(reply(400, &[], created)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "<html>")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "{}")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code":200,"data":null}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code":200,"data":{"taskId":" "}}"#)), "Unknown(Protocol)"),
        (Ok(reply(200, &[], r#"{"code":200,"data":{"taskId":7}}"#)), "Unknown(Protocol)"),
        (Ok(broken(200)), "Unknown(Protocol)"),
        // The status came whole, and it says no.
        (Ok(broken(422)), "Refused(InvalidInput)"),
    ];
    for (answer, wanted) in cases {
        assert_eq!(show_submitted(&outcome::submitted(&calls, "z-image", answer)), wanted);
    }
}

proptest! {
    #[test]
    fn no_answer_to_a_submission_is_taken_for_a_refusal_unless_it_is_a_clean_4xx(
        status in 100_u16..600,
        code in prop::option::of(100_u16..600),
        text in "\\PC{0,40}",
    ) {
        static CALLS: LazyLock<Calls> = LazyLock::new(calls);
        let body = code.map_or(text, |code| json!({"code": code, "msg": "m", "data": null}).to_string());
        let submitted = outcome::submitted(&CALLS, "a/b", Ok(reply(status, &[], body)));
        let said = code.unwrap_or(status);
        let clean = (400..500).contains(&said) && !matches!(said, 408 | 499) || said == 505;
        let passed_on = (300..400).contains(&status) || status >= 500;
        prop_assert_eq!(matches!(submitted, Submitted::Refused(_)), clean && !passed_on);
        prop_assert!(!matches!(submitted, Submitted::Accepted(_) | Submitted::Done(_)));
    }

    /// Whatever a record says, only `success` is a result and only `fail` a failure.
    #[test]
    fn s3_19_an_unknown_state_is_still_pending(word in "[a-zA-Z_ ]{1,20}") {
        prop_assume!(!matches!(word.trim(), "success" | "fail" | ""));
        static CALLS: LazyLock<Calls> = LazyLock::new(calls);
        let polled = polled(&CALLS, record(json!({"state": word, "failCode": "500"})));
        prop_assert!(matches!(polled, Polled::Pending { position: None }), "{:?}", polled);
    }
}

#[test]
fn s3_19_every_state_is_told() {
    let calls = calls();
    for (changes, wanted) in [
        (json!({"state": "waiting"}), "Pending"),
        (json!({"state": "queuing"}), "Pending"),
        (json!({"state": "generating", "progress": 40}), "Pending"),
        (json!({"state": "success"}), "Done"),
        (json!({"state": "fail"}), "Failed(GenerationFailed)"),
        // Newer samples: a flag, which counts where there is no state.
        (json!({"state": null, "successFlag": 0}), "Pending"),
        (json!({"state": null, "successFlag": 1}), "Done"),
        (json!({"state": "", "successFlag": 3}), "Failed(GenerationFailed)"),
        (json!({"state": "warming", "successFlag": 1}), "Pending"),
        (json!({"state": "FAIL"}), "Pending"),
        (json!({"state": null, "successFlag": null}), "Unreachable(Protocol)"),
        (json!({"taskId": "another"}), "Unreachable(Protocol)"),
        (json!({"taskId": null}), "Done"),
    ] {
        assert_eq!(show(&polled(&calls, record(changes.clone()))), wanted, "{changes}");
    }
    for (body, wanted) in [
        ("", "Unreachable(Protocol)"),
        ("[]", "Unreachable(Protocol)"),
        (r#"{"code":200,"msg":"success","data":null}"#, "NotFound"),
        (r#"{"code":200,"msg":"success","data":[]}"#, "Unreachable(Protocol)"),
        (r#"{"code":200,"data":{"taskId":"281e5b0f39b9"}}"#, "Unreachable(Protocol)"),
        // The failure's code may stand outside, as in callbacks.
        (
            r#"{"code":501,"msg":"failed","data":{"taskId":"281e5b0f39b9","state":"fail"}}"#,
            "Failed(GenerationFailed)",
        ),
        (
            r#"{"code":500,"msg":"?","data":{"taskId":"281e5b0f39b9","state":"success"}}"#,
            "Unreachable(Unavailable)",
        ),
    ] {
        assert_eq!(show(&polled(&calls, reply(200, &[], body))), wanted, "{body}");
    }
    let too_long = Reply { body: Err(BodyError::TooLong { bytes_max: 1 }), ..reply(200, &[], "") };
    assert_eq!(show(&polled(&calls, too_long)), "Unreachable(Protocol)");
}

#[test]
fn s3_20_a_failure_has_the_class_of_its_code_and_words() {
    let calls = calls();
    for (code, message, wanted) in [
        (json!("400"), "bad size", ErrorClass::InvalidInput),
        (json!(422), "bad size", ErrorClass::InvalidInput),
        (json!("408"), "", ErrorClass::Timeout),
        (json!("451"), "", ErrorClass::InputFetch),
        (json!("500"), "internal error", ErrorClass::GenerationFailed),
        (json!("501"), "", ErrorClass::GenerationFailed),
        (json!("531"), "", ErrorClass::GenerationFailed),
        (json!(null), "", ErrorClass::GenerationFailed),
        // Not our account: createTask would have said so.
        (json!("402"), "", ErrorClass::GenerationFailed),
        (json!("429"), "upstream busy", ErrorClass::GenerationFailed),
        (json!("SENSITIVE_WORD_ERROR"), "", ErrorClass::ContentRejected),
        (
            json!("500"),
            "Your prompt was flagged by Website as violating content policies.",
            ErrorClass::ContentRejected,
        ),
        (json!("501"), "NSFW content", ErrorClass::ContentRejected),
        (json!("500"), "Failed to fetch the image.", ErrorClass::InputFetch),
    ] {
        let changes = json!({"state": "fail", "failCode": code, "failMsg": message});
        let Polled::Failed(error) = polled(&calls, record(changes)) else { panic!("{code} {message}") };
        assert_eq!(error.class, wanted, "{code} {message}");
        assert!(error.message.starts_with("KIE failed: ") && error.body.is_some(), "{error:?}");
    }
    // A word in a message does not turn an account's trouble into the user's.
    assert_eq!(class(Phase::Submit, 401, Some("moderation")), ErrorClass::Auth);
}

#[test]
fn s3_34_results_are_read_in_every_shape() {
    let calls = calls();
    let made = |changes: Value| {
        let outputs = done(polled(&calls, record(changes)));
        let links = outputs.files.into_iter().map(|file| match file {
            OutputFile::Link(link) => link,
            OutputFile::Bytes(_) => panic!("no bytes come inside an answer"),
        });
        (links.collect::<Vec<_>>().join(" "), outputs.text.unwrap_or_default())
    };
    let text = |value: Value| json!({"resultJson": value.to_string()});
    let links = json!({"resultUrls": ["https://a.example/1", "https://a.example/2"]});
    let both = ("https://a.example/1 https://a.example/2".to_owned(), String::new());
    assert_eq!(made(text(links.clone())), both);
    // Trap 10: a text inside a text.
    assert_eq!(made(text(json!(links.to_string()))), both);
    assert_eq!(made(json!({"resultJson": links})), both);
    assert_eq!(made(json!({"resultJson": "", "response": links})), both);
    assert_eq!(made(json!({"resultJson": null, "response": links.to_string()})), both);
    let one = ("https://a.example/1".to_owned(), String::new());
    assert_eq!(made(text(json!({"resultUrls": "https://a.example/1"}))), one);
    assert_eq!(made(text(json!({"resultUrls": [{"url": "https://a.example/1"}, ""]}))), one);
    let video = json!({"resultUrls": ["https://a.example/1"], "firstFrameUrl": "https://a.example/f"});
    assert_eq!(made(text(video)), one);
    let song = json!({"data": [{"audio_url": "https://a.example/1", "title": "t"}]});
    assert_eq!(made(json!({"resultJson": "", "response": song})), one);
    assert_eq!(made(text(json!({"resultObject": "a text"}))), (String::new(), "a text".into()));
    assert_eq!(made(text(json!({"resultObject": {"text": "words"}}))), (String::new(), "words".into()));
    assert_eq!(
        made(text(json!({"resultObject": {"boxes": [1]}}))),
        (String::new(), r#"{"boxes":[1]}"#.into())
    );
}

#[test]
fn a_success_without_a_result_is_a_failure_or_looked_at_again() {
    let calls = calls();
    for (result, wanted) in [
        (json!(""), "Unreachable(Protocol)"),
        (json!(null), "Unreachable(Protocol)"),
        (json!("null"), "Unreachable(Protocol)"),
        (json!(r#"{"resultUrls":[]}"#), "Failed(GenerationFailed)"),
        (json!(r#"{"resultUrls":null}"#), "Failed(GenerationFailed)"),
        (json!(r#"{"resultObject":""}"#), "Failed(GenerationFailed)"),
        (json!(r#"{"resultUrls":[7]}"#), "Failed(Protocol)"),
        (json!(r#"{"resultUrls":{}}"#), "Failed(Protocol)"),
        (json!(r#"{"resultUrls":["#), "Failed(Protocol)"),
        (json!("{}"), "Failed(Protocol)"),
        (json!("[]"), "Failed(Protocol)"),
        (json!(7), "Failed(Protocol)"),
    ] {
        let changes = json!({"resultJson": result, "response": null});
        assert_eq!(show(&polled(&calls, record(changes))), wanted, "{result}");
    }
}

#[test]
fn s3_15_consumed_credits_are_the_cost_rounded_up() {
    let calls = calls();
    for (credits, units, micros) in [
        (json!(4), 4_000_000, 20_000),
        (json!(6.5), 6_500_000, 32_500),
        (json!(0.8), 800_000, 4_000),
        (json!("18"), 18_000_000, 90_000),
        (json!(0), 0, 0),
        // A ten-thousandth of a credit is half a millionth of a dollar.
        (json!(0.0001), 100, 1),
        (json!(1e-9), 1, 1),
    ] {
        let outputs = done(polled(&calls, record(json!({"creditsConsumed": credits}))));
        let cost = MarketCost { micros, currency: Currency::USD };
        assert_eq!(
            (outputs.cost, outputs.billable_units),
            (Some(cost), Some(Millionths(units))),
            "{credits}"
        );
    }
    for unknown in [json!(null), json!(-4), json!("four"), json!([])] {
        let outputs = done(polled(&calls, record(json!({"creditsConsumed": unknown}))));
        assert_eq!((outputs.cost, outputs.billable_units), (None, None), "{unknown}");
    }
    assert_eq!(outcome::cost(Millionths(i64::MAX), Millionths(i64::MAX)), None);
    assert_eq!(outcome::cost(Millionths::whole(1), Millionths(-1)), None);
}

#[test]
fn what_is_kept_of_an_answer_is_short_and_without_the_key() {
    let calls = calls();
    let long = json!({"code": 400, "msg": format!("{KEY} {}", "я".repeat(20_000))}).to_string();
    let error = error_of(outcome::submitted(&calls, "a/b", Ok(reply(200, &[], long))));
    let body = error.body.expect("a body");
    assert!(body.len() <= 8 * 1024 && error.message.len() <= 300);
    for text in [&body, &error.message] {
        assert!(text.contains("[redacted]") && !text.contains("kie-secret"), "{text}");
    }
}

#[test]
fn a_reference_is_an_id_and_nothing_that_could_lead_elsewhere() {
    let remote = Remote::new("z-image", "t&model=x#/../y").expect("an id");
    assert_eq!(remote.write(), RemoteRef(r#"{"model":"z-image","task_id":"t&model=x#/../y"}"#.into()));
    assert_eq!(Remote::read(&remote.write()), Some(remote));
    assert_eq!(Remote::read(&RemoteRef(r#"{"request_id":"r"}"#.into())), None);
    for bad in ["", " ", "a\nb", &"x".repeat(201)] {
        assert_eq!(Remote::new("z-image", bad), None, "{bad}");
    }
}

#[test]
fn s3_36_a_callback_is_registered_when_it_is_an_address() {
    for (webhook, wanted) in [
        (None, json!(null)),
        (
            Some("https://pal.example/hooks/kie/1/t?a=1#c d"),
            json!("https://pal.example/hooks/kie/1/t?a=1#c%20d"),
        ),
        (Some("http://127.0.0.1:8000/hooks/kie/1/t"), json!("http://127.0.0.1:8000/hooks/kie/1/t")),
        (Some("/hooks/kie/1/t"), json!(null)),
        (Some("//pal.example/hooks"), json!(null)),
        (Some("javascript:alert(1)"), json!(null)),
        (Some(""), json!(null)),
    ] {
        let given = json!({"prompt": "a", "aspect_ratio": "1:1"});
        let mut body = input::body("z-image", given.clone(), webhook);
        assert_eq!(body["callBackUrl"].take(), wanted, "{webhook:?}");
        assert_eq!((&body["model"], &body["input"]), (&json!("z-image"), &given));
    }
}
