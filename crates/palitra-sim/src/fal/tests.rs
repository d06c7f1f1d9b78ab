//! Rules of the simulator that need no network: schemas, paths and the passing of work. The server itself is
//! driven by the adapter's suite in `palitra-markets`.

use super::{
    endpoints,
    route::Route,
    schema, size,
    world::{Cancelled, Ending, NewWork, State, World},
};
use crate::market::picture::{Picture, blocks};
use axum::http::Method;
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// `loc` joined with dots and `type` of every refusal.
fn refusals(endpoint: &str, input: Value) -> Vec<String> {
    let endpoint = endpoints::find(endpoint).expect("a known endpoint");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let loc = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(".");
    endpoint
        .refuse(&input)
        .iter()
        .map(|detail| format!("{} {}", loc(&detail["loc"]), text(&detail["type"])))
        .collect()
}

#[test]
fn inputs_are_refused_as_pydantic_would() {
    let cases: &[(&str, Value, &[&str])] = &[
        (
            "fal-ai/flux/dev",
            json!({"prompt": "a", "image_size": {"width": 64, "height": 64}, "seed": 1}),
            &[],
        ),
        ("fal-ai/flux/dev", json!({"prompt": "a", "image_size": "square_hd", "output_format": "png"}), &[]),
        ("fal-ai/flux/dev", json!({}), &["body.prompt missing"]),
        ("fal-ai/flux/dev", json!([]), &["body model_attributes_type"]),
        ("fal-ai/flux/dev", json!({"prompt": ""}), &["body.prompt string_too_short"]),
        ("fal-ai/flux/dev", json!({"prompt": 1}), &["body.prompt string_type"]),
        ("fal-ai/flux/dev", json!({"prompt": "a", "width": 64}), &["body.width extra_forbidden"]),
        ("fal-ai/flux/dev", json!({"prompt": "a", "image_size": "huge"}), &["body.image_size literal_error"]),
        (
            "fal-ai/flux/dev",
            json!({"prompt": "a", "image_size": {"width": 0, "height": 64}}),
            &["body.image_size.width greater_than_equal"],
        ),
        (
            "fal-ai/flux/dev",
            json!({"prompt": "a", "image_size": {"width": 64}}),
            &["body.image_size.height missing"],
        ),
        ("fal-ai/flux/dev", json!({"prompt": "a", "num_images": 9}), &["body.num_images less_than_equal"]),
        ("fal-ai/flux/dev", json!({"prompt": "a", "num_images": 1.5}), &["body.num_images int_type"]),
        (
            "fal-ai/flux/dev",
            json!({"prompt": "a", "guidance_scale": 0.5}),
            &["body.guidance_scale greater_than_equal"],
        ),
        ("fal-ai/flux/dev", json!({"prompt": "a", "sync_mode": "yes"}), &["body.sync_mode bool_type"]),
        ("fal-ai/flux/dev", json!({"prompt": "a", "seed": null}), &[]),
        ("openrouter/router", json!({"prompt": "a"}), &["body.model missing"]),
        (
            "openrouter/router",
            json!({"prompt": "a", "model": "x/y", "system": "s"}),
            &["body.system extra_forbidden"],
        ),
        ("fal-ai/nano-banana", json!({"prompt": "a", "aspect_ratio": "16:9"}), &[]),
        (
            "fal-ai/nano-banana",
            json!({"prompt": "a", "image_size": "square"}),
            &["body.image_size extra_forbidden"],
        ),
        ("fal-ai/nano-banana/edit", json!({"prompt": "a"}), &["body.image_urls missing"]),
        ("fal-ai/nano-banana/edit", json!({"prompt": "a", "image_urls": []}), &["body.image_urls too_short"]),
        (
            "fal-ai/nano-banana/edit",
            json!({"prompt": "a", "image_urls": ["ast_1"]}),
            &["body.image_urls url_parsing"],
        ),
        ("fal-ai/retoucher", json!({"image_url": "data:image/png;base64,aa"}), &[]),
        (
            "fal-ai/bytedance/seedream/v4/text-to-image",
            json!({"prompt": "a", "image_size": {"width": 1472, "height": 2048}}),
            &[],
        ),
        (
            "fal-ai/bytedance/seedream/v4/text-to-image",
            json!({"prompt": "a", "image_size": {"width": 900, "height": 900}}),
            &["body.image_size value_error"],
        ),
        (
            "fal-ai/bytedance/seedream/v4/edit",
            json!({"prompt": "a", "image_urls": ["https://a.example/1"], "image_size": "auto_4K"}),
            &[],
        ),
        ("fal-ai/veo3.1", json!({"prompt": "a", "duration": 8}), &["body.duration literal_error"]),
        (
            "fal-ai/minimax/speech-02-hd",
            json!({"text": "a", "voice_setting": {"speed": 3, "tempo": 1}}),
            &["body.voice_setting.speed less_than_equal", "body.voice_setting.tempo extra_forbidden"],
        ),
        (
            "fal-ai/flux-pro/v1.1-ultra-finetuned",
            json!({"prompt": "a", "finetune_id": "f", "finetune_strength": 2.1}),
            &["body.finetune_strength less_than_equal"],
        ),
    ];
    for (endpoint, input, wanted) in cases {
        assert_eq!(refusals(endpoint, input.clone()), *wanted, "{endpoint} {input}");
    }
}

#[test]
fn trap_2_status_is_asked_under_owner_and_alias_only() {
    let asked = |method: Method, path: &str| Route::of(&method, path);
    let (app, id) = ("fal-ai/flux".to_owned(), "r1".to_owned());
    assert_eq!(asked(Method::POST, "/fal-ai/flux/dev"), Route::Submit { endpoint: "fal-ai/flux/dev".into() });
    assert_eq!(
        asked(Method::GET, "/fal-ai/flux/requests/r1/status"),
        Route::Status { app: app.clone(), id: id.clone() }
    );
    assert_eq!(
        asked(Method::GET, "/fal-ai/flux/requests/r1"),
        Route::Result { app: app.clone(), id: id.clone() }
    );
    assert_eq!(asked(Method::PUT, "/fal-ai/flux/requests/r1/cancel"), Route::Cancel { app, id });
    assert_eq!(asked(Method::POST, "/fal-ai/flux/requests/r1/cancel"), Route::Unknown);
    assert_eq!(asked(Method::GET, "/fal-ai/flux/requests/r1/response"), Route::Unknown);
    assert_eq!(asked(Method::GET, "/fal-ai/flux/dev"), Route::Unknown);
    assert_eq!(schema::app("fal-ai/flux/dev"), "fal-ai/flux");
    assert_eq!(schema::app("openrouter/router"), "openrouter/router");
    assert_eq!(schema::app("workflows/ann/cats/v2"), "workflows/ann/cats");
}

fn work(ms: u64) -> NewWork {
    NewWork {
        key: "key-1".into(),
        endpoint: endpoints::find("fal-ai/flux/dev").expect("a known endpoint"),
        input: json!({"prompt": "a"}),
        prompt: "a".into(),
        size: (1024, 768),
        takes: Duration::from_millis(ms),
        start_within: None,
        ending: Ending::Good,
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + ms * 1000)
}

#[test]
fn only_so_many_of_a_key_run_at_once_and_the_rest_wait_in_order() {
    let mut world = World::default();
    for (id, wanted) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        assert_eq!(world.accept(id, work(100), at(0), 2), wanted);
    }
    let other = NewWork { key: "key-2".into(), ..work(100) };
    assert_eq!(world.accept("other", other, at(0), 2), 1);
    let states = |world: &mut World, now| {
        world.advance(now, 2);
        ["a", "b", "c", "d", "other"].map(|id| world.state(id).expect("accepted"))
    };
    use State::{Completed, InProgress, InQueue};
    assert_eq!(states(&mut world, at(99)), [InProgress, InProgress, InQueue(0), InQueue(1), InProgress]);
    assert_eq!(states(&mut world, at(150)), [Completed, Completed, InProgress, InProgress, Completed]);
    // `c` and `d` started at 100, when the slots became free, not at 150, when somebody looked.
    assert_eq!(states(&mut world, at(200)), [Completed; 5]);
    assert_eq!(world.accept("e", work(100), at(300), 2), 1);
    assert_eq!(world.state("e"), Some(InProgress));
    assert_eq!(world.state("unheard of"), None);
}

#[test]
fn cancelled_work_frees_its_slot_and_finished_work_cannot_be_cancelled() {
    let mut world = World::default();
    world.accept("a", work(100), at(0), 1);
    world.accept("b", work(100), at(0), 1);
    assert_eq!(world.cancel("a", at(10), 1), Some(Cancelled::Requested));
    assert_eq!(world.state("a"), Some(State::Completed));
    assert_eq!(world.find("a").expect("kept").new.ending, Ending::Failed("client_cancelled".into()));
    assert_eq!(world.state("b"), Some(State::InProgress));
    assert_eq!(world.cancel("b", at(110), 1), Some(Cancelled::AlreadyCompleted));
    assert_eq!(world.cancel("unheard of", at(110), 1), None);
}

#[test]
fn trap_7_work_that_is_not_started_in_its_time_ends() {
    let mut world = World::default();
    world.accept("a", work(100), at(0), 1);
    for id in ["b", "c"] {
        let patient = NewWork { start_within: Some(Duration::from_millis(50)), ..work(100) };
        world.accept(id, patient, at(0), 1);
    }
    world.advance(at(49), 1);
    assert_eq!(world.state("b"), Some(State::InQueue(0)));
    world.advance(at(51), 1);
    assert_eq!(world.state("b"), Some(State::Completed));
    assert_eq!(world.find("c").expect("kept").new.ending, Ending::Failed("user_timeout".into()));
}

#[test]
fn pictures_are_valid_of_the_asked_size_and_distinct() {
    let draw = |prompt: &str, seed| blocks(&Picture { prompt, width: 200, height: 131, seed });
    let bytes = draw("a", 1);
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
    assert_eq!((reader.info().width, reader.info().height), (200, 131));
    assert_eq!(bytes, draw("a", 1));
    assert_ne!(bytes, draw("a", 2));
    assert_ne!(bytes, draw("b", 1));
}

#[test]
fn sizes_come_from_sides_presets_ratios_and_the_given_picture() {
    let given = Some((300, 200));
    for (endpoint, input, wanted) in [
        ("fal-ai/flux/dev", json!({"image_size": {"width": 640, "height": 480}}), (640, 480)),
        ("fal-ai/flux/dev", json!({"image_size": "portrait_16_9"}), (576, 1024)),
        ("fal-ai/nano-banana", json!({"aspect_ratio": "16:9"}), (1024, 576)),
        ("fal-ai/nano-banana", json!({"aspect_ratio": "9:16"}), (576, 1024)),
        ("fal-ai/nano-banana-pro", json!({"aspect_ratio": "1:1", "resolution": "4K"}), (4096, 4096)),
        ("fal-ai/nano-banana/edit", json!({"aspect_ratio": "auto"}), (300, 200)),
        ("fal-ai/gpt-image-1-mini", json!({"image_size": "1024x1536"}), (1024, 1536)),
        ("fal-ai/retoucher", json!({}), (300, 200)),
        ("fal-ai/recraft/upscale/crisp", json!({}), (600, 400)),
    ] {
        let endpoint = endpoints::find(endpoint).expect("a known endpoint");
        assert_eq!(size::of(endpoint, &input, given), wanted, "{} {input}", endpoint.id);
    }
    let flux = endpoints::find("fal-ai/flux/dev").expect("a known endpoint");
    assert_eq!(size::of(flux, &json!({}), None), (1024, 768));
}
