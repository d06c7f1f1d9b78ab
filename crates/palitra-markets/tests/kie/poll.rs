//! Looking at accepted work: what ends it, and what only hides it for a while.

use super::*;

#[tokio::test]
async fn s3_20_every_way_to_fail_has_its_class() {
    for (code, message, wanted) in [
        ("400", None, ErrorClass::InvalidInput),
        ("408", None, ErrorClass::Timeout),
        ("422", None, ErrorClass::InvalidInput),
        ("451", None, ErrorClass::InputFetch),
        ("500", None, ErrorClass::GenerationFailed),
        ("501", None, ErrorClass::GenerationFailed),
        ("531", None, ErrorClass::GenerationFailed),
        ("odd", None, ErrorClass::GenerationFailed),
        ("400", Some("Your content was flagged as violating content policies"), ErrorClass::ContentRejected),
    ] {
        let mut rule = json!({"on": "submit", "fault": "fail", "code": code});
        if let Some(message) = message {
            rule["message"] = json!(message);
        }
        let bench = Bench::rule(rule).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        let Polled::Failed(error) = bench.poll(&remote).await else { panic!("{code} did not fail") };
        assert_eq!(error.class, wanted, "{code}");
        assert!(error.body.is_some() && error.message.starts_with("KIE failed: "), "{code}: {error:?}");
    }
}

/// Codes that `recordInfo` answers with: only those of the task end it.
#[tokio::test]
async fn s3_19_codes_about_the_look_do_not_end_the_work_and_codes_about_the_work_do() {
    for code in palitra_sim::kie::codes() {
        let wanted = match code {
            408 => "Failed(Timeout)",
            451 => "Failed(InputFetch)",
            501 | 531 => "Failed(GenerationFailed)",
            404 => "NotFound",
            401 => "Unreachable(Auth)",
            402 | 433 => "Unreachable(Credits)",
            429 => "Unreachable(RateLimited)",
            400 | 422 | 505 => "Unreachable(InvalidInput)",
            _ => "Unreachable(Unavailable)",
        };
        let bench = Bench::rule(json!({"on": "status", "times": 1, "fault": "code", "code": code})).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{code}");
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{code}, looked at again");
    }
}

/// Faults that say nothing about the work: it is looked at again, and then it is done.
#[tokio::test]
async fn trouble_with_the_look_does_not_end_the_work() {
    for (fault, wanted) in [
        (json!({"fault": "error", "status": 500}), "Unreachable(Unavailable)"),
        (json!({"fault": "error", "status": 503}), "Unreachable(Unavailable)"),
        (json!({"fault": "error", "status": 408}), "Unreachable(Timeout)"),
        (json!({"fault": "error", "status": 404}), "Unreachable(Protocol)"),
        (json!({"fault": "rate_limited", "retry_after": "1"}), "Unreachable(RateLimited)"),
        (json!({"fault": "wrong_key"}), "Unreachable(Auth)"),
        (json!({"fault": "drop"}), "Unreachable(Unavailable)"),
        (json!({"fault": "html"}), "Unreachable(Protocol)"),
        (json!({"fault": "empty"}), "Unreachable(Protocol)"),
        (json!({"fault": "truncated"}), "Unreachable(Protocol)"),
        (json!({"fault": "malformed"}), "Unreachable(Protocol)"),
        (json!({"fault": "huge", "bytes": 5_000_000}), "Unreachable(Protocol)"),
        (json!({"fault": "unknown_status", "word": "warming_up"}), "Pending"),
        (json!({"fault": "invisible"}), "NotFound"),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!("status"), json!(1));
        let bench = Bench::rule(rule).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{fault}");
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{fault}, looked at again");
        assert_eq!(bench.sim.log().submissions.len(), 1);
    }
}

#[tokio::test]
async fn s3_19_unknown_words_are_pending_for_as_long_as_they_come() {
    let bench = Bench::rule(json!({"on": "status", "fault": "unknown_status", "word": "FAILED"})).await;
    let remote = bench.accepted("a cat").await;
    for _ in 0..3 {
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), "Pending");
    }
}

#[tokio::test]
async fn s3_34_a_success_without_a_result_is_looked_at_again_or_has_failed() {
    for (result, wanted) in [
        ("", "Unreachable(Protocol)"),
        (r#"{"resultUrls":[]}"#, "Failed(GenerationFailed)"),
        (r#"{"resultUrls":["#, "Failed(Protocol)"),
        (r#"{"something":1}"#, "Failed(Protocol)"),
    ] {
        let bench = Bench::rule(json!({"on": "submit", "fault": "result", "json": result})).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{result}");
    }
}

#[tokio::test]
async fn s3_34_a_text_is_a_result_too() {
    let result = r#"{"resultObject":"a lighthouse at dawn"}"#;
    let bench = Bench::rule(json!({"on": "submit", "fault": "result", "json": result})).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    let outputs = outputs(bench.poll(&remote).await);
    assert_eq!((outputs.text.as_deref(), outputs.files.len()), (Some("a lighthouse at dawn"), 0));
}

#[tokio::test]
async fn work_that_the_market_does_not_know_is_not_found() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    // A market that has forgotten everything, and another account.
    let other = Bench::new(json!({})).await;
    assert_eq!(show(&other.poll(&remote).await), "NotFound");
    let stranger = Kie::new(KieSettings {
        keys: vec![("main".into(), Secret::new("another-key"))],
        webhook_keys: Vec::new(),
        ..settings(bench.sim.url())
    })
    .expect("good settings");
    assert_eq!(show(&stranger.poll("main", &remote).await), "NotFound");
    // A reference that is none of ours, and a key that is gone: the work may still be there.
    assert_eq!(show(&bench.poll(&RemoteRef("{}".into())).await), "Unreachable(Protocol)");
    assert_eq!(show(&bench.kie.poll("gone", &remote).await), "Unreachable(Auth)");
}

#[tokio::test]
async fn s3_37_looks_that_come_too_fast_are_taken_a_second_later() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    for _ in 0..10 {
        assert_eq!(show(&bench.poll(&remote).await), "Pending");
    }
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(RateLimited)");
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_looked_for_again() {
    let rules = json!({"rules": [{"on": "status", "times": 1, "fault": "latency", "ms": 60_000}]});
    let bench = Bench::with(rules, false, |settings| settings.timeouts.answer = Duration::from_secs(2)).await;
    let remote = bench.accepted("a cat").await;
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Unavailable)");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}
