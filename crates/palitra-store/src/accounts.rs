//! Accounts and their API keys.

use crate::{Error, Result, Tx, ledger, p};
use palitra_domain::{AccountId, Currency, ErrorCode, KeyId, Livemode, Timestamp, codes};

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
    let row = tx.query_opt("select id, name from account where name = $1", p![name])?;
    row.map(|row| Ok(Account { id: row.get(0)?, name: row.get(1)? })).transpose()
}

/// Every account, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Account>> {
    let rows = tx.query("select id, name from account order by name limit 10000", p![])?;
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
pub fn ensure_house(tx: &mut Tx, new: &AccountId, currency: Currency, now: Timestamp) -> Result<Account> {
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
        "insert into installation(one, currency, created_at) values(1, $1, $2)",
        p![currency.as_str(), now.micros()],
    )?;
    create(tx, new, HOUSE, true, now)?;
    Ok(Account { id: new.clone(), name: HOUSE.to_owned() })
}

/// A key as it is listed: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    pub account: String,
    pub livemode: Livemode,
    /// The part that may be shown: `sk_live_…a1b2`.
    pub hint: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

pub struct NewApiKey {
    pub id: KeyId,
    pub account: AccountId,
    pub livemode: Livemode,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    pub hint: String,
}

pub fn api_key_insert(tx: &mut Tx, key: &NewApiKey, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "insert into api_key(id, account_id, livemode, hash, hint, created_at) values($1, $2, $3, $4, $5, $6)",
        p![key.id.as_str(), key.account.as_str(), key.livemode.as_str(), &key.hash, &key.hint, now.micros()],
    )
}

pub fn api_keys(tx: &mut Tx) -> Result<Vec<ApiKey>> {
    let rows = tx.query(
        "select k.id, a.name, k.livemode, k.hint, k.created_at, k.revoked_at
         from api_key k join account a on a.id = k.account_id order by k.id limit 10000",
        p![],
    )?;
    let key = |row: &crate::Row| {
        Ok(ApiKey {
            id: row.get(0)?,
            account: row.get(1)?,
            livemode: row.get(2)?,
            hint: row.get(3)?,
            created_at: row.get(4)?,
            revoked_at: row.get(5)?,
        })
    };
    rows.iter().map(key).collect()
}

/// Whether there was such a key that still worked.
pub fn api_key_revoke(tx: &mut Tx, id: &KeyId, now: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "update api_key set revoked_at = $2 where id = $1 and revoked_at is null",
        p![id.as_str(), now.micros()],
    )?;
    Ok(rows == 1)
}
