//! Everything of one account together: handed out page by page, and deleted part by part.

pub mod erase;
pub mod export;

use crate::{Result, Tx, p};
use palitra_domain::{AccountId, Livemode};

/// What an account would lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Live money, minor units; what is held among it.
    pub cash: i64,
    pub bonus: i64,
    /// Files that are there.
    pub files: i64,
    pub bytes: i64,
    /// Generations that have not ended.
    pub waiting: i64,
    pub running: i64,
    pub keys: i64,
}

pub fn holdings(tx: &mut Tx, account: &AccountId) -> Result<Holdings> {
    let row = tx.query_one(
        "select coalesce((select cash from book where account_id = $1 and livemode = $2), 0),
           coalesce((select bonus from book where account_id = $1 and livemode = $2), 0),
           (select count(*) from asset where account_id = $1 and deleted_at is null),
           (select cast(coalesce(sum(bytes), 0) as bigint) from asset where account_id = $1 and deleted_at is null),
           (select count(*) from generation where account_id = $1 and state = 'queued'),
           (select count(*) from generation where account_id = $1 and owner is not null),
           (select count(*) from api_key where account_id = $1 and revoked_at is null)",
        p![account.as_str(), Livemode::Live.as_str()],
    )?;
    Ok(Holdings {
        cash: row.get(0)?,
        bonus: row.get(1)?,
        files: row.get(2)?,
        bytes: row.get(3)?,
        waiting: row.get(4)?,
        running: row.get(5)?,
        keys: row.get(6)?,
    })
}
