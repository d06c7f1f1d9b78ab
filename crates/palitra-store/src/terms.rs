//! Terms of accounts: price groups, and free access.

use crate::{Error, Result, Row, Tx, p};
use palitra_domain::{AccountId, ErrorCode, Timestamp, money::Millionths, terms::Terms};

/// On which terms an account buys now.
pub fn of(tx: &mut Tx, account: &AccountId) -> Result<Terms> {
    let row = tx.query_opt(
        "select coalesce(g.factor, 1000000), a.has_free_access
         from account a left join price_group g on g.name = a.price_group where a.id = $1",
        p![account.as_str()],
    )?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
    Ok(Terms { factor: Millionths(row.get(0)?), has_free_access: row.get(1)? })
}

/// Accounts that buy at the same prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceGroup {
    pub name: String,
    pub factor: Millionths,
    /// How many are in it.
    pub accounts: i64,
}

/// Every group, by name.
pub fn groups(tx: &mut Tx) -> Result<Vec<PriceGroup>> {
    let rows = tx.query(
        "select g.name, g.factor, (select count(*) from account a where a.price_group = g.name)
         from price_group g order by g.name limit 10000",
        p![],
    )?;
    let group = |row: &Row| {
        Ok(PriceGroup { name: row.get(0)?, factor: Millionths(row.get(1)?), accounts: row.get(2)? })
    };
    rows.iter().map(group).collect()
}

/// A group with this factor from now on. What was quoted before stays at its price.
pub fn set_group(tx: &mut Tx, name: &str, factor: Millionths, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "insert into price_group(name, factor, created_at) values($1, $2, $3)
         on conflict(name) do update set factor = excluded.factor",
        p![name, factor.0, now.micros()],
    )
}

/// Refused with `group_in_use` while accounts are in it, whose prices would change unseen, and with `not_found`.
pub fn remove_group(tx: &mut Tx, name: &str) -> Result<()> {
    let row = tx.query_one("select count(*) from account where price_group = $1", p![name])?;
    if row.get::<i64>(0)? > 0 {
        return Err(Error::rule(ErrorCode::GroupInUse, name));
    }
    let gone = tx.execute("delete from price_group where name = $1", p![name])?;
    if gone == 0 { Err(Error::rule(ErrorCode::NotFound, name)) } else { Ok(()) }
}

/// What changes about an account.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// `Some(None)` takes it out of its group.
    pub group: Option<Option<String>>,
    pub has_free_access: Option<bool>,
}

/// From the next quote or order on. Refused with `not_found`: the account, or the group.
pub fn change(tx: &mut Tx, account: &AccountId, change: &Change) -> Result<()> {
    let mut changed = 1;
    if let Some(group) = &change.group {
        if let Some(name) = group {
            let found = tx.query_opt("select 1 from price_group where name = $1", p![name])?;
            found.ok_or_else(|| Error::rule(ErrorCode::NotFound, name))?;
        }
        let sql = "update account set price_group = $2 where id = $1";
        changed = changed.min(tx.execute(sql, p![account.as_str(), group])?);
    }
    if let Some(free) = change.has_free_access {
        let sql = "update account set has_free_access = $2 where id = $1";
        changed = changed.min(tx.execute(sql, p![account.as_str(), free])?);
    }
    if changed == 0 { Err(Error::rule(ErrorCode::NotFound, account.as_str())) } else { Ok(()) }
}
