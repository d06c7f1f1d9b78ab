//! What the operator should look at: one row a subject, counted when it is raised again, gone when it is over. `doctor` shows them.

use crate::{Result, Row, Tx, p};
use palitra_domain::{ErrorCode, Timestamp};

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about: `fal`, `fal/studio`.
    pub subject: String,
    pub code: ErrorCode,
    /// What the market said.
    pub said: String,
    pub since: Timestamp,
    pub times: i64,
}

/// Raises it, or counts it once more.
pub fn raise(tx: &mut Tx, subject: &str, code: &str, said: &str, now: Timestamp) -> Result<()> {
    tx.send(
        "insert into alert(subject, code, said, since, last_at) values($1, $2, $3, $4, $4)
         on conflict(subject) do update set code = excluded.code, said = excluded.said, last_at = excluded.last_at, times = alert.times + 1",
        p![subject, code, said, now.micros()],
    )
}

/// It is over.
pub fn clear(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.send("delete from alert where subject = $1", p![subject])
}

/// Everything open, oldest first; at most 100.
pub fn list(tx: &mut Tx) -> Result<Vec<Alert>> {
    let rows = tx.query(
        "select subject, code, said, since, times from alert order by since, subject limit 100",
        p![],
    )?;
    let alert = |row: &Row| {
        Ok(Alert {
            subject: row.get(0)?,
            code: row.get(1)?,
            said: row.get(2)?,
            since: row.get(3)?,
            times: row.get(4)?,
        })
    };
    rows.iter().map(alert).collect()
}
