//! Results behind links: what is made, what is passed on as it comes, and what is refused.

use super::{Files, Made, rules};
use crate::stage::{
    Stranger,
    bench::{Bench, Simulator, on, once, refused},
    read, sides,
};
use palitra_domain::market::{ErrorClass, Market};
use serde_json::{Value, json};
use std::{io::ErrorKind, time::Duration};

rules!([fal, kie, wavespeed, openai]:
    s3_32_s3_44_a_picture_is_made_and_fetched,
    s3_47_a_missing_file_has_expired_and_a_failing_server_is_asked_again,
    bodies_are_passed_on_as_they_come_and_broken_ones_end_with_an_error,
    a_body_that_stops_coming_ends_with_an_error,
    redirects_are_followed_five_times_and_checked_each_time,
    files_inside_the_answer_need_no_call,
);

async fn s3_32_s3_44_a_picture_is_made_and_fetched<S: Files>() {
    let bench = Bench::<S>::new(json!({})).await;
    let request = S::linked();
    let outputs = bench.done(&request).await;
    let Made { sides: wanted, cost, billable_units, seed } = S::made();
    assert_eq!((outputs.cost, outputs.billable_units, outputs.seed), (cost, billable_units, seed));
    assert_eq!(outputs.text, None);
    let link = crate::stage::link_of(&outputs);
    assert!(link.starts_with(&format!("{}/files/", bench.root())), "{link}");
    let bytes = read(bench.market.fetch(&link).await.expect("a file")).await.expect("a whole file");
    assert_eq!(sides(&bytes), wanted);
    let log = bench.sim.log();
    let [submission] = log.submissions.as_slice() else { panic!("{log:?}") };
    assert!(submission.accepted && submission.answered);
    assert!(S::CAPABILITIES.answers_in_call || submission.endpoint == request.model);
    // Nothing of ours is added to what the catalogue made but the name of the model, where that is part of a body.
    let mut sent = submission.input.clone();
    if request.input.get("model").is_none() && sent["model"] == request.model.as_str() {
        sent.as_object_mut().expect("an object").remove("model");
    }
    assert_eq!(sent, request.input);
}

async fn s3_47_a_missing_file_has_expired_and_a_failing_server_is_asked_again<S: Files>() {
    for (fault, wanted) in [
        (json!({"fault": "expired"}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 403}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 410}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 400}), ErrorClass::Protocol),
        (json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        (json!({"fault": "error", "status": 429}), ErrorClass::Unavailable),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "redirect", "location": "https://127.0.0.1:9/a.png"}), ErrorClass::Protocol),
        (json!({"fault": "huge", "bytes": 100 * 1024 * 1024 + 1}), ErrorClass::Protocol),
    ] {
        let bench = Bench::<S>::rule(once("file", &fault)).await;
        let link = bench.link(&S::linked()).await;
        assert_eq!(refused(&bench.market, &link).await, wanted, "{fault}");
        assert!(bench.market.fetch(&link).await.is_ok(), "{fault}, fetched again");
    }
}

async fn bodies_are_passed_on_as_they_come_and_broken_ones_end_with_an_error<S: Files>() {
    let fetched = async |fault: Value| {
        let rules = json!({"rules": [on("file", &fault)]});
        let bench = Bench::<S>::with(rules, true, |_| {}).await;
        let link = bench.link(&S::linked()).await;
        read(bench.market.fetch(&link).await.expect("an answer")).await
    };
    let html = fetched(json!({"fault": "html"})).await.expect("a whole body");
    assert!(html.starts_with(b"<!doctype html>"));
    assert_eq!(fetched(json!({"fault": "empty"})).await, Ok(Vec::new()));
    let whole = fetched(json!({"fault": "latency", "ms": 0})).await.expect("a whole body");
    assert_eq!(fetched(json!({"fault": "slow", "bytes": 64, "ms": 20})).await, Ok(whole));
    assert_eq!(fetched(json!({"fault": "truncated"})).await, Err(ErrorKind::UnexpectedEof));
}

async fn a_body_that_stops_coming_ends_with_an_error<S: Files>() {
    let rules = json!([{"on": "file", "fault": "slow", "bytes": 10, "ms": 60_000}]);
    let bench = Bench::<S>::dialled(rules, |dials| dials.timeouts.idle = Duration::from_secs(1)).await;
    let link = bench.link(&S::linked()).await;
    let stream = bench.market.fetch(&link).await.expect("headers come at once");
    assert_eq!(read(stream).await, Err(ErrorKind::TimedOut));
}

async fn redirects_are_followed_five_times_and_checked_each_time<S: Files>() {
    let bench = Bench::<S>::new(json!({})).await;
    let link = bench.link(&S::linked()).await;
    let redirect = |location: &str, times: u64| {
        let rule = json!({"on": "file", "times": times, "fault": "redirect", "location": location});
        bench.sim.follow(json!({"rules": [rule]}));
    };
    for (times, wanted) in [(5, true), (6, false)] {
        redirect(&link, times);
        assert_eq!(bench.market.fetch(&link).await.is_ok(), wanted, "{times}");
    }
    // A relative one is resolved against the link.
    redirect(&link.replace(&bench.root(), ""), 1);
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
        redirect(&private, 1);
        assert_eq!(refused(&bench.market, &link).await, ErrorClass::Protocol, "{private}");
    }
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

async fn files_inside_the_answer_need_no_call<S: Files>() {
    let bench = Bench::<S>::new(json!({})).await;
    let stream = bench.market.fetch("data:image/png;base64,aGVsbG8=").await.expect("data");
    assert_eq!(read(stream).await, Ok(b"hello".to_vec()));
    assert_eq!(refused(&bench.market, "data:image/png;base64,%").await, ErrorClass::Protocol);
}
