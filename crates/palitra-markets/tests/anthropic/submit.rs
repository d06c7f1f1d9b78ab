//! Submissions that go wrong: refused only when that is certain, sent once whatever happens.

use super::*;

const MIB: usize = 1024 * 1024;

/// Each fault, what the adapter makes of it, and whether the market did the work.
#[tokio::test]
async fn s3_38_every_fault_of_a_submission_is_refused_or_unknown_and_never_repeated() {
    let error = |status: u16| json!({"fault": "error", "status": status});
    for (fault, wanted, done) in [
        (json!({"fault": "rate_limited"}), "Refused(RateLimited)", false),
        (json!({"fault": "no_credits"}), "Refused(Credits)", false),
        (json!({"fault": "wrong_key"}), "Refused(Auth)", false),
        (error(400), "Refused(InvalidInput)", false),
        (error(401), "Refused(Auth)", false),
        (error(402), "Refused(Credits)", false),
        (error(403), "Refused(Permission)", false),
        (error(404), "Refused(UnknownModel)", false),
        (error(408), "Unknown(Unavailable)", false),
        (error(409), "Refused(Unavailable)", false),
        (error(413), "Refused(InvalidInput)", false),
        (error(429), "Refused(RateLimited)", false),
        (error(500), "Unknown(Unavailable)", false),
        (error(503), "Unknown(Unavailable)", false),
        (error(504), "Unknown(Unavailable)", false),
        (error(529), "Refused(Unavailable)", false),
        (json!({"fault": "error_inside", "code": "rate_limit_error"}), "Refused(RateLimited)", false),
        (json!({"fault": "error_inside", "code": "overloaded_error"}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_after", "status": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "drop"}), "Unknown(Unavailable)", false),
        (json!({"fault": "drop_after"}), "Unknown(Unavailable)", true),
        (json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), "Unknown(Protocol)", false),
        (json!({"fault": "refuse"}), "Refused(ContentRejected)", true),
        (json!({"fault": "nothing"}), "Refused(GenerationFailed)", true),
        (json!({"fault": "html"}), "Unknown(Protocol)", true),
        (json!({"fault": "empty"}), "Unknown(Protocol)", true),
        (json!({"fault": "truncated"}), "Unknown(Protocol)", true),
        (json!({"fault": "malformed"}), "Unknown(Protocol)", true),
        (json!({"fault": "huge", "bytes": 4 * MIB + 1}), "Unknown(Protocol)", true),
        (json!({"fault": "huge", "bytes": 4 * MIB}), "Done", true),
        (json!({"fault": "slow", "bytes": 16, "ms": 20}), "Done", true),
    ] {
        let mut rule = fault.clone();
        rule["on"] = json!("submit");
        let bench = Bench::rule(rule).await;
        let submitted = bench.submit(&text()).await;
        assert_eq!(show_submitted(&submitted), wanted, "{fault}");
        let log = bench.sim.log();
        assert_eq!(log.submissions.len(), 1, "{fault}: sent once");
        assert_eq!(log.accepted().count(), usize::from(done), "{fault}");
        if let Submitted::Refused(error) | Submitted::Unknown(error) = submitted {
            let text = format!("{error:?}");
            assert!(!text.contains("key-secret"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_wait_that_the_market_asks_for_is_passed_on() {
    let rule = json!({"on": "submit", "fault": "rate_limited", "retry_after": "17"});
    let Submitted::Refused(error) = Bench::rule(rule).await.submit(&text()).await else {
        panic!("not refused")
    };
    assert_eq!(error.retry_after, Some(Duration::from_secs(17)));
    assert!(error.class.is_retried());
    let rule = json!({"on": "submit", "fault": "error", "status": 529});
    let Submitted::Refused(error) = Bench::rule(rule).await.submit(&text()).await else {
        panic!("not refused")
    };
    assert!(error.class.is_retried());
}

#[tokio::test]
async fn what_comes_too_fast_is_refused_and_taken_a_minute_later() {
    let bench = Bench::with(json!({"requests_per_minute": 1, "latency_ms": 0}), false, |_| {}).await;
    for wanted in ["Done", "Refused(RateLimited)"] {
        assert_eq!(show_submitted(&bench.submit(&text()).await), wanted);
    }
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(show_submitted(&bench.submit(&text()).await), "Done");
}

#[tokio::test]
async fn a_call_ends_with_the_longest_run_with_the_time_for_an_answer_and_with_silence() {
    let late = json!({"on": "submit", "fault": "latency_after", "ms": 60_000});
    let stuck = json!({"on": "submit", "fault": "slow", "bytes": 10, "ms": 60_000});
    for (rule, longest_run, answer, idle, wanted) in [
        (&late, 1500, 60_000, 60_000, "Unknown(Unavailable)"),
        (&late, 60_000, 1500, 60_000, "Unknown(Unavailable)"),
        (&stuck, 60_000, 60_000, 100, "Unknown(Protocol)"),
        (&stuck, 1500, 60_000, 60_000, "Unknown(Protocol)"),
    ] {
        let bench = Bench::with(json!({"latency_ms": 0, "rules": [rule]}), false, |settings| {
            settings.timeouts.answer = Duration::from_millis(answer);
            settings.timeouts.idle = Duration::from_millis(idle);
        })
        .await;
        let request = Request { longest_run: Duration::from_millis(longest_run), ..text() };
        assert_eq!(show_submitted(&bench.submit(&request).await), wanted, "{rule}");
        assert_eq!(bench.sim.log().accepted().count(), 1, "{rule}");
    }
}

#[tokio::test]
async fn a_market_that_cannot_be_reached_has_refused_and_one_that_resets_is_unknown() {
    let mut bench = Bench::new(json!({})).await;
    bench.sim.stop().await;
    assert_eq!(show_submitted(&bench.submit(&text()).await), "Refused(Unavailable)");
    let market = Anthropic::new(settings(parrot::resets().await)).expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &text()).await), "Unknown(Unavailable)");
}

#[tokio::test]
async fn what_cannot_be_submitted_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    for (request, wanted) in [
        (request("create", json!({"prompt": "a"})), "Refused(UnknownModel)"),
        (request("write", json!({"prompt": " "})), "Refused(InvalidInput)"),
    ] {
        assert_eq!(show_submitted(&bench.submit(&request).await), wanted);
    }
    let Submitted::Refused(error) = bench.market.submit("other", &text()).await else {
        panic!("not refused")
    };
    assert_eq!(error.class, ErrorClass::Auth);
    assert!(bench.sim.log().submissions.is_empty());
}

#[tokio::test]
async fn s3_20_what_the_market_finds_wrong_with_the_input_is_passed_on() {
    let bench = Bench::new(json!({})).await;
    for (input, message) in [
        (json!({"prompt": "a", "seed": 5}), "127.0.0.1 answered 400: seed: Extra inputs are not permitted"),
        (
            json!({"prompt": "a", "temperature": 1.5}),
            "127.0.0.1 answered 400: temperature: Input should be a number from 0 to 1",
        ),
    ] {
        let Submitted::Refused(error) = bench.submit(&request("write", input)).await else {
            panic!("not refused")
        };
        assert_eq!((error.class, error.message.as_str()), (ErrorClass::InvalidInput, message));
    }
    let unknown = Request { model: "claude-2".into(), ..text() };
    assert_eq!(show_submitted(&bench.submit(&unknown).await), "Refused(UnknownModel)");
}

#[tokio::test]
async fn an_answer_with_more_than_is_known_is_understood() {
    let body = r#"{"id": 5, "type": "message", "container": {}, "content": [{"type": "server_tool_use", "input": {}}, {"type": "text", "text": "a cat", "mood": 1}], "stop_reason": "of_tomorrow", "context_management": null, "usage": {"input_tokens": 1, "output_tokens": 2, "server_tool_use": {}}}"#;
    let market = Anthropic::new(settings(parrot::says(parrot::chunked(body)).await)).expect("good settings");
    let outputs = done(market.submit("main", &text()).await);
    assert_eq!(
        (outputs.text.as_deref(), outputs.billable_units.map(|units| units.0)),
        (Some("a cat"), Some(3000))
    );
    let error = parrot::ok(r#"{"type": "error", "error": {"type": "of_tomorrow", "message": "x"}}"#);
    let market = Anthropic::new(settings(parrot::says(error).await)).expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &text()).await), "Unknown(Protocol)");
}
