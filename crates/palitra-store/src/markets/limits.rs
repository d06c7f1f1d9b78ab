//! Limits of keys: the configuration's, and the operator's in their place, which survive restarts.

use super::{Rate, Scope, bucket, resize};
use crate::{Result, Tx, p};

/// What the operator changes; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub slots: Option<u32>,
    /// 0 starts a minute: no limit.
    pub per_minute: Option<u32>,
    pub burst: Option<u32>,
}

/// Puts the operator's limits in the place of the configuration's, for one key or for all of a market. Fewer slots than are taken hold
/// as they come free. Answers the labels of the keys.
pub fn limit(tx: &mut Tx, market: &str, label: Option<&str>, limits: Limits) -> Result<Vec<String>> {
    let labels = labels(tx, market, label)?;
    for label in &labels {
        tx.must(
            1,
            "update market_key set slots_here = coalesce($3, slots_here), rate_here = coalesce($4, rate_here),
               burst_here = coalesce($5, burst_here)
             where market = $1 and label = $2",
            p![market, label, limits.slots, limits.per_minute, limits.burst],
        )?;
        apply(tx, market, label)?;
    }
    Ok(labels)
}

/// Back to what the configuration says.
pub fn reset(tx: &mut Tx, market: &str, label: Option<&str>) -> Result<Vec<String>> {
    let labels = labels(tx, market, label)?;
    for label in &labels {
        tx.must(
            1,
            "update market_key set slots_here = null, rate_here = null, burst_here = null where market = $1 and label = $2",
            p![market, label],
        )?;
        apply(tx, market, label)?;
    }
    Ok(labels)
}

/// Keys of a market that the configuration has, in order.
pub(super) fn labels(tx: &mut Tx, market: &str, label: Option<&str>) -> Result<Vec<String>> {
    let rows = tx.query(
        "select label from market_key where market = $1 and active = 1 and ($2 = '' or label = $2) order by label",
        p![market, label.unwrap_or_default()],
    )?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Brings slots and bucket of a key to what holds for it now.
pub(super) fn apply(tx: &mut Tx, market: &str, label: &str) -> Result<()> {
    let row = tx.query_one(
        "select id, coalesce(slots_here, slots), coalesce(rate_here, rate), coalesce(burst_here, burst) from market_key
         where market = $1 and label = $2",
        p![market, label],
    )?;
    let (id, slots, per_minute, burst): (String, u32, u32, u32) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    resize(tx, &Scope { name: &id, kind: "key", market, interval_us: 0 }, slots)?;
    bucket::set(tx, &id, (per_minute > 0).then_some(Rate { per_minute, burst }))
}
