//! Every mode of the shipped catalogue is taken by the simulator (S3-22): neither reads the other's table.

use super::*;
use palitra_domain::catalogue::{Catalogue, Lane};

/// 64 × 64.
fn file() -> InputFile {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend([0, 0, 0, 64, 0, 0, 0, 64]);
    InputFile { id: "ast_1".into(), mime: "image/png".into(), extension: "png".into(), bytes: bytes.into() }
}

#[tokio::test]
async fn s3_22_every_mode_of_the_pack_runs_at_the_simulator() {
    let bench = Bench::new(json!({})).await;
    let catalogue = Catalogue::shipped();
    let wish = json!({
        "prompt": "a lighthouse", "text": "Маяк", "system": "Write one prompt", "width": 1472, "height": 2048, "images": ["ast_1"],
        "seed": 7, "pen": "ink",
    });
    let models: Vec<_> = catalogue.models().iter().filter(|model| model.market == "openai").collect();
    assert!(!models.is_empty());
    for (model, mode) in models.iter().flat_map(|model| model.modes.iter().map(move |mode| (model, mode))) {
        let asked = request(&mode.name, &model.market_id, mode.input.fit(&wish).body);
        let has_files = mode.input.files(&asked.input).next().is_some();
        let asked = Request { files: if has_files { vec![file()] } else { Vec::new() }, ..asked };
        let outputs = match bench.submit(&asked).await {
            Submitted::Done(outputs) => outputs,
            other => panic!("{}, {}: {other:?}", model.id, mode.name),
        };
        assert_eq!(outputs.text.is_some(), mode.lane == Lane::Text, "{}, {}", model.id, mode.name);
    }
}
