//! Bonus money that expires. What expires first is spent first, and what never expires is spent last.
//!
//! Holds and charges know nothing of it: they take from the bonus purse and write no line here. What is left of each
//! grant is worked out when it matters, which is when a bonus comes in, when one expires and when somebody looks:
//! `book.bonus_seen` is what the purse held at the last of these times, so the difference has been spent since, and it
//! went from the grants in the order in which they expire. What comes in meanwhile, a refunded bonus too, is worked out
//! before it is added, and only what was granted with an end expires.

use super::{
    credit::{New, insert},
    post,
    refund::{reversed, source_of},
};
use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{AccountId, Livemode, Timestamp, TransferId, money::Split};

/// Grants of one purse that are read at once; nobody has so many.
const GRANTS_MAX: i64 = 10_000;

/// Bonus money with an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The movement it came in by.
    pub transfer: TransferId,
    /// Not spent yet; some of it may be held.
    pub remains: i64,
    pub expires_at: Timestamp,
}

/// What of the bonus purse will expire, soonest first.
pub fn grants(tx: &mut Tx, account: &AccountId, livemode: Livemode) -> Result<Vec<Grant>> {
    let book = (account.as_str(), livemode.as_str());
    let row = tx.query_opt(
        "select bonus_seen - bonus from book where account_id = $1 and livemode = $2",
        p![book.0, book.1],
    )?;
    match row.map(|row| row.get::<Option<i64>>(0)).transpose()?.flatten() {
        Some(spent) => {
            let grants = left(tx, book, spent)?.into_iter().map(|(grant, _)| grant);
            Ok(grants.filter(|grant| grant.remains > 0).collect())
        }
        None => Ok(Vec::new()),
    }
}

/// The open grants, soonest first, after `spent` has gone from them, with how much went from each.
fn left(tx: &mut Tx, (account, livemode): (&str, &str), spent: i64) -> Result<Vec<(Grant, i64)>> {
    let mut spent = spent.max(0);
    let rows = tx.query(
        "select transfer_id, remains, expires_at from bonus_grant
         where account_id = $1 and livemode = $2 and remains > 0 order by expires_at, transfer_id limit $3",
        p![account, livemode, GRANTS_MAX],
    )?;
    let mut less = |row: &Row| {
        let remains: i64 = row.get(1)?;
        let gone = remains.min(spent);
        spent -= gone;
        Ok((Grant { transfer: row.get(0)?, remains: remains - gone, expires_at: row.get(2)? }, gone))
    };
    rows.iter().map(&mut less).collect()
}

/// Before a bonus comes in. When nothing is left that expires, the book need not be watched any more.
pub(super) fn settle(tx: &mut Tx, book: (&str, &str), spent: i64) -> Result<()> {
    if spend(tx, book, spent)?.is_empty() {
        tx.must(
            1,
            "update book set bonus_seen = null where account_id = $1 and livemode = $2",
            p![book.0, book.1],
        )?;
    }
    Ok(())
}

/// Writes down that `spent` has gone since the last look. The book is locked, and its `bonus_seen` is for the caller to set.
fn spend(tx: &mut Tx, book: (&str, &str), spent: i64) -> Result<Vec<Grant>> {
    let mut open = Vec::new();
    for (grant, gone) in left(tx, book, spent)? {
        if gone > 0 {
            set_remains(tx, &grant)?;
        }
        open.push(grant);
    }
    open.retain(|grant| grant.remains > 0);
    Ok(open)
}

fn set_remains(tx: &mut Tx, grant: &Grant) -> Result<()> {
    tx.must(
        1,
        "update bonus_grant set remains = $2 where transfer_id = $1",
        p![grant.transfer.as_str(), grant.remains],
    )
}

/// The bonus that this movement has just brought expires.
pub(super) fn open(
    tx: &mut Tx,
    (account, livemode): (&str, &str),
    (transfer, amount): (&str, i64),
    expires_at: Timestamp,
) -> Result<()> {
    tx.must(
        1,
        "insert into bonus_grant(transfer_id, account_id, livemode, remains, expires_at) values($1, $2, $3, $4, $5)",
        p![transfer, account, livemode, amount, expires_at.micros()],
    )?;
    tx.must(
        1,
        "update book set bonus_seen = bonus where account_id = $1 and livemode = $2",
        p![account, livemode],
    )
}

/// A grant whose time is over, for [`expire`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub grant: TransferId,
    pub expires_at: Timestamp,
}

/// Grants whose time is over, in the order of their ends, after the last one of the page before.
pub fn due(tx: &mut Tx, after: Option<&Due>, max: u32, now: Timestamp) -> Result<Vec<Due>> {
    let (at, id) = after.map_or((i64::MIN, ""), |after| (after.expires_at.micros(), after.grant.as_str()));
    let rows = tx.query(
        "select transfer_id, expires_at from bonus_grant
         where remains > 0 and expires_at <= $1 and (expires_at > $2 or expires_at = $2 and transfer_id > $3)
         order by expires_at, transfer_id limit $4",
        p![now.micros(), at, id, max],
    )?;
    rows.iter().map(|row| Ok(Due { grant: row.get(0)?, expires_at: row.get(1)? })).collect()
}

/// What is left of a grant whose time is over goes back to where it came from, in the movement `transfer`. What is held stays until its
/// hold is charged or given back: the holds of the purse stand on what expires first. Answers how much went; repeated it is 0.
pub fn expire(tx: &mut Tx, grant: &TransferId, transfer: &TransferId, now: Timestamp) -> Result<i64> {
    const BOOK: Sql = sql!(
        "select bonus_seen - bonus, bonus_held from book where account_id = $1 and livemode = $2",
        FOR_UPDATE
    );
    let row = tx.query_opt(
        "select account_id, livemode from bonus_grant where transfer_id = $1 and remains > 0 and expires_at <= $2",
        p![grant.as_str(), now.micros()],
    )?;
    let Some(row) = row else { return Ok(0) };
    let (account, livemode): (String, String) = (row.get(0)?, row.get(1)?);
    let book = (account.as_str(), livemode.as_str());
    let row = tx.query_one(BOOK, p![book.0, book.1])?;
    let (spent, mut held): (Option<i64>, i64) = (row.get(0)?, row.get(1)?);
    // Somebody else has closed the last one meanwhile.
    let Some(spent) = spent else { return Ok(0) };
    let mut goes = 0;
    for open in spend(tx, book, spent)? {
        let stays = open.remains.min(held);
        held -= stays;
        if open.transfer == *grant {
            goes = open.remains - stays;
        }
        if open.transfer == *grant && goes > 0 {
            set_remains(tx, &Grant { remains: stays, ..open })?;
        }
    }
    if goes > 0 {
        take(tx, book, (grant, transfer), goes, now)?;
    }
    tx.must(
        1,
        "update book set bonus = bonus - $3, bonus_seen = case when exists
           (select 1 from bonus_grant g where g.account_id = $1 and g.livemode = $2 and g.remains > 0) then bonus - $3 end
         where account_id = $1 and livemode = $2",
        p![book.0, book.1, goes],
    )?;
    Ok(goes)
}

/// The movement; the book is changed by the caller.
fn take(
    tx: &mut Tx,
    (account, livemode): (&str, &str),
    (grant, transfer): (&TransferId, &TransferId),
    goes: i64,
    now: Timestamp,
) -> Result<()> {
    let source = source_of(tx, grant.as_str())?;
    reversed(tx, grant.as_str(), Split { bonus: goes, cash: 0 })?;
    let reverses = Some(grant.as_str());
    let new = New { id: transfer, account, livemode, kind: "expiry", reverses, note: "" };
    insert(tx, &new, Split { bonus: -goes, cash: 0 }, now)?;
    post(tx, transfer.as_str(), &format!("{account}:bonus"), livemode, -goes)?;
    post(tx, transfer.as_str(), &source, livemode, goes)
}
