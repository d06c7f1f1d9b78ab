//! Reading batches: one, the open one of a manifest, stages, workers and the rows of a report.

use crate::{Result, Row, Tx, p};
use palitra_domain::{
    AccountId, BatchId, ErrorCode, GenerationId, Livemode, Timestamp,
    state::{BatchState, GenerationState, StepKind},
};

#[derive(Debug, Clone)]
pub struct Batch {
    pub id: BatchId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub kind: String,
    pub state: BatchState,
    pub title: String,
    pub gate_percent: u32,
    pub error: Option<ErrorCode>,
    pub stop: Option<ErrorCode>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, account_id, livemode, kind, state, title, gate_percent, error_code, stop_code, created_at, finished_at";

fn batch(row: &Row) -> Result<Batch> {
    Ok(Batch {
        id: row.get(0)?,
        account: row.get(1)?,
        livemode: row.get(2)?,
        kind: row.get(3)?,
        state: row.get(4)?,
        title: row.get(5)?,
        gate_percent: row.get(6)?,
        error: row.get(7)?,
        stop: row.get(8)?,
        created_at: row.get(9)?,
        finished_at: row.get(10)?,
    })
}

pub fn find(tx: &mut Tx, id: &BatchId) -> Result<Option<Batch>> {
    let sql = format!("select {COLUMNS} from batch where id = $1");
    tx.query_opt(&sql, p![id.as_str()])?.as_ref().map(batch).transpose()
}

/// The account's interrupted run of the same manifest.
pub fn open(tx: &mut Tx, account: &AccountId, livemode: Livemode, manifest: &str) -> Result<Option<Batch>> {
    let sql = format!(
        "select {COLUMNS} from batch
         where account_id = $1 and manifest = $3 and state = 'processing' and livemode = $2 and stop_code is null
         order by id desc limit 1"
    );
    tx.query_opt(&sql, p![account.as_str(), livemode.as_str(), manifest])?.as_ref().map(batch).transpose()
}

/// Newest first.
pub fn list(tx: &mut Tx, account: Option<&AccountId>, limit: u32) -> Result<Vec<Batch>> {
    // Either clause finds its rows through an index; `or` would not.
    let which = if account.is_some() { "account_id = $1" } else { "$1 = ''" };
    let sql = format!("select {COLUMNS} from batch where {which} order by id desc limit $2");
    let rows = tx.query(&sql, p![account.map_or("", AccountId::as_str), limit.clamp(1, 10_000)])?;
    rows.iter().map(batch).collect()
}

/// Counters of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub kind: StepKind,
    pub total: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub skipped: i64,
}

pub fn stages(tx: &mut Tx, id: &BatchId) -> Result<Vec<Stage>> {
    let rows = tx.query(
        "select kind, total, succeeded, failed, skipped from stage where batch_id = $1 order by n",
        p![id.as_str()],
    )?;
    let stage = |row: &Row| {
        Ok(Stage {
            kind: row.get(0)?,
            total: row.get(1)?,
            succeeded: row.get(2)?,
            failed: row.get(3)?,
            skipped: row.get(4)?,
        })
    };
    rows.iter().map(stage).collect()
}

/// A worker of a batch and what it did (S0-26). Times in microseconds.
#[derive(Debug, Clone)]
pub struct Worker {
    pub scope: String,
    pub n: i64,
    pub items: i64,
    pub ok: i64,
    pub failed: i64,
    pub busy_us: i64,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
}

pub fn workers(tx: &mut Tx, id: &BatchId) -> Result<Vec<Worker>> {
    // Scopes of a batch begin with its id, and `/` is followed by `0` in the order of bytes.
    let rows = tx.query(
        "select scope, n, items, ok, failed, busy_us, first_at, last_at from slot
         where scope >= $1 || '/' and scope < $1 || '0' order by scope, n",
        p![id.as_str()],
    )?;
    let worker = |row: &Row| {
        Ok(Worker {
            scope: row.get(0)?,
            n: row.get(1)?,
            items: row.get(2)?,
            ok: row.get(3)?,
            failed: row.get(4)?,
            busy_us: row.get(5)?,
            first_at: row.get(6)?,
            last_at: row.get(7)?,
        })
    };
    rows.iter().map(worker).collect()
}

/// A step of a report: the item's words, and the generation that answers it (this batch's own, or an older
/// one).
#[derive(Debug, Clone)]
pub struct StepRow {
    pub number: u32,
    pub title: String,
    pub content: String,
    pub kind: StepKind,
    pub reused: bool,
    /// An error before any call.
    pub error: Option<ErrorCode>,
    pub generation: Option<StepGeneration>,
}

#[derive(Debug, Clone)]
pub struct StepGeneration {
    pub id: GenerationId,
    pub model: String,
    pub state: GenerationState,
    pub input: String,
    pub output: Option<String>,
    pub attempts: i64,
    /// Minor units charged.
    pub charged: i64,
    pub cost_micros: i64,
    pub cost_currency: Option<String>,
    pub error_code: Option<ErrorCode>,
    pub error_text: Option<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub object_key: Option<String>,
    pub mime: Option<String>,
}

/// In the order of items, then of steps.
pub fn steps(tx: &mut Tx, id: &BatchId) -> Result<Vec<StepRow>> {
    let rows = tx.query(
        "select i.number, i.title, i.content, s.kind, s.reused, s.error_code,
                g.id, g.model, g.state, g.input, g.output, g.attempts, coalesce(t.charged_cash + t.charged_bonus, 0),
                (select cast(coalesce(sum(a.cost_micros), 0) as bigint) from attempt a where a.generation_id = g.id),
                (select min(a.cost_currency) from attempt a where a.generation_id = g.id),
                g.error_code, g.error_text, g.started_at, g.finished_at, f.object_key, f.mime
         from step s join item i on i.id = s.item_id join stage o on o.batch_id = s.batch_id and o.kind = s.kind
         left join generation g on g.id = s.generation_id
         left join transfer t on t.id = 'trf_' || substr(g.id, 5)
         left join asset f on f.generation_id = g.id and f.n = 0 and f.deleted_at is null
         where s.batch_id = $1 order by i.n, o.n",
        p![id.as_str()],
    )?;
    rows.iter().map(step).collect()
}

fn step(row: &Row) -> Result<StepRow> {
    let generation: Option<GenerationId> = row.get(6)?;
    let generation = match generation {
        None => None,
        Some(id) => Some(StepGeneration {
            id,
            model: row.get(7)?,
            state: row.get(8)?,
            input: row.get(9)?,
            output: row.get(10)?,
            attempts: row.get(11)?,
            charged: row.get(12)?,
            cost_micros: row.get(13)?,
            cost_currency: row.get(14)?,
            error_code: row.get(15)?,
            error_text: row.get(16)?,
            started_at: row.get(17)?,
            finished_at: row.get(18)?,
            object_key: row.get(19)?,
            mime: row.get(20)?,
        }),
    };
    Ok(StepRow {
        number: row.get(0)?,
        title: row.get(1)?,
        content: row.get(2)?,
        kind: row.get(3)?,
        reused: row.get(4)?,
        error: row.get(5)?,
        generation,
    })
}

/// Submissions of the batch that were opened since.
pub fn calls_since(tx: &mut Tx, id: &BatchId, since: Timestamp) -> Result<i64> {
    let row = tx.query_one(
        "select count(*) from attempt a join generation g on g.id = a.generation_id where g.batch_id = $1 and a.opened_at >= $2",
        p![id.as_str(), since.micros()],
    )?;
    row.get(0)
}
