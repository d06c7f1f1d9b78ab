//! Invariant 3: an answer is kept before it is looked at, whole or not at all, and says the same afterwards.

use super::*;

fn kept_at(shelf: &Arc<Shelf>) -> Request {
    Request { spool: shelf.spool(), ..text() }
}

#[tokio::test]
async fn a_kept_answer_is_complete_and_says_the_same_after_a_crash() {
    for (script, wanted) in [
        (json!({}), "Done"),
        (json!({"rules": [{"on": "submit", "fault": "refuse"}]}), "Refused(ContentRejected)"),
        (json!({"rules": [{"on": "submit", "fault": "nothing"}]}), "Refused(GenerationFailed)"),
    ] {
        let bench = Bench::new(script).await;
        let shelf = Shelf::new();
        let submitted = bench.submit(&kept_at(&shelf)).await;
        assert_eq!(show_submitted(&submitted), wanted);
        let body = shelf.kept().expect("an object");
        let again = Anthropic::new(settings(bench.sim.url())).expect("good settings");
        let answered = again.answered(&text(), &body);
        assert_eq!(show_submitted(&answered), wanted);
        if let (Submitted::Done(outputs), Submitted::Done(after)) = (submitted, answered) {
            assert_eq!(outputs, after);
        }
        assert_eq!(bench.sim.log().submissions.len(), 1, "no call is made");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_is_too_long_leaves_no_object_and_is_unknown() {
    for fault in [
        json!({"fault": "truncated"}),
        json!({"fault": "drop_after"}),
        json!({"fault": "huge", "bytes": 4 * 1024 * 1024 + 1}),
    ] {
        let mut rule = fault.clone();
        rule["on"] = json!("submit");
        let shelf = Shelf::new();
        let submitted = Bench::rule(rule).await.submit(&kept_at(&shelf)).await;
        assert!(matches!(submitted, Submitted::Unknown(_)), "{fault}: {submitted:?}");
        assert_eq!(shelf.kept(), None, "{fault}");
    }
}

#[tokio::test]
async fn only_a_success_is_kept_and_a_full_storage_does_not_cost_the_result() {
    let shelf = Shelf::new();
    let failing = Bench::rule(json!({"on": "submit", "fault": "error", "status": 529})).await;
    assert_eq!(show_submitted(&failing.submit(&kept_at(&shelf)).await), "Refused(Unavailable)");
    assert_eq!(shelf.kept(), None);
    let (bench, full) = (Bench::new(json!({})).await, Shelf::full());
    assert_eq!(bench.done(&kept_at(&full)).await, bench.done(&text()).await);
    assert_eq!(full.kept(), None);
}
