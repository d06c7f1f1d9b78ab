//! Submissions that go wrong: refused only when that is certain, sent once whatever happens.

use super::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const MIB: usize = 1024 * 1024;

/// Each fault, what the adapter makes of it for a picture, a text and a sound, and whether the market did the work.
#[tokio::test]
async fn s3_38_every_fault_of_a_submission_is_refused_or_unknown_and_never_repeated() {
    let error = |status: u16, code: &str| json!({"fault": "error", "status": status, "code": code});
    for (fault, wanted, done) in [
        (json!({"fault": "rate_limited"}), "Refused(RateLimited)", false),
        (json!({"fault": "no_credits"}), "Refused(Credits)", false),
        (json!({"fault": "wrong_key"}), "Refused(Auth)", false),
        (json!({"fault": "error", "status": 400}), "Refused(InvalidInput)", false),
        (error(400, "moderation_blocked"), "Refused(ContentRejected)", false),
        (error(400, "content_policy_violation"), "Refused(ContentRejected)", false),
        (error(400, "billing_hard_limit_reached"), "Refused(Credits)", false),
        (json!({"fault": "error", "status": 401}), "Refused(Auth)", false),
        (json!({"fault": "error", "status": 402}), "Refused(Credits)", false),
        (json!({"fault": "error", "status": 403}), "Refused(Permission)", false),
        (error(404, "model_not_found"), "Refused(UnknownModel)", false),
        (json!({"fault": "error", "status": 404}), "Refused(UnknownModel)", false),
        (json!({"fault": "error", "status": 408}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 409}), "Refused(Unavailable)", false),
        (json!({"fault": "error", "status": 413}), "Refused(InvalidInput)", false),
        (json!({"fault": "error", "status": 422}), "Refused(InvalidInput)", false),
        (error(429, "rate_limit_exceeded"), "Refused(RateLimited)", false),
        (error(429, "slow_down"), "Refused(RateLimited)", false),
        (error(429, "insufficient_quota"), "Refused(Credits)", false),
        (error(429, "credit_balance_exhausted"), "Refused(Credits)", false),
        (error(429, "project_spend_limit_exceeded"), "Refused(Credits)", false),
        (json!({"fault": "error", "status": 499}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 500}), "Unknown(Unavailable)", false),
        (error(503, "server_is_overloaded"), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 504}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_inside", "code": "moderation_blocked"}), "Refused(ContentRejected)", false),
        (json!({"fault": "error_inside"}), "Unknown(Protocol)", false),
        (json!({"fault": "error_after", "status": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "error_after", "status": 504}), "Unknown(Unavailable)", true),
        (json!({"fault": "drop"}), "Unknown(Unavailable)", false),
        (json!({"fault": "drop_after"}), "Unknown(Unavailable)", true),
        (json!({"fault": "html"}), "Unknown(Protocol)", true),
        (json!({"fault": "empty"}), "Unknown(Protocol)", true),
        (json!({"fault": "truncated"}), "Unknown(Protocol)", true),
    ] {
        let mut rule = fault.clone();
        rule["on"] = json!("submit");
        let bench = Bench::rule(rule).await;
        for (count, request) in [picture(), text(), speech()].iter().enumerate() {
            let submitted = bench.submit(request).await;
            assert_eq!(show_submitted(&submitted), wanted, "{} {fault}", request.mode);
            let log = bench.sim.log();
            assert_eq!(log.submissions.len(), count + 1, "{fault}: sent once");
            assert_eq!(log.submissions[count].accepted, done, "{fault}");
            if let Submitted::Refused(error) | Submitted::Unknown(error) = submitted {
                let text = format!("{error:?}");
                assert!(!text.contains("key-secret"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_stops_in_the_middle_is_unknown_where_that_can_be_seen() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "malformed"})).await;
    assert_eq!(show_submitted(&bench.submit(&picture()).await), "Unknown(Protocol)");
    assert_eq!(show_submitted(&bench.submit(&text()).await), "Unknown(Protocol)");
    // Half of a sound is a sound: whoever stores it looks.
    assert_eq!(show_submitted(&bench.submit(&speech()).await), "Done");
}

#[tokio::test]
async fn answers_have_a_bound_by_what_they_hold() {
    for (request, bytes, wanted) in [
        (text(), 4 * MIB, "Done"),
        (text(), 4 * MIB + 1, "Unknown(Protocol)"),
        (picture(), 5 * MIB, "Done"),
        (picture(), 100 * MIB + 1, "Unknown(Protocol)"),
        (speech(), 100 * MIB + 1, "Unknown(Protocol)"),
    ] {
        let bench = Bench::rule(json!({"on": "submit", "fault": "huge", "bytes": bytes})).await;
        assert_eq!(show_submitted(&bench.submit(&request).await), wanted, "{} {bytes}", request.mode);
    }
}

#[tokio::test]
async fn a_refusal_in_words_is_a_rejection_and_nothing_is_a_failure() {
    for (fault, request, wanted) in [
        ("refuse", picture(), "Refused(ContentRejected)"),
        ("refuse", text(), "Refused(ContentRejected)"),
        ("nothing", picture(), "Refused(ContentRejected)"),
        ("nothing", text(), "Refused(GenerationFailed)"),
    ] {
        let bench = Bench::rule(json!({"on": "submit", "fault": fault})).await;
        let submitted = bench.submit(&request).await;
        assert_eq!(show_submitted(&submitted), wanted, "{fault} {}", request.mode);
        let Submitted::Refused(error) = submitted else { panic!("not refused") };
        assert_eq!((error.status, error.body.is_some()), (Some(200), true), "{fault}");
    }
}

#[tokio::test]
async fn the_wait_that_the_market_asks_for_is_passed_on() {
    for (rule, wanted) in [
        (json!({"fault": "rate_limited", "retry_after": "2"}), 2),
        // OpenAI's own headers.
        (json!({"fault": "rate_limited"}), 6),
    ] {
        let mut rule = rule;
        rule["on"] = json!("submit");
        let Submitted::Refused(error) = Bench::rule(rule).await.submit(&picture()).await else {
            panic!("not refused")
        };
        assert_eq!(error.retry_after, Some(Duration::from_secs(wanted)));
        assert!(error.class.is_retried());
    }
}

#[tokio::test]
async fn what_comes_too_fast_is_refused_and_taken_a_minute_later() {
    let bench = Bench::with(json!({"requests_per_minute": 2, "latency_ms": 0}), false, |_| {}).await;
    for wanted in ["Done", "Done", "Refused(RateLimited)"] {
        assert_eq!(show_submitted(&bench.submit(&text()).await), wanted);
    }
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(show_submitted(&bench.submit(&text()).await), "Done");
}

#[tokio::test]
async fn a_call_ends_with_the_longest_run_and_with_the_time_for_an_answer() {
    let script = json!({"rules": [{"on": "submit", "fault": "latency_after", "ms": 60_000}]});
    for (longest_run, answer) in [(1500, 60_000), (60_000, 1500)] {
        let bench = Bench::with(script.clone(), false, |settings| {
            settings.timeouts.answer = Duration::from_millis(answer);
        })
        .await;
        // The work itself takes no time that anybody has to wait for.
        bench.script(json!({"latency_ms": 0, "rules": script["rules"]}));
        let request = Request { longest_run: Duration::from_millis(longest_run), ..text() };
        assert_eq!(show_submitted(&bench.submit(&request).await), "Unknown(Unavailable)");
        assert_eq!(bench.sim.log().accepted().count(), 1);
    }
}

#[tokio::test]
async fn silence_inside_an_answer_ends_it_and_a_slow_answer_is_none() {
    let slow =
        json!({"latency_ms": 0, "rules": [{"on": "submit", "fault": "slow", "bytes": 4096, "ms": 20}]});
    let bench =
        Bench::with(slow.clone(), true, |settings| settings.timeouts.idle = Duration::from_secs(5)).await;
    for request in [picture(), text(), speech()] {
        assert_eq!(show_submitted(&bench.submit(&request).await), "Done", "{}", request.mode);
    }
    let stuck =
        Bench::with(slow, false, |settings| settings.timeouts.idle = Duration::from_millis(100)).await;
    let Submitted::Unknown(error) = stuck.submit(&text()).await else { panic!("known") };
    assert!(error.message.contains("silence"), "{}", error.message);
}

#[tokio::test]
async fn a_market_that_cannot_be_reached_has_refused_and_one_that_resets_is_unknown() {
    let mut bench = Bench::new(json!({})).await;
    bench.sim.stop().await;
    assert_eq!(show_submitted(&bench.submit(&picture()).await), "Refused(Unavailable)");
    let market = OpenAi::new(settings(parrot::resets().await)).expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &picture()).await), "Unknown(Unavailable)");
}

#[tokio::test]
async fn what_cannot_be_submitted_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    for (request, wanted) in [
        (request("animate", "gpt-image-2", json!({"prompt": "a"})), "Refused(UnknownModel)"),
        (request("create", "gpt-image-2", json!({"prompt": " "})), "Refused(InvalidInput)"),
        (request("speak", "tts-1", json!({"voice": "alloy"})), "Refused(InvalidInput)"),
        (
            request("edit", "gpt-image-2", json!({"prompt": "a", "images": ["ast_9"]})),
            "Refused(InvalidInput)",
        ),
    ] {
        assert_eq!(show_submitted(&bench.submit(&request).await), wanted, "{request:?}");
    }
    let Submitted::Refused(error) = bench.market.submit("other", &picture()).await else {
        panic!("not refused")
    };
    assert_eq!(
        (error.class, error.message.as_str()),
        (ErrorClass::Auth, "127.0.0.1 has no key `other` any more")
    );
    assert!(bench.sim.log().submissions.is_empty());
}

#[tokio::test]
async fn s3_20_what_the_market_finds_wrong_with_the_input_is_passed_on() {
    let bench = Bench::new(json!({})).await;
    for (request, message) in [
        (
            request("create", "gpt-image-1", json!({"prompt": "a", "response_format": "b64_json"})),
            "127.0.0.1 answered 400: Unknown parameter: 'response_format'.",
        ),
        (
            request("create", "gpt-image-1", json!({"prompt": "a", "size": "1x1"})),
            "127.0.0.1 answered 400: Invalid value for 'size': it should be one of 'auto', '1024x1024', '1536x1024', '1024x1536'.",
        ),
        (
            request("write", "gpt-5-mini", json!({"prompt": "a", "max_tokens": 5})),
            "127.0.0.1 answered 400: Unknown parameter: 'max_tokens'.",
        ),
        (
            request("speak", "tts-1", json!({"input": "a", "voice": "alloy", "instructions": "x"})),
            "127.0.0.1 answered 400: Unknown parameter: 'instructions'.",
        ),
    ] {
        let Submitted::Refused(error) = bench.submit(&request).await else { panic!("not refused") };
        assert_eq!((error.class, error.message.as_str()), (ErrorClass::InvalidInput, message));
        assert!(error.body.is_some_and(|body| body.contains("invalid_request_error")));
    }
}

#[tokio::test]
async fn every_submission_has_a_connection_of_its_own() {
    // A server that keeps connections open and closes one when a second request comes over it: what a pool would meet when
    // the other side's idle time ends at the wrong moment.
    let listener = TcpListener::bind(local()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                assert!(stream.read(&mut buffer).await.expect("a request") > 0);
                let answer = parrot::ok(r#"{"choices": [{"message": {"content": "a"}}]}"#);
                stream.write_all(answer.as_bytes()).await.expect("a listening client");
                assert!(stream.read(&mut buffer).await.is_ok(), "an end or a second request");
            });
        }
    });
    let market = OpenAi::new(settings(format!("http://{address}"))).expect("good settings");
    for _ in 0..3 {
        assert_eq!(show_submitted(&market.submit("main", &text()).await), "Done");
    }
}
