//! Whether the books and the queue agree with themselves, asked in another way than they were written.
//!
//! `everything` reads all there is: for `doctor` and for tests. `look` is for every minute of a service, however much
//! has ended: what is under way is checked each time, what is closed in windows that go round, and each account's
//! balance from where its last look ended. Nothing here repairs anything.

mod accounts;
mod budgets;
mod live;
mod look;
mod structure;

pub use look::{Look, look, remember};

use crate::{Result, Row, Tx, ledger, p};
use palitra_domain::Timestamp;

/// Found of each kind at most.
const FOUND_MAX: i64 = 20;

/// A statement that finds what is wrong, with `$1` for how many at most, and the words for a row of it.
type Check = (&'static str, fn(&Row) -> Result<String>);

/// What is wrong with the books and the queue, in words; empty when they are right. Every commit must leave it empty.
pub fn everything(tx: &mut Tx) -> Result<Vec<String>> {
    let mut found = ledger::problems(tx)?;
    found.extend(live::look(tx)?.0);
    run(tx, structure::CHECKS, &mut found)?;
    Ok(found)
}

fn run(tx: &mut Tx, checks: &[Check], found: &mut Vec<String>) -> Result<()> {
    for (sql, words) in checks {
        for row in tx.query(*sql, p![FOUND_MAX])? {
            found.push(words(&row)?);
        }
    }
    Ok(())
}

fn text(row: &Row, column: usize) -> Result<String> {
    row.get(column)
}

/// Deliveries that were given up, and those that have been due for so long that nobody can be delivering them.
pub fn undelivered(tx: &mut Tx, due_before: Timestamp) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let late = tx.query(
        "select kind, count(*) from outbox where state = 'new' and next_at < $1 group by kind order by kind",
        p![due_before.micros()],
    )?;
    for row in late {
        let count: i64 = row.get(1)?;
        found.push(format!(
            "{count} deliveries of kind `{}` are due and nobody delivers them",
            text(&row, 0)?
        ));
    }
    let dead =
        tx.query("select kind, count(*) from outbox where state = 'dead' group by kind order by kind", p![])?;
    for row in dead {
        let count: i64 = row.get(1)?;
        found.push(format!("{count} deliveries of kind `{}` were given up", text(&row, 0)?));
    }
    Ok(found)
}
