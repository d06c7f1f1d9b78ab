//! Rules of the simulated OpenAI that need no network: what each family of models takes, pictures and their tokens. The server itself is
//! driven by the adapter's suite in `palitra-markets`.

use super::{
    check::check,
    models::{self, Family},
    pictures,
};
use crate::in_call::{Asked, Refusal, Tools};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, header},
};
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

fn asked(path: &str, body: &Value) -> Asked {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Asked::read(Method::POST, path.into(), headers, &Bytes::from(body.to_string()))
}

fn tools() -> Tools {
    Tools { id: "1".into(), now: Timestamp::from_micros(0), root: String::new(), painter: None }
}

#[test]
fn every_model_takes_its_own_fields() {
    for (path, body, good) in [
        (
            "images/generations",
            json!({"model": "gpt-image-1", "prompt": "a", "quality": "high", "size": "1536x1024", "moderation": "low"}),
            true,
        ),
        (
            "images/generations",
            json!({"model": "gpt-image-1", "prompt": "a", "stream": true, "partial_images": 3}),
            true,
        ),
        (
            "images/generations",
            json!({"model": "gpt-image-1", "prompt": "a", "stream": true, "partial_images": 4}),
            false,
        ),
        ("images/generations", json!({"model": "gpt-image-1", "prompt": "a", "stream": "true"}), false),
        ("images/generations", json!({"model": "dall-e-3", "prompt": "a", "stream": true}), false),
        (
            "images/generations",
            json!({"model": "gpt-image-1", "prompt": "a", "response_format": "b64_json"}),
            false,
        ),
        ("images/generations", json!({"model": "gpt-image-1", "prompt": "a", "size": "1792x1024"}), false),
        ("images/generations", json!({"model": "gpt-image-2", "prompt": "a", "size": "3840x2160"}), true),
        (
            "images/generations",
            json!({"model": "dall-e-3", "prompt": "a", "style": "vivid", "quality": "hd", "response_format": "url"}),
            true,
        ),
        ("images/generations", json!({"model": "dall-e-2", "prompt": "a", "style": "vivid"}), false),
        ("images/generations", json!({"model": "dall-e-2", "prompt": "a".repeat(1001)}), false),
        ("images/generations", json!({"model": "tts-1", "prompt": "a"}), false),
        (
            "audio/speech",
            json!({"model": "gpt-4o-mini-tts", "input": "a", "voice": "marin", "instructions": "b"}),
            true,
        ),
        (
            "audio/speech",
            json!({"model": "tts-1-hd", "input": "a", "voice": "alloy", "instructions": "b"}),
            false,
        ),
        ("audio/speech", json!({"model": "tts-1", "input": "a".repeat(4097), "voice": "alloy"}), false),
        (
            "chat/completions",
            json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "a"}], "max_tokens": 5}),
            true,
        ),
        (
            "chat/completions",
            json!({"model": "gpt-5", "messages": [{"role": "user", "content": "a"}], "max_tokens": 5}),
            false,
        ),
        (
            "chat/completions",
            json!({"model": "gpt-5", "messages": [{"role": "user", "content": "a"}], "temperature": 0.5}),
            false,
        ),
        (
            "chat/completions",
            json!({"model": "gpt-5", "messages": [{"role": "user", "content": "a"}], "temperature": 1}),
            true,
        ),
    ] {
        let refused = check(&asked(path, &body)).err();
        assert_eq!(refused.is_none(), good, "{path} {body}: {refused:?}");
    }
    assert_eq!((models::find("gpt-image-2"), models::find("gpt-image-9")), (Some(Family::GptImage2), None));
    let unknown = check(&asked("images/generations", &json!({"model": "gpt-image-9", "prompt": "a"})));
    assert!(matches!(unknown, Err(Refusal::UnknownModel(model)) if model == "gpt-image-9"));
}

#[test]
fn pictures_are_png_of_the_asked_size_and_take_tokens_by_size_and_quality() {
    let picture = |fields: Value| {
        let mut body = json!({"model": "gpt-image-2", "prompt": "a cat", "size": "160x96"});
        body.as_object_mut().expect("an object").extend(fields.as_object().cloned().unwrap_or_default());
        asked("images/generations", &body)
    };
    let drawn = pictures::draw(&picture(json!({"n": 2})), &tools());
    assert_eq!(drawn.iter().map(|png| pictures::size_of_png(png)).collect::<Vec<_>>(), [Some((160, 96)); 2]);
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(drawn, pictures::draw(&picture(json!({"n": 2})), &tools()));
    let painted = Tools { painter: Some(Arc::new(|picture| picture.prompt.as_bytes().to_vec())), ..tools() };
    assert_eq!(pictures::draw(&picture(json!({})), &painted), [Bytes::from_static(b"a cat")]);
    for (fields, wanted) in [
        (json!({"size": "1024x1024", "quality": "low"}), 272),
        (json!({"size": "1024x1024", "quality": "high", "n": 2}), 8320),
        (json!({"size": "512x512", "quality": "medium"}), 264),
        (json!({"size": "auto"}), 4160),
    ] {
        assert_eq!(pictures::tokens(&picture(fields.clone())), wanted, "{fields}");
    }
    assert_eq!((pictures::size_of_png(b"GIF89a"), pictures::size_of_png(&drawn[0][..20])), (None, None));
}
