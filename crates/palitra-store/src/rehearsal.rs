//! A rehearsal of a full disk: SQLite itself refuses to grow, as it does when its disk is full. Never used in normal operation.

use crate::{Dialect, Error, Result, Tx, p};

/// The database may grow by so many pages (4 KiB each) from now on; `None` takes the bound away. Of this connection alone, the one that
/// writes. [`Error::Refused`] on PostgreSQL.
pub fn bound_growth(tx: &mut Tx, pages: Option<i64>) -> Result<()> {
    if tx.dialect() == Dialect::Pg {
        return Err(Error::Refused("only SQLite can be bounded".to_owned()));
    }
    let used: i64 = tx.query_one("pragma page_count", p![])?.get(0)?;
    let bound = pages.map_or(i64::from(u32::MAX - 1), |pages| used + pages);
    tx.query_one(&format!("pragma max_page_count = {bound}"), p![]).map(drop)
}
