//! An account is deleted in parts: a mark first, by which nobody finds it any more, then its work, files, batches, generations and rows, each
//! part a transaction of bounded size that looks for itself what is left. So a crash loses nothing, and the next one goes on.
//!
//! What stays is money: movements and their postings, without notes, and of generations what the books need (`generation_past`). The row of
//! the account stays for them, without its name.

use crate::{Error, Result, Sql, Tx, batches, generations, p, retention, sql};
use palitra_domain::{AccountId, BatchId, ErrorCode, GenerationId, Timestamp};

/// Nobody finds it from now on: no name, no identity, no key that works, no endpoint, nothing new. `false`: there is no such account any more. The house
/// stays.
pub fn begin(tx: &mut Tx, account: &AccountId, now: Timestamp) -> Result<bool> {
    let id = account.as_str();
    let row = tx.query_opt("select kind from account where id = $1", p![id])?;
    if row.map(|row| row.get::<String>(0)).transpose()?.as_deref() == Some("house") {
        return Err(Error::rule(ErrorCode::InvalidInput, "`local`"));
    }
    lock_books(tx, account)?;
    let marked = tx.execute(
        "update account set deleting_at = $2, name = 'deleted-' || id, referral_code = 'deleted-' || id, price_group = null,
           has_free_access = 0, referred_by = null
         where id = $1 and deleting_at is null",
        p![id, now.micros()],
    )?;
    if marked == 0 {
        return Ok(false);
    }
    tx.send("delete from identity where account_id = $1", p![id])?;
    // Nothing more is told to its endpoints.
    tx.send(
        "update webhook set deleted_at = $2, secret = '', old_secret = null, old_until = null where account_id = $1 and deleted_at is null",
        p![id, now.micros()],
    )?;
    tx.send(
        "update api_key set revoked_at = $2 where account_id = $1 and revoked_at is null",
        p![id, now.micros()],
    )?;
    Ok(true)
}

/// Whoever creates something has a book of the account locked.
fn lock_books(tx: &mut Tx, account: &AccountId) -> Result<()> {
    const BOOKS: Sql = sql!("select livemode from book where account_id = $1 order by livemode", FOR_UPDATE);
    tx.query(BOOKS, p![account.as_str()]).map(drop)
}

/// Accounts that are being deleted, oldest first.
pub fn begun(tx: &mut Tx, limit: u32) -> Result<Vec<AccountId>> {
    let rows = tx.query(
        "select id from account where deleting_at is not null and deleted_at is null order by deleting_at, id limit $1",
        p![limit],
    )?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// What a part came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Rows that it has dealt with: while there are some, there may be more.
    pub gone: usize,
    /// Something has to end before the steps after this one may go on.
    pub waits: bool,
}

/// One step of a deletion.
pub struct Step {
    /// For logs.
    pub name: &'static str,
    pub run: fn(&mut Tx<'_>, &AccountId, u32, Timestamp) -> Result<Part>,
}

/// Every step, in order. A table with rows of accounts has its place here, in [`ROWS`], or in the list of what stays.
pub const STEPS: &[Step] = &[
    Step { name: "work", run: work },
    Step { name: "files", run: files },
    Step { name: "batches", run: ended_batches },
    Step { name: "generations", run: ended_generations },
    Step { name: "letters", run: letters },
    Step { name: "rows", run: rows },
];

/// Rows that simply go when nothing is at work any more, what refers to others first: table, and which rows of `$1`.
pub const ROWS: &[(&str, &str)] = &[
    ("key_budget_use", "key_id in (select id from api_key where account_id = $1)"),
    ("api_key", "account_id = $1"),
    ("identity", "account_id = $1"),
    ("voucher_guess", "account_id = $1"),
    ("turn", "account_id = $1"),
    ("idempotency", "account_id = $1"),
    ("webhook_secret", "account_id = $1"),
    ("webhook", "account_id = $1"),
    // What was delivered leaves with its time; the words to erase files have to be heard.
    ("outbox", "account_id = $1 and state = 'new' and kind <> 'generation' and kind <> 'erase'"),
];

/// Tables with rows of an account that stay, and why.
pub const STAYS: &[(&str, &str)] = &[
    ("book", "money"),
    ("transfer", "money; notes are emptied"),
    ("bonus_grant", "money"),
    ("redemption", "money: that a voucher was used"),
    ("loss", "money of the house"),
    ("checked_book", "how far the books were checked"),
    ("generation_past", "what the books need of a generation"),
    ("quote", "a price, for a day"),
    ("asset", "step `files`"),
    ("batch", "step `batches`"),
    ("generation", "step `generations`"),
    ("webhook_delivery", "step `letters`"),
];

const NOTHING: Part = Part { gone: 0, waits: false };

/// What is queued ends at once, what is at a market is asked to.
fn work(tx: &mut Tx, account: &AccountId, max: u32, now: Timestamp) -> Result<Part> {
    let id = account.as_str();
    // A batch may have thousands: one at a time.
    let open = tx.query_opt(
        "select id from batch where account_id = $1 and state = 'processing' and stop_code is null order by id limit 1",
        p![id],
    )?;
    if let Some(row) = open {
        batches::cancel(tx, &row.get::<BatchId>(0)?, now)?;
        return Ok(Part { gone: 1, waits: true });
    }
    // Those at markets first and by themselves: no book is locked meanwhile, which their ends need after their rows.
    let asked = tx.query(
        "select id from generation where account_id = $1 and owner is not null and cancel_requested_at is null order by id limit $2",
        p![id, max],
    )?;
    let queued = "select id from generation where account_id = $1 and state = 'queued' order by id limit $2";
    let wanted = if asked.is_empty() { tx.query(queued, p![id, max])? } else { asked };
    for row in &wanted {
        generations::cancel(tx, &row.get::<GenerationId>(0)?, now)?;
    }
    let live = tx.query_opt(
        "select 1 from generation where account_id = $1 and state = 'queued'
         union all select 1 from generation where account_id = $1 and owner is not null
         union all select 1 from batch where account_id = $1 and state = 'processing' limit 1",
        p![id],
    )?;
    Ok(Part { gone: wanted.len(), waits: live.is_some() })
}

/// Files are deleted by deliveries, which are written with the end of their rows.
fn files(tx: &mut Tx, account: &AccountId, max: u32, now: Timestamp) -> Result<Part> {
    let found = tx.query(
        "select id, 1, object_key, account_id, generation_id, created_at, thumbnails, case when deleted_at is null then 1 else 0 end
         from asset where account_id = $1 order by id limit $2",
        p![account.as_str(), max],
    )?;
    let mut there = Vec::new();
    for row in &found {
        if row.get::<bool>(7)? {
            there.push(row);
        }
    }
    if !there.is_empty() {
        retention::files(tx, &there, now)?;
    }
    let all: Vec<_> = found.iter().collect();
    retention::each(tx, "asset", "id", &retention::list(&all)?)?;
    Ok(Part { gone: found.len(), waits: false })
}

fn ended_batches(tx: &mut Tx, account: &AccountId, _: u32, _: Timestamp) -> Result<Part> {
    const AT_ONCE: u32 = 4;
    let found = tx.query(
        "select id from batch where account_id = $1 and state <> 'processing' order by id limit $2",
        p![account.as_str(), AT_ONCE],
    )?;
    if found.is_empty() {
        return Ok(NOTHING);
    }
    retention::batches(tx, &retention::list(&found.iter().collect::<Vec<_>>())?)?;
    Ok(Part { gone: found.len(), waits: false })
}

/// In the order of their holds, from where the last part ended. One that a ghost of it keeps loses what it was asked and made, and goes later.
fn ended_generations(tx: &mut Tx, account: &AccountId, max: u32, _: Timestamp) -> Result<Part> {
    let id = account.as_str();
    let from: String = tx.query_one("select erased_to from account where id = $1", p![id])?.get(0)?;
    let found = tx.query(
        "select t.id, g.id, case when g.state in ('succeeded', 'failed', 'cancelled', 'timed_out')
             and not exists (select 1 from slot s where s.generation_id = g.id)
             and not exists (select 1 from attempt a where a.generation_id = g.id and a.look_at is not null) then 1 else 0 end
         from transfer t left join generation g on g.id = t.generation_id
         where t.account_id = $1 and t.id > $2 order by t.id limit $3",
        p![id, &from, max],
    )?;
    let Some(last) = found.last() else {
        // Once round. What was kept is looked at again from the beginning, when nothing may keep it any more.
        let ghost = tx.query_opt(
            "select 1 from attempt a join generation g on g.id = a.generation_id where a.look_at is not null and g.account_id = $1
             union all select 1 from slot s join generation g on g.id = s.generation_id where s.generation_id is not null and g.account_id = $1
             limit 1",
            p![id],
        )?;
        if ghost.is_some() {
            return Ok(Part { gone: 0, waits: true });
        }
        let kept = tx.query_opt(
            "select 1 from transfer t join generation g on g.id = t.generation_id where t.account_id = $1 limit 1",
            p![id],
        )?;
        if kept.is_some() {
            tx.must(1, "update account set erased_to = '' where id = $1", p![id])?;
        }
        return Ok(Part { gone: 0, waits: kept.is_some() });
    };
    let (mut leave, mut keep) = (Vec::new(), Vec::new());
    for row in &found {
        if let Some(generation) = row.get::<Option<GenerationId>>(1)? {
            if row.get::<bool>(2)? { leave.push(generation) } else { keep.push(generation) }
        }
    }
    if !leave.is_empty() {
        let deliveries = leave.iter().map(|id| palitra_domain::DeliveryId::of_generation(id).to_string());
        retention::each(tx, "outbox", "id", &sql::list(deliveries))?;
        retention::generations(tx, &sql::list(leave.iter().map(GenerationId::as_str)))?;
    }
    for generation in &keep {
        tx.send(
            "update generation set input = '{}', output = null, recipe = '', error_text = null
             where id = $1 and state in ('succeeded', 'failed', 'cancelled', 'timed_out')",
            p![generation.as_str()],
        )?;
    }
    const NOTES: Sql = sql!(
        "update transfer set note = '' where note <> '' and id in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ")"
    );
    tx.send(NOTES, p![&retention::list(&found.iter().collect::<Vec<_>>())?])?;
    let to: String = last.get(0)?;
    tx.must(1, "update account set erased_to = $2 where id = $1", p![id, &to])?;
    Ok(Part { gone: found.len(), waits: false })
}

/// Letters to its endpoints, and to the addresses that came with its generations.
fn letters(tx: &mut Tx, account: &AccountId, max: u32, _: Timestamp) -> Result<Part> {
    let found = tx.query(
        "select d.id from (select id as lane from webhook where account_id = $1 union all select id from account where id = $1) l
           join webhook_delivery d on d.lane = l.lane limit $2",
        p![account.as_str(), max],
    )?;
    if !found.is_empty() {
        retention::each(tx, "webhook_delivery", "id", &retention::list(&found.iter().collect::<Vec<_>>())?)?;
    }
    Ok(Part { gone: found.len(), waits: false })
}

/// Few for each account.
fn rows(tx: &mut Tx, account: &AccountId, _: u32, _: Timestamp) -> Result<Part> {
    for (table, which) in ROWS {
        tx.send(&format!("delete from {table} where {which}"), p![account.as_str()])?;
    }
    tx.send("update account set referred_by = null where referred_by = $1", p![account.as_str()])?;
    Ok(NOTHING)
}

/// It is deleted. `false`: something is left after all, and the steps begin anew.
pub fn finish(tx: &mut Tx, account: &AccountId, now: Timestamp) -> Result<bool> {
    let id = account.as_str();
    lock_books(tx, account)?;
    let left = tx.query_opt(
        "select 1 from asset where account_id = $1
         union all select 1 from batch where account_id = $1
         union all select 1 from generation where account_id = $1 and state = 'queued'
         union all select 1 from generation where account_id = $1 and owner is not null limit 1",
        p![id],
    )?;
    if left.is_some() {
        tx.send("update account set erased_to = '' where id = $1", p![id])?;
        return Ok(false);
    }
    tx.send(
        "update account set deleted_at = $2, erased_to = '' where id = $1 and deleting_at is not null and deleted_at is null",
        p![id, now.micros()],
    )?;
    Ok(true)
}
