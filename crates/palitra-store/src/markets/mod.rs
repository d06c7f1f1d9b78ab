//! Market keys with their slots and start rates, as the configuration says and as the operator has changed it; how keys fare (`health`),
//! what is paused (`pause`), and the price book (`prices`).

mod bucket;
mod drain;
mod health;
mod limits;
mod list;
mod pause;
mod prices;

pub(crate) use bucket::Bucket;
pub use bucket::Rate;
pub use drain::{drain, stops};
pub use health::{Heard, Stopped, hear, try_again};
pub use limits::{Limits, limit, reset};
pub use list::{KeyShown, LaneShown, MarketShown, lanes, list};
pub use pause::{Paused, pause_key, pause_lane, pause_market};
pub use prices::price_version;

use crate::{Result, Tx, p};
use palitra_domain::{KeyId, catalogue::Catalogue};

/// A key of the configuration.
pub struct ConfiguredKey {
    /// Taken when the key is new.
    pub id: KeyId,
    pub market: String,
    pub label: String,
    pub slots: u32,
    /// Starts a minute; `None`: as many as there are slots.
    pub rate: Option<Rate>,
}

/// Slots of a model that limits how often it starts and not how much of it runs at once.
const MODEL_SLOTS_MAX: u32 = 1_000;

/// Brings keys and their slots to the configuration: new rows for what is new, slots added at once, taken
/// ones retired when free.
pub fn configure_keys(tx: &mut Tx, keys: &[ConfiguredKey]) -> Result<()> {
    tx.send("update market_key set active = 0 where active = 1", p![])?;
    for key in keys {
        configure(tx, key)?;
    }
    tx.send(
        "update slot set retiring = 1 where kind = 'key' and retiring = 0 and scope in (select id from market_key where active = 0)",
        p![],
    )?;
    delete_retired(tx)
}

/// Adds keys that are not in use yet and leaves the others alone: other processes work with them.
pub fn add_keys(tx: &mut Tx, keys: &[ConfiguredKey]) -> Result<()> {
    for key in keys {
        let used = tx.query_opt(
            "select 1 from market_key where market = $1 and label = $2 and active = 1",
            p![&key.market, &key.label],
        )?;
        if used.is_none() {
            configure(tx, key)?;
        }
    }
    Ok(())
}

fn configure(tx: &mut Tx, key: &ConfiguredKey) -> Result<()> {
    tx.send(
        "insert into market_key(id, market, label, active, slots, rate, burst) values($1, $2, $3, 1, $4, $5, $6)
         on conflict(market, label) do update set active = 1, slots = excluded.slots, rate = excluded.rate, burst = excluded.burst",
        p![
            key.id.as_str(),
            &key.market,
            &key.label,
            key.slots,
            key.rate.map_or(0, |rate| rate.per_minute),
            key.rate.map_or(1, |rate| rate.burst)
        ],
    )?;
    limits::apply(tx, &key.market, &key.label)
}

pub(crate) struct Scope<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) market: &'a str,
    pub(crate) interval_us: i64,
}

/// Gives a scope `count` slots, numbered from 1.
pub(crate) fn resize(tx: &mut Tx, scope: &Scope<'_>, count: u32) -> Result<()> {
    let row = tx.query_one("select count(*) from slot where scope = $1 and retiring = 0", p![scope.name])?;
    if row.get::<i64>(0)? != i64::from(count) {
        for n in 1..=count {
            tx.send(
                "insert into slot(scope, n, kind, market, interval_us) values($1, $2, $3, $4, $5)
                 on conflict(scope, n) do update set retiring = 0",
                p![scope.name, n, scope.kind, scope.market, scope.interval_us],
            )?;
        }
        tx.send("update slot set retiring = 1 where scope = $1 and n > $2", p![scope.name, count])?;
        delete_retired(tx)?;
    }
    tx.send(
        "update slot set interval_us = $2 where scope = $1 and interval_us <> $2",
        p![scope.name, scope.interval_us],
    )?;
    Ok(())
}

/// Retiring slots go as soon as nobody holds them; those of batches stay, for the report.
pub(crate) fn delete_retired(tx: &mut Tx) -> Result<()> {
    tx.send(
        "delete from slot where retiring = 1 and generation_id is null and kind in ('key', 'model')",
        p![],
    )?;
    Ok(())
}

/// Slots of models that have limits of their own.
pub fn configure_models(tx: &mut Tx, catalogue: &Catalogue) -> Result<()> {
    for model in catalogue.models() {
        let rate = model.rate.map(|rate| Rate { per_minute: rate.per_minute, burst: rate.burst });
        let name = model_scope(&model.id);
        if model.parallel.is_some() || rate.is_some() {
            let interval_us = palitra_domain::time::micros(model.start_interval);
            let scope = Scope { name: &name, kind: "model", market: &model.market, interval_us };
            resize(tx, &scope, model.parallel.unwrap_or(MODEL_SLOTS_MAX))?;
        }
        bucket::set(tx, &name, rate)?;
    }
    Ok(())
}

/// The name of a model's own slots.
pub fn model_scope(model: &str) -> String {
    format!("model:{model}")
}
