//! The simulator takes what the shipped catalogue makes of a wish, and what comes is of its kind (S3-22): neither reads the other's table.

use super::{UnderTest, rules};
use crate::stage::{bench::Bench, png, read};
use palitra_domain::{
    catalogue::{Catalogue, Lane},
    market::{Market, OutputFile, Request},
    media_type::{self, Kind},
};
use serde_json::json;

rules!([fal, wavespeed, openai, anthropic]: s3_22_every_mode_of_the_pack_runs_at_the_simulator);

async fn s3_22_every_mode_of_the_pack_runs_at_the_simulator<S: UnderTest>() {
    let bench = Bench::<S>::new(json!({})).await;
    let catalogue = Catalogue::shipped();
    let models: Vec<_> = catalogue.models().iter().filter(|model| model.market == S::NAME).collect();
    assert!(!models.is_empty());
    for (model, mode) in models.iter().flat_map(|model| model.modes.iter().map(move |mode| (model, mode))) {
        let input = mode.input.fit(&S::wish(&model.id)).body;
        let has_files = mode.input.files(&input).next().is_some();
        let request = Request {
            model: model.market_id.clone(),
            mode: mode.name.clone(),
            input,
            files: if has_files { vec![png("ast_1")] } else { Vec::new() },
            ..S::order()
        };
        let outputs = bench.done(&request).await;
        let about = format!("{}, {}", model.id, mode.name);
        assert_eq!(outputs.text.is_some(), mode.lane == Lane::Text, "{about}");
        assert_eq!(outputs.cost.is_some_and(|cost| cost.micros > 0), S::TELLS_COSTS, "{about}");
        if mode.lane == Lane::Text {
            continue;
        }
        let bytes = match outputs.files.as_slice() {
            [OutputFile::Bytes(bytes)] => bytes.to_vec(),
            [OutputFile::Link(link)] => {
                let stream = bench.market.fetch(link).await.expect("a file");
                read(stream).await.expect("a whole file")
            }
            other => panic!("{about}: {other:?}"),
        };
        let wanted = match mode.lane {
            Lane::Video => Kind::Video,
            Lane::Audio => Kind::Audio,
            _ => Kind::Image,
        };
        assert_eq!(media_type::sniff(&bytes).map(|media| media.kind), Some(wanted), "{about}");
    }
}
