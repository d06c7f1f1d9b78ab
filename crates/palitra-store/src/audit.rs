//! What operators and owners of accounts have done: append-only, never a secret, never a prompt.

use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{AuditId, Timestamp, audit::Action};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: AuditId,
    pub at: Timestamp,
    /// `operator`, or the id of a key.
    pub who: String,
    pub action: Action,
    /// An account, a key, a market, a generation: by id or by name.
    pub subject: String,
    /// What was changed, in a few words.
    pub about: String,
}

pub fn insert(tx: &mut Tx, entry: &Entry) -> Result<()> {
    tx.must(
        1,
        "insert into audit(id, at, who, action, subject, about) values($1, $2, $3, $4, $5, $6)",
        p![
            entry.id.as_str(),
            entry.at.micros(),
            &entry.who,
            entry.action.as_str(),
            &entry.subject,
            &entry.about
        ],
    )
}

/// Which entries are asked for; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub subject: Option<String>,
    pub action: Option<Action>,
    /// Older than this one.
    pub before: Option<AuditId>,
    pub limit: u32,
}

/// Newest first.
pub fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Entry>> {
    let rows = tx.query(
        "select id, at, who, action, subject, about from audit
         where ($1 = '' or subject = $1) and ($2 = '' or action = $2) and ($3 = '' or id < $3) order by id desc limit $4",
        p![
            filter.subject.as_deref().unwrap_or_default(),
            filter.action.map_or("", Action::as_str),
            filter.before.as_ref().map_or("", AuditId::as_str),
            filter.limit
        ],
    )?;
    rows.iter().map(entry).collect()
}

/// How often this was done since then. Whoever asks while another does it waits until that is committed: what is counted before it is
/// done stays within its bound.
pub fn count_since(tx: &mut Tx, action: Action, since: Timestamp) -> Result<i64> {
    const IN_TURN: Sql = sql!("select 1 from installation", FOR_UPDATE);
    tx.query_opt(IN_TURN, p![])?;
    // Ids begin with their time.
    let first = AuditId::new(since, 0);
    let row = tx.query_one(
        "select count(*) from audit where id >= $1 and action = $2",
        p![first.as_str(), action.as_str()],
    )?;
    row.get(0)
}

fn entry(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        at: row.get(1)?,
        who: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        about: row.get(5)?,
    })
}
