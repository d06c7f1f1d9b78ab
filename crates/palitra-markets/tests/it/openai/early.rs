//! Pictures that are seen while they are drawn: the answer is a stream, handed on as it comes and kept as any other.

use super::*;
use crate::stage::shelf::Shelf;
use base64::{Engine, prelude::BASE64_STANDARD};
use palitra_domain::early::{EarlyPicture, EarlySink};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Who takes early pictures, and what was taken.
fn sink() -> (EarlySink, Arc<Mutex<Vec<EarlyPicture>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let to = taken.clone();
    (EarlySink::new(move |picture| to.lock().expect("a test").push(picture)), taken)
}

fn early(asked: u64) -> Request {
    let mut request = picture();
    request.input["partial_images"] = json!(asked);
    request
}

/// Longer than an answer that is held, so that it is written while it comes.
fn base64(first: u8) -> String {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(20_000, first);
    BASE64_STANDARD.encode(png)
}

fn event(kind: &str, index: u8) -> String {
    let data = json!({"type": kind, "b64_json": base64(index), "partial_image_index": index});
    format!("event: {kind}\r\ndata: {data}\r\n\r\n")
}

const PARTIAL: &str = "image_generation.partial_image";
const COMPLETED: &str = "image_generation.completed";

/// The server says the rest only when both have been handed on.
#[tokio::test]
async fn early_pictures_are_handed_on_in_order_before_the_end() {
    let (heard, taken) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
    let (to, bell) = (taken.clone(), heard.clone());
    let sink = EarlySink::new(move |picture| {
        let mut taken = to.lock().expect("a test");
        taken.push(picture);
        if taken.len() == 2 {
            bell.notify_one();
        }
    });
    let begun = [event(PARTIAL, 0), event(PARTIAL, 1)].concat();
    let base = parrot::says_the_rest(begun, event(COMPLETED, 2), heard).await;
    let market = OpenAi::new(settings(format!("{base}/v1"))).expect("good settings");
    let shelf = Shelf::new();
    let request = Request { early: Some(sink), spool: shelf.spool(), ..early(2) };
    let outputs = bench::done(market.submit("main", &request).await);
    assert_eq!(bytes_of(&outputs).last(), Some(&2), "the one that was completed");
    let taken: Vec<(u64, Option<u8>)> =
        taken.lock().expect("a test").iter().map(|one| (one.index, one.bytes.last().copied())).collect();
    assert_eq!(taken, [(0, Some(0)), (1, Some(1))]);
    let body = shelf.kept_of(&request).await.expect("an object");
    assert_eq!(bench::done(market.answered(&early(2), &body)), outputs);
}

#[tokio::test]
async fn a_picture_and_an_edit_are_asked_for_as_a_stream_and_nothing_else_is() {
    let bench = Bench::new(json!({})).await;
    let photo = drawn(&bench, "a photo").await;
    let edit = json!({"prompt": "a cat", "images": ["ast_1"], "size": "320x256", "partial_images": 3});
    let edit = Request { files: vec![file("ast_1", photo)], ..request("edit", "gpt-image-2", edit) };
    // In a form everything is a text.
    for (request, asked, wanted) in
        [(early(2), 2, json!([true, 2])), (edit, 3, json!(["true", "3"])), (early(0), 0, json!([null, null]))]
    {
        let (sink, taken) = sink();
        let outputs = bench.done(&Request { early: Some(sink), ..request.clone() }).await;
        assert_eq!(sides(&bytes_of(&outputs)), (320, 256));
        let taken: Vec<u64> = taken.lock().expect("a test").iter().map(|one| one.index).collect();
        assert_eq!(taken, (0..asked).collect::<Vec<_>>());
        let sent = bench.sim.log().submissions.pop().expect("a call").input;
        assert_eq!(json!([sent["stream"], sent["partial_images"]]), wanted, "{}", request.mode);
    }
}

#[tokio::test]
async fn early_pictures_are_a_hundred_tokens_each_and_nobody_has_to_look_on() {
    let bench = Bench::new(json!({})).await;
    let units = |outputs: &Outputs| outputs.kilo_tokens.expect("tokens").0;
    let plain = bench.done(&picture()).await;
    let streamed = bench.done(&early(3)).await;
    assert_eq!(units(&streamed), units(&plain) + 300_000);
    assert_eq!(bytes_of(&streamed), bytes_of(&plain));
}

#[tokio::test]
async fn an_error_event_is_read_as_an_error_under_200_and_a_stream_without_an_end_is_unknown() {
    for (fault, wanted) in [
        (json!({"fault": "refuse"}), "Refused(ContentRejected)"),
        (json!({"fault": "nothing"}), "Unknown(Protocol)"),
        (json!({"fault": "malformed"}), "Unknown(Protocol)"),
        (json!({"fault": "truncated"}), "Unknown(Protocol)"),
        (json!({"fault": "error_inside", "code": "insufficient_quota"}), "Refused(Credits)"),
        (json!({"fault": "error", "status": 500}), "Unknown(Unavailable)"),
    ] {
        let bench = Bench::rule(bench::on("submit", &fault)).await;
        let (sink, taken) = sink();
        let shelf = Shelf::new();
        let request = Request { early: Some(sink), spool: shelf.spool(), ..early(1) };
        let submitted = bench.submit(&request).await;
        assert_eq!(show_submitted(&submitted), wanted, "{fault}");
        if let Some(body) = shelf.kept_of(&request).await {
            assert_eq!(show_submitted(&bench.market.answered(&early(1), &body)), wanted, "{fault}");
        }
        if fault["fault"] == "refuse" {
            let Submitted::Refused(error) = submitted else { panic!("not refused") };
            assert!(error.message.ends_with("I can't help with that."), "{}", error.message);
            assert!(error.body.expect("what it said").starts_with('{'), "the event, without pictures");
            assert_eq!(taken.lock().expect("a test").len(), 1, "it was shown before");
        }
    }
}

#[tokio::test]
async fn a_server_that_knows_no_streams_is_understood() {
    let body = format!(r#"{{"data": [{{"b64_json": "{}"}}]}}"#, base64(7));
    let base = parrot::says(parrot::ok(&body)).await;
    let market = OpenAi::new(settings(format!("{base}/v1"))).expect("good settings");
    let (sink, taken) = sink();
    let outputs = bench::done(market.submit("main", &Request { early: Some(sink), ..early(2) }).await);
    assert_eq!((bytes_of(&outputs).last(), taken.lock().expect("a test").len()), (Some(&7), 0));
}

#[tokio::test]
async fn what_is_no_picture_is_not_handed_on_and_costs_nothing_else() {
    let page = BASE64_STANDARD.encode("<html>");
    let odd = [json!({"b64_json": page}), json!({"b64_json": "%%%"}), json!({}), json!({"b64_json": 5})].map(
        |mut data| {
            data["type"] = json!(PARTIAL);
            format!("data: {data}\n\n")
        },
    );
    let base = parrot::says(parrot::chunked(&[odd.concat(), event(COMPLETED, 9)].concat())).await;
    let market = OpenAi::new(settings(format!("{base}/v1"))).expect("good settings");
    let (sink, taken) = sink();
    let outputs = bench::done(market.submit("main", &Request { early: Some(sink), ..early(3) }).await);
    assert_eq!((bytes_of(&outputs).last(), taken.lock().expect("a test").len()), (Some(&9), 0));
}
