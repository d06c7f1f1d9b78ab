//! KIE's codes, mostly inside a 200: of a submission, and of a look, where only those of the task end it. And results inside texts.

use super::*;

#[tokio::test]
async fn s3_19_every_code_of_a_submission_has_its_class() {
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
            assert_eq!(show_submitted(&bench.asked("a cat").await), wanted, "{code}, plain: {plain_http}");
            assert_eq!(bench.sim.log().submissions.len(), 1, "{code}");
        }
    }
}

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
    let outputs = bench.done(&picture("a cat")).await;
    assert_eq!(crate::suite::told(&outputs), (Some("a lighthouse at dawn"), 0));
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
