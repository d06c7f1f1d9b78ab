//! What keys with budgets have spent: what is held for them and what was charged, by the day, the month and in all, as of the time of
//! each hold.
//!
//! Only the ledger changes these sums, in the transaction that takes or closes the hold, and with the book of the key's account locked: so
//! two requests at once go one after another, and nothing has to be put right after a crash.

use crate::{Error, Result, Tx, api_keys::Budgets, p};
use palitra_domain::{ErrorCode, KeyId, Timestamp, budget::Budget};

/// What a key has spent in the periods of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    pub day: i64,
    pub month: i64,
    pub total: i64,
}

/// What `key` has spent. Nothing is counted for one without budgets.
pub fn spent(tx: &mut Tx, key: &KeyId, now: Timestamp) -> Result<Spent> {
    Ok(standing(tx, key, now)?.map_or_else(Spent::default, |(_, spent)| spent))
}

fn standing(tx: &mut Tx, key: &KeyId, now: Timestamp) -> Result<Option<(Budgets, Spent)>> {
    let [day, month, total] = Budget::ALL.map(|budget| budget.period(now));
    let row = tx.query_opt(
        "select k.budget_day, k.budget_month, k.budget_total,
           coalesce((select u.spent from key_budget_use u where u.key_id = $1 and u.period = $2), 0),
           coalesce((select u.spent from key_budget_use u where u.key_id = $1 and u.period = $3), 0),
           coalesce((select u.spent from key_budget_use u where u.key_id = $1 and u.period = $4), 0)
         from api_key k where k.id = $1",
        p![key.as_str(), &day, &month, &total],
    )?;
    let Some(row) = row else { return Ok(None) };
    let budgets = Budgets { day: row.get(0)?, month: row.get(1)?, total: row.get(2)? };
    Ok(Some((budgets, Spent { day: row.get(3)?, month: row.get(4)?, total: row.get(5)? })))
}

/// Counts `amount` against the budgets of `key`, or refuses it with [`Error::OverBudget`]. `false`: it has no budget, or it is nothing,
/// and nothing is counted. The book of its account must be locked.
pub(crate) fn take(tx: &mut Tx, key: &KeyId, amount: i64, now: Timestamp) -> Result<bool> {
    if amount == 0 {
        return Ok(false);
    }
    let (budgets, spent) =
        standing(tx, key, now)?.ok_or_else(|| Error::rule(ErrorCode::NotFound, key.as_str()))?;
    if !budgets.has_any() {
        return Ok(false);
    }
    // The one that lasts longest first: it helps nobody to wait for another.
    for (budget, bound, spent) in [
        (Budget::Total, budgets.total, spent.total),
        (Budget::Month, budgets.month, spent.month),
        (Budget::Day, budgets.day, spent.day),
    ] {
        let left = bound.map(|bound| bound.saturating_sub(spent).max(0));
        if let Some(left) = left.filter(|left| amount > *left) {
            return Err(Error::OverBudget { budget, needed: amount, left, anew_at: budget.begins_anew(now) });
        }
    }
    let [day, month, total] = Budget::ALL.map(|budget| budget.period(now));
    tx.must(
        3,
        "insert into key_budget_use(key_id, period, spent) values($1, $2, $5), ($1, $3, $5), ($1, $4, $5)
         on conflict(key_id, period) do update set spent = key_budget_use.spent + excluded.spent",
        p![key.as_str(), &day, &month, &total, amount],
    )?;
    Ok(true)
}

/// Of a hold that was taken at `at`, so much was not charged. The book of its account must be locked.
pub(crate) fn give_back(tx: &mut Tx, key: &str, amount: i64, at: Timestamp) -> Result<()> {
    if amount == 0 {
        return Ok(());
    }
    let [day, month, total] = Budget::ALL.map(|budget| budget.period(at));
    tx.must(
        3,
        "update key_budget_use set spent = spent - $5 where key_id = $1 and period in ($2, $3, $4)",
        p![key, &day, &month, &total, amount],
    )
}
