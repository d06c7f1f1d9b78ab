//! The shelf: what markets were found to have, how that stands, and what has changed about it over time.

use crate::{Error, Result, Row as DbRow, Tx, p};
use palitra_domain::{
    Timestamp,
    catalogue::Status,
    market::ListedPrice,
    price::{Coin, Unit},
};

/// A model as its market listed it last.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub market: String,
    pub market_id: String,
    pub name: String,
    pub category: String,
    pub status: Status,
    /// JSON Schema of its input.
    pub schema: Option<String>,
    /// What was seen last, to see what changes.
    pub fingerprint: String,
    /// As the operator says; of a model that does not ship, else as the market does.
    pub price: Option<ListedPrice>,
    /// What the market has asked for it last.
    pub listed: Option<ListedPrice>,
    /// Why it is paused.
    pub why: String,
}

/// Something that changed at a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub at: Timestamp,
    pub market: String,
    pub market_id: String,
    /// `new`, `changed`, `drift`, `removed`, `returned`, `repriced`, `dearer`, `priced`, `approved`.
    pub change: String,
    pub about: String,
}

/// Goes up with every change of the shelf.
pub fn version(tx: &mut Tx) -> Result<i64> {
    tx.query_one("select coalesce(max(version), 0) from shelf_version", p![])?.get(0)
}

/// Every process reads the shelf again.
pub fn changed(tx: &mut Tx) -> Result<()> {
    tx.send(
        "insert into shelf_version(one, version) values(1, 1) on conflict(one) do update set version = shelf_version.version + 1",
        p![],
    )
}

/// By market and id; `None`: of every market.
pub fn rows(tx: &mut Tx, market: Option<&str>) -> Result<Vec<Row>> {
    let rows = tx.query(
        "select market, market_id, name, category, status, schema, fingerprint, price_unit, price_cost, price_coin, why,
           listed_unit, listed_cost, listed_coin
         from shelf where $1 = '' or market = $1 order by market, market_id",
        p![market.unwrap_or_default()],
    )?;
    rows.iter().map(row).collect()
}

fn row(row: &DbRow) -> Result<Row> {
    let status: String = row.get(4)?;
    Ok(Row {
        market: row.get(0)?,
        market_id: row.get(1)?,
        name: row.get(2)?,
        category: row.get(3)?,
        status: Status::parse(&status)
            .ok_or_else(|| Error::Corrupt(format!("`{status}` is no status of a model")))?,
        schema: row.get(5)?,
        fingerprint: row.get(6)?,
        price: price(row, 7)?,
        listed: price(row, 11)?,
        why: row.get(10)?,
    })
}

/// Unit, cost and coin, from column `at` on.
fn price(row: &DbRow, at: usize) -> Result<Option<ListedPrice>> {
    let (unit, cost, coin): (Option<String>, Option<i64>, Option<String>) =
        (row.get(at)?, row.get(at + 1)?, row.get(at + 2)?);
    let price = unit.as_deref().and_then(Unit::parse).zip(cost).zip(coin.as_deref().and_then(Coin::parse));
    Ok(price.map(|((unit, cost_micros), coin)| ListedPrice { unit, cost_micros, coin }))
}

/// Adds it, or takes the place of what was known of it.
pub fn put(tx: &mut Tx, row: &Row, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "insert into shelf(market, market_id, name, category, status, schema, fingerprint, price_unit, price_cost, price_coin, why, first_at, seen_at,
           listed_unit, listed_cost, listed_coin)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15)
         on conflict(market, market_id) do update set name = excluded.name, category = excluded.category, status = excluded.status,
           schema = excluded.schema, fingerprint = excluded.fingerprint, price_unit = excluded.price_unit, price_cost = excluded.price_cost,
           price_coin = excluded.price_coin, why = excluded.why, seen_at = excluded.seen_at, listed_unit = excluded.listed_unit,
           listed_cost = excluded.listed_cost, listed_coin = excluded.listed_coin",
        p![
            &row.market,
            &row.market_id,
            &row.name,
            &row.category,
            row.status.as_str(),
            &row.schema,
            &row.fingerprint,
            row.price.map(|price| price.unit.as_str()),
            row.price.map(|price| price.cost_micros),
            &row.price.map(|price| price.coin.to_string()),
            &row.why,
            now.micros(),
            row.listed.map(|price| price.unit.as_str()),
            row.listed.map(|price| price.cost_micros),
            &row.listed.map(|price| price.coin.to_string())
        ],
    )
}

/// Writes a change down; the same twice at one moment is one.
pub fn note(tx: &mut Tx, change: &Change) -> Result<()> {
    tx.send(
        "insert into shelf_change(at, market, market_id, change, about) values($1, $2, $3, $4, $5)
         on conflict(market, market_id, at, change) do nothing",
        p![change.at.micros(), &change.market, &change.market_id, &change.change, &change.about],
    )
}

/// Lets go of changes that were before `changes`, and of models that left their market before `models`; at most `max` of each.
pub fn thin(tx: &mut Tx, changes: Timestamp, models: Timestamp, max: u32) -> Result<u64> {
    let gone = tx.execute(
        "delete from shelf_change where at in (select at from shelf_change where at < $1 order by at limit $2)",
        p![changes.micros(), max],
    )?;
    let left = tx.execute(
        "delete from shelf where status = 'retired' and seen_at in
           (select seen_at from shelf where status = 'retired' and seen_at < $1 order by seen_at limit $2)",
        p![models.micros(), max],
    )?;
    Ok(gone + left)
}

/// The latest changes, newest first.
pub fn history(tx: &mut Tx, market: Option<&str>, limit: i64) -> Result<Vec<Change>> {
    let rows = tx.query(
        "select at, market, market_id, change, about from shelf_change where $1 = '' or market = $1
         order by at desc, market, market_id limit $2",
        p![market.unwrap_or_default(), limit],
    )?;
    let change = |row: &DbRow| {
        Ok(Change {
            at: row.get(0)?,
            market: row.get(1)?,
            market_id: row.get(2)?,
            change: row.get(3)?,
            about: row.get(4)?,
        })
    };
    rows.iter().map(change).collect()
}

/// When each market was synchronized last, and what came of it.
pub fn syncs(tx: &mut Tx) -> Result<Vec<(String, Timestamp, String)>> {
    let rows = tx.query("select market, at, said from shelf_sync order by market", p![])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

pub fn synced(tx: &mut Tx, market: &str, said: &str, now: Timestamp) -> Result<()> {
    tx.send(
        "insert into shelf_sync(market, at, said) values($1, $2, $3)
         on conflict(market) do update set at = excluded.at, said = excluded.said",
        p![market, now.micros(), said],
    )
}
