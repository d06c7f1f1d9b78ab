//! Every model of the simulator takes what the shipped catalogue makes of a wish (S3-22, R-02): neither reads the other's table.

use super::*;
use palitra_domain::{
    catalogue::Catalogue,
    media_type::{self, Kind},
};

/// The model's modes with the body that each makes of a wish.
fn bodies(catalogue: &Catalogue, model: &str, wish: &Value) -> Vec<(String, Value)> {
    let entry = catalogue.find(&format!("kie:{model}")).unwrap_or_else(|| panic!("no `{model}` in the pack"));
    entry.modes.iter().map(|mode| (mode.name.clone(), mode.input.fit(wish).body)).collect()
}

#[tokio::test]
async fn s3_22_s3_66_every_simulated_model_takes_what_the_catalogue_sends_and_its_files_are_of_its_kind() {
    let bench = Bench::new(json!({"creates_per_10s": 1000})).await;
    let catalogue = Catalogue::shipped();
    let source = bench.link(&picture("a source")).await.replace("http://", "https://");
    let wish = json!({
        "prompt": "a lighthouse", "width": 1280, "height": 720, "seed": 1, "images": [source], "video": source,
        "seconds": 5, "factor": 2, "pen": "ink", "voice": "Rachel",
    });
    for model in palitra_sim::kie::models() {
        for (mode, input) in bodies(&catalogue, model, &wish) {
            let request = Request { model: model.into(), mode: mode.clone(), input, ..picture("") };
            let submitted = bench.market.submit("main", &request).await;
            assert_eq!(show_submitted(&submitted), "Accepted", "{model}, {mode}: {submitted:?}");
            let remote = bench::accepted(submitted);
            bench.a_minute_passes();
            let outputs = outputs(bench.poll(&remote).await);
            assert!(outputs.cost.is_some_and(|cost| cost.micros > 0), "{model}");
            let stream = bench.market.fetch(&link_of(&outputs)).await.expect("a file");
            let bytes = read(stream).await.expect("a whole file");
            let wanted = match model {
                name if name.contains("video") || name.contains("seedance") => Kind::Video,
                name if name.contains("speech") => Kind::Audio,
                _ => Kind::Image,
            };
            assert_eq!(media_type::sniff(&bytes).map(|media| media.kind), Some(wanted), "{model}");
        }
    }
}

#[tokio::test]
async fn s3_22_every_simulated_model_takes_the_least_that_the_catalogue_sends() {
    let bench = Bench::new(json!({"creates_per_10s": 1000})).await;
    let catalogue = Catalogue::shipped();
    for model in palitra_sim::kie::models() {
        let link = "https://a.example/1.png";
        for (mode, input) in
            bodies(&catalogue, model, &json!({"prompt": "a lighthouse", "image": link, "video": link}))
        {
            let submitted = bench
                .market
                .submit("main", &Request { model: model.into(), mode: mode.clone(), input, ..picture("") })
                .await;
            assert_eq!(show_submitted(&submitted), "Accepted", "{model}, {mode}: {submitted:?}");
        }
    }
}
