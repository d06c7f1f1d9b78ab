//! What is sent: a call for each mode, with the model and nothing of another market.

use super::*;
use crate::{
    in_call::{Body, Order},
    openai::order,
};
use palitra_domain::market::{ErrorClass, InputFile};

fn json_of(request: &Request) -> (String, Value) {
    let Order { path, body, .. } = order::of(request).expect("a call");
    match body {
        Body::Json(body) => (path.join("/"), body),
        Body::Form(form) => panic!("{form:?}"),
    }
}

/// Path, and the body with a boundary that can be read.
fn form_of(request: &Request) -> (String, String) {
    let Order { path, body, .. } = order::of(request).expect("a call");
    match body {
        Body::Form(form) => {
            let (content_type, body) = form.encode();
            let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
            let body = String::from_utf8(body).expect("texts").replace(boundary, "B").replace("\r\n", "\n");
            (path.join("/"), body)
        }
        Body::Json(body) => panic!("{body}"),
    }
}

fn file(id: &str, extension: &str, bytes: &'static [u8]) -> InputFile {
    let mime = format!("image/{extension}");
    InputFile { id: id.into(), mime, extension: extension.into(), bytes: Bytes::from_static(bytes) }
}

fn edit(model: &str, input: Value) -> Request {
    let files =
        vec![file("ast_1", "png", b"one"), file("ast_2", "webp", b"two"), file("ast_m", "png", b"mask")];
    Request { files, ..request("edit", model, input) }
}

#[test]
fn pictures_are_asked_for_with_the_input_and_the_model() {
    let input = json!({"prompt": "a cat", "size": "1024x1024", "quality": "low", "n": 2, "output_format": "png", "background": "opaque"});
    let (path, body) = json_of(&request("create", "gpt-image-1", input.clone()));
    let mut wanted = input;
    wanted["model"] = json!("gpt-image-1");
    assert_eq!((path.as_str(), body), ("images/generations", wanted));
}

#[test]
fn early_pictures_are_asked_for_in_a_stream_and_none_without_one() {
    for (asked, wanted) in [(json!(2), json!([true, 2])), (json!(0), json!([null, null]))] {
        let input = json!({"prompt": "a", "images": ["ast_1"], "partial_images": asked});
        let (_, body) = json_of(&request("create", "gpt-image-1", input.clone()));
        assert_eq!(json!([body["stream"], body["partial_images"]]), wanted);
        let (_, form) = form_of(&edit("gpt-image-1", input));
        for (name, value) in [("stream", "true"), ("partial_images", "2")] {
            let part = format!("name=\"{name}\"\n\n{value}\n");
            assert_eq!(form.contains(&part), asked == 2, "{form}");
            assert_eq!(form.contains(&format!("\"{name}\"")), asked == 2, "{form}");
        }
    }
    let (_, body) = json_of(&request("write", "m", json!({"prompt": "a", "partial_images": 2})));
    assert_eq!(body["stream"], Value::Null, "a text is no picture");
}

#[test]
fn dall_e_is_asked_for_the_picture_itself_and_nobody_else_is() {
    for (model, input, wanted) in [
        ("dall-e-2", json!({"prompt": "a"}), json!("b64_json")),
        ("dall-e-3", json!({"prompt": "a"}), json!("b64_json")),
        ("dall-e-3", json!({"prompt": "a", "response_format": "url"}), json!("url")),
        ("gpt-image-1", json!({"prompt": "a"}), Value::Null),
        ("chatgpt-image-latest", json!({"prompt": "a"}), Value::Null),
        ("stablediffusion", json!({"prompt": "a"}), Value::Null),
    ] {
        assert_eq!(json_of(&request("create", model, input)).1["response_format"], wanted, "{model}");
    }
    let (_, form) = form_of(&edit("dall-e-2", json!({"prompt": "a", "images": ["ast_1"]})));
    assert!(form.contains("name=\"response_format\"\n\nb64_json\n"), "{form}");
    let (_, form) = form_of(&edit("gpt-image-1", json!({"prompt": "a", "images": ["ast_1"]})));
    assert!(!form.contains("response_format"), "{form}");
}

#[test]
fn a_text_is_asked_for_in_messages() {
    for mode in ["write", "translate", "check"] {
        let input =
            json!({"prompt": "a cat", "system": "be brief", "max_completion_tokens": 9, "temperature": 0.5});
        let (path, body) = json_of(&request(mode, "gpt-5-mini", input));
        let messages =
            json!([{"role": "system", "content": "be brief"}, {"role": "user", "content": "a cat"}]);
        let wanted = json!({"max_completion_tokens": 9, "temperature": 0.5, "messages": messages, "model": "gpt-5-mini"});
        assert_eq!((path.as_str(), body), ("chat/completions", wanted), "{mode}");
    }
    for system in [json!(""), json!(" "), json!(null)] {
        let (_, body) = json_of(&request("write", "m", json!({"prompt": "a", "system": system})));
        assert_eq!(body, json!({"messages": [{"role": "user", "content": "a"}], "model": "m"}), "{system}");
    }
}

#[test]
fn speech_is_asked_for_with_the_input_and_the_model() {
    let input = json!({"input": "hello", "voice": "coral", "instructions": "gently", "response_format": "wav", "speed": 1.5});
    let (path, body) = json_of(&request("speak", "gpt-4o-mini-tts", input.clone()));
    let mut wanted = input;
    wanted["model"] = json!("gpt-4o-mini-tts");
    assert_eq!((path.as_str(), body), ("audio/speech", wanted));
}

#[test]
fn s2_031_pictures_of_an_edit_are_sent_in_the_order_of_the_input() {
    let input = json!({"prompt": "a \"scene\"", "images": ["ast_2", "ast_1"], "mask": "ast_m", "n": 1, "quality": "low"});
    let (path, form) = form_of(&edit("gpt-image-1", input));
    assert_eq!(path, "images/edits");
    let wanted = r#"--B
Content-Disposition: form-data; name="model"

gpt-image-1
--B
Content-Disposition: form-data; name="prompt"

a "scene"
--B
Content-Disposition: form-data; name="n"

1
--B
Content-Disposition: form-data; name="quality"

low
--B
Content-Disposition: form-data; name="image[]"; filename="image-1.webp"
Content-Type: image/webp

two
--B
Content-Disposition: form-data; name="image[]"; filename="image-2.png"
Content-Type: image/png

one
--B
Content-Disposition: form-data; name="mask"; filename="mask.png"
Content-Type: image/png

mask
--B--
"#;
    assert_eq!(form, wanted);
}

#[test]
fn one_picture_is_named_as_every_model_knows_it() {
    for input in [
        json!({"prompt": "a", "images": ["ast_1"]}),
        json!({"prompt": "a", "images": "ast_1"}),
        json!({"prompt": "a", "image": "ast_1"}),
    ] {
        for mode in ["edit", "retouch"] {
            let request = Request { mode: mode.into(), ..edit("dall-e-2", input.clone()) };
            let (path, form) = form_of(&request);
            assert_eq!(path, "images/edits", "{mode}");
            assert!(form.contains("name=\"image\"; filename=\"image-1.png\""), "{form}");
        }
    }
}

#[test]
fn no_boundary_is_found_in_what_it_separates() {
    let one = form_of(&edit("m", json!({"prompt": "a", "images": ["ast_1"]})));
    let boundary = |prompt: &str| match order::of(&edit("m", json!({"prompt": prompt, "images": ["ast_1"]})))
    {
        Ok(Order { body: Body::Form(form), .. }) => form.encode().0,
        other => panic!("{other:?}"),
    };
    // It is the same for the same parts and another for any other, even one that holds it.
    assert_eq!(boundary("a"), boundary("a"));
    assert_ne!(boundary("a"), boundary(&boundary("a")));
    assert_eq!(one.1.matches("--B").count(), 4);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let class = |request: &Request| order::of(request).err().map(|error| error.class);
    for (mode, input) in [
        ("create", json!({})),
        ("create", json!({"prompt": " "})),
        ("create", json!("a cat")),
        ("speak", json!({"prompt": "hello"})),
        ("write", json!({"system": "be brief"})),
        ("edit", json!({"prompt": "a"})),
        ("edit", json!({"prompt": "a", "images": []})),
        ("edit", json!({"prompt": "a", "images": ["ast_9"]})),
        ("edit", json!({"prompt": "a", "images": ["https://a.example/1.png"]})),
        ("edit", json!({"prompt": "a", "images": ["ast_1"], "mask": "ast_9"})),
    ] {
        let request = Request { mode: mode.into(), ..edit("gpt-image-1", input.clone()) };
        assert_eq!(class(&request), Some(ErrorClass::InvalidInput), "{mode} {input}");
    }
    for mode in ["animate", "upscale", ""] {
        let request = request(mode, "m", json!({"prompt": "a"}));
        assert_eq!(class(&request), Some(ErrorClass::UnknownModel), "{mode}");
    }
}
