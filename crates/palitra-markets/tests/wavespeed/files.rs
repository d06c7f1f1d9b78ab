//! Files behind links: what is passed on as it comes, and what is refused.

use super::*;
use std::io::ErrorKind;

#[tokio::test]
async fn a_missing_file_has_expired_and_a_failing_server_is_asked_again() {
    for (fault, wanted) in [
        (json!({"fault": "expired"}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 403}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 410}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 400}), ErrorClass::Protocol),
        (json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        (json!({"fault": "error", "status": 429}), ErrorClass::Unavailable),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "huge", "bytes": 100 * 1024 * 1024 + 1}), ErrorClass::Protocol),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!("file"), json!(1));
        let bench = Bench::rule(rule).await;
        let link = bench.made("a cat").await;
        assert_eq!(refused(&bench.market, &link).await, wanted, "{fault}");
        assert!(bench.market.fetch(&link).await.is_ok(), "{fault}, fetched again");
    }
}

#[tokio::test]
async fn bodies_are_passed_on_as_they_come_and_broken_ones_end_with_an_error() {
    let fetched = async |fault: Value| {
        let mut rule = fault;
        rule["on"] = json!("file");
        let bench = Bench::with(json!({"rules": [rule]}), true, |_| {}).await;
        let link = bench.made("a cat").await;
        read(bench.market.fetch(&link).await.expect("an answer")).await
    };
    let html = fetched(json!({"fault": "html"})).await.expect("a whole body");
    assert!(html.starts_with(b"<!doctype html>"));
    assert_eq!(fetched(json!({"fault": "empty"})).await, Ok(Vec::new()));
    let whole = fetched(json!({"fault": "latency", "ms": 0})).await.expect("a whole body");
    assert_eq!(fetched(json!({"fault": "slow", "bytes": 64, "ms": 20})).await, Ok(whole));
    assert_eq!(fetched(json!({"fault": "truncated"})).await, Err(ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn a_body_that_stops_coming_ends_with_an_error() {
    let rules = json!({"rules": [{"on": "file", "fault": "slow", "bytes": 10, "ms": 60_000}]});
    let bench = Bench::with(rules, false, |settings| settings.timeouts.idle = Duration::from_secs(1)).await;
    let link = bench.made("a cat").await;
    let stream = bench.market.fetch(&link).await.expect("headers come at once");
    assert_eq!(read(stream).await, Err(ErrorKind::TimedOut));
}

#[tokio::test]
async fn redirects_are_followed_five_times_and_checked_each_time() {
    let bench = Bench::new(json!({})).await;
    let link = bench.made("a cat").await;
    let redirect = |location: String, times: u64| json!({"rules": [{"on": "file", "times": times, "fault": "redirect", "location": location}]});
    let set = |script: Value| {
        bench.sim.set_script(serde_json::from_value(script).expect("a script")).expect("a good one")
    };
    for (times, wanted) in [(5, true), (6, false)] {
        set(redirect(link.clone(), times));
        assert_eq!(bench.market.fetch(&link).await.is_ok(), wanted, "{times}");
    }
    // A relative one is resolved against the link.
    set(redirect(link.replace(&bench.sim.url(), ""), 1));
    assert!(bench.market.fetch(&link).await.is_ok());
    let mut stranger = Stranger::start().await;
    for private in [
        format!("{}/a.png", stranger.base()),
        format!("https://{}/a.png", stranger.address),
        format!("https://localhost:{}/a.png", stranger.address.port()),
        "https://169.254.169.254/latest/meta-data".into(),
        "https://[::1]/a.png".into(),
        "http://example.com/a.png".into(),
        "file:///etc/passwd".into(),
    ] {
        set(redirect(private.clone(), 1));
        assert_eq!(refused(&bench.market, &link).await, ErrorClass::Protocol, "{private}");
    }
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn files_inside_the_answer_need_no_call() {
    let bench = Bench::new(json!({})).await;
    let stream = bench.market.fetch("data:image/png;base64,aGVsbG8=").await.expect("data");
    assert_eq!(read(stream).await, Ok(b"hello".to_vec()));
    assert_eq!(refused(&bench.market, "data:image/png;base64,%").await, ErrorClass::Protocol);
}
