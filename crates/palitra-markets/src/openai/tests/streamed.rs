//! What a stream of pictures means, as it came and as it was kept.

use super::*;

fn early() -> Request {
    request("create", "gpt-image-1", json!({"prompt": "a cat", "partial_images": 2}))
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

fn partial() -> String {
    event(&json!({"type": "image_generation.partial_image", "b64_json": "aGk=", "partial_image_index": 0}))
}

fn completed(tokens: &Value) -> String {
    let usage = json!({"total_tokens": tokens});
    event(&json!({"type": "image_generation.completed", "b64_json": "aGVsbG8=", "usage": usage, "of": {}}))
}

fn streamed(body: &str) -> Submitted {
    says(&OPENAI.0, &early(), body)
}

#[test]
fn the_completed_picture_is_the_result_with_its_tokens() {
    let hello = || OutputFile::Bytes(Bytes::from_static(b"hello"));
    let edit = completed(&json!(7)).replace("image_generation", "image_edit");
    let nameless = completed(&json!(7)).split_once('\n').expect("two lines").1.to_owned();
    let unfinished = completed(&json!(7)).trim_end().to_owned();
    for completed in [completed(&json!(7)), edit, nameless, unfinished] {
        let outputs = done(streamed(&[partial(), completed].concat()));
        assert_eq!((outputs.files, outputs.kilo_tokens), (vec![hello()], Some(Millionths(7000))));
    }
    let two = done(streamed(&[completed(&json!(7)), completed(&json!(5))].concat()));
    assert_eq!((two.files, two.kilo_tokens), (vec![hello(), hello()], Some(Millionths(12_000))));
    assert_eq!(done(streamed(&completed(&json!("many")))).kilo_tokens, None);
    // A picture that came counts, whatever is said after it.
    let late = [completed(&json!(7)), event(&json!({"type": "error", "message": "oh"}))].concat();
    assert_eq!(show(&streamed(&late)), "Done");
}

#[test]
fn a_stream_that_ends_without_a_picture_is_unknown() {
    let half = completed(&json!(7));
    let half = &half[..half.len() / 2];
    for body in ["", ": waiting\n\n", "data: [DONE]\n\n", "<html>", half, &partial()] {
        assert_eq!(show(&streamed(body)), "Unknown(Protocol)", "{body}");
    }
    let empty = event(&json!({"type": "image_generation.completed"}));
    assert_eq!(show(&streamed(&empty)), "Refused(ContentRejected)", "it has ended, and shows nothing");
}

#[test]
fn an_error_event_means_what_an_error_under_200_means() {
    for (error, wanted) in [
        (json!({"type": "error", "error": {"code": "moderation_blocked"}}), "Refused(ContentRejected)"),
        (json!({"type": "error", "code": "insufficient_quota", "message": "no"}), "Refused(Credits)"),
        (json!({"error": {"message": "no endpoints", "code": 404}}), "Refused(UnknownModel)"),
        (json!({"type": "error", "error": {"type": "server_error", "message": "oh"}}), "Unknown(Protocol)"),
        (json!({"type": "error", "error": {"code": 503}}), "Unknown(Unavailable)"),
    ] {
        let submitted = streamed(&[partial(), event(&error)].concat());
        assert_eq!(show(&submitted), wanted, "{error}");
        assert_eq!(error_of(submitted).body, Some(error.to_string()), "without the pictures");
    }
    // Nothing was begun, or something was that may be billed.
    let busy = event(&json!({"type": "error", "error": {"code": "rate_limit_exceeded"}}));
    assert_eq!(show(&streamed(&busy)), "Refused(RateLimited)");
    assert_eq!(show(&streamed(&[partial(), busy].concat())), "Unknown(RateLimited)");
    assert_eq!(
        error_of(streamed("event: error\ndata: too busy\n\n")).message,
        "OpenAI answered 200: too busy"
    );
}

#[test]
fn one_json_is_understood_where_a_stream_was_asked_for_and_a_stream_only_there() {
    let json = r#" {"data": [{"b64_json": "aGVsbG8="}], "usage": {"total_tokens": 7}}"#;
    assert_eq!(done(streamed(json)).kilo_tokens, Some(Millionths(7000)));
    assert_eq!(show(&streamed(r#"{"error": {"code": "insufficient_quota"}}"#)), "Refused(Credits)");
    assert_eq!(show(&says(&OPENAI.0, &picture(), &completed(&json!(7)))), "Unknown(Protocol)");
}

proptest! {
    #[test]
    fn no_stream_is_a_reason_to_panic(body in "(event: error|data|: ?|\\{|\\}|\"type\":|\"error\"|\n|\r|.){0,30}") {
        streamed(&body);
    }
}
