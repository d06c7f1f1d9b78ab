//! Accounts. Their API keys are `keys`.

use crate::{Error, Result, Sql, Tx, ledger, p, sql};
use palitra_domain::{AccountId, Currency, ErrorCode, Livemode, Timestamp, codes};

/// The house: what the command line acts as without a key. Postpaid, no lower bound.
pub const HOUSE: &str = "local";

/// The largest share an account can be given: so many times the turns of an account of weight 1.
pub const WEIGHT_MAX: i64 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
}

pub fn find(tx: &mut Tx, name: &str) -> Result<Option<Account>> {
    let row =
        tx.query_opt("select id, name from account where name = $1 and deleting_at is null", p![name])?;
    row.map(|row| Ok(Account { id: row.get(0)?, name: row.get(1)? })).transpose()
}

/// It is there, and its deletion does not begin before this transaction is over; whoever else needs it alone waits. Refused with `not_found`.
pub(crate) fn lock(tx: &mut Tx, id: &AccountId) -> Result<()> {
    const ACCOUNT: Sql = sql!("select 1 from account where id = $1 and deleting_at is null", MINE);
    let found = tx.query_opt(ACCOUNT, p![id.as_str()])?;
    found.map(|_| ()).ok_or_else(|| Error::rule(ErrorCode::NotFound, id.as_str()))
}

/// Every account that is not deleted, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Account>> {
    let rows =
        tx.query("select id, name from account where deleting_at is null order by name limit 10000", p![])?;
    rows.iter().map(|row| Ok(Account { id: row.get(0)?, name: row.get(1)? })).collect()
}

macro_rules! insert {
    () => {
        "insert into account(id, name, kind, referral_code, created_at) values($1, $2, $3, $4, $5)"
    };
}

/// A new account with empty books for live and test money.
pub fn create(tx: &mut Tx, id: &AccountId, name: &str, postpaid: bool, now: Timestamp) -> Result<()> {
    let kind = if postpaid { "house" } else { "customer" };
    tx.must(1, INSERT, p![id.as_str(), name, kind, &codes::referral_code(id), now.micros()])?;
    open_books(tx, id, postpaid)
}

const INSERT: &str = insert!();

const INSERT_NEW: &str = concat!(insert!(), " on conflict(name) do nothing");

/// The account of this name, a customer's with empty books when there was none. Answers whether it is new: of any number that ask at
/// once, one is told so.
pub fn find_or_create(tx: &mut Tx, id: &AccountId, name: &str, now: Timestamp) -> Result<(AccountId, bool)> {
    if let Some(account) = find(tx, name)? {
        return Ok((account.id, false));
    }
    let code = codes::referral_code(id);
    if tx.execute(INSERT_NEW, p![id.as_str(), name, "customer", &code, now.micros()])? == 1 {
        open_books(tx, id, false)?;
        return Ok((id.clone(), true));
    }
    // Another transaction was first, and has committed.
    let account = find(tx, name)?.ok_or_else(|| Error::rule(ErrorCode::NotFound, name))?;
    Ok((account.id, false))
}

fn open_books(tx: &mut Tx, id: &AccountId, postpaid: bool) -> Result<()> {
    for livemode in [Livemode::Live, Livemode::Test] {
        ledger::open_book(tx, id, livemode, postpaid)?;
    }
    Ok(())
}

/// The account's share of the slots from now on, among those who wait: 2 gets twice the turns of 1. Refused
/// outside 1 to [`WEIGHT_MAX`].
pub fn set_weight(tx: &mut Tx, id: &AccountId, weight: i64) -> Result<()> {
    if !(1..=WEIGHT_MAX).contains(&weight) {
        return Err(Error::rule(ErrorCode::InvalidInput, "weight"));
    }
    let changed = tx.execute("update account set weight = $2 where id = $1", p![id.as_str(), weight])?;
    if changed == 0 { Err(Error::rule(ErrorCode::NotFound, id.as_str())) } else { Ok(()) }
}

/// Limits of its own instead of the settings': how much may wait, and how much may be at work at once. `None` keeps
/// to the settings, 0 is no limit.
pub fn set_limits(tx: &mut Tx, id: &AccountId, queued: Option<u32>, running: Option<u32>) -> Result<()> {
    let changed = tx.execute(
        "update account set queued_max = $2, running_max = $3 where id = $1",
        p![id.as_str(), queued, running],
    )?;
    if changed == 0 { Err(Error::rule(ErrorCode::NotFound, id.as_str())) } else { Ok(()) }
}

/// The house account, made on first use, and the wallet's currency, which never changes afterwards.
pub fn ensure_house(
    tx: &mut Tx,
    new: &AccountId,
    (currency, secret): (Currency, &[u8; 32]),
    now: Timestamp,
) -> Result<Account> {
    if let Some(house) = find(tx, HOUSE)? {
        let row = tx.query_one("select currency from installation", p![])?;
        let used: String = row.get(0)?;
        if used != currency.as_str() {
            return Err(crate::Error::rule(ErrorCode::BadSetting, used));
        }
        return Ok(house);
    }
    tx.must(
        1,
        "insert into installation(one, currency, secret, created_at) values(1, $1, $2, $3)",
        p![currency.as_str(), secret, now.micros()],
    )?;
    create(tx, new, HOUSE, true, now)?;
    Ok(Account { id: new.clone(), name: HOUSE.to_owned() })
}
