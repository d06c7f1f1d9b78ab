//! Submissions that go wrong: refused only when that is certain, sent once whatever happens.

use super::*;

/// Each fault, what the adapter makes of it, and whether the market took the request in.
#[tokio::test]
async fn every_fault_of_a_submission_is_refused_or_unknown_and_never_repeated() {
    for (fault, wanted, taken_in) in [
        (json!({"fault": "rate_limited", "retry_after": "2"}), "Refused(RateLimited)", false),
        (
            json!({"fault": "rate_limited", "error_type": "concurrent_requests_limit"}),
            "Refused(ConcurrencyLimited)",
            false,
        ),
        (json!({"fault": "error", "status": 400}), "Refused(InvalidInput)", false),
        (json!({"fault": "error", "status": 404}), "Refused(UnknownModel)", false),
        (json!({"fault": "error", "status": 408}), "Unknown(Protocol)", false),
        (json!({"fault": "error", "status": 500}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 503}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_after", "status": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "error_after", "status": 504}), "Unknown(Unavailable)", true),
        (json!({"fault": "drop"}), "Unknown(Unavailable)", false),
        (json!({"fault": "drop_after"}), "Unknown(Unavailable)", true),
        (json!({"fault": "locked"}), "Refused(Credits)", false),
        (json!({"fault": "wrong_key"}), "Refused(Auth)", false),
        (json!({"fault": "html"}), "Unknown(Protocol)", true),
        (json!({"fault": "empty"}), "Unknown(Protocol)", true),
        (json!({"fault": "truncated"}), "Unknown(Protocol)", true),
        (json!({"fault": "malformed"}), "Unknown(Protocol)", true),
        (json!({"fault": "huge", "bytes": 4 * 1024 * 1024 + 1}), "Unknown(Protocol)", true),
        (json!({"fault": "huge", "bytes": 4 * 1024 * 1024}), "Accepted", true),
    ] {
        let mut rule = fault.clone();
        rule["on"] = json!("submit");
        let bench = Bench::rule(rule).await;
        let submitted = bench.submit("a cat").await;
        assert_eq!(show_submitted(&submitted), wanted, "{fault}");
        let log = bench.sim.log();
        assert_eq!(log.submissions.len(), 1, "{fault}: sent once");
        assert_eq!(log.accepted().count(), usize::from(taken_in), "{fault}");
        if let Submitted::Refused(error) | Submitted::Unknown(error) = submitted {
            let text = format!("{error:?}");
            assert!(!text.contains("key-secret") && !text.contains("key-id"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_wait_that_the_market_asks_for_is_passed_on() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "rate_limited", "retry_after": "2"})).await;
    let Submitted::Refused(error) = bench.submit("a cat").await else { panic!("not refused") };
    assert_eq!(error.retry_after, Some(Duration::from_secs(2)));
    assert!(error.class.is_retried());
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_unknown_and_the_work_runs() {
    let rule = json!({"rules": [{"on": "submit", "fault": "latency_after", "ms": 60_000}]});
    let bench = Bench::with(rule, false, |settings| settings.timeouts.answer = Duration::from_secs(2)).await;
    assert_eq!(show_submitted(&bench.submit("a cat").await), "Unknown(Unavailable)");
    assert_eq!(bench.sim.log().accepted().count(), 1);
}

#[tokio::test]
async fn a_market_that_cannot_be_reached_has_refused() {
    let mut bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    bench.sim.stop().await;
    assert_eq!(show_submitted(&bench.submit("a dog").await), "Refused(Unavailable)");
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Unavailable)");
}

#[tokio::test]
async fn what_cannot_be_submitted_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    assert_eq!(show_submitted(&bench.fal.submit("other", &picture("a cat")).await), "Refused(Auth)");
    assert!(bench.sim.log().submissions.is_empty());
    let unknown = Request { model: "fal-ai/fluks".into(), ..picture("a cat") };
    assert_eq!(show_submitted(&bench.fal.submit("main", &unknown).await), "Refused(UnknownModel)");
}

#[tokio::test]
async fn what_the_market_finds_wrong_with_the_input_is_passed_on() {
    let bench = Bench::new(json!({})).await;
    let mut request = picture("a cat");
    request.input["image_size"]["width"] = json!(20_000);
    let Submitted::Refused(error) = bench.fal.submit("main", &request).await else { panic!("not refused") };
    assert_eq!(error.class, ErrorClass::InvalidInput);
    assert_eq!(
        error.message,
        "fal answered 422: Input should be less than or equal to 4096 (image_size.width)"
    );
    assert!(error.body.is_some_and(|body| body.contains("less_than_equal")));
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
                let body = r#"{"request_id": "r"}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.expect("a listening client");
                assert!(stream.read(&mut buffer).await.is_ok(), "an end or a second request");
            });
        }
    });
    let fal = Fal::new(settings(format!("http://{address}"))).expect("good settings");
    for _ in 0..3 {
        assert_eq!(show_submitted(&fal.submit("main", &picture("a cat")).await), "Accepted");
    }
}
