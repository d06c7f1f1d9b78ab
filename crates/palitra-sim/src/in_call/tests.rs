//! Rules that need no network: fields, forms, pace. The servers are driven by the adapters' suites in
//! `palitra-markets`.

use super::{
    Asked,
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
