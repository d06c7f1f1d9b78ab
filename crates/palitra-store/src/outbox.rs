//! Deliveries: effects outside the database. A row is written with the change that causes it, claimed for a while by a
//! process, and closed when its receiver has taken it. A process that dies lets go of its claims by their time; then
//! they are delivered again, under the same id.
//!
//! The end of a generation is an event (kind `generation`), so is that of a batch (`batch`), and a result that comes after it (`late`): who
//! wants to hear of them says so in `webhooks`, and what nobody hears of is closed in bulk.

use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{
    DeliveryId, Timestamp,
    deliver::{Delivery, NewDelivery},
};

/// The end of a generation, written by the transaction that ends it.
pub const GENERATION: &str = "generation";

/// The end of a batch, written by the transaction that ends its last step.
pub const BATCH: &str = "batch";

/// A result that came after that end: `attempt`, and `first_asset`, the number of the first file it added.
pub const LATE: &str = "late";

/// Writes a delivery. `false` when there is one of this id: the same effect was asked for before.
pub fn insert(tx: &mut Tx, new: &NewDelivery, now: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "insert into outbox(id, kind, account_id, generation_id, batch_id, payload, next_at, created_at)
         values($1, $2, $3, $4, $5, $6, $7, $7) on conflict(id) do nothing",
        p![
            new.id.as_str(),
            &new.kind,
            new.account.as_str(),
            new.generation.as_ref().map(palitra_domain::GenerationId::as_str),
            new.batch.as_ref().map(palitra_domain::BatchId::as_str),
            &new.payload,
            now.micros()
        ],
    )?;
    Ok(rows == 1)
}

/// An endpoint was disabled because nothing gets there: its account should know.
pub const WEBHOOK_DISABLED: &str = "webhook_disabled";

/// What is an event of an account, with endpoints to hear of it.
pub const EVENTS: [&str; 3] = [GENERATION, BATCH, LATE];

/// Which deliveries a process takes.
#[derive(Debug, Clone)]
pub struct Take {
    pub kind: String,
    /// The process.
    pub owner: String,
    /// Those of one account one after another, as they came to be; the kind has to be known ([`know_kind`]).
    pub in_order: bool,
    pub max: u32,
    /// When others may take them again.
    pub until: Timestamp,
}

const ANY: Sql = sql!(
    "select id from outbox where state = 'new' and kind = $1 and next_at <= $2 order by next_at, id limit $3",
    SKIP_LOCKED
);

/// Who waits behind an earlier one of the same account that is being delivered, or is tried again later, is not taken.
const FIRST: &str = "select o.id from outbox o
     where o.state = 'new' and o.kind = $1 and o.kind <> 'generation' and o.next_at <= $2 and not exists
       (select 1 from outbox e where e.state = 'new' and e.kind = o.kind and e.kind <> 'generation' and e.account_id = o.account_id
          and e.next_at > $2 and (e.created_at < o.created_at or e.created_at = o.created_at and e.id < o.id))
     order by o.created_at, o.id limit $3";

const TAKE: Sql = sql!(
    "update outbox set owner = $1, attempts = attempts + 1, next_at = $2 where state = 'new' and id in (select value from ",
    EACH,
    "$3",
    EACH_END,
    ") returning id, kind, account_id, generation_id, batch_id, payload, attempts, created_at"
);

/// Takes what is due, in the order of its making. A try is counted before it is made, so that what kills its process
/// is not tried for ever.
pub fn take(tx: &mut Tx, take: &Take, now: Timestamp) -> Result<Vec<Delivery>> {
    let due = p![&take.kind, now.micros(), take.max];
    let rows = if take.in_order {
        if !lock_kind(tx, &take.kind)? {
            return Ok(Vec::new());
        }
        tx.query(FIRST, due)?
    } else {
        tx.query(ANY, due)?
    };
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.query(TAKE, p![&take.owner, take.until.micros(), &list(&rows)?])?;
    let mut taken = rows.iter().map(delivery).collect::<Result<Vec<_>>>()?;
    taken.sort_unstable_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(taken)
}

/// The ids in the first column.
fn list(rows: &[Row]) -> Result<String> {
    let ids = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<String>>>()?;
    Ok(sql::list(ids))
}

/// Deliveries of this kind can be taken in order from now on.
pub fn know_kind(tx: &mut Tx, kind: &str) -> Result<()> {
    tx.send("insert into outbox_kind(kind) values($1) on conflict(kind) do nothing", p![kind])
}

/// Whether nobody else is taking of this kind just now: two at once could take a later one first.
pub(crate) fn lock_kind(tx: &mut Tx, kind: &str) -> Result<bool> {
    const LOCK: Sql = sql!("select kind from outbox_kind where kind = $1", SKIP_LOCKED);
    Ok(tx.query_opt(LOCK, p![kind])?.is_some())
}

fn delivery(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        kind: row.get(1)?,
        account: row.get(2)?,
        generation: row.get(3)?,
        batch: row.get(4)?,
        payload: row.get(5)?,
        attempt: row.get(6)?,
        created_at: row.get(7)?,
    })
}

/// One try of one delivery: what its outcome is recorded against.
#[derive(Debug, Clone)]
pub struct Try {
    pub id: DeliveryId,
    pub owner: String,
    pub attempt: i64,
}

/// The receiver has it. Here and in the next three: `false` when this try does not count any more, because its time was
/// over and somebody else has taken it.
pub fn done(tx: &mut Tx, of: &Try, now: Timestamp) -> Result<bool> {
    close(tx, of, "done", None, now)
}

/// It will never get there; `why` is for the operator.
pub fn give_up(tx: &mut Tx, of: &Try, why: &str, now: Timestamp) -> Result<bool> {
    close(tx, of, "dead", Some(why), now)
}

fn close(tx: &mut Tx, of: &Try, state: &str, why: Option<&str>, now: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "update outbox set state = $4, error = $5, closed_at = $6, owner = null
         where id = $1 and owner = $2 and attempts = $3 and state = 'new'",
        p![of.id.as_str(), &of.owner, of.attempt, state, why, now.micros()],
    )?;
    Ok(rows == 1)
}

/// Later again.
pub fn again(tx: &mut Tx, of: &Try, why: &str, next_at: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "update outbox set error = $4, next_at = $5, owner = null where id = $1 and owner = $2 and attempts = $3 and state = 'new'",
        p![of.id.as_str(), &of.owner, of.attempt, why, next_at.micros()],
    )?;
    Ok(rows == 1)
}

/// It was not tried: back in line, and the try does not count.
pub fn put_back(tx: &mut Tx, of: &Try, now: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "update outbox set attempts = attempts - 1, next_at = $4, owner = null
         where id = $1 and owner = $2 and attempts = $3 and state = 'new'",
        p![of.id.as_str(), &of.owner, of.attempt, now.micros()],
    )?;
    Ok(rows == 1)
}

/// Where nobody else can be there, whatever is claimed was claimed by the dead. Answers how many are free again.
pub fn release_all(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute(
        "update outbox set next_at = $1, owner = null where state = 'new' and owner is not null and next_at > $1",
        p![now.micros()],
    )
}

/// The first that are due, passing by what another process takes just now.
pub(crate) fn due(tx: &mut Tx, kind: &str, max: u32, now: Timestamp) -> Result<Vec<DeliveryId>> {
    tx.query(ANY, p![kind, now.micros(), max])?.iter().map(|row| row.get(0)).collect()
}

/// Whoever wanted to hear of them has been told. Answers how many there were.
pub(crate) fn close_all(tx: &mut Tx, ids: &[DeliveryId], now: Timestamp) -> Result<u64> {
    const CLOSE: Sql = sql!(
        "update outbox set state = 'done', closed_at = $1 where state = 'new' and id in (select value from ",
        EACH,
        "$2",
        EACH_END,
        ")"
    );
    if ids.is_empty() {
        return Ok(0);
    }
    tx.execute(CLOSE, p![now.micros(), &sql::list(ids.iter().map(DeliveryId::as_str))])
}

/// When the next delivery of a kind is due.
pub fn next_at(tx: &mut Tx, kind: &str) -> Result<Option<Timestamp>> {
    tx.query_one("select min(next_at) from outbox where state = 'new' and kind = $1", p![kind])?.get(0)
}

/// How the deliveries of a kind stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub kind: String,
    /// Waiting to be delivered, or being delivered.
    pub waiting: i64,
    /// When the longest waiting was due.
    pub oldest_due: Timestamp,
}

/// Of every kind of which something waits, however much has been delivered.
pub fn standing(tx: &mut Tx) -> Result<Vec<Standing>> {
    let rows = tx.query(
        "select kind, count(*), min(next_at) from outbox where state = 'new' group by kind order by kind",
        p![],
    )?;
    rows.iter()
        .map(|row| Ok(Standing { kind: row.get(0)?, waiting: row.get(1)?, oldest_due: row.get(2)? }))
        .collect()
}
