//! Every model that the adapter knows, against the simulator's own table (S3-22, R-02): neither reads the other's.

use super::*;
use palitra_domain::media_type::{self, Kind};

#[tokio::test]
async fn s3_22_s3_66_every_simulated_model_takes_what_the_adapter_sends_and_its_files_are_of_its_kind() {
    let bench = Bench::new(json!({"creates_per_10s": 1000})).await;
    let source = bench.made("a source").await.replace("http://", "https://");
    for model in palitra_sim::kie::models() {
        let input = json!({
            "prompt": "a lighthouse", "width": 1280, "height": 720, "seed": 1, "images": [source], "video": source,
            "seconds": 5, "factor": 2, "pen": "ink", "voice": "Rachel",
        });
        let request = Request { model: model.into(), input, ..picture("") };
        let submitted = bench.kie.submit("main", &request).await;
        assert_eq!(show_submitted(&submitted), "Accepted", "{model}: {submitted:?}");
        let remote = accepted(submitted);
        bench.a_minute_passes();
        let outputs = outputs(bench.poll(&remote).await);
        assert!(outputs.cost.is_some_and(|cost| cost.micros > 0), "{model}");
        let stream = bench.kie.fetch(&link_of(&outputs)).await.expect("a file");
        let bytes = read(stream).await.expect("a whole file");
        let wanted = match model {
            name if name.contains("video") || name.contains("seedance") => Kind::Video,
            name if name.contains("speech") => Kind::Audio,
            _ => Kind::Image,
        };
        assert_eq!(media_type::sniff(&bytes).map(|media| media.kind), Some(wanted), "{model}");
    }
}

#[tokio::test]
async fn s3_22_every_simulated_model_takes_the_least_that_the_adapter_sends() {
    let bench = Bench::new(json!({"creates_per_10s": 1000})).await;
    for model in palitra_sim::kie::models() {
        let link = "https://a.example/1.png";
        let input = json!({"prompt": "a lighthouse", "image": link, "video": link});
        let submitted =
            bench.kie.submit("main", &Request { model: model.into(), input, ..picture("") }).await;
        assert_eq!(show_submitted(&submitted), "Accepted", "{model}: {submitted:?}");
    }
}
