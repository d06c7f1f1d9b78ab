//! Rules of the simulator that need no network: schemas, paths, pace, signatures and the passing of work. The server
//! itself is driven by the adapter's suite in `palitra-markets`.

use super::{
    Level, WaveSpeedScript,
    ledger::{Ledger, dollars},
    route::Route,
    schema, webhook,
    world::{Ending, NewWork, State, World},
};
use crate::market::picture::{Picture, blocks, size_of_png};
use axum::http::Method;
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn inputs_are_refused_by_the_models_schema() {
    let link = "https://a.example/a.png";
    let (flux, edit) = ("wavespeed-ai/flux-dev", "google/nano-banana/edit");
    let (swap, upscale) = ("wavespeed-ai/image-face-swap", "wavespeed-ai/image-upscaler");
    let eleven = vec![link; 11];
    for (model, input, wanted) in [
        (flux, json!({"prompt": "a", "size": "1536*256", "seed": -1, "output_format": "png"}), None),
        (flux, json!({}), Some("property prompt is required")),
        (flux, json!([]), Some("the body is not an object")),
        (flux, json!({"prompt": ""}), Some("property prompt must not be empty")),
        (flux, json!({"prompt": 1}), Some("property prompt must be a string")),
        (flux, json!({"prompt": "a", "width": 64}), Some("property width is not in the schema")),
        (
            flux,
            json!({"prompt": "a", "size": "1792*1008"}),
            Some("property size must be W*H with sides between 256 and 1536"),
        ),
        (
            flux,
            json!({"prompt": "a", "size": "1024x1024"}),
            Some("property size must be W*H with sides between 256 and 1536"),
        ),
        (flux, json!({"prompt": "a", "num_images": 5}), Some("property num_images must be between 1 and 4")),
        (flux, json!({"prompt": "a", "num_images": 1.5}), Some("property num_images must be an integer")),
        (flux, json!({"prompt": "a", "seed": null}), Some("property seed must be an integer")),
        (flux, json!({"prompt": "a", "strength": 2}), Some("property strength must be between 0 and 1")),
        (
            flux,
            json!({"prompt": "a", "output_format": "webp"}),
            Some("property output_format must be one of jpeg, png"),
        ),
        (edit, json!({"prompt": "a", "images": [link]}), None),
        (edit, json!({"prompt": "a"}), Some("property images is required")),
        (edit, json!({"prompt": "a", "images": []}), Some("property images must be 1 to 10 links")),
        (edit, json!({"prompt": "a", "images": eleven}), Some("property images must be 1 to 10 links")),
        (edit, json!({"prompt": "a", "images": link}), Some("property images must be 1 to 10 links")),
        (swap, json!({"image": link, "face_image": link, "target_index": 0, "output_format": "png"}), None),
        (swap, json!({"image": link}), Some("property face_image is required")),
        (swap, json!({"image": link, "face_image": "face.png"}), Some("property face_image must be a link")),
        (
            swap,
            json!({"image": link, "face_image": link, "target_index": 11}),
            Some("property target_index must be between 0 and 10"),
        ),
        (
            swap,
            json!({"image": link, "face_image": link, "prompt": "a"}),
            Some("property prompt is not in the schema"),
        ),
        (upscale, json!({"image": link, "target_resolution": "2k", "creativity": -1.5}), None),
        (
            upscale,
            json!({"image": link, "target_resolution": "16k"}),
            Some("property target_resolution must be one of 2k, 4k, 8k"),
        ),
    ] {
        let model = schema::find(model).expect("a known model");
        assert_eq!(model.refuse(&input).as_deref(), wanted, "{} {input}", model.id);
    }
    assert!(schema::find("wavespeed-ai/flux-dve").is_none());
}

#[test]
fn calls_are_told_by_method_and_path() {
    let asked = |method: Method, path: &str| Route::of(&method, path);
    let result = || Route::Result { id: "r1".into() };
    let submit = |model: &str| Route::Submit { model: model.into() };
    assert_eq!(asked(Method::GET, "/api/v3/predictions/r1/result"), result());
    assert_eq!(asked(Method::GET, "/api/v3/predictions/r1"), result());
    assert_eq!(asked(Method::GET, "/api/v3/predictions/r1/status"), Route::Unknown);
    assert_eq!(asked(Method::POST, "/api/v3/predictions/delete"), Route::Delete);
    assert_eq!(asked(Method::POST, "/api/v3/model/price"), Route::Price);
    assert_eq!(asked(Method::POST, "/api/v3/media/uploads"), Route::Upload);
    assert_eq!(asked(Method::GET, "/api/v3/balance"), Route::Balance);
    assert_eq!(asked(Method::GET, "/api/v3/webhook/secret"), Route::Secret);
    assert_eq!(asked(Method::GET, "/api/v3/models"), Route::Models);
    assert_eq!(asked(Method::POST, "/api/v3/google/nano-banana/edit"), submit("google/nano-banana/edit"));
    assert_eq!(asked(Method::GET, "/api/v3/google/nano-banana/edit"), Route::Unknown);
    assert_eq!(asked(Method::POST, "/api/v2/wavespeed-ai/flux-dev"), Route::Unknown);
    assert_eq!(asked(Method::PUT, "/api/v3/predictions/r1/cancel"), Route::Unknown);
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + ms * 1000)
}

#[test]
fn limits_of_a_level_clear_each_minute() {
    let script = WaveSpeedScript { level: Level::Bronze, ..WaveSpeedScript::default() };
    assert_eq!((script.images_per_minute(), script.concurrency()), (10, 3));
    let mut ledger = Ledger::default();
    let mut taken = |key, ms| (0..20).filter(|_| ledger.counts(key, at(ms), &script)).count();
    assert_eq!((taken("a", 0), taken("a", 59_999), taken("b", 59_999)), (10, 0, 10));
    assert_eq!((taken("a", 60_000), taken("b", 60_000)), (10, 0));
    let own = WaveSpeedScript { images_per_minute: Some(1), concurrency: Some(7), ..script.clone() };
    assert_eq!((own.images_per_minute(), own.concurrency()), (1, 7));
}

#[test]
fn money_is_written_with_its_digits() {
    for (micros, text) in [(12_000, "0.012"), (1_000_000, "1.0"), (0, "0.0"), (-500_000, "-0.5")] {
        assert_eq!(dollars(micros).to_string(), text);
    }
    let mut ledger = Ledger::default();
    let script = WaveSpeedScript::default();
    ledger.take("a", 38_000);
    assert_eq!(ledger.balance_micros("a", &script), 99_962_000);
    assert_eq!(ledger.balance_micros("b", &script), 100_000_000);
}

#[test]
fn the_vector_of_a_signature_is_made() {
    let body = r#"{"id":"abc123","status":"completed","outputs":["https://example.com/a.png"]}"#;
    assert_eq!(
        webhook::sign("whsec_test-secret-0001", "evt_1", "1700000000", body),
        "v3,1bed1be87ce7474882b70f2d009c02db7e347cf5e351f1e975a99b9454c8cfc6"
    );
    let secrets = webhook::Secrets::default();
    assert!(secrets.of("a").starts_with("whsec_") && secrets.of("a") == secrets.of("a"));
    assert!(secrets.of("a") != secrets.of("b") && secrets.of("a") != webhook::Secrets::default().of("a"));
}

fn work(ms: u64) -> NewWork {
    NewWork {
        key: "key-1".into(),
        model: schema::find("wavespeed-ai/flux-dev").expect("a known model"),
        input: json!({"prompt": "a"}),
        prompt: "a".into(),
        size: (256, 256),
        takes: Duration::from_millis(ms),
        ending: Ending::Good,
    }
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
    use State::{Created, Ended, Processing};
    assert_eq!(states(&mut world, at(99)), [Processing, Processing, Created, Created, Processing]);
    assert_eq!(states(&mut world, at(150)), [Ended, Ended, Processing, Processing, Ended]);
    // `c` and `d` started at 100, when the slots became free, not at 150, when somebody looked.
    assert_eq!(states(&mut world, at(200)), [Ended; 5]);
    assert_eq!(world.accept("e", work(100), at(300), 2), 1);
    assert_eq!(world.state("e"), Some(Processing));
    assert_eq!(world.state("unheard of"), None);
}

#[test]
fn pictures_are_valid_of_the_asked_size_and_distinct() {
    let draw = |prompt: &str, seed| blocks(&Picture { prompt, width: 200, height: 131, seed });
    let bytes = draw("a", 1);
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
    assert_eq!((reader.info().width, reader.info().height), (200, 131));
    assert_eq!(size_of_png(&bytes), Some((200, 131)));
    assert_eq!((size_of_png(b"GIF89a"), size_of_png(&bytes[..20])), (None, None));
    assert_eq!(bytes, draw("a", 1));
    assert_ne!(bytes, draw("a", 2));
    assert_ne!(bytes, draw("b", 1));
}

#[test]
fn sizes_and_prices_come_from_the_input() {
    for (input, given, wanted) in [
        (json!({"size": "640*480"}), None, (640, 480)),
        (json!({}), None, (1024, 1024)),
        (json!({}), Some((300, 200)), (300, 200)),
        (json!({"target_resolution": "2k"}), Some((300, 200)), (2048, 1365)),
        (json!({"target_resolution": "4k"}), Some((200, 400)), (2048, 4096)),
    ] {
        assert_eq!(schema::size_of(&input, given), wanted, "{input}");
    }
    let price = |model: &str, input: Value| schema::find(model).expect("a model").price_micros(&input);
    assert_eq!(price("wavespeed-ai/flux-dev", json!({"num_images": 3})), 36_000);
    assert_eq!(price("wavespeed-ai/image-face-swap", json!({})), 10_000);
}
