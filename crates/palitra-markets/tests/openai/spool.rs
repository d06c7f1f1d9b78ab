//! Invariant 3: an answer is kept before it is looked at, whole or not at all, and says the same afterwards.

use super::*;
use futures_util::future::{self, Either};

const MIB: usize = 1024 * 1024;

fn kept_at(shelf: &Arc<Shelf>, request: Request) -> Request {
    Request { spool: shelf.spool(), ..request }
}

#[tokio::test]
async fn a_kept_answer_is_complete_and_says_the_same_after_a_crash() {
    let bench = Bench::new(json!({})).await;
    let photo = png(&bench, "a photo").await;
    let edit = request("edit", "gpt-image-2", json!({"prompt": "a", "images": ["ast_1"], "size": "320x256"}));
    let edit = Request { files: vec![file("ast_1", photo)], ..edit };
    for request in [picture(), edit, speech(), text()] {
        let shelf = Shelf::new();
        let request = kept_at(&shelf, request);
        let outputs = bench.done(&request).await;
        let body = shelf.kept().expect("an object");
        // As the engine asks after a crash: another adapter, the request without its files, no place to keep anything.
        let again = OpenAi::new(settings(bench.sim.url())).expect("good settings");
        let bare = Request { files: Vec::new(), spool: None, ..request };
        let calls = bench.sim.log().submissions.len();
        assert_eq!(done(again.answered(&bare, &body)), outputs, "{}", bare.mode);
        assert_eq!(bench.sim.log().submissions.len(), calls, "no call is made");
        if bare.mode != "speak" {
            assert!(serde_json::from_slice::<Value>(&body).is_ok(), "the body as it came");
        }
    }
}

#[tokio::test]
async fn a_refusal_under_200_is_kept_and_says_the_same_after_a_crash() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "refuse"})).await;
    for request in [picture(), text()] {
        let shelf = Shelf::new();
        let request = kept_at(&shelf, request);
        assert_eq!(show_submitted(&bench.submit(&request).await), "Refused(ContentRejected)");
        let body = shelf.kept().expect("an object");
        assert_eq!(show_submitted(&bench.market.answered(&request, &body)), "Refused(ContentRejected)");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_no_object_and_is_unknown() {
    for fault in ["truncated", "drop_after"] {
        let bench = Bench::rule(json!({"on": "submit", "fault": fault})).await;
        for request in [picture(), speech(), text()] {
            let shelf = Shelf::new();
            let submitted = bench.submit(&kept_at(&shelf, request)).await;
            assert!(matches!(submitted, Submitted::Unknown(_)), "{fault}: {submitted:?}");
            assert_eq!(shelf.kept(), None, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_body_that_stops_coming_leaves_no_object_and_is_unknown() {
    let script =
        json!({"latency_ms": 0, "rules": [{"on": "submit", "fault": "slow", "bytes": 10, "ms": 60_000}]});
    for (idle, longest_run) in [(100, 60_000), (60_000, 1500)] {
        let bench = Bench::with(script.clone(), false, |settings| {
            settings.timeouts.idle = Duration::from_millis(idle)
        })
        .await;
        let shelf = Shelf::new();
        let request = Request { longest_run: Duration::from_millis(longest_run), ..kept_at(&shelf, text()) };
        assert_eq!(show_submitted(&bench.submit(&request).await), "Unknown(Protocol)");
        assert_eq!(shelf.kept(), None);
    }
}

#[tokio::test]
async fn a_body_without_an_end_or_beyond_the_bound_leaves_no_object() {
    let whole = parrot::chunked(&format!(r#"{{"choices": []}}{}"#, " ".repeat(4 * MIB)));
    let cut =
        parrot::chunked(r#"{"choices": [{"message": {"content": "a"}}]}"#).replace("0\r\n\r\n", "5\r\n");
    let endless = format!("{cut}{}", "connection: close");
    for answer in [whole, endless] {
        let shelf = Shelf::new();
        let mut settings = settings(parrot::says(answer).await);
        settings.timeouts.idle = Duration::from_millis(200);
        let market = OpenAi::new(settings).expect("good settings");
        let submitted = market.submit("main", &kept_at(&shelf, text())).await;
        assert_eq!(show_submitted(&submitted), "Unknown(Protocol)");
        assert_eq!(shelf.kept(), None);
    }
    let huge = Bench::rule(json!({"on": "submit", "fault": "huge", "bytes": 100 * MIB + 1})).await;
    let shelf = Shelf::new();
    assert_eq!(show_submitted(&huge.submit(&kept_at(&shelf, picture())).await), "Unknown(Protocol)");
    assert_eq!(shelf.kept(), None);
}

#[tokio::test]
async fn only_a_success_is_kept() {
    for fault in [
        json!({"fault": "error", "status": 500}),
        json!({"fault": "error", "status": 400}),
        json!({"fault": "rate_limited"}),
        json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}),
    ] {
        let mut rule = fault.clone();
        rule["on"] = json!("submit");
        let shelf = Shelf::new();
        let submitted = Bench::rule(rule).await.submit(&kept_at(&shelf, picture())).await;
        assert!(!matches!(submitted, Submitted::Done(_)), "{fault}");
        assert_eq!(shelf.kept(), None, "{fault}");
    }
}

#[tokio::test]
async fn a_storage_that_is_full_does_not_cost_the_result() {
    let bench = Bench::new(json!({})).await;
    for request in [picture(), speech(), text()] {
        let shelf = Shelf::full();
        let outputs = bench.done(&kept_at(&shelf, request.clone())).await;
        assert_eq!(shelf.kept(), None);
        assert_eq!(outputs, bench.done(&request).await, "{}", request.mode);
    }
}

#[tokio::test]
async fn a_caller_who_leaves_leaves_no_object() {
    let script =
        json!({"latency_ms": 0, "rules": [{"on": "submit", "fault": "slow", "bytes": 10, "ms": 60_000}]});
    let bench = Bench::with(script, false, |_| {}).await;
    let shelf = Shelf::new();
    let request = kept_at(&shelf, text());
    let submission = bench.market.submit("main", &request);
    let taken_in = Box::pin(async {
        while bench.sim.log().accepted().count() == 0 {
            tokio::task::yield_now().await;
        }
    });
    match future::select(submission, taken_in).await {
        Either::Left((submitted, _)) => panic!("{submitted:?}"),
        Either::Right(((), submission)) => drop(submission),
    }
    assert_eq!(shelf.kept(), None);
}
