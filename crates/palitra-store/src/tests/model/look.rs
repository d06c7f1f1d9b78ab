//! What the tables say, in the words of the model.

use super::{
    drive::{KEYS, account},
    keys,
};
use crate::{
    Result, Tx, batches, ledger, p,
    tests::{harness::Fresh, shop::id},
};
use palitra_domain::{BatchId, GenerationId, Livemode};

/// The lines, and what is wrong with the books.
pub(super) async fn look(fresh: &Fresh) -> (Vec<String>, Vec<String>) {
    let read = |tx: &mut Tx<'_>| Ok((lines(tx)?, crate::books::everything(tx)?));
    fresh.store.read(read).await.unwrap()
}

fn lines(tx: &mut Tx) -> Result<Vec<String>> {
    let generation = |of: GenerationId| (1..1_000).find(|n| id::<GenerationId>(*n) == of).unwrap();
    let mut lines = keys::lines(tx)?;
    for row in tx.query(
        "select g.id, g.state, g.epoch, t.state, t.charged_cash + t.charged_bonus from generation g
         join transfer t on t.generation_id = g.id",
        p![],
    )? {
        let (n, state, epoch): (_, String, i64) = (generation(row.get(0)?), row.get(1)?, row.get(2)?);
        let (hold, charged): (String, i64) = (row.get(3)?, row.get(4)?);
        lines.push(format!("generation {n}: {state}, epoch {epoch}, hold {hold}, charged {charged}"));
    }
    for row in tx.query(
        "select g.id, count(a.id) from generation g left join asset a on a.generation_id = g.id group by g.id",
        p![],
    )? {
        lines.push(format!("assets of {}: {}", generation(row.get(0)?), row.get::<i64>(1)?));
    }
    for row in tx.query("select generation_id, n, reason, state from attempt", p![])? {
        let (n, attempt, reason, state): (_, i64, String, String) =
            (generation(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?);
        lines.push(format!("attempt {n}/{attempt}: {reason}, {state}"));
    }
    for row in tx.query(
        "select k.label, s.generation_id, s.attempt, s.kept_until from slot s join market_key k on k.id = s.scope
         where s.generation_id is not null and s.kind = 'key'",
        p![],
    )? {
        let (label, n, attempt): (String, _, i64) = (row.get(0)?, generation(row.get(1)?), row.get(2)?);
        let (key, until) = (KEYS.iter().position(|key| *key == label).unwrap(), row.get::<Option<i64>>(3)?);
        let until = until.map(|micros| micros / 1_000_000);
        lines.push(format!("slot of key {key}: {n}/{attempt}, ghost until {until:?}"));
    }
    for row in tx.query("select id, state, stop_code from batch", p![])? {
        let (batch, state, stop): (BatchId, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let stages = batches::stages(tx, &batch)?;
        let counters: Vec<_> =
            stages.iter().map(|it| [it.total, it.succeeded, it.failed, it.skipped]).collect();
        let n = (1..1_000).find(|n| id::<BatchId>(*n) == batch).unwrap();
        lines.push(format!("batch {n}: {state}, stopped by {:?}, {counters:?}", stop.as_deref()));
    }
    for n in 0..2 {
        let balance = ledger::balance(tx, &account(n), Livemode::Live)?;
        lines.push(format!("account {n}: {} and {} held", balance.cash, balance.held));
    }
    lines.sort_unstable();
    Ok(lines)
}
