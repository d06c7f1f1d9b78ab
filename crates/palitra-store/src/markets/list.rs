//! Markets, keys and lanes as the operator sees them.

use crate::{Result, Row, Tx, p};
use palitra_domain::{ErrorCode, Timestamp, catalogue::Lane, health::KeyHealth};

/// A key: its limits, what is taken of them, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShown {
    pub label: String,
    pub health: KeyHealth,
    pub since: Timestamp,
    pub usable_at: Timestamp,
    pub failures: i64,
    /// What the market said when its health changed.
    pub said: Option<String>,
    pub paused_at: Option<Timestamp>,
    /// Slots by the configuration, and the operator's in their place.
    pub slots: i64,
    pub slots_here: Option<i64>,
    /// Slots that are taken, ghosts among them, and those that retire when they come free.
    pub taken: i64,
    pub ghosts: i64,
    /// Starts a minute and at once, 0 a minute: no limit.
    pub rate: i64,
    pub burst: i64,
    pub rate_here: Option<i64>,
    pub burst_here: Option<i64>,
}

/// A market with its keys and its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketShown {
    pub name: String,
    pub keys: Vec<KeyShown>,
    /// Waiting for nothing but a slot, or for its time to try again: steps behind others come later. Counted by the indexes of the
    /// queue, so what has ended long ago costs nothing.
    pub queued: i64,
    pub paused_at: Option<Timestamp>,
    /// No key can be used any more: since when, the code that work is told, and what the market said.
    pub stopped: Option<(Timestamp, ErrorCode, String)>,
}

/// A lane, over all markets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneShown {
    pub lane: Lane,
    pub queued: i64,
    pub paused_at: Option<Timestamp>,
}

/// Markets that have keys, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<MarketShown>> {
    let names = tx.query("select distinct market from market_key where active = 1 order by market", p![])?;
    let mut markets = Vec::with_capacity(names.len());
    for name in names.iter().map(|row| row.get::<String>(0)) {
        markets.push(market(tx, name?)?);
    }
    Ok(markets)
}

fn market(tx: &mut Tx, name: String) -> Result<MarketShown> {
    let keys = tx.query(
        "select k.label, k.health, k.since, k.usable_at, k.failures, k.said, k.paused_at, k.slots, k.slots_here,
                (select count(*) from slot s where s.scope = k.id and s.generation_id is not null),
                (select count(*) from slot s where s.scope = k.id and s.generation_id is not null and s.kept_until is not null),
                k.rate, k.burst, k.rate_here, k.burst_here
         from market_key k where k.market = $1 and k.active = 1 order by k.label",
        p![&name],
    )?;
    let keys = keys.iter().map(key).collect::<Result<_>>()?;
    let row = tx.query_one(
        "select (select count(*) from generation where market = $1 and state = 'queued' and ready = 1 and scope is null)
              + (select count(*) from generation where market = $1 and state = 'queued' and ready = 1 and scope is not null)
              + (select count(*) from generation where market = $1 and state = 'queued' and ready = 0 and parents_left = 0),
                (select since from pause where kind = 'market' and name = $1),
                (select since from market_stop where market = $1), (select code from market_stop where market = $1),
                (select said from market_stop where market = $1)",
        p![&name],
    )?;
    let (since, code): (Option<Timestamp>, Option<ErrorCode>) = (row.get(2)?, row.get(3)?);
    let said: Option<String> = row.get(4)?;
    let stopped = since.zip(code).map(|(since, code)| (since, code, said.unwrap_or_default()));
    Ok(MarketShown { queued: row.get(0)?, paused_at: row.get(1)?, name, keys, stopped })
}

fn key(row: &Row) -> Result<KeyShown> {
    Ok(KeyShown {
        label: row.get(0)?,
        health: row.get(1)?,
        since: row.get(2)?,
        usable_at: row.get(3)?,
        failures: row.get(4)?,
        said: row.get(5)?,
        paused_at: row.get(6)?,
        slots: row.get(7)?,
        slots_here: row.get(8)?,
        taken: row.get(9)?,
        ghosts: row.get(10)?,
        rate: row.get(11)?,
        burst: row.get(12)?,
        rate_here: row.get(13)?,
        burst_here: row.get(14)?,
    })
}

/// Every lane, also those without work.
pub fn lanes(tx: &mut Tx) -> Result<Vec<LaneShown>> {
    let lane = |tx: &mut Tx, lane: Lane| {
        let row = tx.query_one(
            "select (select count(*) from generation where lane = $1 and state = 'queued' and ready = 1 and scope is null)
                  + (select count(*) from generation where lane = $1 and state = 'queued' and ready = 1 and scope is not null)
                  + (select count(*) from generation where lane = $1 and state = 'queued' and ready = 0 and parents_left = 0),
                    (select since from pause where kind = 'lane' and name = $1)",
            p![lane.as_str()],
        )?;
        Ok(LaneShown { lane, queued: row.get(0)?, paused_at: row.get(1)? })
    };
    Lane::ALL.iter().map(|of| lane(tx, *of)).collect()
}
