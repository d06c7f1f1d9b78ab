//! Rules that need no network: scripts, which rules fire, fields, forms, pace. The servers are driven by the adapters' suites in
//! `palitra-markets`.

use super::{
    Asked, BadScript, Call, Fault, Script,
    faults::{About, Faults},
    fields::{Field, Kind, Why, Wrong, check, field, required},
    running::Running,
};
use crate::market::form;
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, header},
};
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const SCRIPT: &str = r#"
keys = ["k"]
latency_ms = 50
requests_per_minute = 10
models."gpt-image-1".latency_ms = 5

[[rules]]
on = "submit"
match_prompt = "lighthouse"
match_model = "gpt-image-1"
match_path = "images/edits"
nth = 2
fault = "drop_after"

[[rules]]
on = "submit"
every = 3
times = 1
fault = "error"
status = 400
code = "moderation_blocked"

[[rules]]
on = "submit"
fault = "latency"
ms = 7
"#;

#[test]
fn scripts_are_read_and_rules_fire_as_counted() {
    let script: Script = toml::from_str(SCRIPT).expect("a good script");
    script.check(true).expect("rules that can happen");
    assert_eq!((script.latency_ms("gpt-image-1"), script.latency_ms("tts-1")), (5, 50));
    let mut faults = Faults::new(&script);
    let about = |path, model, prompt| About { path, model, prompt };
    let mut fired = Vec::new();
    for call in [
        about("images/edits", "gpt-image-1", "a lighthouse"),
        about("images/edits", "gpt-image-1", "a boat"),
        about("images/edits", "gpt-image-2", "a lighthouse"),
        about("images/generations", "gpt-image-1", "a lighthouse"),
        about("images/edits", "gpt-image-1", "the lighthouse"),
        about("images/edits", "gpt-image-1", "the lighthouse"),
    ] {
        fired.push(faults.plan(Call::Submit, call).fault);
    }
    let blocked = Fault::Error { status: 400, code: Some("moderation_blocked".into()), message: None };
    // The second lighthouse of the first rule, and the third call of the second, which has then fired its one time.
    assert_eq!(fired, [None, None, Some(blocked), None, Some(Fault::DropAfter {}), None]);
    assert_eq!(faults.plan(Call::Submit, About::default()).delay_before, Duration::from_millis(7));
    assert_eq!(faults.plan(Call::File, About::default()).delay_before, Duration::ZERO);
}

#[test]
fn a_script_with_a_mistake_is_refused() {
    for (text, complaint) in [
        ("latency = 5", "unknown field"),
        ("[[rules]]\non = \"submit\"\nfault = \"drop\"\nnht = 2", "unknown field"),
        ("[[rules]]\non = \"submit\"\nfault = \"dorp\"", "unknown variant"),
        ("[[rules]]\non = \"submit\"\nfault = \"latency\"", "missing field"),
        ("[[rules]]\non = \"status\"\nfault = \"drop\"", "unknown variant"),
    ] {
        let error = toml::from_str::<Script>(text).expect_err(text).to_string();
        assert!(error.contains(complaint), "{text}: {error}");
    }
    let misplaced =
        |fault: &str, on: &str| BadScript::Misplaced { rule: 1, fault: fault.into(), on: on.into() };
    for (script, has_files, wanted) in [
        (json!({"rules": [{"on": "file", "fault": "refuse"}]}), true, misplaced("refuse", "file")),
        (json!({"rules": [{"on": "submit", "fault": "expired"}]}), true, misplaced("expired", "submit")),
        (json!({"rules": [{"on": "file", "fault": "drop"}]}), false, misplaced("drop", "file")),
        (
            json!({"rules": [{"on": "submit", "fault": "error", "status": 200}]}),
            true,
            BadScript::BadStatus { rule: 1, status: 200 },
        ),
        (
            json!({"rules": [{"on": "submit", "fault": "drop", "times": 0}]}),
            true,
            BadScript::Zero { rule: 1, what: "`times`" },
        ),
        (json!({"requests_per_minute": 0}), true, BadScript::NoRoom),
    ] {
        let script: Script = serde_json::from_value(script).expect("well-formed");
        assert_eq!(script.check(has_files), Err(wanted));
    }
}

#[test]
fn a_script_survives_writing_and_reading() {
    let script: Script = toml::from_str(SCRIPT).expect("a good script");
    let text = serde_json::to_string(&script).expect("plain data");
    let again: Script = serde_json::from_str(&text).expect("what was just written");
    let value = |script: &Script| serde_json::to_value(script).expect("plain data");
    assert_eq!(value(&again), value(&script));
}

const FIELDS: &[Field] = &[
    required("prompt", Kind::Text { chars_max: 3 }),
    field("n", Kind::Int { min: 1, max: 10 }),
    field("speed", Kind::Number { min: 0.25, max: 4.0 }),
    field("voice", Kind::OneOf(&["alloy", "ash"])),
    field("size", Kind::Size { step: 16, long_max: 3840, short_max: 2160 }),
];

#[test]
fn fields_are_checked_as_json_and_as_texts_of_a_form() {
    let refused = |given: Value, is_form| {
        let given = given.as_object().expect("an object");
        check(FIELDS, given, is_form).err()
    };
    let is = |field: &str, what: &str| Some(Wrong { field: field.into(), why: Why::Is(what.into()) });
    let text = "a text of 1 to 3 characters";
    for (given, wanted) in [
        (json!({"prompt": "абв", "n": 10, "speed": 0.25, "voice": "ash", "size": "3840x2160"}), None),
        (json!({"prompt": "a", "size": "auto", "speed": 1}), None),
        (json!({"prompt": "a", "size": "2160x3840"}), None),
        (json!({}), Some(Wrong::missing("prompt"))),
        (json!({"prompt": ""}), is("prompt", text)),
        (json!({"prompt": "абвг"}), is("prompt", text)),
        (json!({"prompt": 5}), is("prompt", text)),
        (json!({"prompt": "a", "n": 11}), is("n", "a whole number from 1 to 10")),
        (json!({"prompt": "a", "n": "5"}), is("n", "a whole number from 1 to 10")),
        (json!({"prompt": "a", "n": null}), is("n", "a whole number from 1 to 10")),
        (json!({"prompt": "a", "speed": 4.5}), is("speed", "a number from 0.25 to 4")),
        (json!({"prompt": "a", "voice": "bob"}), is("voice", "one of 'alloy', 'ash'")),
        (json!({"prompt": "a", "size": "100x100"}), is("size", "WxH in multiples of 16, up to 3840x2160")),
        (json!({"prompt": "a", "size": "2176x2176"}), is("size", "WxH in multiples of 16, up to 3840x2160")),
        (json!({"prompt": "a", "size": "0x16"}), is("size", "WxH in multiples of 16, up to 3840x2160")),
        (json!({"prompt": "a", "seed": 5}), Some(Wrong::unknown("seed"))),
    ] {
        assert_eq!(refused(given.clone(), false), wanted, "{given}");
    }
    assert_eq!(refused(json!({"prompt": "a", "n": "5", "speed": "0.5"}), true), None);
    assert_eq!(refused(json!({"prompt": "5"}), true), None, "a text stays one");
    assert_eq!(refused(json!({"prompt": "a", "n": "many"}), true), is("n", "a whole number from 1 to 10"));
}

#[test]
fn forms_are_read_part_by_part_and_nothing_else_is_one() {
    let body = "--B\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na\r\nb\r\n--B\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"1.png\"\r\nContent-Type: image/png\r\n\r\none\r\n--B\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"2.png\"\r\nContent-Type: image/png\r\n\r\ntwo\r\n--B--\r\n";
    let content_type = "multipart/form-data; boundary=B";
    let parts = form::parts(content_type, body.as_bytes()).expect("a form");
    assert_eq!(
        (parts.len(), parts[0].content, parts[2].content),
        (3, b"a\r\nb".as_slice(), b"two".as_slice())
    );
    for broken in ["", "--B", "--B\r\n", &body.replace("--B--", "--B"), &body.replace(" name=", " nom=")] {
        assert_eq!(form::parts(content_type, broken.as_bytes()), None, "{broken}");
    }
    assert_eq!(form::parts("application/json", body.as_bytes()), None);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=B"));
    let asked = Asked::read(Method::POST, "images/edits".into(), headers, &Bytes::from(body.to_owned()));
    let names: Vec<&str> = asked.files.iter().map(|file| file.file_name.as_str()).collect();
    assert_eq!((asked.prompt().as_str(), names, asked.is_form), ("a\r\nb", vec!["1.png", "2.png"], true));
    let logged = asked.logged();
    assert_eq!(
        (&logged["image[]"][1]["file_name"], &logged["image[]"][1]["bytes"]),
        (&json!("2.png"), &json!(3))
    );
}

#[test]
fn what_is_asked_for_is_the_last_message_or_the_prompt() {
    let json_of = |body: Value| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Asked::read(Method::POST, String::new(), headers, &Bytes::from(body.to_string())).prompt()
    };
    assert_eq!(json_of(json!({"prompt": "a cat"})), "a cat");
    assert_eq!(json_of(json!({"input": "hello"})), "hello");
    let messages = json!([{"content": "be brief"}, {"content": [{"text": "a "}, {"text": "cat"}]}]);
    assert_eq!(json_of(json!({"messages": messages})), "a cat");
    assert_eq!(json_of(json!([])), "");
}

#[test]
fn a_minute_has_room_for_so_many_calls_of_a_key() {
    let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
    let mut running = Running::default();
    let mut taken = |key, second| (0..5).filter(|_| running.has_room(key, at(second), Some(2))).count();
    assert_eq!((taken("a", 0), taken("a", 59), taken("b", 59), taken("a", 60)), (2, 0, 2, 2));
    assert!((0..99).all(|_| running.has_room("c", at(0), None)));
    assert_eq!((running.begins("a"), running.begins("a"), running.begins("b")), (1, 2, 1));
    running.ends("a");
    assert_eq!(running.begins("a"), 2);
}
