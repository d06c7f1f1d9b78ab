//! What leaves when its time is over: in bounded parts, each whole in itself, in the order of ids (that is, of making),
//! from where the last part ended. A process that dies between two parts leaves nothing half gone.
//!
//! Money rows stay for ever. Of a generation stays what the books need (`generation_past`), nothing of what was asked or
//! made. A file's row says that it is deleted before the file is: the same transaction writes the delivery that deletes
//! it, so a crash leaves no file that nobody knows of.

use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{
    AccountId, AssetId, BatchId, DeliveryId, GenerationId, QuoteId, Timestamp, WebhookId,
    deliver::NewDelivery,
};

/// What may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Batches that have ended, with items, steps, counters and what their workers did.
    Batches,
    /// Generations that have ended, with attempts.
    Generations,
    /// Files of results.
    Results,
    /// Files that were uploaded.
    Uploads,
    /// Files that were uploaded for a face swap.
    Faces,
    /// Deliveries that got there or were given up.
    Deliveries,
    /// Webhook deliveries that got there or were given up.
    WebhookLog,
    /// Endpoints that were deleted, and whose log has left.
    Webhooks,
    /// Prices that nobody took.
    Quotes,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Batches => "gone batches",
            Kind::Generations => "gone generations",
            Kind::Results => "gone results",
            Kind::Uploads => "gone uploads",
            Kind::Faces => "gone faces",
            Kind::Deliveries => "gone deliveries",
            Kind::WebhookLog => "gone webhook deliveries",
            Kind::Webhooks => "gone webhooks",
            Kind::Quotes => "gone quotes",
        }
    }
}

/// What one part came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub gone: u64,
    /// There was no more to look at; the next part begins anew.
    pub ended: bool,
}

/// Looks at the next `max` rows and lets go of those whose time was over at `before`.
pub fn let_go(tx: &mut Tx, kind: Kind, before: Timestamp, max: u32, now: Timestamp) -> Result<Part> {
    let from = tx.query_opt("select position from checked where what = $1", p![kind.word()])?;
    let from = from.map_or_else(|| Ok(String::new()), |row| row.get::<String>(0))?;
    let (sql, bound) = match kind {
        Kind::Batches => (BATCHES, BatchId::new(before, 0).as_str().to_owned()),
        Kind::Generations => (GENERATIONS, GenerationId::new(before, 0).as_str().to_owned()),
        Kind::Results => (RESULTS, AssetId::new(before, 0).as_str().to_owned()),
        Kind::Uploads => (UPLOADS, AssetId::new(before, 0).as_str().to_owned()),
        Kind::Faces => (FACES, AssetId::new(before, 0).as_str().to_owned()),
        Kind::Deliveries => (DELIVERIES, DeliveryId::new(before, 0).as_str().to_owned()),
        Kind::WebhookLog => (WEBHOOK_LOG, DeliveryId::new(before, 0).as_str().to_owned()),
        Kind::Webhooks => (WEBHOOKS, WebhookId::new(before, 0).as_str().to_owned()),
        Kind::Quotes => (QUOTES, QuoteId::new(before, 0).as_str().to_owned()),
    };
    let rows = tx.query(sql, p![&from, &bound, max, before.micros()])?;
    let mut leaving = Vec::new();
    for row in &rows {
        if row.get::<bool>(1)? {
            leaving.push(row);
        }
    }
    if !leaving.is_empty() {
        match kind {
            Kind::Batches => batches(tx, &list(&leaving)?)?,
            Kind::Generations => generations(tx, &list(&leaving)?)?,
            Kind::Results | Kind::Uploads | Kind::Faces => files(tx, &leaving, now)?,
            Kind::Deliveries => each(tx, "outbox", "id", &list(&leaving)?)?,
            Kind::WebhookLog => each(tx, "webhook_delivery", "id", &list(&leaving)?)?,
            Kind::Webhooks => each(tx, "webhook", "id", &list(&leaving)?)?,
            Kind::Quotes => each(tx, "quote", "id", &list(&leaving)?)?,
        }
    }
    let ended = rows.len() < usize::try_from(max).unwrap_or(usize::MAX);
    let last =
        rows.last().filter(|_| !ended).map_or_else(|| Ok(String::new()), |row| row.get::<String>(0))?;
    tx.send(
        "insert into checked(what, position) values($1, $2) on conflict(what) do update set position = excluded.position",
        p![kind.word(), &last],
    )?;
    Ok(Part { gone: u64::try_from(leaving.len()).unwrap_or(u64::MAX), ended })
}

/// A batch stays as long as a result in it does.
const BATCHES: &str = "select b.id, case when b.state <> 'processing' and b.finished_at < $4
       and not exists (select 1 from webhook_delivery d where d.subject = b.id and d.state = 'waiting') and not exists
       (select 1 from step s join asset f on f.generation_id = s.generation_id and f.deleted_at is null where s.batch_id = b.id)
       then 1 else 0 end
     from batch b where b.id > $1 and b.id < $2 order by b.id limit $3";

/// A generation stays as long as a result of it does, its batch, a batch that shows it as reused, a slot that a ghost of it
/// keeps, an attempt that may still bring a result, or a delivery that tells of it.
const GENERATIONS: &str = "select g.id, case when g.state in ('succeeded', 'failed', 'cancelled', 'timed_out') and g.finished_at < $4
       and not exists (select 1 from asset f where f.generation_id = g.id and f.deleted_at is null)
       and not exists (select 1 from batch b where b.id = g.batch_id)
       and not exists (select 1 from step s where s.generation_id = g.id and s.reused = 1)
       and not exists (select 1 from slot s where s.generation_id = g.id)
       and not exists (select 1 from attempt a where a.generation_id = g.id and a.look_at is not null)
       and not exists (select 1 from outbox o where o.id = 'dlv_' || substr(g.id, 5) and o.state = 'new')
       and not exists (select 1 from webhook_delivery d where d.subject = g.id and d.state = 'waiting')
       then 1 else 0 end
     from generation g where g.id > $1 and g.id < $2 order by g.id limit $3";

const RESULTS: &str = "select f.id, case when f.deleted_at is null and f.generation_id is not null and f.created_at < $4 then 1 else 0 end, f.object_key, f.account_id,
       f.generation_id, f.created_at, f.thumbnails
     from asset f where f.id > $1 and f.id < $2 order by f.id limit $3";

const UPLOADS: &str = "select f.id, case when f.deleted_at is null and f.generation_id is null and f.created_at < $4 then 1 else 0 end,
       f.object_key, f.account_id, f.generation_id, f.created_at, f.thumbnails
     from asset f where f.id > $1 and f.id < $2 order by f.id limit $3";

const FACES: &str = "select f.id, case when f.deleted_at is null and f.generation_id is null and f.is_face = 1 and f.created_at < $4 then 1 else 0 end,
       f.object_key, f.account_id, f.generation_id, f.created_at, f.thumbnails
     from asset f where f.id > $1 and f.id < $2 order by f.id limit $3";

const DELIVERIES: &str =
    "select o.id, case when o.state <> 'new' and coalesce(o.closed_at, o.created_at) < $4 then 1 else 0 end
     from outbox o where o.id > $1 and o.id < $2 order by o.id limit $3";

const WEBHOOK_LOG: &str =
    "select d.id, case when d.state <> 'waiting' and coalesce(d.closed_at, d.created_at) < $4 then 1 else 0 end
     from webhook_delivery d where d.id > $1 and d.id < $2 order by d.id limit $3";

const WEBHOOKS: &str = "select w.id, case when w.deleted_at < $4
       and not exists (select 1 from webhook_delivery d where d.lane = w.id) then 1 else 0 end
     from webhook w where w.id > $1 and w.id < $2 order by w.id limit $3";

/// One that was taken is the generation's, and leaves with it.
const QUOTES: &str = "select q.id, case when q.generation_id is null and q.expires_at < $4 then 1 else 0 end
     from quote q where q.id > $1 and q.id < $2 order by q.id limit $3";

/// The ids in the first column.
pub(crate) fn list(rows: &[&Row]) -> Result<String> {
    let ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<String>>>()?;
    Ok(sql::list(ids))
}

/// Deletes the rows whose `column` is one of `ids`. Table and column are words of ours.
pub(crate) fn each(tx: &mut Tx, table: &str, column: &str, ids: &str) -> Result<()> {
    const LIST: Sql = sql!("select value from ", EACH, "$1", EACH_END);
    let list = crate::SqlText::text(&LIST, tx.dialect());
    tx.send(&format!("delete from {table} where {column} in ({list})"), p![ids])
}

pub(crate) fn batches(tx: &mut Tx, ids: &str) -> Result<()> {
    // Scopes of a batch begin with its id, and `/` is followed by `0` in the order of bytes.
    const SLOTS: Sql = sql!(
        "delete from slot where kind = 'closed' and exists (select 1 from ",
        EACH,
        "$1",
        EACH_END,
        " where slot.scope >= list.value || '/' and slot.scope < list.value || '0')"
    );
    tx.send(SLOTS, p![ids])?;
    for table in ["step", "stage", "item"] {
        each(tx, table, "batch_id", ids)?;
    }
    each(tx, "batch", "id", ids)
}

pub(crate) fn generations(tx: &mut Tx, ids: &str) -> Result<()> {
    const PAST: Sql = sql!(
        "insert into generation_past(id, account_id, livemode, market, model, mode, state, price, error_code, created_at, finished_at)
         select id, account_id, livemode, market, model, mode, state, price, error_code, created_at, finished_at from generation
         where id in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ")"
    );
    tx.send(PAST, p![ids])?;
    for (table, column) in [
        ("attempt", "generation_id"),
        ("asset", "generation_id"),
        ("quote", "generation_id"),
        ("request", "generation_id"),
        ("feedback", "generation_id"),
        ("callback", "generation_id"),
        ("edge", "parent_id"),
        ("edge", "child_id"),
        ("generation", "id"),
    ] {
        each(tx, table, column, ids)?;
    }
    Ok(())
}

pub(crate) fn files(tx: &mut Tx, rows: &[&Row], now: Timestamp) -> Result<()> {
    const DELETED: Sql =
        sql!("update asset set deleted_at = $2 where id in (select value from ", EACH, "$1", EACH_END, ")");
    tx.send(DELETED, p![&list(rows)?, now.micros()])?;
    for row in rows {
        let (id, key): (AssetId, String) = (row.get(0)?, row.get(2)?);
        let (account, generation): (AccountId, Option<GenerationId>) = (row.get(3)?, row.get(4)?);
        let thumbnails: String = row.get(6)?;
        let erase = NewDelivery {
            id: DeliveryId::of_text("erase", row.get(5)?, id.as_str()),
            kind: "erase".to_owned(),
            account,
            generation,
            batch: None,
            payload: format!("{{\"object\":\"{key}\",\"thumbnails\":\"{thumbnails}\"}}"),
        };
        crate::outbox::insert(tx, &erase, now)?;
    }
    Ok(())
}
