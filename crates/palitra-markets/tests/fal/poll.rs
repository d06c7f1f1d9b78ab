//! Looking at accepted work: what ends it, and what only hides it for a while.

use super::*;
use palitra_sim::fal::error_types;

/// Every error type that fal documents, as the engine sees it.
#[tokio::test]
async fn every_error_type_has_its_class() {
    for (error_type, _) in error_types() {
        let wanted = match error_type {
            "content_policy_violation" | "no_media_generated" => "Failed(ContentRejected)",
            "image_load_error" | "file_download_error" => "Failed(InputFetch)",
            "generation_timeout" | "request_timeout" | "startup_timeout" | "user_timeout" => {
                "Failed(Timeout)"
            }
            "internal_server_error"
            | "downstream_service_error"
            | "downstream_service_unavailable"
            | "internal_error" => "Failed(GenerationFailed)",
            name if name.starts_with("runner_") => "Failed(GenerationFailed)",
            "client_cancelled" | "client_disconnected" => "Cancelled",
            "concurrent_requests_limit" => "Failed(ConcurrencyLimited)",
            _ => "Failed(InvalidInput)",
        };
        let bench = Bench::rule(json!({"on": "submit", "fault": "fail", "error_type": error_type})).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        let polled = bench.poll(&remote).await;
        assert_eq!(show(&polled), wanted, "{error_type}");
        if let Polled::Failed(error) = polled {
            assert!(error.body.is_some() && error.message.starts_with("fal "), "{error_type}: {error:?}");
        }
    }
}

/// Faults that say nothing about the work: it is looked at again, and then it is done.
#[tokio::test]
async fn trouble_with_the_look_does_not_end_the_work() {
    for (call, fault, wanted) in [
        ("status", json!({"fault": "error", "status": 500}), "Unreachable(GenerationFailed)"),
        ("status", json!({"fault": "error", "status": 503}), "Unreachable(GenerationFailed)"),
        ("status", json!({"fault": "rate_limited", "retry_after": "1"}), "Unreachable(RateLimited)"),
        ("status", json!({"fault": "drop"}), "Unreachable(Unavailable)"),
        ("status", json!({"fault": "html"}), "Unreachable(Protocol)"),
        ("status", json!({"fault": "empty"}), "Unreachable(Protocol)"),
        ("status", json!({"fault": "truncated"}), "Unreachable(Protocol)"),
        ("status", json!({"fault": "malformed"}), "Unreachable(Protocol)"),
        ("status", json!({"fault": "huge", "bytes": 5_000_000}), "Unreachable(Protocol)"),
        ("status", json!({"fault": "wrong_key"}), "Unreachable(Auth)"),
        ("status", json!({"fault": "locked"}), "Unreachable(Credits)"),
        ("status", json!({"fault": "unknown_status", "word": "WARMING_UP"}), "Pending"),
        ("result", json!({"fault": "error", "status": 500}), "Unreachable(GenerationFailed)"),
        ("result", json!({"fault": "error", "status": 502}), "Unreachable(GenerationFailed)"),
        ("result", json!({"fault": "rate_limited"}), "Unreachable(RateLimited)"),
        ("result", json!({"fault": "drop"}), "Unreachable(Unavailable)"),
        ("result", json!({"fault": "html"}), "Unreachable(Protocol)"),
        ("result", json!({"fault": "empty"}), "Unreachable(Protocol)"),
        ("result", json!({"fault": "truncated"}), "Unreachable(Protocol)"),
        ("result", json!({"fault": "malformed"}), "Unreachable(Protocol)"),
        ("result", json!({"fault": "huge", "bytes": 5_000_000}), "Unreachable(Protocol)"),
        ("result", json!({"fault": "locked"}), "Unreachable(Credits)"),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!(call), json!(1));
        let bench = Bench::rule(rule).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{call} {fault}");
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{call} {fault}, looked at again");
        assert_eq!(bench.sim.log().submissions.len(), 1);
    }
}

#[tokio::test]
async fn unknown_words_are_pending_for_as_long_as_they_come() {
    let bench = Bench::rule(json!({"on": "status", "fault": "unknown_status", "word": "FAILED"})).await;
    let remote = bench.accepted("a cat").await;
    for _ in 0..3 {
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), "Pending");
    }
}

#[tokio::test]
async fn black_pictures_are_refused_ones() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "nsfw"})).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Failed(ContentRejected)");
}

#[tokio::test]
async fn an_error_inside_a_200_is_a_failure() {
    let bench =
        Bench::rule(json!({"on": "submit", "fault": "output_error", "message": "provider is down"})).await;
    let request = Request {
        model: "openrouter/router".into(),
        mode: "write".into(),
        input: json!({"prompt": "p"}),
        ..picture("")
    };
    let Submitted::Accepted(remote) = bench.fal.submit("main", &request).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    let Polled::Failed(error) = bench.poll(&remote).await else { panic!("not failed") };
    assert_eq!(error.class, ErrorClass::GenerationFailed);
    assert_eq!(error.message, "the model failed: provider is down");
}

#[tokio::test]
async fn work_that_the_market_does_not_know_is_not_found() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    // The same address, and a market that has forgotten everything.
    let other =
        Bench::with(json!({}), false, |settings| settings.keys[0].1 = Secret::new("another:key")).await;
    let moved = RemoteRef(remote.0.replace(&bench.sim.url(), &other.sim.url()));
    assert_eq!(show(&other.poll(&moved).await), "NotFound");
    // A reference that is none of ours, and a key that is gone: the work may still be there.
    assert_eq!(show(&bench.poll(&RemoteRef("{}".into())).await), "Unreachable(Protocol)");
    assert_eq!(show(&bench.fal.poll("gone", &remote).await), "Unreachable(Auth)");
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
