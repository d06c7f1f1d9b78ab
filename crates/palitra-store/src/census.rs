//! How many rows there are, for benchmarks, rehearsals and people who look for what grows. It reads whole tables: not for a request.

use crate::{Result, Tx, p};
use std::collections::BTreeMap;

/// Rows by table, `generation.running` and its kin by state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census(BTreeMap<String, i64>);

const TABLES: &str = "select 'generation', count(*) from generation union all select 'attempt', count(*) from attempt
     union all select 'transfer', count(*) from transfer union all select 'entry', count(*) from entry
     union all select 'outbox', count(*) from outbox union all select 'asset', count(*) from asset
     union all select 'slot', count(*) from slot union all select 'slot.taken', count(*) from slot where generation_id is not null
     union all select 'worker', count(*) from worker";

pub fn take(tx: &mut Tx) -> Result<Census> {
    let mut census = BTreeMap::new();
    for row in tx.query(TABLES, p![])? {
        census.insert(row.get(0)?, row.get(1)?);
    }
    for (table, sql) in [
        ("generation", "select state, count(*) from generation group by state"),
        ("attempt", "select state, count(*) from attempt group by state"),
    ] {
        for row in tx.query(sql, p![])? {
            census.insert(format!("{table}.{}", row.get::<String>(0)?), row.get(1)?);
        }
    }
    Ok(Census(census))
}

impl Census {
    /// 0 for what is not there.
    pub fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Every count by its name.
    pub fn counts(&self) -> &BTreeMap<String, i64> {
        &self.0
    }
}
