//! Every mode of the shipped catalogue is taken by the simulator (S3-22): neither reads the other's table.

use super::*;
use palitra_domain::catalogue::Catalogue;

#[tokio::test]
async fn s3_22_every_mode_of_the_pack_runs_at_the_simulator() {
    let bench = Bench::new(json!({})).await;
    let catalogue = Catalogue::shipped();
    let wish = json!({"prompt": "a lighthouse", "system": "Write one prompt", "width": 1472, "height": 2048});
    let models: Vec<_> = catalogue.models().iter().filter(|model| model.market == "anthropic").collect();
    assert!(!models.is_empty());
    for (model, mode) in models.iter().flat_map(|model| model.modes.iter().map(move |mode| (model, mode))) {
        let input = mode.input.fit(&wish).body;
        let asked = Request { model: model.market_id.clone(), ..request(&mode.name, input) };
        let outputs = match bench.submit(&asked).await {
            Submitted::Done(outputs) => outputs,
            other => panic!("{}, {}: {other:?}", model.id, mode.name),
        };
        assert!(outputs.text.is_some(), "{}", model.id);
    }
}
