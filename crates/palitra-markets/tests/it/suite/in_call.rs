//! Markets that answer in the call itself. Invariant 3: an answer is kept before it is looked at, whole or not at all, and says the same
//! afterwards, so that nothing that was paid for is lost when the process is killed before or after the answer.

use super::{InCall, rules};
use crate::stage::{
    bench::{Bench, Simulator, on},
    parrot,
    shelf::Shelf,
    show_submitted,
};
use futures_util::future::{self, Either};
use palitra_domain::{
    early,
    market::{Market, Request, Submitted},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

rules!([openai, anthropic]:
    a_kept_answer_is_complete_and_says_the_same_after_a_crash,
    a_refusal_under_200_is_kept_and_says_the_same_after_a_crash,
    a_body_that_breaks_off_leaves_no_object_and_is_unknown,
    a_body_that_stops_coming_leaves_no_object_and_is_unknown,
    a_body_without_an_end_or_beyond_the_bound_leaves_no_object,
    only_a_success_is_kept,
    a_storage_that_is_full_does_not_cost_the_result,
    a_caller_who_leaves_leaves_no_object,
    a_call_ends_with_the_longest_run_with_the_time_for_an_answer_and_with_silence,
);

fn kept_at(shelf: &Arc<Shelf>, request: Request) -> Request {
    Request { spool: shelf.spool(), ..request }
}

/// Killed after the answer: as the engine asks then, with another adapter, the request without its files, no place to keep anything.
async fn a_kept_answer_is_complete_and_says_the_same_after_a_crash<S: InCall>() {
    let bench = Bench::<S>::new(json!({})).await;
    for request in S::orders() {
        let shelf = Shelf::new();
        let order = kept_at(&shelf, request.clone());
        let outputs = bench.done(&order).await;
        let body = shelf.kept_of(&order).await.expect("an object");
        let again = bench.again(|_| {});
        let bare = Request { files: Vec::new(), spool: None, ..request };
        let calls = bench.sim.log().submissions.len();
        assert_eq!(crate::stage::bench::done(again.answered(&bare, &body)), outputs, "{}", bare.mode);
        assert_eq!(bench.sim.log().submissions.len(), calls, "no call is made");
        if bare.mode != "speak" && !early::is_asked(&bare.input) {
            assert!(serde_json::from_slice::<Value>(&body).is_ok(), "the body as it came");
        }
    }
}

async fn a_refusal_under_200_is_kept_and_says_the_same_after_a_crash<S: InCall>() {
    for (fault, wanted) in [("refuse", "Refused(ContentRejected)"), ("nothing", "Refused(GenerationFailed)")]
    {
        let bench = Bench::<S>::rule(json!({"on": "submit", "fault": fault})).await;
        let (shelf, text) = (Shelf::new(), S::text());
        let order = kept_at(&shelf, text.clone());
        let submitted = bench.submit(&order).await;
        assert_eq!(show_submitted(&submitted), wanted);
        let Submitted::Refused(error) = submitted else { panic!("not refused") };
        assert_eq!((error.status, error.body.is_some()), (Some(200), true), "{fault}");
        let body = shelf.kept_of(&order).await.expect("an object");
        assert_eq!(show_submitted(&bench.again(|_| {}).answered(&text, &body)), wanted);
        assert_eq!(bench.sim.log().submissions.len(), 1, "no call is made");
    }
}

async fn a_body_that_breaks_off_leaves_no_object_and_is_unknown<S: InCall>() {
    for fault in ["truncated", "drop_after"] {
        let bench = Bench::<S>::rule(json!({"on": "submit", "fault": fault})).await;
        for request in S::orders() {
            let shelf = Shelf::new();
            let order = kept_at(&shelf, request);
            let submitted = bench.submit(&order).await;
            assert!(matches!(submitted, Submitted::Unknown(_)), "{fault}: {submitted:?}");
            assert_eq!(shelf.kept_of(&order).await, None, "{fault}");
        }
    }
}

async fn a_body_that_stops_coming_leaves_no_object_and_is_unknown<S: InCall>() {
    for (idle, longest_run) in [(100, 60_000), (60_000, 1500)] {
        let rules = json!([{"on": "submit", "fault": "slow", "bytes": 10, "ms": 60_000}]);
        let bench =
            Bench::<S>::dialled(rules, |dials| dials.timeouts.idle = Duration::from_millis(idle)).await;
        let shelf = Shelf::new();
        let request =
            Request { longest_run: Duration::from_millis(longest_run), ..kept_at(&shelf, S::text()) };
        assert_eq!(show_submitted(&bench.submit(&request).await), "Unknown(Protocol)");
        assert_eq!(shelf.kept_of(&request).await, None);
    }
}

async fn a_body_without_an_end_or_beyond_the_bound_leaves_no_object<S: InCall>() {
    let whole = parrot::chunked(&format!("{}{}", S::GOOD, " ".repeat(S::TEXT_BYTES_MAX)));
    let cut = parrot::chunked(S::GOOD).replace("0\r\n\r\n", "5\r\n");
    for answer in [whole, format!("{cut}connection: close")] {
        let mut settings = S::settings(parrot::says(answer).await);
        S::dials(&mut settings).timeouts.idle = Duration::from_millis(200);
        let (shelf, market) = (Shelf::new(), S::adapter(settings).expect("good settings"));
        let order = kept_at(&shelf, S::text());
        let submitted = market.submit("main", &order).await;
        assert_eq!(show_submitted(&submitted), "Unknown(Protocol)");
        assert_eq!(shelf.kept_of(&order).await, None);
    }
    let fault = json!({"fault": "huge", "bytes": 100 * 1024 * 1024 + 1});
    let huge = Bench::<S>::rule(on("submit", &fault)).await;
    for request in S::orders() {
        let shelf = Shelf::new();
        let order = kept_at(&shelf, request);
        assert_eq!(show_submitted(&huge.submit(&order).await), "Unknown(Protocol)");
        assert_eq!(shelf.kept_of(&order).await, None);
    }
}

async fn only_a_success_is_kept<S: InCall>() {
    for fault in [
        json!({"fault": "error", "status": 500}),
        json!({"fault": "error", "status": 529}),
        json!({"fault": "error", "status": 400}),
        json!({"fault": "rate_limited"}),
        json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}),
    ] {
        let shelf = Shelf::new();
        let order = kept_at(&shelf, S::order());
        let submitted = Bench::<S>::rule(on("submit", &fault)).await.submit(&order).await;
        assert!(matches!(submitted, Submitted::Refused(_) | Submitted::Unknown(_)), "{fault}");
        assert_eq!(shelf.kept_of(&order).await, None, "{fault}");
    }
}

async fn a_storage_that_is_full_does_not_cost_the_result<S: InCall>() {
    let bench = Bench::<S>::new(json!({})).await;
    for request in S::orders() {
        let shelf = Shelf::full();
        let order = kept_at(&shelf, request.clone());
        let outputs = bench.done(&order).await;
        assert_eq!(shelf.kept_of(&order).await, None);
        assert_eq!(outputs, bench.done(&request).await, "{}", request.mode);
    }
}

/// Killed before the answer is whole.
async fn a_caller_who_leaves_leaves_no_object<S: InCall>() {
    let rules = json!([{"on": "submit", "fault": "slow", "bytes": 10, "ms": 60_000}]);
    let bench = Bench::<S>::dialled(rules, |_| {}).await;
    let shelf = Shelf::new();
    let request = kept_at(&shelf, S::text());
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
    assert_eq!(shelf.kept_of(&request).await, None);
}

async fn a_call_ends_with_the_longest_run_with_the_time_for_an_answer_and_with_silence<S: InCall>() {
    let late = json!({"on": "submit", "fault": "latency_after", "ms": 60_000});
    let stuck = json!({"on": "submit", "fault": "slow", "bytes": 10, "ms": 60_000});
    for (rule, longest_run, answer, idle, wanted) in [
        (&late, 1500, 60_000, 60_000, "Unknown(Unavailable)"),
        (&late, 60_000, 1500, 60_000, "Unknown(Unavailable)"),
        (&stuck, 60_000, 60_000, 100, "Unknown(Protocol)"),
        (&stuck, 1500, 60_000, 60_000, "Unknown(Protocol)"),
    ] {
        let bench = Bench::<S>::dialled(json!([rule]), |dials| {
            dials.timeouts.answer = Duration::from_millis(answer);
            dials.timeouts.idle = Duration::from_millis(idle);
        })
        .await;
        let request = Request { longest_run: Duration::from_millis(longest_run), ..S::text() };
        let submitted = bench.submit(&request).await;
        assert_eq!(show_submitted(&submitted), wanted, "{rule}");
        if let (100, Submitted::Unknown(error)) = (idle, &submitted) {
            assert!(error.message.contains("silence"), "{}", error.message);
        }
        assert_eq!(bench.sim.log().accepted().count(), 1, "{rule}");
    }
}
