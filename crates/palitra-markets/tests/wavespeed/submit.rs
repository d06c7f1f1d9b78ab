//! Submissions that go wrong: refused only when that is certain, sent once whatever happens.

use super::*;

/// Each fault, what the adapter makes of it, and whether the market took the work in.
#[tokio::test]
async fn every_fault_of_a_submission_is_refused_or_unknown_and_never_repeated() {
    for (fault, wanted, taken_in) in [
        (json!({"fault": "rate_limited", "retry_after": "2"}), "Refused(RateLimited)", false),
        (json!({"fault": "error", "status": 400}), "Refused(InvalidInput)", false),
        (json!({"fault": "error", "status": 403}), "Refused(Permission)", false),
        (json!({"fault": "error", "status": 404}), "Refused(UnknownModel)", false),
        (json!({"fault": "error", "status": 408}), "Unknown(Protocol)", false),
        (json!({"fault": "error", "status": 500}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 503}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_inside", "code": 400}), "Refused(InvalidInput)", false),
        (json!({"fault": "error_inside", "code": 429}), "Refused(RateLimited)", false),
        (json!({"fault": "error_inside", "code": 500}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_after", "status": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "error_after", "status": 504}), "Unknown(Unavailable)", true),
        (json!({"fault": "drop"}), "Unknown(Unavailable)", false),
        (json!({"fault": "drop_after"}), "Unknown(Unavailable)", true),
        (json!({"fault": "no_credits"}), "Refused(Credits)", false),
        (json!({"fault": "no_credits", "status": 400}), "Refused(Credits)", false),
        (json!({"fault": "no_credits", "status": 402}), "Refused(Credits)", false),
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
            assert!(!text.contains("key-secret"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_limits_of_the_account_refuse_and_clear_each_minute() {
    let bench = Bench::new(json!({"level": "bronze"})).await;
    for _ in 0..10 {
        bench.accepted("a cat").await;
    }
    let Submitted::Refused(error) = bench.submit("one too many").await else { panic!("not refused") };
    assert_eq!((error.class, error.status, error.retry_after), (ErrorClass::RateLimited, Some(429), None));
    assert!(error.class.is_retried());
    bench.a_minute_passes();
    bench.accepted("one too many").await;
}

#[tokio::test]
async fn the_wait_that_the_market_asks_for_is_passed_on() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "rate_limited", "retry_after": "2"})).await;
    let Submitted::Refused(error) = bench.submit("a cat").await else { panic!("not refused") };
    assert_eq!(error.retry_after, Some(Duration::from_secs(2)));
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
    assert_eq!(show_submitted(&bench.market.submit("other", &picture("a cat")).await), "Refused(Auth)");
    let log = bench.sim.log();
    assert_eq!((log.submissions.len(), log.prices), (0, 0));
    let unknown = Request { model: "wavespeed-ai/fluks".into(), ..picture("a cat") };
    assert_eq!(show_submitted(&bench.market.submit("main", &unknown).await), "Refused(UnknownModel)");
}

#[tokio::test]
async fn what_the_market_finds_wrong_with_the_input_is_passed_on() {
    let bench = Bench::new(json!({})).await;
    let mut request = picture("a cat");
    request.input["size"] = json!("1792*256");
    let Submitted::Refused(error) = bench.market.submit("main", &request).await else {
        panic!("not refused")
    };
    assert_eq!(error.class, ErrorClass::InvalidInput);
    assert_eq!(
        error.message,
        "WaveSpeed answered 400: property size must be W*H with sides between 256 and 1536"
    );
    assert!(error.body.is_some_and(|body| body.contains("\"code\":400")));
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
                let body = r#"{"code": 200, "data": {"id": "r"}}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.expect("a listening client");
                assert!(stream.read(&mut buffer).await.is_ok(), "an end or a second request");
            });
        }
    });
    let market = WaveSpeed::new(settings(format!("http://{address}"))).expect("good settings");
    for _ in 0..3 {
        assert_eq!(show_submitted(&market.submit("main", &picture("a cat")).await), "Accepted");
    }
}
