//! What depends on the kind of an answer: pictures, texts and sounds end, are bounded and are refused each in their own way.

use super::*;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_that_stops_in_the_middle_is_unknown_where_that_can_be_seen() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "malformed"})).await;
    assert_eq!(show_submitted(&bench.submit(&picture()).await), "Unknown(Protocol)");
    assert_eq!(show_submitted(&bench.submit(&text()).await), "Unknown(Protocol)");
    // Half of a sound is a sound: whoever stores it looks.
    assert_eq!(show_submitted(&bench.submit(&speech()).await), "Done");
}

#[tokio::test]
async fn answers_have_a_bound_by_what_they_hold() {
    for (request, bytes, wanted) in [
        (text(), 4 * MIB, "Done"),
        (text(), 4 * MIB + 1, "Unknown(Protocol)"),
        (picture(), 5 * MIB, "Done"),
        (picture(), 100 * MIB + 1, "Unknown(Protocol)"),
        (speech(), 100 * MIB + 1, "Unknown(Protocol)"),
    ] {
        let bench = Bench::rule(json!({"on": "submit", "fault": "huge", "bytes": bytes})).await;
        assert_eq!(show_submitted(&bench.submit(&request).await), wanted, "{} {bytes}", request.mode);
    }
}

#[tokio::test]
async fn a_refusal_in_words_is_a_rejection_and_nothing_is_a_failure() {
    for (fault, request, wanted) in [
        ("refuse", picture(), "Refused(ContentRejected)"),
        ("refuse", text(), "Refused(ContentRejected)"),
        ("nothing", picture(), "Refused(ContentRejected)"),
        ("nothing", text(), "Refused(GenerationFailed)"),
    ] {
        let bench = Bench::rule(json!({"on": "submit", "fault": fault})).await;
        let submitted = bench.submit(&request).await;
        assert_eq!(show_submitted(&submitted), wanted, "{fault} {}", request.mode);
        let Submitted::Refused(error) = submitted else { panic!("not refused") };
        assert_eq!((error.status, error.body.is_some()), (Some(200), true), "{fault}");
    }
}

#[tokio::test]
async fn a_refused_picture_is_kept_and_says_the_same_after_a_crash() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "refuse"})).await;
    let shelf = crate::stage::shelf::Shelf::new();
    let request = Request { spool: shelf.spool(), ..picture() };
    assert_eq!(show_submitted(&bench.submit(&request).await), "Refused(ContentRejected)");
    let body = shelf.kept_of(&request).await.expect("an object");
    assert_eq!(show_submitted(&bench.market.answered(&request, &body)), "Refused(ContentRejected)");
}

#[tokio::test]
async fn a_key_that_is_gone_is_named() {
    let bench = Bench::new(json!({})).await;
    let Submitted::Refused(error) = bench.market.submit("other", &picture()).await else {
        panic!("not refused")
    };
    assert_eq!(error.message, "127.0.0.1 has no key `other` any more");
}
