//! Start rates of keys and models, by the clock that the test turns.

use super::{claims, queue, rated, taken};
use crate::{
    MIGRATIONS,
    generations::{self, NewGeneration},
    markets,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{MARKET, anna, at, claiming, commit, create, key, open, wanted},
    },
};
use palitra_domain::catalogue::Catalogue;

on_every_database!(MIGRATIONS =>
    s2_126_a_key_starts_no_more_than_its_rate_and_burst,
    a_rate_of_one_key_does_not_hold_up_another,
    a_rate_that_changes_counts_what_has_started,
    a_models_rate_holds_over_all_keys,
    two_processes_share_a_rate,
);

/// `main` with 50 slots and 12 starts a minute, 3 at once.
async fn limited(fresh: &Fresh) {
    open(fresh, 1).await;
    commit(fresh, |tx| markets::configure_keys(tx, &[rated("main", 1, 50, 12, 3)])).await;
}

async fn s2_126_a_key_starts_no_more_than_its_rate_and_burst(fresh: Fresh) {
    limited(&fresh).await;
    queue(&fresh, 1..=60).await;
    let mut starts = Vec::new();
    for now in 100..=160 {
        starts.extend(vec![now; claims(&fresh, now).await.len()]);
    }
    assert_eq!(starts[..5], [100, 100, 100, 105, 110]);
    assert_eq!(starts.len(), 3 + 12, "a burst, then one each five seconds");
    let claim = |now| {
        commit(&fresh, move |tx| {
            let claim = claiming();
            generations::claim(tx, &claim, at(now))
        })
    };
    let empty = claim(161).await;
    assert_eq!((empty.claimed.len(), empty.next_at), (0, Some(at(165))), "it says when to come back");
    // After a rest the burst is there again, and no more than that.
    assert_eq!(claim(10_000).await.claimed.len(), 3);
}

async fn a_rate_of_one_key_does_not_hold_up_another(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| markets::configure_keys(tx, &[rated("one", 11, 4, 1, 1), key("two", 12, 4)])).await;
    queue(&fresh, 1..=20).await;
    let mut first = taken(&fresh, 100).await;
    first.sort_unstable();
    assert_eq!(first, ["one", "two", "two", "two", "two"]);
    assert!(taken(&fresh, 101).await.is_empty());
    assert_eq!(taken(&fresh, 160).await, ["one"]);
}

async fn a_rate_that_changes_counts_what_has_started(fresh: Fresh) {
    limited(&fresh).await;
    queue(&fresh, 1..=60).await;
    assert_eq!(claims(&fresh, 100).await.len(), 3);
    let change = |per_minute| {
        let limits = markets::Limits { per_minute: Some(per_minute), ..markets::Limits::default() };
        commit(&fresh, move |tx| markets::limit(tx, MARKET, None, limits))
    };
    assert_eq!(change(60).await, ["main"]);
    assert!(claims(&fresh, 100).await.is_empty(), "what has started counts");
    change(0).await;
    assert_eq!(claims(&fresh, 100).await.len(), 47, "no limit: as many as there are slots");
    commit(&fresh, |tx| markets::reset(tx, MARKET, Some("main"))).await;
    let rows = commit(&fresh, markets::list).await;
    assert_eq!((rows[0].keys[0].rate, rows[0].keys[0].rate_here), (12, None));
}

const PACK: &str = r#"
market = "fal"
[[model]]
id = "fal-ai/sketch"
market_id = "fal-ai/sketch"
name = "Sketch"
category = "image"
languages = ["en"]
rate_per_minute = 6
rate_burst = 2
mode = [{ name = "create", lane = "image", longest_run_s = 60, usual_run_ms = 5000, price = { unit = "image", cost = "0.025", currency = "USD", source = "none" } }]
"#;

async fn a_models_rate_holds_over_all_keys(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        let mut catalogue = Catalogue::default();
        catalogue.add_pack("test", PACK).unwrap();
        markets::configure_models(tx, &catalogue)?;
        markets::configure_keys(tx, &[key("one", 11, 9), key("two", 12, 9)])?;
        let scope = markets::model_scope("fal-ai/sketch");
        let of_model = |n| NewGeneration { model_scope: Some(scope.clone()), ..wanted(n) };
        create(tx, &anna(), &(1..=9).map(of_model).chain([wanted(10)]).collect::<Vec<_>>())
    })
    .await;
    assert_eq!(claims(&fresh, 100).await.len(), 2 + 1, "a burst, and the one of another model");
    assert_eq!((claims(&fresh, 109).await.len(), claims(&fresh, 110).await.len()), (0, 1));
}

async fn two_processes_share_a_rate(fresh: Fresh) {
    limited(&fresh).await;
    queue(&fresh, 1..=60).await;
    let other = fresh.again();
    let claim = |tx: &mut crate::Tx<'_>| Ok(crate::tests::shop::claim(tx, 64, at(100))?.len());
    // At the same time where the database can do that.
    let (one, two) = (fresh.store.post(claim), other.post(claim));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let rest = claims(&fresh, 100).await.len();
    assert_eq!(one + two + rest, 3, "{one} and {two} and {rest}");
    other.close();
}
