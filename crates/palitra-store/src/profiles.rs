//! What the operator is told of an account, beside its money.

use crate::{Result, Row, Tx, p};
use palitra_domain::{AccountId, Timestamp, money::Millionths, terms::Terms};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: AccountId,
    pub name: String,
    /// The operator's own.
    pub is_house: bool,
    pub group: Option<String>,
    pub terms: Terms,
    /// What it gives to others.
    pub referral_code: String,
    /// The name of whoever gave it to this one, and how many it has referred.
    pub referred_by: Option<String>,
    pub referred: i64,
    pub weight: i64,
    pub created_at: Timestamp,
}

const PROFILE: &str = "select a.id, a.name, a.kind, a.price_group, coalesce(g.factor, 1000000), a.has_free_access, a.referral_code, r.name,
       (select count(*) from account b where b.referred_by = a.id), a.weight, a.created_at
     from account a left join price_group g on g.name = a.price_group left join account r on r.id = a.referred_by";

/// By name, those after this one.
pub fn list(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<Profile>> {
    let sql = format!("{PROFILE} where a.deleting_at is null and a.name > $1 order by a.name limit $2");
    tx.query(&sql, p![after, limit])?.iter().map(profile).collect()
}

pub fn of(tx: &mut Tx, account: &AccountId) -> Result<Option<Profile>> {
    let row =
        tx.query_opt(&format!("{PROFILE} where a.id = $1 and a.deleting_at is null"), p![account.as_str()])?;
    row.as_ref().map(profile).transpose()
}

fn profile(row: &Row) -> Result<Profile> {
    Ok(Profile {
        id: row.get(0)?,
        name: row.get(1)?,
        is_house: row.get::<String>(2)? == "house",
        group: row.get(3)?,
        terms: Terms { factor: Millionths(row.get(4)?), has_free_access: row.get(5)? },
        referral_code: row.get(6)?,
        referred_by: row.get(7)?,
        referred: row.get(8)?,
        weight: row.get(9)?,
        created_at: row.get(10)?,
    })
}
