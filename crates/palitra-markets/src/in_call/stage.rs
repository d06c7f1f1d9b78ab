//! What the tests of these markets share: requests, answers without a network, words for outcomes, the reading of recorded errors.

use super::InCall;
use crate::http::{BodyError, NoReply, Reply};
use bytes::Bytes;
use palitra_domain::market::{ErrorClass, MarketError, Outputs, Request, Submitted};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

pub(crate) fn request(mode: &str, model: &str, input: Value) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: model.into(),
        mode: mode.into(),
        input,
        files: Vec::new(),
        spool: None,
        early: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
    let headers = headers.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    });
    Reply { status, headers: HeaderMap::from_iter(headers), body: Ok(body.into()) }
}

pub(crate) fn show(submitted: &Submitted) -> String {
    match submitted {
        Submitted::Accepted(_) => "Accepted".into(),
        Submitted::Done(_) => "Done".into(),
        Submitted::Refused(error) => format!("Refused({:?})", error.class),
        Submitted::Unknown(error) => format!("Unknown({:?})", error.class),
    }
}

pub(crate) fn done(submitted: Submitted) -> Outputs {
    match submitted {
        Submitted::Done(outputs) => outputs,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn error_of(submitted: Submitted) -> MarketError {
    match submitted {
        Submitted::Refused(error) | Submitted::Unknown(error) => error,
        other => panic!("no error in {other:?}"),
    }
}

/// What a body under 200 means; what a kept one means is the same.
pub(crate) fn says(market: &InCall, request: &Request, body: &str) -> Submitted {
    let submitted = market.submitted(request, Ok(reply(200, &[], body.to_owned())));
    let answered = market.answered(request, body.as_bytes());
    assert_eq!(format!("{submitted:?}"), format!("{answered:?}"), "kept and as it came");
    submitted
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
    message: Option<String>,
    retry_after_ms: Option<u64>,
}

/// Each recorded error has its class.
pub(crate) fn check_errors(market: &InCall, request: &Request, fixtures: &str) {
    let cases: Vec<ErrorCase> = serde_json::from_str(fixtures).expect("fixtures");
    assert!(cases.len() > 10);
    for case in &cases {
        let text = case.body.as_str().map_or_else(|| case.body.to_string(), str::to_owned);
        let pairs: Vec<(&str, &str)> =
            case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(!case.source.is_empty());
        let submitted = market.submitted(request, Ok(reply(case.status, &pairs, text.clone())));
        assert_eq!(show(&submitted), case.submit, "{}", case.name);
        let error = error_of(submitted);
        assert_eq!(error.status, Some(case.status), "{}", case.name);
        assert_eq!(error.body.as_deref(), Some(text.as_str()), "{}", case.name);
        assert_eq!(error.retry_after, case.retry_after_ms.map(Duration::from_millis), "{}", case.name);
        if let Some(message) = &case.message {
            assert_eq!(&error.message, message, "{}", case.name);
        }
    }
}

/// Refused only when that is certain, whatever the market.
pub(crate) fn check_certainty(market: &InCall, request: &Request) {
    let trouble = || MarketError::new(ErrorClass::Unavailable, "no answer");
    let broken = |status| Reply { body: Err(BodyError::Broken("closed".into())), ..reply(status, &[], "") };
    let long = Reply { body: Err(BodyError::TooLong { bytes_max: 1 }), ..reply(200, &[], "") };
    for (answer, wanted) in [
        (Err(NoReply::NotSent(trouble())), "Refused(Unavailable)"),
        (Err(NoReply::NoAnswer(trouble())), "Unknown(Unavailable)"),
        (Ok(broken(200)), "Unknown(Protocol)"),
        (Ok(long), "Unknown(Protocol)"),
        // The status came whole, and it says no.
        (Ok(broken(422)), "Refused(InvalidInput)"),
        (Ok(broken(500)), "Unknown(Unavailable)"),
        (Ok(reply(301, &[], "")), "Unknown(Protocol)"),
        (Ok(reply(408, &[], "")), "Unknown(Unavailable)"),
        (Ok(reply(499, &[], "")), "Unknown(Unavailable)"),
        (Ok(reply(200, &[], "")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "<html>")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "{")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "{}")), "Unknown(Protocol)"),
        (Ok(reply(200, &[], "[]")), "Unknown(Protocol)"),
    ] {
        let shown = format!("{:?}", answer.as_ref().map(|reply: &Reply| (reply.status, &reply.body)).ok());
        assert_eq!(show(&market.submitted(request, answer)), wanted, "{shown}");
    }
}

/// What is kept of an answer is short and without the key, also where the cut goes through it.
pub(crate) fn check_mask(market: &InCall, request: &Request, key: &str) {
    let long = format!("{{\"error\": {{\"message\": \"{key} {}\"}}}}", "я".repeat(20_000));
    let error = error_of(market.submitted(request, Ok(reply(403, &[], long))));
    let body = error.body.expect("a body");
    assert!(body.len() <= 8 * 1024 && error.message.len() <= 300);
    for text in [&body, &error.message] {
        assert!(text.contains("[redacted]") && !text.contains(key), "{text}");
    }
    for pad in 8_150..8_200 {
        let body = format!("{}{key}", "x".repeat(pad));
        let kept = error_of(market.submitted(request, Ok(reply(400, &[], body)))).body.expect("a body");
        assert!(!kept.contains(&key[..4]), "{pad}");
    }
}
