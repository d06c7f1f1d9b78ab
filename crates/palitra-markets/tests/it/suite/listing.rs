//! Lists of models: what cannot be had is an error, and what ships has not drifted from what is listed.

use super::{Lists, rules};
use crate::stage::bench::{Bench, on};
use palitra_domain::{
    catalogue::{Catalogue, listed},
    market::{ErrorClass, Market},
};
use serde_json::json;

rules!([fal, kie, wavespeed]: a_list_that_cannot_be_had_is_an_error);
rules!([fal, wavespeed]: s3_48_what_ships_has_not_drifted_from_what_is_listed);

async fn a_list_that_cannot_be_had_is_an_error<S: Lists>() {
    let everywhere = [
        (json!({"fault": "wrong_key"}), ErrorClass::Auth),
        (json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        (json!({"fault": "rate_limited"}), ErrorClass::RateLimited),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), ErrorClass::Protocol),
        (json!({"fault": "html"}), ErrorClass::Protocol),
        (json!({"fault": "empty"}), ErrorClass::Protocol),
        (json!({"fault": "truncated"}), ErrorClass::Protocol),
        (json!({"fault": "malformed"}), ErrorClass::Protocol),
        (json!({"fault": "huge", "bytes": 33 * 1024 * 1024}), ErrorClass::Protocol),
    ];
    for (fault, wanted) in everywhere.into_iter().chain(S::listings()) {
        let bench = Bench::<S>::rule(on(S::LISTING, &fault)).await;
        let class = bench.market.list_models("main").await.map_err(|error| error.class);
        assert_eq!(class.err(), Some(wanted), "{fault}");
    }
    let bench = Bench::<S>::new(json!({})).await;
    let class = bench.market.list_models("other").await.map_err(|error| error.class);
    assert_eq!(class.err(), Some(ErrorClass::Auth));
}

async fn s3_48_what_ships_has_not_drifted_from_what_is_listed<S: Lists>() {
    let bench = Bench::<S>::new(json!({})).await;
    let all = bench.market.list_models("main").await.expect("an answer").expect("a list");
    let catalogue = Catalogue::shipped();
    for model in catalogue.models().iter().filter(|model| model.market == S::NAME) {
        let found = all.iter().find(|listed| listed.market_id == model.market_id);
        let found = found.unwrap_or_else(|| panic!("{} is not listed", model.id));
        assert_eq!(listed::drift(model, found), Vec::<String>::new(), "{}", model.id);
    }
}
