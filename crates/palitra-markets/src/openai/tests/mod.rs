//! What OpenAI's answers mean, without a network: errors, pictures, sounds, texts. What is sent: [`sent`].

mod sent;
mod streamed;

use super::{OpenAi, OpenAiSettings};
use crate::in_call::stage::{
    check_certainty, check_errors, check_mask, done, error_of, reply, request, says, show,
};
use bytes::Bytes;
use palitra_domain::{
    market::{OutputFile, Outputs, Request, Submitted},
    money::Millionths,
    secret::Secret,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const KEY: &str = "oa-5a6b7c8d9e0f-key-secret";

static OPENAI: LazyLock<OpenAi> = LazyLock::new(|| openai("https://api.openai.com/v1"));

fn openai(base_url: &str) -> OpenAi {
    let keys = vec![("main".into(), Secret::new(KEY))];
    OpenAi::new(OpenAiSettings { keys, base_url: base_url.into(), ..OpenAiSettings::default() })
        .expect("good settings")
}

fn picture() -> Request {
    request("create", "gpt-image-1", json!({"prompt": "a cat"}))
}

fn speech() -> Request {
    request("speak", "tts-1", json!({"input": "hello", "voice": "alloy"}))
}

fn text() -> Request {
    request("write", "gpt-4o-mini", json!({"prompt": "a cat"}))
}

fn drawn(body: &Value) -> Submitted {
    says(&OPENAI.0, &picture(), &body.to_string())
}

fn written(body: &Value) -> Submitted {
    says(&OPENAI.0, &text(), &body.to_string())
}

#[test]
fn every_recorded_error_has_its_class() {
    for request in [picture(), text(), speech()] {
        check_errors(&OPENAI.0, &request, include_str!("../fixtures/errors.json"));
    }
}

#[test]
fn a_submission_is_refused_only_when_that_is_certain() {
    for request in [picture(), text(), speech()] {
        // An array is bytes like any others for a sound.
        if request.mode != "speak" {
            check_certainty(&OPENAI.0, &request);
        }
    }
}

proptest! {
    #[test]
    fn no_error_is_taken_for_a_refusal_unless_it_is_a_clean_4xx(status in 300_u16..600, body in "\\PC{0,40}") {
        let submitted = OPENAI.0.submitted(&picture(), Ok(reply(status, &[], body)));
        let clean = (400..500).contains(&status) && status != 408 && status != 499;
        prop_assert_eq!(matches!(submitted, Submitted::Refused(_)), clean);
    }

    #[test]
    fn no_body_of_a_success_is_a_reason_to_panic(body in proptest::collection::vec(any::<u8>(), 0..60), mode in 0_usize..3) {
        let request = [picture(), text(), speech()][mode].clone();
        let shown = show(&OPENAI.0.answered(&request, &body));
        prop_assert!(["Done", "Unknown(Protocol)"].contains(&shown.as_str()), "{shown}");
    }
}

#[test]
fn what_is_kept_of_an_answer_is_short_and_without_the_key() {
    check_mask(&OPENAI.0, &picture(), KEY);
}

#[test]
fn pictures_come_in_base64_or_behind_links() {
    let hello = || OutputFile::Bytes(Bytes::from_static(b"hello"));
    let link = |link: &str| OutputFile::Link(link.to_owned());
    for (entry, wanted) in [
        (json!({"b64_json": "aGVsbG8="}), hello()),
        (json!({"b64_json": "aGVsbG8"}), hello()),
        (json!({"b64_json": "aGVsbG8=\n", "url": null}), hello()),
        (json!({"b64_json": "data:image/png;base64,aGVsbG8="}), hello()),
        (json!({"url": "data:image/png;base64,aGVsbG8="}), hello()),
        (json!({"url": "https://a.example/1.png", "b64_json": ""}), link("https://a.example/1.png")),
        // Compatible servers name paths of their own.
        (json!({"url": "/generated-images/1.png"}), link("https://api.openai.com/generated-images/1.png")),
        (json!({"url": "1.png"}), link("https://api.openai.com/1.png")),
        (json!({"url": "http://localhost:8080/1.png"}), link("http://localhost:8080/1.png")),
    ] {
        let outputs = done(drawn(&json!({"created": 1, "data": [entry]})));
        assert_eq!(outputs.files, [wanted], "{entry}");
        assert_eq!((outputs.kilo_tokens, outputs.cost, outputs.text), (None, None, None));
    }
}

#[test]
fn usage_is_thousands_of_tokens_and_what_is_new_is_passed_over() {
    let body = json!({
        "created": 1_713_833_628,
        "data": [{"b64_json": "aGVsbG8=", "revised_prompt": "a cat", "score": 7}, {"b64_json": "aGk=", "extra": {}}],
        "background": "opaque",
        "quality": {"of": "tomorrow"},
        "usage": {"input_tokens": 50, "input_tokens_details": [], "output_tokens": 4160, "total_tokens": 4210},
    });
    let outputs = done(drawn(&body));
    assert_eq!((outputs.files.len(), outputs.kilo_tokens), (2, Some(Millionths(4_210_000))));
    for usage in
        [json!(null), json!("none"), json!({"total_tokens": -1}), json!({"total_tokens": "9"}), json!([])]
    {
        let body = json!({"data": [{"b64_json": "aGVsbG8="}], "usage": usage});
        assert_eq!(done(drawn(&body)).kilo_tokens, None, "{usage}");
    }
    let text = json!({"choices": [{"message": {"content": "a cat", "mood": 1}, "logprobs": {}}], "usage": {"total_tokens": 1}});
    let outputs = done(written(&text));
    assert_eq!(
        outputs,
        Outputs { text: Some("a cat".into()), kilo_tokens: Some(Millionths(1000)), ..Outputs::default() }
    );
}

#[test]
fn a_success_without_a_picture_is_a_refusal_and_one_without_a_shape_is_unknown() {
    for (body, wanted, message) in [
        (json!({"data": []}), "Refused(ContentRejected)", "no picture was made, and no reason given"),
        (json!({"data": [{}]}), "Refused(ContentRejected)", "no picture was made, and no reason given"),
        (
            json!({"data": [], "message": "I can't"}),
            "Refused(ContentRejected)",
            "no picture was made: I can't",
        ),
        (json!({"refusal": "no"}), "Refused(ContentRejected)", "no picture was made: no"),
        (json!({"data": null, "output_text": "no"}), "Refused(ContentRejected)", "no picture was made: no"),
        (
            json!({"choices": [{"message": {"content": "I won't"}}]}),
            "Refused(ContentRejected)",
            "no picture was made: I won't",
        ),
        (json!({"data": null}), "Unknown(Protocol)", "OpenAI's answer is not understood: there is no `data`"),
        (
            json!({"data": [{"b64_json": "%%%"}]}),
            "Unknown(Protocol)",
            "OpenAI's answer is not understood: a picture is not base64",
        ),
        (
            json!({"data": [{"url": "data:image/png;base64,%"}]}),
            "Unknown(Protocol)",
            "OpenAI's answer is not understood: a picture is not base64",
        ),
        (
            json!({"data": [{"url": "ftp://a.example/1.png"}]}),
            "Unknown(Protocol)",
            "OpenAI's answer is not understood: a picture's link is no address",
        ),
    ] {
        let submitted = drawn(&body);
        assert_eq!(
            (show(&submitted).as_str(), error_of(submitted).message.as_str()),
            (wanted, message),
            "{body}"
        );
    }
    for odd in [json!({"data": "a"}), json!({"data": [5]}), json!({"data": [{"b64_json": 5}]})] {
        assert_eq!(show(&drawn(&odd)), "Unknown(Protocol)", "{odd}");
    }
}

#[test]
fn texts_end_as_a_text_a_refusal_or_nothing() {
    let choice =
        |message: Value, finish: &str| json!({"choices": [{"message": message, "finish_reason": finish}]});
    for (body, wanted) in [
        (choice(json!({"content": "a", "refusal": null}), "stop"), "Done"),
        (choice(json!({"content": "a", "refusal": ""}), "length"), "Done"),
        (choice(json!({"content": [{"type": "text", "text": "a"}, {"type": "audio"}]}), "stop"), "Done"),
        (choice(json!({"content": null, "refusal": "I can't"}), "stop"), "Refused(ContentRejected)"),
        (choice(json!({"content": "half", "refusal": null}), "content_filter"), "Refused(ContentRejected)"),
        (choice(json!({"content": "", "refusal": null}), "length"), "Refused(GenerationFailed)"),
        (choice(json!({"content": null}), "tool_calls"), "Refused(GenerationFailed)"),
        (json!({"choices": []}), "Unknown(Protocol)"),
        (json!({"choices": [{"text": "old"}]}), "Unknown(Protocol)"),
        (json!({"choices": "a"}), "Unknown(Protocol)"),
    ] {
        assert_eq!(show(&written(&body)), wanted, "{body}");
    }
}

#[test]
fn a_sound_is_the_body_and_pages_and_json_are_none() {
    let spoken = |body: &str| says(&OPENAI.0, &speech(), body);
    let outputs = done(spoken("RIFF\u{1}\u{2}\u{3}\u{4}WAVEfmt"));
    assert_eq!(outputs.files, [OutputFile::Bytes(Bytes::from_static(b"RIFF\x01\x02\x03\x04WAVEfmt"))]);
    assert_eq!((outputs.text, outputs.kilo_tokens), (None, None));
    for (body, wanted) in [
        // Samples without a head may look like anything.
        ("{no json", "Done"),
        ("<html", "Unknown(Protocol)"),
        (" <!DOCTYPE html><html>", "Unknown(Protocol)"),
        ("", "Unknown(Protocol)"),
        ("  ", "Unknown(Protocol)"),
        (r#"{"text": "hello"}"#, "Unknown(Protocol)"),
        (r#"{"error": {"code": "insufficient_quota"}}"#, "Refused(Credits)"),
    ] {
        assert_eq!(show(&spoken(body)), wanted, "{body}");
    }
}

#[test]
fn a_compatible_server_is_called_by_its_host() {
    let local = openai("http://127.0.0.1:8080/v1");
    let error = error_of(local.0.submitted(&picture(), Ok(reply(404, &[], "no such model"))));
    assert_eq!(error.message, "127.0.0.1 answered 404: no such model");
    let body = r#"{"data": [{"url": "/images/1.png"}]}"#;
    let outputs = done(says(&local.0, &picture(), body));
    assert_eq!(outputs.files, [OutputFile::Link("http://127.0.0.1:8080/images/1.png".into())]);
}
