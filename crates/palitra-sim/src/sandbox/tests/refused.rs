//! What the sandbox refuses, and with which class.

use super::*;

async fn refusal(model: &str, mode: &str, input: Value) -> MarketError {
    match submit(model, mode, input.clone()).await {
        Submitted::Refused(error) => error,
        other => panic!("{model} {mode} {input}: {other:?}"),
    }
}

#[tokio::test]
async fn what_does_not_fit_is_invalid_input() {
    let cases = [
        ("artist", "create", json!({"prompt": "x", "width": 1, "height": 9_999_999}), "`height` must be"),
        ("artist", "create", json!({"prompt": "x", "width": 0}), "`width` must be"),
        ("artist", "create", json!({"prompt": "x", "width": "wide"}), "`width` must be"),
        ("artist", "edit", json!({"prompt": "x"}), "`images` takes 1 to 4, not 0"),
        ("artist", "edit", json!({"prompt": "x", "images": []}), "`images` takes 1 to 4, not 0"),
        ("artist", "edit", json!({"prompt": "x", "images": ["a", "b", "c", "d", "e"]}), "1 to 4, not 5"),
        ("artist", "edit", json!({"prompt": "x", "images": "a"}), "`images` must be a list"),
        ("artist", "edit", json!({"prompt": "x", "images": [7]}), "by their ids"),
        ("artist", "edit", json!({"prompt": " ", "images": ["a"]}), "`prompt` is needed"),
        (
            "artist",
            "edit",
            json!({"prompt": "x", "images": ["nobody"]}),
            "`nobody`, which did not come along",
        ),
        ("artist", "edit", json!({"prompt": "x", "images": ["a", "wav"]}), "`wav` cannot be used: it is no"),
        (
            "artist",
            "edit",
            json!({"prompt": "x", "images": ["half"]}),
            "`half` cannot be used: the picture is broken",
        ),
        ("artist", "edit", json!({"prompt": "x", "images": ["huge"]}), "60000×60000 is too large"),
        ("artist", "edit", json!({"prompt": "x", "images": ["a"], "width": 5000}), "`width` must be"),
        ("artist", "retouch", json!({}), "`images` takes 1, not 0"),
        ("artist", "retouch", json!({"images": ["a", "b"]}), "`images` takes 1, not 2"),
        ("artist", "retouch", json!({"images": ["a"], "retouch_mode": "younger"}), "one of: soft, enhance"),
        ("artist", "retouch", json!({"images": ["huge"]}), "too large"),
        ("artist", "upscale", json!({"images": ["a"], "factor": 3}), "2 or 4"),
        ("artist", "upscale", json!({"images": ["a"], "factor": 8}), "`factor` must be"),
        ("artist", "upscale", json!({"images": ["wav"]}), "it is no PNG"),
        ("artist", "swap_face", json!({"images": ["a"]}), "`face_image` is needed"),
        ("artist", "swap_face", json!({"face_image": "a"}), "`images` takes 1, not 0"),
        ("artist", "swap_face", json!({"images": ["a"], "face_image": "half"}), "broken"),
        (
            "artist",
            "swap_face",
            json!({"images": ["a"], "face_image": "b", "target_index": 16}),
            "`target_index`",
        ),
        ("film", "video", json!({}), "`prompt` is needed"),
        ("film", "video", json!({"prompt": "x", "seconds": 0}), "`seconds` must be"),
        ("film", "video", json!({"prompt": "x", "seconds": 11}), "`seconds` must be"),
        ("film", "video", json!({"prompt": "x", "seconds": 1.5}), "`seconds` must be"),
        ("film", "video", json!({"prompt": "x", "width": 321}), "`width` must be even"),
        ("film", "video", json!({"prompt": "x", "width": 1280, "height": 722}), "too large"),
        ("film", "video", json!({"prompt": "x", "width": 1920, "height": 64}), "`width` must be"),
        ("film", "video", json!({"prompt": "x", "images": ["a", "b"]}), "`images` takes 0 to 1"),
        ("film", "video", json!({"prompt": "x", "images": ["wav"]}), "it is no PNG"),
        ("writer", "translate", json!({"prompt": ""}), "`prompt` is needed"),
        ("writer", "compose", json!({}), "`prompt` is needed"),
        ("writer", "compose", json!({"prompt": "x", "language": "de"}), "one of: ru, en"),
        ("writer", "compose", json!({"prompt": "x", "for": "video"}), "one of: create, edit"),
        ("writer", "check", json!({}), "`prompt` is needed"),
    ];
    for (model, mode, input, message) in cases {
        let error = refusal(model, mode, input.clone()).await;
        assert_eq!(error.class, ErrorClass::InvalidInput, "{model} {mode} {input}");
        assert!(error.message.contains(message), "{model} {mode} {input}: {}", error.message);
    }
}

#[tokio::test]
async fn models_and_modes_that_are_none_are_unknown() {
    for (model, mode) in [
        ("painter", "create"),
        ("artist", "video"),
        ("film", "create"),
        ("writer", "speak"),
        ("voice", "edit"),
    ] {
        let error = refusal(model, mode, json!({"prompt": "x"})).await;
        assert_eq!(error.class, ErrorClass::UnknownModel, "{model} {mode}");
    }
}
