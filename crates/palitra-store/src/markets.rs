//! Market keys, their slots, and the price book.

use crate::{Result, Tx, p};
use palitra_domain::{KeyId, Timestamp, catalogue::Catalogue, price::PriceSettings};

/// A key of the configuration.
pub struct ConfiguredKey {
    /// Taken when the key is new.
    pub id: KeyId,
    pub market: String,
    pub label: String,
    pub slots: u32,
}

/// Brings keys and their slots to the configuration: new rows for what is new, slots added at once, taken
/// ones retired when free.
pub fn configure_keys(tx: &mut Tx, keys: &[ConfiguredKey]) -> Result<()> {
    tx.send("update market_key set active = 0 where active = 1", p![])?;
    for key in keys {
        tx.send(
            "insert into market_key(id, market, label, active) values($1, $2, $3, 1) on conflict(market, label) do update set active = 1",
            p![key.id.as_str(), &key.market, &key.label],
        )?;
        let row = tx.query_one(
            "select id from market_key where market = $1 and label = $2",
            p![&key.market, &key.label],
        )?;
        let id: String = row.get(0)?;
        resize(tx, &Scope { name: &id, kind: "key", market: &key.market, interval_us: 0 }, key.slots)?;
    }
    tx.send(
        "update slot set retiring = 1 where kind = 'key' and retiring = 0 and scope in (select id from market_key where active = 0)",
        p![],
    )?;
    delete_retired(tx)
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
        if let Some(parallel) = model.parallel {
            let interval_us = palitra_domain::time::micros(model.start_interval);
            resize(
                tx,
                &Scope { name: &model_scope(&model.id), kind: "model", market: &model.market, interval_us },
                parallel,
            )?;
        }
    }
    Ok(())
}

/// The name of a model's own slots.
pub fn model_scope(model: &str) -> String {
    format!("model:{model}")
}

/// The version of the price book that says what catalogue and settings say now; a new version when they have
/// changed.
pub fn price_version(
    tx: &mut Tx,
    catalogue: &Catalogue,
    settings: &PriceSettings,
    fingerprint: &str,
    now: Timestamp,
) -> Result<i64> {
    let last =
        tx.query_opt("select version, fingerprint from price_book order by version desc limit 1", p![])?;
    let mut version = 1;
    if let Some(row) = last {
        version = row.get(0)?;
        if row.get::<String>(1)? == fingerprint {
            return Ok(version);
        }
        version += 1;
    }
    tx.must(
        1,
        "insert into price_book(version, fingerprint, created_at) values($1, $2, $3)",
        p![version, fingerprint, now.micros()],
    )?;
    for model in catalogue.models() {
        for mode in &model.modes {
            let rule = &mode.price;
            tx.must(
                1,
                "insert into price(version, model, mode, unit, cost_micros, cost_currency, whole_units, usd_rate, markup)
                 values($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                p![
                    version,
                    &model.id,
                    &mode.name,
                    rule.unit.as_str(),
                    rule.cost_micros,
                    rule.currency.as_str(),
                    rule.whole_units,
                    settings.usd_rate.0,
                    settings.markup.0
                ],
            )?;
        }
    }
    Ok(version)
}
