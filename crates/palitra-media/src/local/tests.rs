//! The market `local` as the engine uses it.

use super::*;
use crate::decode;
use image::{DynamicImage, Rgb, RgbImage};
use palitra_domain::market::InputFile;
use serde_json::{Value, json};
use std::time::Duration;

const MEMORY_MIB: u32 = 512;

fn photo(width: u32, height: u32) -> Bytes {
    let level = |side: u32| u8::try_from(side % 256).unwrap();
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([level(x), level(y), 120]));
    Bytes::from(crate::encode::png(&DynamicImage::ImageRgb8(pixels)).unwrap())
}

fn request(model: &str, mode: &str, input: Value, file: Bytes) -> Request {
    let file = InputFile {
        id: "ast_1".to_owned(),
        mime: "image/png".to_owned(),
        extension: "png".to_owned(),
        bytes: file,
    };
    let mut input = input;
    input["images"] = json!(["ast_1"]);
    Request {
        generation: "gen_1".to_owned(),
        attempt: 1,
        model: model.to_owned(),
        mode: mode.to_owned(),
        input,
        files: vec![file],
        spool: None,
        early: None,
        longest_run: Duration::from_secs(60),
        webhook: None,
    }
}

/// This machine without voices of Piper.
fn local() -> Local {
    Local::new(Pool::new(2, MEMORY_MIB), speakers("/nonexistent".into()))
}

/// The file that is made, or the refusal.
async fn made(request: Request) -> Result<Bytes, String> {
    made_by(&local(), request).await
}

async fn made_by(local: &Local, request: Request) -> Result<Bytes, String> {
    match local.submit("built-in", &request).await {
        Submitted::Done(outputs) => match &outputs.files[..] {
            [OutputFile::Bytes(bytes)] => Ok(bytes.clone()),
            other => panic!("{other:?}"),
        },
        Submitted::Refused(error) => Err(error.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn s2_050_a_text_is_drawn_without_any_market() {
    let plain = photo(320, 240);
    let input = json!({"text": "Привет, мир 🌍", "wish": "крупно, жёлтым, сверху"});
    let drawn = made(request("text", "text", input, plain.clone())).await.unwrap();
    let (before, after) = (decode::decode(&plain).unwrap(), decode::decode(&drawn).unwrap());
    assert_eq!((after.pixels.width(), after.pixels.height()), (320, 240));
    let (before, after) = (before.pixels.into_rgb8(), after.pixels.into_rgb8());
    let rows = |of: std::ops::Range<u32>| of.flat_map(|y| (0..320).map(move |x| (x, y)));
    assert!(rows(0..120).any(|(x, y)| before.get_pixel(x, y) != after.get_pixel(x, y)), "it is above");
    assert!(rows(160..240).all(|(x, y)| before.get_pixel(x, y) == after.get_pixel(x, y)), "and nowhere else");
}

#[tokio::test]
async fn s4_72_a_picture_is_changed_step_by_step_and_written_as_asked() {
    let steps = json!([{"crop": {"left": 10, "top": 0, "width": 200, "height": 200}}, {"turn": {"quarters": 1}}, "mirror"]);
    for (format, magic) in [("png", &b"\x89PNG"[..]), ("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF")] {
        let input =
            json!({"steps": steps, "output_format": format, "width": 100, "height": 50, "quality": 80});
        let file = made(request("convert", "convert", input, photo(320, 240))).await.unwrap();
        assert!(file.starts_with(magic), "{format}");
        let header = decode::header(&file).unwrap();
        assert_eq!((header.width, header.height), (100, 50), "{format}");
    }
}

#[tokio::test]
async fn s4_67_a_contact_sheet_is_made_of_all_the_pictures_and_names_the_one_that_is_broken() {
    let whole = photo(60, 40);
    let mut request =
        request("sheet", "contact_sheet", json!({"captions": ["Раз", "Два"], "title": "Всё"}), whole.clone());
    let second = |bytes| InputFile { id: "ast_2".to_owned(), bytes, ..request.files[0].clone() };
    let (good, cut) = (second(whole.clone()), second(whole.slice(..whole.len() - 30)));
    request.input["images"] = json!(["ast_1", "ast_2", "ast_1"]);
    request.files.push(good);
    let header = decode::header(&made(request.clone()).await.unwrap()).unwrap();
    assert!(header.width > 600 && header.height > 300, "{} × {}", header.width, header.height);
    request.files[1] = cut;
    assert!(made(request.clone()).await.unwrap_err().starts_with("picture 2"));
    request.input["images"] = json!([]);
    assert!(made(request).await.unwrap_err().starts_with("0 pictures"));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_reason() {
    let text = |input| made(request("text", "text", input, photo(64, 64)));
    assert!(text(json!({"text": "  "})).await.unwrap_err().contains("no text"));
    assert!(
        text(json!({"text": "a", "style": {"size": "enormous"}})).await.unwrap_err().starts_with("`style`")
    );
    let broken =
        made(request("text", "text", json!({"text": "a"}), Bytes::from_static(b"\x89PNG\r\n\x1a\nshort")))
            .await;
    assert!(broken.unwrap_err().starts_with("the picture cannot be read"));
    let steps = json!({"steps": [{"blur": {"radius": 9999}}]});
    assert!(made(request("convert", "convert", steps, photo(64, 64))).await.unwrap_err().contains("bounds"));
    assert!(
        made(request("text", "draw", json!({}), photo(64, 64)))
            .await
            .unwrap_err()
            .contains("no model `text`")
    );
}

/// More at once than fit into the memory wait for each other, and all are done.
#[tokio::test]
async fn memory_is_bounded_by_its_budget_and_not_by_how_many_ask() {
    let local = local();
    let big = photo(4_000, 4_000);
    let input = json!({"output_format": "jpeg", "width": 64, "height": 64});
    let request = request("convert", "convert", input, big);
    let work = local.work(&request).unwrap();
    assert!((200..400).contains(&work.mib), "{} MiB for 16 million pixels", work.mib);
    let requests = vec![request; 6];
    let all = requests.iter().map(|request| local.run(request));
    for made in futures_util::future::join_all(all).await {
        assert_eq!(made.unwrap().files.len(), 1);
    }
    assert_eq!(local.pool.free_mib(), usize::try_from(MEMORY_MIB).unwrap());
}

/// The voice that was brought speaks at 16,000 samples a second, which nothing else here does.
#[tokio::test]
async fn s1_35_a_text_is_spoken_by_the_voice_of_its_language_or_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let bring = |ending: &str, file: &[u8]| {
        std::fs::write(folder.path().join(format!("en_US-tones-low{ending}")), file).unwrap();
    };
    bring(".onnx", include_bytes!("../../tests/speech/piper/tones.onnx"));
    bring(".onnx.json", include_bytes!("../../tests/speech/piper/tones.onnx.json"));
    let local = Local::new(Pool::new(2, MEMORY_MIB), speakers(folder.path().into()));
    for (input, is_brought) in [
        (json!({"text": "good evening"}), true),
        (json!({"text": "good evening, друг мой Александр"}), false),
        (json!({"text": "добрый вечер"}), false),
        (json!({"text": "good evening", "pitch": 150}), false),
        (json!({"text": "good evening", "voice": "espeak"}), false),
        (json!({"text": "добрый вечер", "voice": "en_us-tones-low"}), true),
        (json!({"text": "добрый вечер", "voice": "piper:en_US-tones-low:0"}), true),
    ] {
        let file = made_by(&local, request("voices", "speak", input.clone(), Bytes::new())).await.unwrap();
        assert!(file.starts_with(b"RIFF"), "{input}");
        assert_eq!(file[24..28] == 16_000_u32.to_le_bytes(), is_brought, "{input}");
    }
    for (voice, says) in
        [("piper:en_US-joe-low", "no voice"), ("en_US-joe-low", "no voice"), ("../x", "no voice")]
    {
        let input = json!({"text": "good evening", "voice": voice});
        let refused = made_by(&local, request("voices", "speak", input, Bytes::new())).await.unwrap_err();
        assert!(refused.contains(says), "{voice}: {refused}");
    }
    bring(".onnx", b"not a net");
    let input = json!({"text": "good evening"});
    let refused = made_by(&local, request("voices", "speak", input, Bytes::new())).await.unwrap_err();
    assert!(refused.starts_with("the voice `en_US-tones-low` cannot be used: "), "{refused}");
}
