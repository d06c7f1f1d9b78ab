//! The price book, and slots of models: settings become rows once, and again when they change.

use crate::{
    MIGRATIONS, Tx, markets, p,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{at, commit, number},
    },
};
use palitra_domain::{Currency, catalogue::Catalogue, money::Millionths, price::PriceSettings};

on_every_database!(MIGRATIONS => prices_have_a_version_for_each_change, models_with_limits_have_slots);

const PACK: &str = r#"
market = "fal"
[[model]]
id = "fal-ai/sketch"
market_id = "fal-ai/sketch"
name = "Sketch"
category = "image"
languages = ["en"]
PARALLEL
start_interval_ms = 2000
mode = [{ name = "create", lane = "image", longest_run_s = 60, usual_run_ms = 5000, price = { unit = "image", cost = "0.025", currency = "USD", source = "none" } }]
"#;

fn catalogue(parallel: &str) -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add_pack("test", &PACK.replace("PARALLEL", parallel)).unwrap();
    catalogue
}

async fn prices_have_a_version_for_each_change(fresh: Fresh) {
    let settings = PriceSettings {
        currency: Currency::RUB,
        usd_rate: Millionths::whole(95),
        credit_rate: Millionths(475_000),
        least: 0,
        markup: Millionths::whole(2),
        factor: Millionths::ONE,
    };
    let version = |fingerprint: &'static str| {
        let version =
            move |tx: &mut Tx<'_>| markets::price_version(tx, &catalogue(""), &settings, fingerprint, at(1));
        commit(&fresh, version)
    };
    assert_eq!(
        (version("a").await, version("a").await, version("b").await, version("b").await),
        (1, 1, 2, 2)
    );
    // What was there before is another version all the same.
    assert_eq!(version("a").await, 3);
    assert_eq!(number(&fresh, "select count(*) from price").await, 3);
    let row = fresh.store.read(|tx| {
        tx.query_one("select unit, cost_micros, cost_currency, whole_units, usd_rate, markup from price where version = 2", p![])
    });
    let row = row.await.unwrap();
    assert_eq!(
        (row.get(0), row.get(1), row.get(2)),
        (Ok("image".to_owned()), Ok(25_000i64), Ok("USD".to_owned()))
    );
    assert_eq!((row.get(3), row.get(4), row.get(5)), (Ok(false), Ok(95_000_000i64), Ok(2_000_000i64)));
}

async fn models_with_limits_have_slots(fresh: Fresh) {
    let configure = |parallel: &'static str| {
        commit(&fresh, move |tx| markets::configure_models(tx, &catalogue(parallel)))
    };
    const SLOTS: &str =
        "select count(*) from slot where scope = 'model:fal-ai/sketch' and interval_us = 2000000";
    for (parallel, slots) in [("parallel = 2", 2), ("parallel = 3", 3), ("parallel = 1", 1), ("", 1)] {
        configure(parallel).await;
        assert_eq!(number(&fresh, SLOTS).await, slots, "{parallel}");
    }
}
