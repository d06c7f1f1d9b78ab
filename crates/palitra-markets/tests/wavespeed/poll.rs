//! Looking at accepted work: what ends it, and what only hides it for a while.

use super::*;

#[tokio::test]
async fn every_end_has_its_class() {
    for (fault, wanted) in [
        (json!({"fault": "fail"}), "Failed(GenerationFailed)"),
        (json!({"fault": "fail", "error": "no face detected"}), "Failed(GenerationFailed)"),
        (json!({"fault": "fail", "error": "content flagged as sensitive"}), "Failed(ContentRejected)"),
        (json!({"fault": "fail", "error": "failed to download image"}), "Failed(InputFetch)"),
        (json!({"fault": "fail", "status": "timeout", "error": "too slow"}), "Failed(Timeout)"),
        (json!({"fault": "fail", "status": "cancelled"}), "Cancelled"),
        (json!({"fault": "nsfw"}), "Failed(ContentRejected)"),
        (json!({"fault": "nothing"}), "Failed(GenerationFailed)"),
        (json!({"fault": "inline"}), "Done"),
    ] {
        let mut rule = fault.clone();
        rule["on"] = json!("submit");
        let bench = Bench::rule(rule).await;
        let remote = bench.accepted("a cat").await;
        assert_eq!(show(&bench.poll(&remote).await), "Pending", "{fault}");
        bench.a_minute_passes();
        let polled = bench.poll(&remote).await;
        assert_eq!(show(&polled), wanted, "{fault}");
        if let Polled::Failed(error) = polled {
            assert!(error.body.is_some() && error.status == Some(200), "{fault}: {error:?}");
        }
    }
}

/// Faults that say nothing about the work: it is looked at again, and then it is done.
#[tokio::test]
async fn trouble_with_the_look_does_not_end_the_work() {
    for (fault, wanted) in [
        (json!({"fault": "error", "status": 400}), "Unreachable(InvalidInput)"),
        (json!({"fault": "error", "status": 403}), "Unreachable(Permission)"),
        (json!({"fault": "error", "status": 408}), "Unreachable(Protocol)"),
        (json!({"fault": "error", "status": 500}), "Unreachable(Unavailable)"),
        (json!({"fault": "error", "status": 503}), "Unreachable(Unavailable)"),
        (json!({"fault": "error_inside", "code": 500}), "Unreachable(Unavailable)"),
        (json!({"fault": "error_inside", "code": 401}), "Unreachable(Auth)"),
        (json!({"fault": "rate_limited", "retry_after": "1"}), "Unreachable(RateLimited)"),
        (json!({"fault": "drop"}), "Unreachable(Unavailable)"),
        (json!({"fault": "html"}), "Unreachable(Protocol)"),
        (json!({"fault": "empty"}), "Unreachable(Protocol)"),
        (json!({"fault": "truncated"}), "Unreachable(Protocol)"),
        (json!({"fault": "malformed"}), "Unreachable(Protocol)"),
        (json!({"fault": "huge", "bytes": 5_000_000}), "Unreachable(Protocol)"),
        (json!({"fault": "wrong_key"}), "Unreachable(Auth)"),
        (json!({"fault": "no_credits"}), "Unreachable(Credits)"),
        (json!({"fault": "unknown_status", "word": "warming_up"}), "Pending"),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!("result"), json!(1));
        let bench = Bench::rule(rule).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{fault}");
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{fault}, looked at again");
        assert_eq!(bench.sim.log().submissions.len(), 1);
    }
}

#[tokio::test]
async fn unknown_words_are_pending_for_as_long_as_they_come() {
    for word in ["FAILED", "succeeded", "deleted", ""] {
        let bench = Bench::rule(json!({"on": "result", "fault": "unknown_status", "word": word})).await;
        let remote = bench.accepted("a cat").await;
        for _ in 0..3 {
            bench.a_minute_passes();
            assert_eq!(show(&bench.poll(&remote).await), "Pending", "{word}");
        }
    }
}

#[tokio::test]
async fn pictures_inside_the_answer_are_taken_as_they_are() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "inline"})).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    let outputs = outputs(bench.poll(&remote).await);
    let [OutputFile::Bytes(bytes)] = outputs.files.as_slice() else { panic!("{outputs:?}") };
    assert!(bytes.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn work_that_the_market_does_not_know_is_not_found() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    // A market that has forgotten everything, and a key that is not the work's.
    let other = Bench::with(json!({}), false, |_| {}).await;
    assert_eq!(show(&other.poll(&remote).await), "NotFound");
    let mut changed = settings(bench.sim.url());
    changed.keys[0].1 = Secret::new("another-key");
    let changed = WaveSpeed::new(changed).expect("good settings");
    assert_eq!(show(&changed.poll("main", &remote).await), "NotFound");
    // A reference that is none of ours, and a key that is gone: the work may still be there.
    assert_eq!(show(&bench.poll(&RemoteRef("{}".into())).await), "Unreachable(Protocol)");
    assert_eq!(show(&bench.market.poll("gone", &remote).await), "Unreachable(Auth)");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_looked_for_again() {
    let rules = json!({"rules": [{"on": "result", "times": 1, "fault": "latency", "ms": 60_000}]});
    let bench = Bench::with(rules, false, |settings| settings.timeouts.answer = Duration::from_secs(2)).await;
    let remote = bench.accepted("a cat").await;
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Unavailable)");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let rules = json!({"rules": [{"on": "result", "fault": "slow", "bytes": 16, "ms": 100}]});
    let bench = Bench::with(rules, true, |_| {}).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}
