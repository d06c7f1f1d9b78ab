//! What keys have spent against their holds, key by key.

use crate::{Result, Tx, ledger, p};
use palitra_domain::KeyId;

/// Holds that are added up in one look, as many times as it looks at keys. A key with more is compared by whoever reads everything.
const HOLDS: i64 = 10;

/// What one round came to.
pub(super) struct Round {
    pub(super) problems: Vec<String>,
    /// The key after which the next round goes on; empty at the end.
    pub(super) position: String,
}

/// The `max` keys after `from`.
pub(super) fn look(tx: &mut Tx, from: &str, max: u32) -> Result<Round> {
    let keys = tx.query(
        "select id, case when coalesce(budget_day, budget_month, budget_total) is null then 0 else 1 end
         from api_key where id > $1 order by id limit $2",
        p![from, max],
    )?;
    let mut round = Round { problems: Vec::new(), position: from.to_owned() };
    let mut left = i64::from(max).saturating_mul(HOLDS);
    for row in &keys {
        let (key, has_budget): (KeyId, bool) = (row.get(0)?, row.get(1)?);
        if has_budget {
            let count = tx.query_one(
                "select count(*) from (select id from transfer where key_id = $1 limit $2) holds",
                p![key.as_str(), left + 1],
            )?;
            let count: i64 = count.get(0)?;
            if count <= left {
                left -= count;
                let found = ledger::problems_between(tx, "api_key", &round.position, key.as_str())?;
                round.problems.extend(found);
            }
        }
        round.position = key.to_string();
    }
    if keys.len() < usize::try_from(max).unwrap_or(usize::MAX) {
        round.position.clear();
    }
    Ok(round)
}
