//! Rules of the simulator that need no network: schemas, limits, the passing of tasks, the signature. The server itself is
//! driven by the adapter's suite in `palitra-markets`.

use super::{
    models,
    schema::size_of,
    webhook::sign,
    world::{Ending, NewTask, State, Window, World},
};
use palitra_domain::{Timestamp, money::Millionths};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn an_input_that_the_model_does_not_have_is_refused() {
    for (model, input, wanted) in [
        ("google/nano-banana", json!({"prompt": "a", "aspect_ratio": "16:9"}), None),
        ("google/nano-banana", json!({}), Some("prompt is required")),
        ("google/nano-banana", json!("a"), Some("input must be an object")),
        ("google/nano-banana", json!({"prompt": ""}), Some("prompt must have 1 to 5000 characters")),
        (
            "google/nano-banana",
            json!({"prompt": "a", "width": 5}),
            Some("width is not a field of google/nano-banana"),
        ),
        (
            "google/nano-banana-edit",
            json!({"prompt": "a", "image_urls": ["data:image/png;base64,aaaa"]}),
            Some("image_urls must hold 1 to 10 public URLs"),
        ),
        // Trap 11: whole numbers as texts.
        ("topaz/image-upscale", json!({"image_url": "https://a.example/a.png", "upscale_factor": "2"}), None),
        (
            "kling-2.6/text-to-video",
            json!({"prompt": "a", "sound": false, "aspect_ratio": "1:1", "duration": "5"}),
            None,
        ),
        (
            "kling-2.6/text-to-video",
            json!({"prompt": "a", "sound": "no", "aspect_ratio": "1:1", "duration": "5"}),
            Some("sound must be true or false"),
        ),
        ("wan/2-7-text-to-video", json!({"prompt": "a", "ratio": "16:9", "duration": 5}), None),
        (
            "wan/2-7-text-to-video",
            json!({"prompt": "a", "duration": 16}),
            Some("duration must be a whole number from 2 to 15"),
        ),
        (
            "elevenlabs/text-to-speech-turbo-2-5",
            json!({"text": "a", "speed": 1.5}),
            Some("speed must be a number from 0.7 to 1.2"),
        ),
        ("bytedance/seedream-v4-text-to-image", json!({"prompt": "a", "seed": null}), None),
    ] {
        let model = models::find(model).expect("a known model");
        assert_eq!(model.refuse(&input).as_deref(), wanted, "{input}");
    }
    let number = json!({"image_url": "https://a.example/a.png", "upscale_factor": 2});
    assert!(models::find("topaz/image-upscale").expect("known").refuse(&number).is_some());
    assert!(models::find("google/nano-banana-pro").is_none());
}

#[test]
fn prices_are_in_credits_and_by_resolution() {
    let price = |model: &str, input: Value| models::find(model).expect("known").credits(&input);
    assert_eq!(price("google/nano-banana", json!({})), Millionths::whole(4));
    assert_eq!(price("nano-banana-pro", json!({"resolution": "2K"})), Millionths::whole(18));
    assert_eq!(price("nano-banana-pro", json!({"resolution": "4K"})), Millionths::whole(24));
    assert_eq!(price("z-image", json!({})), Millionths(800_000));
}

fn task(ms: u64) -> NewTask {
    NewTask {
        key: "key-1".into(),
        model: models::find("z-image").expect("a known model"),
        input: json!({"prompt": "a"}),
        prompt: "a".into(),
        webhook: None,
        takes: Duration::from_millis(ms),
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
        assert_eq!(world.accept(id, task(100), at(0), 2), wanted);
    }
    let other = NewTask { key: "key-2".into(), ..task(100) };
    assert_eq!(world.accept("other", other, at(0), 2), 1);
    let states = |now| ["a", "c", "other"].map(|id| world.find(id).expect("accepted").state(now));
    use State::{Generating, Queuing, Success, Waiting};
    assert_eq!(states(at(0)), [Waiting; 3]);
    assert_eq!(states(at(99)), [Generating, Queuing, Generating]);
    // `c` started at 100, when a slot became free.
    assert_eq!(states(at(150)), [Success, Generating, Success]);
    assert_eq!(states(at(200)), [Success; 3]);
    assert_eq!(world.spent("key-1"), 4 * 800_000);
    assert!(world.find("unheard of").is_none());
}

#[test]
fn a_failed_task_costs_nothing() {
    let mut world = World::default();
    let ending = Ending::Failed { code: "501".into(), message: "no".into() };
    world.accept("a", NewTask { ending, ..task(10) }, at(0), 1);
    assert_eq!(world.find("a").expect("accepted").state(at(10)), State::Fail);
    assert_eq!(world.spent("key-1"), 0);
}

#[test]
fn calls_within_a_span_are_counted_and_refused_ones_are_not() {
    let mut window = Window::default();
    let span = Duration::from_secs(10);
    let mut admitted = |ms| window.admits(at(ms), span, 2);
    assert_eq!([0, 1, 2, 9_999].map(&mut admitted), [true, true, false, false]);
    assert_eq!([10_000, 10_000, 10_001, 10_002].map(admitted), [true, false, true, false]);
}

#[test]
fn the_signature_is_that_of_the_vector() {
    assert_eq!(
        sign("kie-test-key", "task_abc", 1_700_000_000),
        "YsuKGGIkIIm8zq8q8AJ7tPNSJVNYbimLqYKl7AMwqUI="
    );
}

#[test]
fn sizes_come_from_ratios_presets_and_resolutions() {
    for (input, wanted) in [
        (json!({"aspect_ratio": "16:9"}), (1024, 576)),
        (json!({"aspect_ratio": "9:16", "resolution": "2K"}), (1152, 2048)),
        (json!({"image_size": "portrait_16_9"}), (576, 1024)),
        (json!({"image_size": "landscape_4_3", "image_resolution": "4K"}), (4096, 3072)),
        (json!({"image_size": "square_hd"}), (1024, 1024)),
        (json!({"aspect_ratio": "auto"}), (1024, 1024)),
        (json!({}), (1024, 1024)),
    ] {
        assert_eq!(size_of(&input), wanted, "{input}");
    }
}
