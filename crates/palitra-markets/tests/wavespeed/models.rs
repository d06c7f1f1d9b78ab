//! Every model of the simulator takes what the shipped catalogue makes of a wish (S3-22): neither reads the other's table.

use super::*;
use palitra_domain::catalogue::Catalogue;

#[tokio::test]
async fn s3_22_every_model_of_the_pack_runs_at_the_simulator() {
    let bench = Bench::new(json!({})).await;
    let (cat, face) = ("https://a.example/cat.png", "https://a.example/face.png");
    let wish = json!({"prompt": "a cat", "width": 1024, "height": 768, "seed": 7, "images": [cat], "face_image": face, "pen": "ink"});
    let catalogue = Catalogue::shipped();
    let models: Vec<_> = catalogue.models().iter().filter(|model| model.market == "wavespeed").collect();
    assert!(!models.is_empty());
    for (model, mode) in models.iter().flat_map(|model| model.modes.iter().map(move |mode| (model, mode))) {
        let input = mode.input.fit(&wish).body;
        let request =
            Request { model: model.market_id.clone(), mode: mode.name.clone(), input, ..picture("") };
        let remote = match bench.market.submit("main", &request).await {
            Submitted::Accepted(remote) => remote,
            other => panic!("{}: {other:?}", model.id),
        };
        bench.a_minute_passes();
        assert!(outputs(bench.poll(&remote).await).cost.is_some_and(|cost| cost.micros > 0), "{}", model.id);
    }
}
