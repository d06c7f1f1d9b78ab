//! Every model and mode of the sandbox as the engine asks for it: what it answers, the same again, and what it refuses.

mod refused;

use super::*;
use crate::darkroom::{self, tests::photo};
use palitra_domain::{Timestamp, market::InputFile, media_type::sniff, prompt::has_cyrillic};
use serde_json::{Value, json};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn input_file(id: &str, bytes: Vec<u8>) -> InputFile {
    let media =
        sniff(&bytes).map_or(("application/octet-stream", "bin"), |media| (media.mime, media.extension));
    InputFile {
        id: id.to_owned(),
        mime: media.0.to_owned(),
        extension: media.1.to_owned(),
        bytes: bytes.into(),
    }
}

/// Pictures `a` to `e`, a sound `wav`, half a picture `half` and a small file of a huge picture `huge`.
fn files() -> Vec<InputFile> {
    let png = darkroom::png(&photo(120, 90));
    let mut files: Vec<InputFile> =
        ["a", "b", "c", "d", "e"].iter().map(|id| input_file(id, png.clone())).collect();
    files.push(input_file("wav", crate::voice::speak("x", "", 0)));
    files.push(input_file("half", png[..png.len() / 2].to_vec()));
    files.push(input_file("huge", darkroom::tests::bomb(60_000, 60_000)));
    files
}

async fn submit(model: &str, mode: &str, input: Value) -> Submitted {
    let sandbox = Sandbox::new(Arc::new(Still), Pace::default(), 2);
    let request = Request {
        generation: "gen".to_owned(),
        attempt: 1,
        model: model.to_owned(),
        mode: mode.to_owned(),
        input,
        files: files(),
        spool: None,
        early: None,
        longest_run: Duration::from_secs(1),
        webhook: None,
    };
    sandbox.submit("built-in", &request).await
}

/// What a run answers; the same when it is asked again.
async fn done(model: &str, mode: &str, input: Value) -> Outputs {
    let Submitted::Done(first) = submit(model, mode, input.clone()).await else {
        panic!("{model} {mode} {input} is not done");
    };
    let Submitted::Done(again) = submit(model, mode, input).await else { panic!("{model} {mode}") };
    assert_eq!(first, again, "{model} {mode}");
    first
}

fn bytes(outputs: &Outputs) -> &[u8] {
    let [OutputFile::Bytes(bytes)] = outputs.files.as_slice() else { panic!("not one file: {outputs:?}") };
    bytes
}

/// The size of the PNG a picture mode answers with.
async fn size(mode: &str, input: Value) -> (u32, u32) {
    let outputs = done("artist", mode, input).await;
    assert_eq!(sniff(bytes(&outputs)).map(|media| media.mime), Some("image/png"));
    let photo = darkroom::open(bytes(&outputs)).unwrap();
    (photo.width, photo.height)
}

async fn said(model: &str, mode: &str, input: Value) -> String {
    done(model, mode, input).await.text.unwrap()
}

#[tokio::test]
async fn pictures_are_drawn_at_the_size_asked_for() {
    assert_eq!(
        size("create", json!({"prompt": "a harbour", "width": 320, "height": 200, "seed": 4})).await,
        (320, 200)
    );
    assert_eq!(size("create", json!({"prompt": "a harbour"})).await, (1024, 1024));
}

#[tokio::test]
async fn s2_035_an_edit_is_1024_square_or_as_asked() {
    let wish = "Сделай теплее";
    assert_eq!(size("edit", json!({"prompt": wish, "images": ["a"]})).await, (1024, 1024));
    for images in [json!(["a"]), json!(["a", "b"]), json!(["a", "b", "c"]), json!(["a", "b", "c", "d"])] {
        let input = json!({"prompt": wish, "images": images, "width": 300, "height": 260, "seed": 3});
        assert_eq!(size("edit", input).await, (300, 260));
    }
    // Too small for words, and very long.
    assert_eq!(
        size("edit", json!({"prompt": wish, "images": ["a"], "width": 40, "height": 30})).await,
        (40, 30)
    );
    let long = json!({"prompt": wish, "images": ["a", "b"], "width": 900, "height": 210});
    assert_eq!(size("edit", long).await, (900, 210));
}

#[tokio::test]
async fn edits_differ_by_wish_and_seed() {
    let edit = async |wish: &str, seed: u32| {
        let input = json!({"prompt": wish, "images": ["a"], "seed": seed, "width": 256, "height": 256});
        bytes(&done("artist", "edit", input).await).to_vec()
    };
    let first = edit("blue", 1).await;
    assert_ne!(first, edit("red", 1).await);
    let others = [edit("blue", 2).await, edit("blue", 3).await, edit("blue", 4).await];
    assert!(others.iter().all(|other| *other != first));
}

#[tokio::test]
async fn s2_049_retouching_keeps_the_size() {
    assert_eq!(size("retouch", json!({"images": ["a"]})).await, (120, 90));
    assert_eq!(
        size("retouch", json!({"images": ["a"], "retouch_mode": "enhance", "prompt": "x"})).await,
        (120, 90)
    );
    let soft = done("artist", "retouch", json!({"images": ["a"], "retouch_mode": "soft"})).await;
    let enhanced = done("artist", "retouch", json!({"images": ["a"], "retouch_mode": "enhance"})).await;
    assert_ne!(soft, enhanced);
}

#[tokio::test]
async fn s2_072_upscaling_doubles_or_quadruples() {
    assert_eq!(size("upscale", json!({"images": ["a"]})).await, (240, 180));
    assert_eq!(size("upscale", json!({"images": ["a"], "factor": 2})).await, (240, 180));
    assert_eq!(size("upscale", json!({"images": ["a"], "factor": 4})).await, (480, 360));
}

#[tokio::test]
async fn s2_069_a_swapped_face_is_a_png_of_the_targets_size() {
    let input = json!({"images": ["a"], "face_image": "b", "target_index": 0});
    assert_eq!(size("swap_face", input).await, (120, 90));
}

#[tokio::test]
async fn films_are_mp4() {
    for input in [
        json!({"prompt": "закат", "seconds": 1}),
        json!({"images": ["a"], "seconds": 1, "width": 64, "height": 128}),
        json!({"prompt": "закат", "width": 320, "height": 180, "images": []}),
    ] {
        let outputs = done("film", "video", input).await;
        assert_eq!(sniff(bytes(&outputs)).map(|media| media.mime), Some("video/mp4"));
    }
}

#[tokio::test]
async fn sounds_are_wav() {
    let spoken = done("voice", "speak", json!({"text": "привет", "voice": "alto", "seed": 1})).await;
    assert_eq!(sniff(bytes(&spoken)).map(|media| media.extension), Some("wav"));
}

#[tokio::test]
async fn words_are_written_translated_composed_and_checked() {
    let written =
        said("writer", "write", json!({"title": "Приливы", "content": "энергия моря", "prompt": "…"})).await;
    assert!(!has_cyrillic(&written));
    let english = said("writer", "translate", json!({"prompt": "кот на окне"})).await;
    assert_eq!(english, "a cat on the window");
    assert_eq!(said("writer", "translate", json!({"prompt": "a cat,  as it is"})).await, "a cat,  as it is");
    let composed = said("writer", "compose", json!({"prompt": "кот на окне"})).await;
    let parts: Value = serde_json::from_str(&composed).unwrap();
    let names: Vec<&String> = parts.as_object().unwrap().keys().collect();
    assert_eq!(names, ["object", "look", "surroundings", "light", "style"]);
    let length: usize =
        parts.as_object().unwrap().values().map(|part| part.as_str().unwrap().chars().count()).sum();
    assert!(length >= 1000 && parts["object"].as_str().unwrap().starts_with("Кот на окне. "), "{composed}");
    let edit = json!({"prompt": "кот на окне", "language": "en", "for": "edit", "seed": 2});
    assert!(!has_cyrillic(&said("writer", "compose", edit).await));
    assert_eq!(said("writer", "check", json!({"prompt": "кот на окне"})).await, r#"{"contradictions":[]}"#);
    let wrong = said("writer", "check", json!({"prompt": "день и ночь"})).await;
    assert!(wrong.starts_with(r#"{"contradictions":["«день» и «ночь»"#), "{wrong}");
    let settled = json!({"prompt": "день и ночь", "contradictions": ["«день» и «ночь» …"]});
    assert!(said("writer", "compose", settled).await.starts_with(r#"{"object":"День. "#));
    assert_eq!(said("noop", "create", json!({})).await, "ok");
}

#[tokio::test]
async fn null_is_as_good_as_nothing() {
    let input = json!({"prompt": "a", "width": null, "height": 32, "seed": null});
    assert_eq!(size("create", input).await, (1024, 32));
    assert_eq!(size("upscale", json!({"images": ["a"], "factor": null})).await, (240, 180));
}
