//! The price book: what catalogue and settings say, in versions.

use crate::{Result, Tx, p};
use palitra_domain::{
    Timestamp,
    catalogue::{Catalogue, Status},
    price::PriceSettings,
};

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
    for model in catalogue.models().iter().filter(|model| model.status == Status::Active) {
        for mode in &model.modes {
            for (condition, rule) in mode.prices.all() {
                tx.must(
                    1,
                    "insert into price(version, model, mode, condition, unit, cost_micros, cost_currency, whole_units, usd_rate, credit_rate, markup)
                     values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                    p![
                        version,
                        &model.id,
                        &mode.name,
                        &condition,
                        rule.unit.as_str(),
                        rule.cost_micros,
                        &rule.coin.to_string(),
                        rule.whole_units,
                        settings.usd_rate.0,
                        settings.credit_rate.0,
                        settings.markup.0
                    ],
                )?;
            }
        }
    }
    Ok(version)
}
