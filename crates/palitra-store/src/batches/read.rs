//! Reading batches: one, the open one of a manifest, stages, workers and the rows of a report.

use super::Workers;
use crate::{Result, Row, Tx, p};
use palitra_domain::{
    AccountId, BatchId, ErrorCode, GenerationId, Livemode, Timestamp,
    state::{BatchKind, BatchState, GenerationState, StepKind},
};
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Batch {
    pub id: BatchId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub kind: BatchKind,
    pub state: BatchState,
    pub source: String,
    pub title: String,
    pub gate_percent: u32,
    pub error: Option<ErrorCode>,
    pub stop: Option<ErrorCode>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, account_id, livemode, kind, state, title, gate_percent, error_code, stop_code, created_at, finished_at, source";

fn batch(row: &Row) -> Result<Batch> {
    Ok(Batch {
        id: row.get(0)?,
        account: row.get(1)?,
        livemode: row.get(2)?,
        kind: row.get(3)?,
        state: row.get(4)?,
        source: row.get(11)?,
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

/// A batch of a manifest, as far as whoever starts what is left of another one has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    pub id: BatchId,
    pub state: BatchState,
    pub stop: Option<ErrorCode>,
}

/// Batches of the account of the same manifest that are not over, or that began no earlier than this one, newest first.
pub fn followers(tx: &mut Tx, batch: &Batch, manifest: &str) -> Result<Vec<Follower>> {
    /// What is older than so many tells nothing new.
    const FOLLOWERS_MAX: i64 = 100;
    let rows = tx.query(
        "select id, state, stop_code from batch where account_id = $1 and livemode = $2 and manifest = $3 and id >= $4
         union select id, state, stop_code from batch
           where account_id = $1 and livemode = $2 and manifest = $3 and state = 'processing'
         order by 1 desc limit $5",
        p![batch.account.as_str(), batch.livemode.as_str(), manifest, batch.id.as_str(), FOLLOWERS_MAX],
    )?;
    rows.iter().map(|row| Ok(Follower { id: row.get(0)?, state: row.get(1)?, stop: row.get(2)? })).collect()
}

/// The newest of the account that was made from this source; nothing comes from nowhere in particular.
pub fn last_of(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    kind: BatchKind,
    source: &str,
) -> Result<Option<Batch>> {
    let sql = format!(
        "select {COLUMNS} from batch where account_id = $1 and livemode = $2 and kind = $3 and source = $4 and source <> ''
         order by id desc limit 1"
    );
    let row = tx.query_opt(&sql, p![account.as_str(), livemode.as_str(), kind.as_str(), source])?;
    row.as_ref().map(batch).transpose()
}

/// Of the account, open, from sources that begin like this, oldest first.
pub fn open_from(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    kind: BatchKind,
    begins: &str,
) -> Result<Vec<Batch>> {
    let sql = format!(
        "select {COLUMNS} from batch where account_id = $1 and state = 'processing' and livemode = $2 and kind = $3
           and substr(source, 1, length($4)) = $4 order by id"
    );
    tx.query(&sql, p![account.as_str(), livemode.as_str(), kind.as_str(), begins])?
        .iter()
        .map(batch)
        .collect()
}

/// How far the items of a batch are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    pub items: i64,
    /// All of whose steps have ended.
    pub ended: i64,
    /// Of these, those with a step that did not succeed.
    pub failed: i64,
}

pub fn done(tx: &mut Tx, id: &BatchId) -> Result<Done> {
    let row = tx.query_one(
        "select count(*), coalesce(sum(case when waiting = 0 then 1 else 0 end), 0),
                coalesce(sum(case when waiting = 0 and failed > 0 then 1 else 0 end), 0)
         from (select s.item_id,
                 sum(case when g.state in ('queued', 'submitting', 'running', 'storing') then 1 else 0 end) as waiting,
                 sum(case when s.error_code is not null or g.state in ('failed', 'cancelled', 'timed_out') then 1 else 0 end) as failed
               from step s left join generation g on g.id = s.generation_id where s.batch_id = $1 group by s.item_id) items",
        p![id.as_str()],
    )?;
    Ok(Done { items: row.get(0)?, ended: row.get(1)?, failed: row.get(2)? })
}

/// When its work began, and when something last changed in it; `None` before the first call.
pub fn moved(tx: &mut Tx, id: &BatchId) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let row = tx.query_one(
        "select min(started_at), max(updated_at) from generation where batch_id = $1",
        p![id.as_str()],
    )?;
    Ok((row.get(0)?, row.get(1)?))
}

/// Numbers of the items that are otherwise, or not at all, in a later batch.
pub fn changed_items(tx: &mut Tx, id: &BatchId, later: &BatchId) -> Result<Vec<u32>> {
    let rows = tx.query(
        "select i.number from item i where i.batch_id = $1 and not exists
           (select 1 from item n where n.batch_id = $2 and n.number = i.number and n.title = i.title and n.content = i.content)
         order by i.n",
        p![id.as_str(), later.as_str()],
    )?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Numbers and titles of the items of which a step did not succeed.
pub fn failed_items(tx: &mut Tx, id: &BatchId) -> Result<Vec<(u32, String)>> {
    let rows = tx.query(
        "select i.number, i.title from item i where i.batch_id = $1 and exists
           (select 1 from step s left join generation g on g.id = s.generation_id
            where s.item_id = i.id and (s.error_code is not null or g.state in ('failed', 'cancelled', 'timed_out')))
         order by i.n",
        p![id.as_str()],
    )?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Newest first: of an account, or of all.
pub fn page(
    tx: &mut Tx,
    owner: Option<(&AccountId, Livemode)>,
    after: Option<&BatchId>,
    limit: u32,
) -> Result<Vec<Batch>> {
    let after = after.map_or("bat_~", BatchId::as_str);
    let rows = match owner {
        None => {
            let sql = format!("select {COLUMNS} from batch where id < $1 order by id desc limit $2");
            tx.query(&sql, p![after, limit])?
        }
        Some((account, livemode)) => {
            let sql = format!(
                "select {COLUMNS} from batch where account_id = $3 and livemode = $4 and id < $1 order by id desc limit $2"
            );
            tx.query(&sql, p![after, limit, account.as_str(), livemode.as_str()])?
        }
    };
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

/// What makes a batch once more, beside its steps.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The hash of its manifest.
    pub manifest: String,
    /// JSON, for people.
    pub options: String,
    /// Its workers, by their scopes.
    pub workers: Vec<Workers>,
    /// What waited for what: a child, its parent.
    pub edges: Vec<(GenerationId, GenerationId)>,
}

pub fn kept(tx: &mut Tx, id: &BatchId) -> Result<Option<Kept>> {
    let Some(row) = tx.query_opt("select manifest, options from batch where id = $1", p![id.as_str()])?
    else {
        return Ok(None);
    };
    let rows = tx.query(
        "select scope, count(*), max(interval_us) from slot where scope >= $1 || '/' and scope < $1 || '0' group by scope order by scope",
        p![id.as_str()],
    )?;
    let workers = |row: &Row| {
        let (count, interval): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Workers {
            scope: row.get(0)?,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            interval: Duration::from_micros(u64::try_from(interval).unwrap_or(0)),
        })
    };
    let workers = rows.iter().map(workers).collect::<Result<_>>()?;
    let edges = tx.query(
        "select e.child_id, e.parent_id from edge e join generation g on g.id = e.child_id where g.batch_id = $1",
        p![id.as_str()],
    )?;
    let edges = edges.iter().map(|edge| Ok((edge.get(0)?, edge.get(1)?))).collect::<Result<_>>()?;
    Ok(Some(Kept { manifest: row.get(0)?, options: row.get(1)?, workers, edges }))
}

/// A step of a report: the item's words, and the generation that answers it (this batch's own, or an older
/// one).
#[derive(Debug, Clone)]
pub struct StepRow {
    /// Its place among the items.
    pub item: i64,
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
    pub mode: String,
    pub state: GenerationState,
    pub input: String,
    /// What it answers for.
    pub recipe: String,
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
                g.error_code, g.error_text, g.started_at, g.finished_at, f.object_key, f.mime, i.n, g.mode, g.recipe
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
            mode: row.get(22)?,
            state: row.get(8)?,
            input: row.get(9)?,
            recipe: row.get(23)?,
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
        item: row.get(21)?,
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
