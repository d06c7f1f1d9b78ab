//! Our input as the input of each model (R-02, trap 11).

use super::super::{input, models::MODELS};
use palitra_domain::market::{ErrorClass, Request};
use serde_json::{Value, json};
use std::time::Duration;

fn request(model: &str, input: Value) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: model.into(),
        mode: "create".into(),
        input,
        files: Vec::new(),
        spool: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

fn sent(model: &str, given: Value) -> Value {
    input::body(&request(model, given), None).unwrap_or_else(|error| panic!("{model}: {error}"))["input"]
        .take()
}

fn refused(model: &str, given: Value) -> String {
    let error = input::body(&request(model, given), None).expect_err(model);
    assert_eq!(error.class, ErrorClass::InvalidInput, "{error:?}");
    error.message
}

/// Everything that a person could have said, for every model.
fn everything() -> Value {
    json!({
        "prompt": "a lighthouse", "width": 1792, "height": 1008, "seed": 42, "pen": "ink", "system": "s",
        "images": ["https://a.example/1.png"], "video": "https://a.example/1.mp4", "seconds": 10, "factor": 4,
    })
}

#[test]
fn r_02_each_model_gets_only_its_fields_under_its_names() {
    let link = "https://a.example/1.png";
    for (model, wanted) in [
        (
            "google/nano-banana",
            json!({"prompt": "a lighthouse", "aspect_ratio": "16:9", "output_format": "png"}),
        ),
        (
            "google/nano-banana-edit",
            json!({"prompt": "a lighthouse", "image_urls": [link], "aspect_ratio": "16:9", "output_format": "png"}),
        ),
        (
            "nano-banana-pro",
            json!({"prompt": "a lighthouse", "image_input": [link], "aspect_ratio": "16:9", "resolution": "2K", "output_format": "png"}),
        ),
        (
            "seedream/4.5-text-to-image",
            json!({"prompt": "a lighthouse", "aspect_ratio": "16:9", "quality": "basic"}),
        ),
        (
            "bytedance/seedream-v4-text-to-image",
            json!({"prompt": "a lighthouse", "image_size": "landscape_16_9", "image_resolution": "2K", "seed": 42}),
        ),
        (
            "flux-2/pro-image-to-image",
            json!({"prompt": "a lighthouse", "input_urls": [link], "aspect_ratio": "16:9", "resolution": "2K"}),
        ),
        ("z-image", json!({"prompt": "a lighthouse", "aspect_ratio": "16:9"})),
        (
            "qwen/image-to-image",
            json!({"prompt": "a lighthouse", "image_url": link, "output_format": "png", "seed": 42}),
        ),
        ("recraft/crisp-upscale", json!({"image": link})),
        ("recraft/remove-background", json!({"image": link})),
        // Trap 11: whole numbers as texts.
        ("topaz/image-upscale", json!({"image_url": link, "upscale_factor": "4"})),
        ("topaz/video-upscale", json!({"video_url": "https://a.example/1.mp4", "upscale_factor": "4"})),
        (
            "kling-2.6/text-to-video",
            json!({"prompt": "a lighthouse", "sound": false, "aspect_ratio": "16:9", "duration": "10"}),
        ),
        (
            "kling-2.6/image-to-video",
            json!({"prompt": "a lighthouse", "image_urls": [link], "sound": false, "duration": "10"}),
        ),
        (
            "kling-3.0/video",
            json!({"prompt": "a lighthouse", "mode": "std", "duration": "10", "aspect_ratio": "16:9", "sound": false,
                "multi_shots": false, "multi_prompt": [], "image_urls": [link]}),
        ),
        (
            "bytedance/seedance-2",
            json!({"prompt": "a lighthouse", "aspect_ratio": "16:9", "duration": 10, "reference_image_urls": [link]}),
        ),
        (
            "wan/2-7-text-to-video",
            json!({"prompt": "a lighthouse", "ratio": "16:9", "duration": 10, "seed": 42}),
        ),
        ("elevenlabs/text-to-speech-turbo-2-5", json!({"text": "a lighthouse"})),
    ] {
        assert_eq!(sent(model, everything()), wanted, "{model}");
    }
}

#[test]
fn what_a_model_must_have_is_sent_or_asked_for() {
    assert_eq!(
        sent("kling-2.6/text-to-video", json!({"prompt": "a"})),
        json!({"prompt": "a", "sound": false, "aspect_ratio": "16:9", "duration": "5"})
    );
    assert_eq!(sent("z-image", json!({"prompt": "a"})), json!({"prompt": "a", "aspect_ratio": "1:1"}));
    assert_eq!(
        sent("google/nano-banana", json!({"prompt": "a"})),
        json!({"prompt": "a", "output_format": "png"})
    );
    for model in MODELS {
        let message = refused(model.id, json!({"prompt": " ", "images": [], "seed": 1}));
        assert!(message.ends_with("is missing"), "{}: {message}", model.id);
    }
    assert_eq!(refused("google/nano-banana-edit", json!({"prompt": "a"})), "`image_urls` is missing");
}

#[test]
fn a_field_under_its_own_name_counts_first() {
    let given =
        json!({"prompt": "a", "width": 100, "height": 100, "aspect_ratio": "21:9", "resolution": "4K"});
    let input = sent("nano-banana-pro", given);
    assert_eq!((&input["aspect_ratio"], &input["resolution"]), (&json!("21:9"), &json!("4K")));
    let given = json!({"prompt": "a", "text": "b", "voice": "v", "speed": 1.1});
    assert_eq!(
        sent("elevenlabs/text-to-speech-multilingual-v2", given),
        json!({"text": "b", "voice": "v", "speed": 1.1})
    );
    assert_eq!(
        sent("qwen/image-edit", json!({"prompt": "a", "image": "https://a.example/1", "num_images": 2}))["num_images"],
        "2"
    );
}

#[test]
fn the_nearest_ratio_size_and_resolution_are_taken() {
    let of = |model: &str, field: &str, width: u64, height: u64| {
        sent(model, json!({"prompt": "a", "width": width, "height": height}))[field].clone()
    };
    for (width, height, wanted) in [
        (1024, 1024, "1:1"),
        (1000, 1100, "1:1"),
        (1920, 1080, "16:9"),
        (1080, 1920, "9:16"),
        (4000, 1000, "16:9"),
        (800, 600, "4:3"),
        (600, 800, "3:4"),
    ] {
        assert_eq!(of("z-image", "aspect_ratio", width, height), wanted, "{width}x{height}");
    }
    assert_eq!(of("nano-banana-2", "aspect_ratio", 4000, 1000), "4:1");
    let preset = |width, height| of("qwen/text-to-image", "image_size", width, height);
    assert_eq!(
        [preset(1024, 1024), preset(768, 1024), preset(1024, 576)],
        ["square_hd", "portrait_4_3", "landscape_16_9"]
    );
    let resolution = |width, height| of("flux-2/pro-text-to-image", "resolution", width, height);
    assert_eq!([resolution(1024, 1024), resolution(1920, 1080), resolution(4096, 4096)], ["1K", "2K", "2K"]);
}

#[test]
fn s3_21_what_does_not_fit_is_refused_before_anything_is_sent() {
    let long = "я".repeat(1001);
    for (model, given, wanted) in [
        ("z-image", json!({"prompt": long}), "`prompt` is longer than 1000 characters"),
        ("z-image", json!({"prompt": 7}), "`prompt` is no text"),
        (
            "z-image",
            json!({"prompt": "a", "aspect_ratio": "5:7"}),
            "`aspect_ratio` is none of 1:1, 4:3, 3:4, 16:9, 9:16",
        ),
        ("kling-2.6/text-to-video", json!({"prompt": "a", "seconds": 7}), "`duration` is none of 5, 10"),
        (
            "kling-2.6/text-to-video",
            json!({"prompt": "a", "sound": "yes"}),
            "`sound` is neither true nor false",
        ),
        (
            "wan/2-7-text-to-video",
            json!({"prompt": "a", "seconds": 16}),
            "`duration` is no whole number from 2 to 15",
        ),
        (
            "qwen/text-to-image",
            json!({"prompt": "a", "guidance_scale": 20.5}),
            "`guidance_scale` is no number from 0 to 20",
        ),
        (
            "google/nano-banana-edit",
            json!({"prompt": "a", "images": vec!["https://a.example/1"; 11]}),
            "`image_urls` holds more than 10 links",
        ),
    ] {
        assert_eq!(refused(model, given), wanted);
    }
    for link in [
        "data:image/png;base64,aaaa",
        "file:///etc/passwd",
        "/a.png",
        "https://me:pw@a.example/1",
        "https://",
        "ftp://a.example/1",
    ] {
        let message = refused("recraft/crisp-upscale", json!({"image": link}));
        assert_eq!(message, "`image` is no public http(s) address", "{link}");
    }
    let unknown =
        input::body(&request("google/nano-banana-pro", json!({"prompt": "a"})), None).expect_err("unknown");
    assert_eq!(unknown.class, ErrorClass::UnknownModel);
}

#[test]
fn s3_36_a_callback_is_registered_when_it_is_an_address() {
    for (webhook, wanted) in [
        (None, json!(null)),
        (
            Some("https://pal.example/hooks/kie/1/t?a=1#c d"),
            json!("https://pal.example/hooks/kie/1/t?a=1#c%20d"),
        ),
        (Some("http://127.0.0.1:8000/hooks/kie/1/t"), json!("http://127.0.0.1:8000/hooks/kie/1/t")),
        (Some("/hooks/kie/1/t"), json!(null)),
        (Some("//pal.example/hooks"), json!(null)),
        (Some("javascript:alert(1)"), json!(null)),
        (Some(""), json!(null)),
    ] {
        let body = input::body(&request("z-image", json!({"prompt": "a"})), webhook).expect("a body");
        assert_eq!(body["callBackUrl"], wanted, "{webhook:?}");
    }
}
