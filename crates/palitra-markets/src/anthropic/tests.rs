//! What is sent to Anthropic and what its answers mean, without a network.

use super::{Anthropic, AnthropicSettings, order};
use crate::in_call::{
    Body, Order,
    stage::{check_certainty, check_errors, check_mask, done, error_of, reply, request, says, show},
};
use palitra_domain::{
    market::{ErrorClass, Outputs, Request, Submitted},
    money::Millionths,
    secret::Secret,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

const KEY: &str = "an-5a6b7c8d9e0f-key-secret";

static ANTHROPIC: LazyLock<Anthropic> = LazyLock::new(|| {
    let keys = vec![("main".into(), Secret::new(KEY))];
    Anthropic::new(AnthropicSettings { keys, ..AnthropicSettings::default() }).expect("good settings")
});

fn text() -> Request {
    request("write", "claude-haiku-4-5", json!({"prompt": "a cat", "max_tokens": 100}))
}

fn written(body: &Value) -> Submitted {
    says(&ANTHROPIC.0, &text(), &body.to_string())
}

#[test]
fn every_recorded_error_has_its_class() {
    check_errors(&ANTHROPIC.0, &text(), include_str!("fixtures/errors.json"));
}

#[test]
fn a_submission_is_refused_only_when_that_is_certain() {
    check_certainty(&ANTHROPIC.0, &text());
}

proptest! {
    #[test]
    fn no_error_is_taken_for_a_refusal_unless_it_is_a_clean_4xx(status in 300_u16..600, body in "\\PC{0,40}") {
        let submitted = ANTHROPIC.0.submitted(&text(), Ok(reply(status, &[], body)));
        let clean = (400..500).contains(&status) && status != 408 && status != 499;
        prop_assert_eq!(matches!(submitted, Submitted::Refused(_)), clean);
    }
}

#[test]
fn what_is_kept_of_an_answer_is_short_and_without_the_key() {
    check_mask(&ANTHROPIC.0, &text(), KEY);
}

fn sent(mode: &str, input: Value) -> Value {
    let Order { path, body, .. } = order::of(&request(mode, "claude-haiku-4-5", input)).expect("a call");
    assert_eq!(path, ["v1", "messages"]);
    match body {
        Body::Json(body) => body,
        Body::Form(form) => panic!("{form:?}"),
    }
}

#[test]
fn a_text_is_asked_for_in_one_message_and_the_system_stands_beside_it() {
    let messages = json!([{"role": "user", "content": "a cat"}]);
    for mode in ["write", "translate", "check"] {
        let input = json!({"prompt": "a cat", "system": "be brief", "max_tokens": 9, "temperature": 0.5});
        let wanted = json!({"system": "be brief", "max_tokens": 9, "temperature": 0.5, "messages": messages, "model": "claude-haiku-4-5"});
        assert_eq!(sent(mode, input), wanted, "{mode}");
    }
    for system in [json!(""), json!(null)] {
        let wanted = json!({"max_tokens": 4096, "messages": messages, "model": "claude-haiku-4-5"});
        assert_eq!(sent("write", json!({"prompt": "a cat", "system": system})), wanted, "{system}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let class =
        |mode: &str, input: Value| order::of(&request(mode, "m", input)).err().map(|error| error.class);
    for input in [json!({}), json!({"prompt": " "}), json!({"prompt": 5}), json!("a cat")] {
        assert_eq!(class("write", input.clone()), Some(ErrorClass::InvalidInput), "{input}");
    }
    for mode in ["create", "edit", "speak", ""] {
        assert_eq!(class(mode, json!({"prompt": "a"})), Some(ErrorClass::UnknownModel), "{mode}");
    }
}

#[test]
fn texts_end_as_a_text_a_refusal_or_nothing() {
    let message =
        |content: Value, reason: &str| json!({"type": "message", "content": content, "stop_reason": reason});
    let said = json!([{"type": "text", "text": "a"}]);
    for (body, wanted) in [
        (message(said.clone(), "end_turn"), "Done"),
        (message(said.clone(), "max_tokens"), "Done"),
        (message(said.clone(), "a reason of tomorrow"), "Done"),
        (message(said.clone(), "refusal"), "Refused(ContentRejected)"),
        (message(json!([]), "refusal"), "Refused(ContentRejected)"),
        (message(json!([]), "end_turn"), "Refused(GenerationFailed)"),
        (message(json!([{"type": "tool_use", "input": {}}]), "tool_use"), "Refused(GenerationFailed)"),
        (message(json!([{"type": "thinking", "text": "hm"}]), "pause_turn"), "Refused(GenerationFailed)"),
        (message(json!(null), "end_turn"), "Unknown(Protocol)"),
        (message(json!("a"), "end_turn"), "Unknown(Protocol)"),
        (json!({"type": "completion", "completion": "a"}), "Unknown(Protocol)"),
    ] {
        assert_eq!(show(&written(&body)), wanted, "{body}");
    }
    let refused = error_of(written(&message(json!([]), "refusal")));
    assert_eq!((refused.message.as_str(), refused.status), ("the model refused", Some(200)));
}

#[test]
fn the_text_is_that_of_all_blocks_and_usage_is_thousands_of_tokens() {
    let body = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "stop_sequence": null,
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "text", "text": "a ", "citations": null},
            {"type": "of_tomorrow", "text": "no"},
            {"type": "text", "text": "cat"},
        ],
        "stop_reason": "end_turn",
        "container": {"id": 1},
        "usage": {"input_tokens": 10, "output_tokens": 25, "cache_creation_input_tokens": 5, "cache_read_input_tokens": null, "service_tier": "standard"},
    });
    let wanted =
        Outputs { text: Some("a cat".into()), kilo_tokens: Some(Millionths(40_000)), ..Outputs::default() };
    assert_eq!(done(written(&body)), wanted);
    for usage in
        [json!(null), json!({"input_tokens": 1}), json!({"input_tokens": -1, "output_tokens": 2}), json!(7)]
    {
        let body =
            json!({"content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn", "usage": usage});
        assert_eq!(done(written(&body)).kilo_tokens, None, "{usage}");
    }
}
