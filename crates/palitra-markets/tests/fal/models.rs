//! Every endpoint of the simulator takes what the shipped catalogue makes of a wish, and its files are of its kind (S3-22): neither reads the
//! other's table.

use super::*;
use palitra_domain::{
    catalogue::{Catalogue, Lane},
    market::InputFile,
    media_type::{self, Kind},
};

/// 300 × 200; a header is all that the simulator reads.
pub(super) fn file(id: &str) -> InputFile {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend([0, 0, 1, 44, 0, 0, 0, 200]);
    InputFile { id: id.into(), mime: "image/png".into(), extension: "png".into(), bytes: bytes.into() }
}

#[tokio::test]
async fn s3_22_every_model_of_the_pack_runs_at_the_simulator() {
    let bench = Bench::new(json!({"concurrency": 100})).await;
    let catalogue = Catalogue::shipped();
    let wish = json!({
        "prompt": "a lighthouse", "text": "Маяк", "width": 1472, "height": 2048, "seed": 1, "images": ["ast_1"], "seconds": 8, "voice": "Rachel",
        "finetune_id": "f-1", "system": "Write one prompt", "negative": "fog",
    });
    for model in catalogue.models().iter().filter(|model| model.market == "fal") {
        for mode in &model.modes {
            // Kling knows five and ten seconds.
            let mut wish = wish.clone();
            if model.id.contains("kling") {
                wish["seconds"] = json!(10);
            }
            let input = mode.input.fit(&wish).body;
            let has_files = mode.input.files(&input).next().is_some();
            let request = Request {
                model: model.market_id.clone(),
                mode: mode.name.clone(),
                input,
                files: if has_files { vec![file("ast_1")] } else { Vec::new() },
                ..picture("")
            };
            let remote = match bench.fal.submit("main", &request).await {
                Submitted::Accepted(remote) => remote,
                other => panic!("{}, {}: {other:?}", model.id, mode.name),
            };
            bench.a_minute_passes();
            let outputs = outputs(bench.poll(&remote).await);
            if mode.lane == Lane::Text {
                assert!(outputs.text.is_some(), "{}", model.id);
                continue;
            }
            let bytes =
                read(bench.fal.fetch(&link_of(&outputs)).await.expect("a file")).await.expect("a whole file");
            let wanted = match mode.lane {
                Lane::Video => Kind::Video,
                Lane::Audio => Kind::Audio,
                _ => Kind::Image,
            };
            assert_eq!(media_type::sniff(&bytes).map(|media| media.kind), Some(wanted), "{}", model.id);
        }
    }
}

#[tokio::test]
async fn s2_072_an_upscaled_picture_is_twice_as_large() {
    let bench = Bench::new(json!({})).await;
    let request = Request {
        model: "fal-ai/recraft/upscale/crisp".into(),
        mode: "upscale".into(),
        input: json!({"image_url": "ast_1"}),
        files: vec![file("ast_1")],
        ..picture("")
    };
    let Submitted::Accepted(remote) = bench.fal.submit("main", &request).await else {
        panic!("not accepted")
    };
    bench.a_minute_passes();
    let link = link_of(&outputs(bench.poll(&remote).await));
    let bytes = read(bench.fal.fetch(&link).await.expect("a file")).await.expect("a whole file");
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((side(16), side(20)), (600, 400));
}
