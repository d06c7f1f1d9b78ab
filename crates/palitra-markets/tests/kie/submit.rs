//! Submissions that go wrong: refused only when that is certain, sent once whatever happens.

use super::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Each fault, what the adapter makes of it, and whether the market took the task in.
#[tokio::test]
async fn s3_38_every_fault_of_a_submission_is_refused_or_unknown_and_never_repeated() {
    for (fault, wanted, taken_in) in [
        (json!({"fault": "rate_limited", "retry_after": "2"}), "Refused(RateLimited)", false),
        (json!({"fault": "rate_limited"}), "Refused(RateLimited)", false),
        (json!({"fault": "no_credits"}), "Refused(Credits)", false),
        (json!({"fault": "wrong_key"}), "Refused(Auth)", false),
        (json!({"fault": "code_after", "code": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "code_after", "code": 408}), "Unknown(Timeout)", true),
        (json!({"fault": "error", "status": 400}), "Refused(InvalidInput)", false),
        (json!({"fault": "error", "status": 404}), "Refused(UnknownModel)", false),
        (json!({"fault": "error", "status": 408}), "Unknown(Timeout)", false),
        (json!({"fault": "error", "status": 500}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 503}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_after", "status": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "error_after", "status": 504}), "Unknown(Unavailable)", true),
        (json!({"fault": "drop"}), "Unknown(Unavailable)", false),
        (json!({"fault": "drop_after"}), "Unknown(Unavailable)", true),
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
            assert!(!text.contains("kie-secret"), "{text}");
        }
    }
}

/// Every code of KIE, inside a 200 and as a status too.
#[tokio::test]
async fn s3_19_every_code_has_its_class() {
    for code in palitra_sim::kie::codes() {
        let wanted = match code {
            400 | 422 | 505 => "Refused(InvalidInput)",
            401 => "Refused(Auth)",
            402 | 433 => "Refused(Credits)",
            404 => "Refused(UnknownModel)",
            408 => "Unknown(Timeout)",
            429 => "Refused(RateLimited)",
            451 => "Refused(InputFetch)",
            455 => "Refused(Unavailable)",
            _ => "Unknown(Unavailable)",
        };
        // A server that answers 505 is not KIE, for all we know.
        let as_status = if code == 505 { "Unknown(InvalidInput)" } else { wanted };
        for (plain_http, wanted) in [(false, wanted), (true, as_status)] {
            let rules = json!([{"on": "submit", "fault": "code", "code": code}]);
            let bench = Bench::new(json!({"plain_http": plain_http, "rules": rules})).await;
            let submitted = bench.submit("a cat").await;
            assert_eq!(show_submitted(&submitted), wanted, "{code}, plain: {plain_http}");
            assert_eq!(bench.sim.log().submissions.len(), 1, "{code}");
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
async fn s3_37_what_comes_too_fast_is_refused_and_taken_ten_seconds_later() {
    let bench = Bench::new(json!({})).await;
    for number in 0..20 {
        assert_eq!(show_submitted(&bench.submit("a cat").await), "Accepted", "{number}");
    }
    assert_eq!(show_submitted(&bench.submit("a cat").await), "Refused(RateLimited)");
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(show_submitted(&bench.submit("a cat").await), "Accepted");
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
async fn s3_21_what_cannot_be_submitted_is_refused_without_a_call() {
    let bench = Bench::new(json!({})).await;
    assert_eq!(show_submitted(&bench.kie.submit("other", &picture("a cat")).await), "Refused(Auth)");
    assert!(bench.sim.log().submissions.is_empty());
    let unknown = Request { model: "nano-banana".into(), ..picture("a cat") };
    assert_eq!(show_submitted(&bench.kie.submit("main", &unknown).await), "Refused(UnknownModel)");
}

#[tokio::test]
async fn s3_20_what_the_market_finds_wrong_with_the_input_is_passed_on() {
    let message = "prompt contains characters that are not supported";
    let rule = json!({"on": "submit", "fault": "code", "code": 422, "message": message});
    let Submitted::Refused(error) = Bench::rule(rule).await.submit("a cat").await else {
        panic!("not refused")
    };
    assert_eq!(error.class, ErrorClass::InvalidInput);
    assert_eq!(error.message, format!("KIE answered 422: {message}"));
    assert!(error.body.is_some_and(|body| body.contains(message)));
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
                let body = r#"{"code": 200, "msg": "success", "data": {"taskId": "t"}}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.expect("a listening client");
                assert!(stream.read(&mut buffer).await.is_ok(), "an end or a second request");
            });
        }
    });
    let kie = Kie::new(settings(format!("http://{address}"))).expect("good settings");
    for _ in 0..3 {
        assert_eq!(show_submitted(&kie.submit("main", &picture("a cat")).await), "Accepted");
    }
}
