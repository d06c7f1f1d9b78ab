//! Results that come after their generation has ended: a gift. Nothing is charged and no state changes.

use super::{NewAsset, ghost, settle};
use crate::{Error, Result, Sql, Tx, outbox, p, sql};
use palitra_domain::{
    DeliveryId, GenerationId, MarketCost, Timestamp,
    state::{AttemptState, GenerationState},
};

/// A result of an attempt that was given up, in our storage.
#[derive(Debug, Clone)]
pub struct Late {
    pub generation: GenerationId,
    pub attempt: i64,
    pub assets: Vec<NewAsset>,
    pub output: Option<String>,
    pub cost: Option<MarketCost>,
    pub delivery: DeliveryId,
}

/// Adds it at the house's cost: its files follow those that are there, its words stand where there were none, its
/// door is told, its key slot is free. `false` when the generation has not ended. [`Error::Rows`] when
/// what became of the attempt is known.
pub fn late(tx: &mut Tx, late: &Late, now: Timestamp) -> Result<bool> {
    const OF: Sql = sql!("select account_id, livemode, state from generation where id = $1", FOR_UPDATE);
    let (id, n) = (&late.generation, late.attempt);
    let row = tx.query_one(OF, p![id.as_str()])?;
    let (account, livemode): (String, String) = (row.get(0)?, row.get(1)?);
    if !row.get::<GenerationState>(2)?.is_terminal() {
        return Ok(false);
    }
    // The slot first: whoever expires ghosts comes by it to the attempt.
    ghost::free_slot(tx, id, n)?;
    let closed = tx.execute(
        "update attempt set state = $3, paid_by = 'house', late_at = $4, look_at = null, closed_at = $4, cost_micros = $5, cost_currency = $6
         where generation_id = $1 and n = $2 and state in ('unknown', 'abandoned', 'lost')",
        p![
            id.as_str(),
            n,
            AttemptState::Succeeded.as_str(),
            now.micros(),
            late.cost.map(|cost| cost.micros),
            late.cost.as_ref().map(|cost| cost.currency.as_str())
        ],
    )?;
    if closed != 1 {
        return Err(Error::Rows { sql: "an attempt that was given up".to_owned(), wanted: 1, got: closed });
    }
    let next =
        tx.query_one("select coalesce(max(n) + 1, 0) from asset where generation_id = $1", p![id.as_str()])?;
    let first: i64 = next.get(0)?;
    settle::insert_assets(tx, id, &late.assets, first, (&account, &livemode), now)?;
    if let Some(output) = &late.output {
        tx.send(
            "update generation set output = coalesce(output, $2) where id = $1",
            p![id.as_str(), output],
        )?;
    }
    let payload = format!(r#"{{"attempt":{n},"first_asset":{first}}}"#);
    tx.must(
        1,
        "insert into outbox(id, kind, account_id, generation_id, payload, next_at, created_at) values($1, $2, $3, $4, $5, $6, $6)",
        p![
            late.delivery.as_str(),
            outbox::LATE,
            &account,
            id.as_str(),
            &payload,
            now.micros()
        ],
    )?;
    Ok(true)
}
