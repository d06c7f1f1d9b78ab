//! Counting ends, and the gate: a batch stops at once on a critical error or when its gate is out of reach
//! (S0-24, S0-25).

use super::{NewBatch, Workers};
use crate::{Result, Tx, generations::Ends, ledger, markets, outbox, p, sql};
use palitra_domain::{
    AccountId, BatchId, DeliveryId, ErrorCode, GenerationId, Livemode, Timestamp,
    state::{BatchState, Event, StepKind},
    time,
};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tally {
    Succeeded,
    Failed,
    Skipped,
}

/// What ends or waits again in a batch does so one after another, and sees whether the batch has stopped: its
/// row is locked first.
pub(crate) fn lock_of(tx: &mut Tx, generation: &GenerationId) -> Result<()> {
    const BATCH: crate::Sql =
        sql!("select id from batch where id = (select batch_id from generation where id = $1)", FOR_UPDATE);
    tx.query(BATCH, p![generation.as_str()])?;
    Ok(())
}

/// Whoever asks for what is left of an account's batches does so one after another: two of them may be of the same manifest.
pub fn lock(tx: &mut Tx, account: &AccountId, livemode: Livemode) -> Result<()> {
    ledger::purses(tx, account, livemode)?;
    Ok(())
}

/// Counts the steps that ended; stops the batch when it has to, which ends more of them; closes it after its
/// last step. Answers whether it is closed now.
pub(crate) fn count(
    tx: &mut Tx,
    batch: &BatchId,
    ends: &mut Ends,
    critical: Option<ErrorCode>,
    now: Timestamp,
) -> Result<bool> {
    add(tx, batch, &ends.steps)?;
    if ends.steps.iter().any(|(_, tally)| *tally == Tally::Failed) {
        let counted = ends.steps.len();
        if critical.is_some() || out_of_reach(tx, batch)? {
            stop_queued(tx, batch, critical.unwrap_or(ErrorCode::GateFailed), ends, now)?;
        }
        add(tx, batch, &ends.steps[counted..])?;
    }
    lift_barrier(tx, batch, now)?;
    close_if_done(tx, batch, now)
}

fn add(tx: &mut Tx, batch: &BatchId, steps: &[(StepKind, Tally)]) -> Result<()> {
    for kind in StepKind::ALL {
        let of = |tally: Tally| steps.iter().filter(|step| **step == (*kind, tally)).count();
        let [succeeded, failed, skipped] =
            [Tally::Succeeded, Tally::Failed, Tally::Skipped].map(|tally| number(of(tally)));
        if succeeded + failed + skipped > 0 {
            tx.must(
                1,
                "update stage set succeeded = succeeded + $3, failed = failed + $4, skipped = skipped + $5
                 where batch_id = $1 and kind = $2",
                p![batch.as_str(), kind.as_str(), succeeded, failed, skipped],
            )?;
        }
    }
    Ok(())
}

pub(super) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// After the last step of the first stage, those of the later ones may start.
pub(super) fn lift_barrier(tx: &mut Tx, batch: &BatchId, now: Timestamp) -> Result<()> {
    let first = StepKind::ALL.first().map_or("", |kind| kind.as_str());
    let lifted = tx.execute(
        "update batch set barrier = 0 where id = $1 and barrier = 1 and not exists
           (select 1 from stage where batch_id = $1 and kind = $2 and total > succeeded + failed + skipped)",
        p![batch.as_str(), first],
    )?;
    if lifted == 1 {
        tx.send(
            "update generation set parents_left = parents_left - 1, ready = case when parents_left = 1 then 1 else 0 end, updated_at = $3
             where batch_id = $1 and state = 'queued' and step <> $2 and parents_left > 0",
            p![batch.as_str(), first, now.micros()],
        )?;
    }
    Ok(())
}

/// Whether some stage can no longer reach the gate, whatever still succeeds.
pub(super) fn out_of_reach(tx: &mut Tx, batch: &BatchId) -> Result<bool> {
    let row = tx.query_one(
        "select count(*) from stage s join batch b on b.id = s.batch_id
         where s.batch_id = $1 and (s.total - s.failed - s.skipped) * 100 < b.gate_percent * s.total",
        p![batch.as_str()],
    )?;
    Ok(row.get::<i64>(0)? > 0)
}

/// No new call from now on: everything queued ends, unpaid. What is at the market finishes and is kept.
pub fn stop(tx: &mut Tx, batch: &BatchId, code: ErrorCode, now: Timestamp) -> Result<()> {
    let mut ends = Ends::default();
    stop_queued(tx, batch, code, &mut ends, now)?;
    ends.conclude(tx, None, now)?;
    Ok(())
}

fn stop_queued(tx: &mut Tx, batch: &BatchId, code: ErrorCode, ends: &mut Ends, now: Timestamp) -> Result<()> {
    let stopped = tx.execute(
        "update batch set stop_code = $2 where id = $1 and stop_code is null and state = 'processing'",
        p![batch.as_str(), code.name()],
    )?;
    if stopped == 0 {
        return Ok(());
    }
    let ended = if code == ErrorCode::Cancelled { code } else { ErrorCode::BatchStopped };
    let queued = tx.query(
        "select id from generation where batch_id = $1 and state = 'queued' order by id",
        p![batch.as_str()],
    )?;
    let queued = queued.iter().map(|row| row.get(0)).collect::<Result<Vec<_>>>()?;
    ends.queued(tx, queued, Event::Cancel, ended, now)
}

/// Stops a batch on request; what runs at the market is asked to stop. Answers `false` when it had ended
/// before.
pub fn cancel(tx: &mut Tx, batch: &BatchId, now: Timestamp) -> Result<bool> {
    const OPEN: crate::Sql = sql!("select id from batch where id = $1 and state = 'processing'", FOR_UPDATE);
    if tx.query_opt(OPEN, p![batch.as_str()])?.is_none() {
        return Ok(false);
    }
    tx.send(
        "update generation set cancel_requested_at = $2
         where batch_id = $1 and state in ('submitting', 'running', 'storing') and cancel_requested_at is null",
        p![batch.as_str(), now.micros()],
    )?;
    stop(tx, batch, ErrorCode::Cancelled, now)?;
    close_if_done(tx, batch, now)?;
    Ok(true)
}

/// Stops what is left of the account's earlier manifests from the same place: somebody has changed the deck and started anew, so
/// nobody waits for the old one any more. What runs at a market finishes and can be reused. Answers the batches that were stopped.
pub fn supersede(tx: &mut Tx, batch: &NewBatch, now: Timestamp) -> Result<Vec<BatchId>> {
    if batch.source.is_empty() {
        return Ok(Vec::new());
    }
    const OPEN: crate::Sql = sql!(
        "select id from batch where account_id = $1 and livemode = $2 and kind = $3 and source = $4 and manifest <> $5
           and state = 'processing' order by id",
        FOR_UPDATE
    );
    let open = tx.query(
        OPEN,
        p![
            batch.account.as_str(),
            batch.livemode.as_str(),
            batch.kind.as_str(),
            &batch.source,
            &batch.manifest
        ],
    )?;
    let ids: Vec<BatchId> = open.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
    for id in &ids {
        stop(tx, id, ErrorCode::Cancelled, now)?;
        close_if_done(tx, id, now)?;
    }
    Ok(ids)
}

/// Closes the batch when every step of every stage has ended: completed when each stage passed the gate.
pub(super) fn close_if_done(tx: &mut Tx, batch: &BatchId, now: Timestamp) -> Result<bool> {
    let row = tx.query_one(
        "select count(case when s.succeeded + s.failed + s.skipped < s.total then 1 end),
                count(case when s.succeeded * 100 < b.gate_percent * s.total then 1 end), min(b.stop_code)
         from batch b left join stage s on s.batch_id = b.id where b.id = $1",
        p![batch.as_str()],
    )?;
    let (open, below, stopped): (i64, i64, Option<ErrorCode>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    if open > 0 {
        return Ok(false);
    }
    let (state, error) = match stopped {
        Some(ErrorCode::Cancelled) => (BatchState::Cancelled, Some(ErrorCode::Cancelled)),
        Some(code) => (BatchState::Failed, Some(code)),
        None if below > 0 => (BatchState::Failed, Some(ErrorCode::GateFailed)),
        None => (BatchState::Completed, None),
    };
    let closed = tx.execute(
        "update batch set state = $2, error_code = $3, finished_at = $4 where id = $1 and state = 'processing'",
        p![batch.as_str(), state.as_str(), error.map(ErrorCode::name), now.micros()],
    )?;
    if closed == 1 {
        tx.must(
            1,
            "insert into outbox(id, kind, account_id, batch_id, payload, next_at, created_at)
             select $3, 'batch', account_id, id, '{}', $2, $2 from batch where id = $1",
            p![
                batch.as_str(),
                now.micros(),
                DeliveryId::of_text(outbox::BATCH, now, batch.as_str()).as_str()
            ],
        )?;
    }
    // What its workers did is kept for the report; claims look at the slots of open batches only.
    tx.send(
        "update slot set kind = 'closed' where scope >= $1 || '/' and scope < $1 || '0' and kind = 'batch'",
        p![batch.as_str()],
    )?;
    Ok(true)
}

/// Gives a continued batch the workers that are asked for now.
pub fn set_workers(tx: &mut Tx, workers: &[Workers]) -> Result<()> {
    for workers in workers {
        let interval_us = time::micros(workers.interval);
        markets::resize(
            tx,
            &markets::Scope { name: &workers.scope, kind: "batch", market: "", interval_us },
            workers.count,
        )?;
    }
    Ok(())
}
