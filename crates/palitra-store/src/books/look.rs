//! One look of a service at its books: bounded, and going round.

use super::{accounts, budgets, live};
use crate::{Result, Tx, ledger, p};
use palitra_domain::{Timestamp, TransferId};

/// What a look found, and what is to be remembered of it ([`remember`]).
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// In words; empty when everything looked at is right.
    pub problems: Vec<String>,
    /// By how much balances and holds differ from what is written about them, minor units, all accounts together.
    pub drift: i64,
    /// Accounts whose balance was compared.
    pub accounts: u64,
    /// The past has been gone through to its end.
    pub went_round: bool,
    moved: Moved,
}

#[derive(Debug, Clone, Default)]
struct Moved {
    positions: Vec<(&'static str, String)>,
    accounts: Vec<accounts::Checked>,
}

/// How far the budgets of keys were looked at.
const KEYS: &str = "api_key";

/// Looks at all that is under way, and at `max` movements, generations, postings and keys of the past after those of the last
/// look. What is younger than `settled` may still be written: it is compared, and never remembered as final. On a
/// snapshot: `Store::read`.
pub fn look(tx: &mut Tx, max: u32, settled: Timestamp) -> Result<Look> {
    let (problems, drift) = live::look(tx)?;
    let mut look = Look { problems, drift, went_round: true, ..Look::default() };
    window(tx, &mut look, "transfer", max)?;
    window(tx, &mut look, "generation", max)?;
    let from = position(tx, KEYS)?;
    let budgets = budgets::look(tx, &from, max)?;
    look.problems.extend(budgets.problems);
    look.went_round &= budgets.position.is_empty();
    look.moved.positions.push((KEYS, budgets.position));
    let from = position(tx, "account")?;
    let round = accounts::look(tx, &from, max, &bound(settled))?;
    look.problems.extend(round.problems);
    look.drift = look.drift.saturating_add(round.drift);
    look.accounts = round.count;
    look.moved.positions.push(("account", round.position));
    look.moved.accounts = round.checked;
    Ok(look)
}

fn bound(at: Timestamp) -> String {
    TransferId::new(at, 0).as_str().to_owned()
}

fn position(tx: &mut Tx, what: &str) -> Result<String> {
    let row = tx.query_opt("select position from checked where what = $1", p![what])?;
    row.map_or_else(|| Ok(String::new()), |row| row.get(0))
}

/// The next rows of a table in the order of their ids. At the end it begins anew.
fn window(tx: &mut Tx, look: &mut Look, table: &'static str, max: u32) -> Result<()> {
    let from = position(tx, table)?;
    let last = format!(
        "select max(id), count(*) from (select id from {table} where id > $1 order by id limit $2) rows"
    );
    let row = tx.query_one(&last, p![&from, max])?;
    let (to, count): (Option<String>, i64) = (row.get(0)?, row.get(1)?);
    if let Some(to) = &to {
        look.problems.extend(ledger::problems_between(tx, table, &from, to)?);
    }
    let ended = count < i64::from(max);
    look.went_round &= ended;
    look.moved.positions.push((table, to.filter(|_| !ended).unwrap_or_default()));
    Ok(())
}

/// The next look begins where this one has ended.
pub fn remember(tx: &mut Tx, look: &Look, now: Timestamp) -> Result<()> {
    for (what, position) in &look.moved.positions {
        tx.send(
            "insert into checked(what, position) values($1, $2) on conflict(what) do update set position = excluded.position",
            p![*what, position],
        )?;
    }
    for checked in &look.moved.accounts {
        accounts::remember(tx, checked, now)?;
    }
    Ok(())
}
