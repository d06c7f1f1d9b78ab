//! API keys of accounts: made, listed, found by their hash, given a new secret, revoked. Their budgets are `budgets`.

use crate::{Error, Result, Row, Sql, Tx, accounts, p, sql};
use palitra_domain::{AccountId, ErrorCode, KeyId, Livemode, Scopes, Timestamp};

/// A key as it is listed: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    pub account_id: AccountId,
    /// The account's name.
    pub account: String,
    pub livemode: Livemode,
    /// What it is for, in its owner's words; may be empty.
    pub name: String,
    pub scopes: Scopes,
    /// The part that may be shown: `sk_live_…a1b2`.
    pub hint: String,
    pub budgets: Budgets,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// To the minute.
    pub used_at: Option<Timestamp>,
    /// Until then the secret before the last rotation works, too.
    pub old_until: Option<Timestamp>,
}

/// What a key may spend at most, minor units: by UTC day, by UTC month, in all. `None` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budgets {
    pub day: Option<i64>,
    pub month: Option<i64>,
    pub total: Option<i64>,
}

impl Budgets {
    pub fn has_any(&self) -> bool {
        self.day.is_some() || self.month.is_some() || self.total.is_some()
    }
}

#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub id: KeyId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub name: String,
    pub scopes: Scopes,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    pub hint: String,
    pub budgets: Budgets,
    pub expires_at: Option<Timestamp>,
}

/// Keys of an account that work at once.
pub const KEYS_MAX: i64 = 100;

/// Refused with `not_found` where the account is being deleted: no key outlives that; and with `too_many_keys` where it has [`KEYS_MAX`] that
/// work.
pub fn insert(tx: &mut Tx, key: &NewApiKey, now: Timestamp) -> Result<()> {
    accounts::lock(tx, &key.account)?;
    let row = tx.query_one(
        "select count(*) from api_key where account_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        p![key.account.as_str(), now.micros()],
    )?;
    if row.get::<i64>(0)? >= KEYS_MAX {
        return Err(Error::rule(ErrorCode::TooManyKeys, KEYS_MAX.to_string()));
    }
    let Budgets { day, month, total } = key.budgets;
    tx.must(
        1,
        "insert into api_key(id, account_id, livemode, name, scopes, hash, hint, budget_day, budget_month, budget_total, expires_at, created_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        p![
            key.id.as_str(),
            key.account.as_str(),
            key.livemode.as_str(),
            &key.name,
            &key.scopes.to_string(),
            &key.hash,
            &key.hint,
            day,
            month,
            total,
            key.expires_at.map(Timestamp::micros),
            now.micros()
        ],
    )
}

macro_rules! keys {
    ($where:literal) => {
        concat!(
            "select k.id, k.account_id, a.name, k.livemode, k.name, k.scopes, k.hint, k.budget_day, k.budget_month, k.budget_total,
               k.created_at, k.expires_at, k.revoked_at, k.used_at, k.old_until
             from api_key k join account a on a.id = k.account_id ",
            $where
        )
    };
}

/// Which keys are asked for; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub account: Option<AccountId>,
    pub livemode: Option<Livemode>,
    /// Older than this one.
    pub before: Option<KeyId>,
    pub limit: u32,
}

/// Newest first.
pub fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<ApiKey>> {
    const KEYS: &str = keys!(
        "where ($1 = '' or k.account_id = $1) and ($2 = '' or k.livemode = $2) and ($3 = '' or k.id < $3) order by k.id desc limit $4"
    );
    let rows = tx.query(
        KEYS,
        p![
            filter.account.as_ref().map_or("", AccountId::as_str),
            filter.livemode.map_or("", Livemode::as_str),
            filter.before.as_ref().map_or("", KeyId::as_str),
            filter.limit
        ],
    )?;
    rows.iter().map(key).collect()
}

pub fn find(tx: &mut Tx, id: &KeyId) -> Result<Option<ApiKey>> {
    tx.query_opt(keys!("where k.id = $1"), p![id.as_str()])?.as_ref().map(key).transpose()
}

fn key(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        account_id: row.get(1)?,
        account: row.get(2)?,
        livemode: row.get(3)?,
        name: row.get(4)?,
        scopes: row.get(5)?,
        hint: row.get(6)?,
        budgets: Budgets { day: row.get(7)?, month: row.get(8)?, total: row.get(9)? },
        created_at: row.get(10)?,
        expires_at: row.get(11)?,
        revoked_at: row.get(12)?,
        used_at: row.get(13)?,
        old_until: row.get(14)?,
    })
}

/// A key that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Working {
    pub id: KeyId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub scopes: Scopes,
    pub has_budget: bool,
    pub used_at: Option<Timestamp>,
    /// When this secret stops, if it is known already.
    pub until: Option<Timestamp>,
}

/// The key with this secret, as long as it works.
pub fn working(tx: &mut Tx, hash: &[u8; 32], now: Timestamp) -> Result<Option<Working>> {
    let row = tx.query_opt(
        "select k.id, k.account_id, k.livemode, k.scopes, k.used_at, k.expires_at, case when k.hash = $1 then null else k.old_until end,
           case when coalesce(k.budget_day, k.budget_month, k.budget_total) is null then 0 else 1 end
         from api_key k
         where (k.hash = $1 or k.old_hash = $1 and k.old_until > $2)
           and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)",
        p![hash, now.micros()],
    )?;
    let working = |row: Row| {
        let ends: [Option<Timestamp>; 2] = [row.get(5)?, row.get(6)?];
        Ok(Working {
            id: row.get(0)?,
            account: row.get(1)?,
            livemode: row.get(2)?,
            scopes: row.get(3)?,
            used_at: row.get(4)?,
            until: ends.into_iter().flatten().min(),
            has_budget: row.get(7)?,
        })
    };
    row.map(working).transpose()
}

/// A key that is to make others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maker {
    pub has_budget: bool,
    pub expires_at: Option<Timestamp>,
}

/// What bounds a key, if it works now; and it is not revoked before this transaction is over.
pub fn maker(tx: &mut Tx, id: &KeyId, now: Timestamp) -> Result<Option<Maker>> {
    const MAKER: Sql = sql!(
        "select case when coalesce(budget_day, budget_month, budget_total) is null then 0 else 1 end, expires_at
         from api_key where id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        MINE
    );
    let row = tx.query_opt(MAKER, p![id.as_str(), now.micros()])?;
    row.map(|row| Ok(Maker { has_budget: row.get(0)?, expires_at: row.get(1)? })).transpose()
}

/// It was used. Never goes back.
pub fn used(tx: &mut Tx, id: &KeyId, now: Timestamp) -> Result<()> {
    tx.send(
        "update api_key set used_at = $2 where id = $1 and (used_at is null or used_at < $2)",
        p![id.as_str(), now.micros()],
    )
}

/// A new secret from now on; the present one works until `old_until`, and one before that not any more. `false`: there is no such key, or
/// it does not work.
pub fn rotate(
    tx: &mut Tx,
    id: &KeyId,
    (hash, hint): (&[u8; 32], &str),
    old_until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let rows = tx.execute(
        "update api_key set old_hash = hash, old_until = $4, hash = $2, hint = $3
         where id = $1 and revoked_at is null and (expires_at is null or expires_at > $5)",
        p![id.as_str(), hash, hint, old_until.micros(), now.micros()],
    )?;
    Ok(rows == 1)
}

/// Whether there was such a key that still worked.
pub fn revoke(tx: &mut Tx, id: &KeyId, now: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "update api_key set revoked_at = $2 where id = $1 and revoked_at is null",
        p![id.as_str(), now.micros()],
    )?;
    Ok(rows == 1)
}
