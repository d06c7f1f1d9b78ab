//! How keys fare: what is recorded after each answer that changes it, and when a market stops. The rules are in
//! `palitra_domain::health`. Claims skip keys that are locked here, so nobody waits for anybody.

use crate::{Result, Row, Sql, Tx, alerts, p, sql};
use palitra_domain::{
    ErrorCode, Timestamp,
    health::{Condition, KeyHealth},
    market::MarketError,
};

/// What a market answered to a submission with one of its keys.
#[derive(Debug, Clone)]
pub struct Heard {
    pub market: String,
    pub label: String,
    /// `None`: it took the submission.
    pub error: Option<MarketError>,
    /// When the generation was claimed.
    pub claimed_at: Timestamp,
    pub random: u128,
}

/// What an answer meant for the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stopped {
    /// The key's health, where it changed.
    pub changed: Option<KeyHealth>,
    /// Other keys of the market that may be used now.
    pub others: i64,
    /// No key can be used any more: why.
    pub code: Option<ErrorCode>,
    /// This answer has stopped it.
    pub just_now: bool,
}

const KEYS: Sql = sql!(
    "select label, health, since, usable_at, failures, rounds, paused_at is not null from market_key
     where market = $1 and active = 1 order by id",
    FOR_UPDATE
);

fn condition(row: &Row) -> Result<Condition> {
    Ok(Condition {
        health: row.get(1)?,
        since: row.get(2)?,
        usable_at: row.get(3)?,
        failures: row.get(4)?,
        rounds: row.get(5)?,
    })
}

fn save(tx: &mut Tx, market: &str, label: &str, new: &Condition, said: Option<&str>) -> Result<()> {
    tx.must(
        1,
        "update market_key set health = $3, since = $4, usable_at = $5, failures = $6, rounds = $7, said = $8
         where market = $1 and label = $2",
        p![
            market,
            label,
            new.health.as_str(),
            new.since.micros(),
            new.usable_at.micros(),
            new.failures,
            new.rounds,
            said
        ],
    )
}

/// Records what an answer says about its key. When none of the market's keys can be used any more the market stops, and an alert
/// tells the operator; when one gets through again both are over.
pub fn hear(tx: &mut Tx, heard: &Heard, now: Timestamp) -> Result<Stopped> {
    let rows = tx.query(KEYS, p![&heard.market])?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        keys.push((row.get::<String>(0)?, condition(row)?, row.get::<bool>(6)?));
    }
    let mut stopped = Stopped::default();
    if let Some((_, old, _)) = keys.iter_mut().find(|(label, ..)| *label == heard.label) {
        let new = match &heard.error {
            Some(error) => old.after_failure(error, heard.claimed_at, heard.random, now),
            None => old.after_success(heard.claimed_at, now),
        };
        if let Some(new) = new {
            let said = heard.error.as_ref().map(|error| error.message.as_str());
            save(tx, &heard.market, &heard.label, &new, said)?;
            tell(tx, heard, (old.health, new.health), now)?;
            stopped.changed = (new.health != old.health).then_some(new.health);
            *old = new;
        }
    }
    let others = keys.iter().filter(|(label, of, is_paused)| {
        *label != heard.label && !is_paused && !of.health.is_out() && of.usable_at <= now
    });
    stopped.others = i64::try_from(others.count()).unwrap_or(i64::MAX);
    // A key that the operator has paused can be used again by resuming it: then work waits.
    let is_out = !keys.is_empty() && keys.iter().all(|(_, of, _)| of.health.is_out());
    if is_out {
        let own = keys.iter().find(|(label, ..)| *label == heard.label).map_or(keys[0].1, |(_, of, _)| *of);
        stopped.code = own.health.code();
        let code = stopped.code.map_or("", ErrorCode::name);
        let said = heard.error.as_ref().map_or("", |error| error.message.as_str());
        let rows = tx.execute(
            "insert into market_stop(market, code, said, since) values($1, $2, $3, $4) on conflict(market) do nothing",
            p![&heard.market, code, said, now.micros()],
        )?;
        stopped.just_now = rows > 0;
        if stopped.just_now {
            alerts::raise(tx, &heard.market, code, said, now)?;
        }
    } else if heard.error.is_none() && stopped.changed.is_some() {
        end_stop(tx, &heard.market)?;
    }
    Ok(stopped)
}

/// A key that is out is somebody's business; one that is back is nobody's.
fn tell(tx: &mut Tx, heard: &Heard, (old, new): (KeyHealth, KeyHealth), now: Timestamp) -> Result<()> {
    let subject = format!("{}/{}", heard.market, heard.label);
    if let Some(code) = new.code() {
        let said = heard.error.as_ref().map_or("", |error| error.message.as_str());
        return alerts::raise(tx, &subject, code.name(), said, now);
    }
    if old.is_out() { alerts::clear(tx, &subject) } else { Ok(()) }
}

fn end_stop(tx: &mut Tx, market: &str) -> Result<()> {
    tx.send("delete from market_stop where market = $1", p![market])?;
    alerts::clear(tx, market)
}

/// Keys that the engine has taken out, or lets cool, are tried again with one generation each; of one market or of all, one key or all
/// of them. What the operator has paused stays paused. Answers how many were tried again.
pub fn try_again(tx: &mut Tx, market: Option<&str>, label: Option<&str>, now: Timestamp) -> Result<u64> {
    const ILL: Sql = sql!(
        "select label, health, since, usable_at, failures, rounds, market from market_key
         where ($1 = '' or market = $1) and ($2 = '' or label = $2) and health <> 'ok' order by id",
        FOR_UPDATE
    );
    let rows = tx.query(ILL, p![market.unwrap_or_default(), label.unwrap_or_default()])?;
    for row in &rows {
        let (label, of): (String, String) = (row.get(0)?, row.get(6)?);
        save(tx, &of, &label, &condition(row)?.tried_again(now), None)?;
        alerts::clear(tx, &format!("{of}/{label}"))?;
        end_stop(tx, &of)?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
