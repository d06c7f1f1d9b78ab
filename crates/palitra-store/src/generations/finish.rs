//! How a generation ends: charged once after its result is stored, or its hold given back; children, counters and delivery in the
//! same transaction.

use super::{Fence, submit, target};
use crate::{Result, Row, Tx, batches, ledger, p};
use palitra_domain::{
    AssetId, BatchId, DeliveryId, ErrorCode, GenerationId, MarketCost, Timestamp,
    market::MarketError,
    state::{AttemptState, Event, GenerationState, StepKind},
};

/// A file that has been stored.
#[derive(Debug, Clone)]
pub struct NewAsset {
    pub id: AssetId,
    pub kind: &'static str,
    pub mime: &'static str,
    pub object_key: String,
    pub bytes: u64,
    pub sha256: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// The end of a generation that went well.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub fence: Fence,
    pub assets: Vec<NewAsset>,
    pub output: Option<String>,
    /// Minor units; never more than the hold.
    pub charge: Option<i64>,
    pub cost: Option<MarketCost>,
    /// What the children are told.
    pub fills: Vec<Fill>,
    pub delivery: DeliveryId,
}

/// A step that waits for this one: what it will be asked.
#[derive(Debug, Clone)]
pub struct Child {
    pub id: GenerationId,
    pub mode: String,
    pub model: String,
    pub input: String,
}

/// A child's completed input, or why it cannot run.
#[derive(Debug, Clone)]
pub struct Fill {
    pub child: GenerationId,
    pub to: std::result::Result<(String, String), ErrorCode>,
}

/// What ending a generation meant for its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finished {
    pub batch_finished: bool,
}

/// The steps that wait for a generation.
pub fn children(tx: &mut Tx, parent: &GenerationId) -> Result<Vec<Child>> {
    let rows = tx.query(
        "select g.id, g.mode, g.model, g.input from edge e join generation g on g.id = e.child_id where e.parent_id = $1 and g.state = 'queued'",
        p![parent.as_str()],
    )?;
    let child =
        |row: &Row| Ok(Child { id: row.get(0)?, mode: row.get(1)?, model: row.get(2)?, input: row.get(3)? });
    rows.iter().map(child).collect()
}

/// Stored and charged: assets, charge, free slots, children and delivery at once.
pub fn settle(tx: &mut Tx, settlement: &Settlement, now: Timestamp) -> Result<Finished> {
    let fence = &settlement.fence;
    let to = target(fence.from, Event::Settle)?;
    let row = tx.query_one(
        "update generation set state = $4, output = $5, updated_at = $6, finished_at = $6, owner = null
         where id = $1 and epoch = $2 and state = $3 returning account_id, livemode, price, batch_id, step",
        p![
            fence.id.as_str(),
            fence.epoch,
            fence.from.as_str(),
            to.as_str(),
            &settlement.output,
            now.micros()
        ],
    )?;
    let (account, livemode, price): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    tx.must(
        1,
        "update attempt set state = $3, cost_micros = $4, cost_currency = $5, closed_at = $6
         where generation_id = $1 and n = $2 and state = 'accepted'",
        p![
            fence.id.as_str(),
            fence.attempt,
            AttemptState::Succeeded.as_str(),
            settlement.cost.map(|cost| cost.micros),
            settlement.cost.as_ref().map(|cost| cost.currency.as_str()),
            now.micros()
        ],
    )?;
    for (n, asset) in (0i64..).zip(&settlement.assets) {
        insert_asset(tx, settlement, asset, n, (&account, &livemode), now)?;
    }
    count_worker(tx, &fence.id, true)?;
    submit::free_slots(tx, &fence.id, None, now)?;
    for fill in &settlement.fills {
        release_child(tx, fill, now)?;
    }
    deliver(tx, &settlement.delivery, &fence.id, &account, now)?;
    let batch = place(&row, 3)?;
    let mut finished = Finished::default();
    if let Some((batch, step)) = &batch {
        finished.batch_finished = batches::count(tx, batch, *step, batches::Tally::Succeeded, None, now)?;
    }
    // Money last: the account's row is the hot one.
    ledger::settle(tx, &fence.id, settlement.charge.unwrap_or(price).min(price), now)?;
    Ok(finished)
}

fn insert_asset(
    tx: &mut Tx,
    settlement: &Settlement,
    asset: &NewAsset,
    n: i64,
    owner: (&str, &str),
    now: Timestamp,
) -> Result<()> {
    tx.must(
        1,
        "insert into asset(id, account_id, livemode, generation_id, n, kind, mime, object_key, bytes, sha256, width, height, created_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        p![
            asset.id.as_str(),
            owner.0,
            owner.1,
            settlement.fence.id.as_str(),
            n,
            asset.kind,
            asset.mime,
            &asset.object_key,
            i64::try_from(asset.bytes).unwrap_or(i64::MAX),
            &asset.sha256,
            asset.width,
            asset.height,
            now.micros()
        ],
    )
}

fn deliver(
    tx: &mut Tx,
    delivery: &DeliveryId,
    generation: &GenerationId,
    account: &str,
    now: Timestamp,
) -> Result<()> {
    tx.must(
        1,
        "insert into outbox(id, kind, account_id, generation_id, payload, next_at, created_at) values($1, 'generation', $2, $3, '{}', $4, $4)",
        p![delivery.as_str(), account, generation.as_str(), now.micros()],
    )
}

/// Gives a child its input; the last parent makes it claimable. A child that cannot run ends here, unpaid.
fn release_child(tx: &mut Tx, fill: &Fill, now: Timestamp) -> Result<()> {
    // The child may have been cancelled meanwhile: then there is nothing to release.
    match &fill.to {
        Ok((input, recipe)) => tx.execute(
            "update generation set input = $2, recipe = $3, parents_left = parents_left - 1,
               ready = case when parents_left = 1 then 1 else 0 end, updated_at = $4
             where id = $1 and state = 'queued' and parents_left > 0",
            p![fill.child.as_str(), input, recipe, now.micros()],
        ),
        Err(code) => {
            let waits = "select 1 from generation where id = $1 and state = 'queued'";
            if tx.query_opt(waits, p![fill.child.as_str()])?.is_some() {
                end_queued(tx, fill.child.as_str(), Event::Fail, *code, batches::Tally::Failed, now)?;
            }
            Ok(0)
        }
    }
    .map(|_| ())
}

/// The worker of the batch counts what it did, before its slot is freed.
fn count_worker(tx: &mut Tx, id: &GenerationId, ok: bool) -> Result<()> {
    tx.execute(
        "update slot set items = items + 1, ok = ok + $2, failed = failed + 1 - $2 where generation_id = $1 and kind = 'batch'",
        p![id.as_str(), ok],
    )?;
    Ok(())
}

/// How a generation ends without a result.
#[derive(Debug, Clone)]
pub struct Failure {
    pub fence: Fence,
    /// `fail`, `cancel` or `time_out`.
    pub event: Event,
    pub code: ErrorCode,
    pub error: MarketError,
    /// How the attempt ended. A ghost keeps its key slot.
    pub attempt: AttemptState,
    pub cost: Option<MarketCost>,
    /// No further call can succeed: the batch stops at once (S0-25).
    pub critical: bool,
    pub delivery: DeliveryId,
}

/// Ends a generation after a claim: the hold is given back, slots are freed, steps that waited for it are skipped.
pub fn fail(tx: &mut Tx, failure: &Failure, now: Timestamp) -> Result<Finished> {
    let fence = &failure.fence;
    let to = target(fence.from, failure.event)?;
    let row = tx.query_one(
        "update generation set state = $4, error_code = $5, error_text = $6, updated_at = $7, finished_at = $7, owner = null
         where id = $1 and epoch = $2 and state = $3 returning account_id, longest_run_us, batch_id, step",
        p![
            fence.id.as_str(),
            fence.epoch,
            fence.from.as_str(),
            to.as_str(),
            failure.code.name(),
            &failure.error.message,
            now.micros()
        ],
    )?;
    submit::close_attempt(tx, fence, failure.attempt, Some(&failure.error), now)?;
    if let Some(cost) = failure.cost {
        tx.must(
            1,
            "update attempt set cost_micros = $3, cost_currency = $4 where generation_id = $1 and n = $2",
            p![fence.id.as_str(), fence.attempt, cost.micros, cost.currency.as_str()],
        )?;
    }
    count_worker(tx, &fence.id, false)?;
    let ghost_until = failure
        .attempt
        .is_ghost()
        .then(|| row.get(1))
        .transpose()?
        .map(|longest| submit::ghost_until(now, longest));
    submit::free_slots(tx, &fence.id, ghost_until, now)?;
    let account: String = row.get(0)?;
    deliver(tx, &failure.delivery, &fence.id, &account, now)?;
    let tally =
        if to == GenerationState::Cancelled { batches::Tally::Skipped } else { batches::Tally::Failed };
    let finished =
        after_end(tx, &fence.id, place(&row, 2)?, tally, failure.critical.then_some(failure.code), now)?;
    ledger::void(tx, &fence.id, now)?;
    Ok(finished)
}

fn place(row: &Row, at: usize) -> Result<Option<(BatchId, StepKind)>> {
    let batch: Option<BatchId> = row.get(at)?;
    Ok(batch.zip(row.get::<Option<StepKind>>(at + 1)?))
}

/// What follows an end without a result: descendants are skipped, the batch counts and may stop.
fn after_end(
    tx: &mut Tx,
    id: &GenerationId,
    place: Option<(BatchId, StepKind)>,
    tally: batches::Tally,
    critical: Option<ErrorCode>,
    now: Timestamp,
) -> Result<Finished> {
    let waiting = tx.query(
        "select g.id from edge e join generation g on g.id = e.child_id where e.parent_id = $1 and g.state = 'queued' order by g.id",
        p![id.as_str()],
    )?;
    for child in waiting {
        let child: String = child.get(0)?;
        end_queued(tx, &child, Event::Cancel, ErrorCode::StepBeforeFailed, batches::Tally::Skipped, now)?;
    }
    let Some((batch, step)) = place else { return Ok(Finished::default()) };
    Ok(Finished { batch_finished: batches::count(tx, &batch, step, tally, critical, now)? })
}

/// Ends a generation that no attempt was opened for (or none is open), with its descendants.
fn end_queued(
    tx: &mut Tx,
    id: &str,
    event: Event,
    code: ErrorCode,
    tally: batches::Tally,
    now: Timestamp,
) -> Result<Finished> {
    let row = finish_row(tx, id, event, code, now)?;
    let id: GenerationId = row.get(2)?;
    let finished = after_end(tx, &id, place(&row, 0)?, tally, None, now)?;
    ledger::void(tx, &id, now)?;
    Ok(finished)
}

/// Ends the row of a queued generation; answers its batch, step and id.
fn finish_row(tx: &mut Tx, id: &str, event: Event, code: ErrorCode, now: Timestamp) -> Result<Row> {
    let to = target(GenerationState::Queued, event)?;
    tx.query_one(
        "update generation set state = $2, error_code = $3, updated_at = $4, finished_at = $4
         where id = $1 and state = 'queued' returning batch_id, step, id",
        p![id, to.as_str(), code.name(), now.micros()],
    )
}

/// Ends a queued generation by itself: cancelled by a person, or by its stopped batch.
pub(crate) fn void_queued(tx: &mut Tx, id: &str, code: ErrorCode, now: Timestamp) -> Result<Finished> {
    end_queued(tx, id, Event::Cancel, code, batches::Tally::Skipped, now)
}
