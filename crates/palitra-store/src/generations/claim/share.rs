//! What standard work gets while there is always fast work: once the next of it has waited for
//! `engine.standard_wait_s`, one of every [`EVERY`] starts at its market.
//!
//! So it never starves: an overdue generation with `p` others of its line before it has started after at most
//! `EVERY × (p + 1)` starts (and one claim's worth more for each process that claims at the same time), and its line
//! stays in fair order, so `p` is what the others' first ones come to. Nothing is moved and nothing is rewritten for
//! it, and it costs nothing while fast work leaves a slot free.

use super::queue::Candidate;
use crate::{Result, Tx, p};
use std::collections::BTreeSet;

/// Of so many starts one is overdue work's.
pub(super) const EVERY: i64 = 8;

/// The most that overdue work can get of so many slots.
pub(super) fn most(slots: usize) -> usize {
    slots / usize::try_from(EVERY).unwrap_or(1) + 1
}

/// Who is overdue among the candidates, and what was started.
#[derive(Default)]
pub(super) struct Overdue {
    ids: BTreeSet<String>,
    balance: i64,
}

impl Overdue {
    pub(super) fn started(&mut self, candidate: &Candidate) {
        if self.ids.contains(&candidate.id) {
            self.balance -= EVERY - 1;
        } else if candidate.is_fast() {
            self.balance += 1;
        }
    }

    /// Processes add to the balance of each other.
    pub(super) fn close(self, tx: &mut Tx, market: &str) -> Result<()> {
        if self.ids.is_empty() || self.balance == 0 {
            return Ok(());
        }
        tx.send(
            "insert into virtual_clock(market, v) values($1, $2)
             on conflict(market) do update set v = virtual_clock.v + excluded.v",
            p![&balance(market), self.balance],
        )
    }
}

/// The balance stands beside the clocks: fast starts since the last overdue one.
fn balance(market: &str) -> String {
    format!("{market} overdue")
}

/// Lets the overdue in among the others.
pub(super) fn mix(
    tx: &mut Tx,
    market: &str,
    mut found: Vec<Candidate>,
    overdue: Vec<Candidate>,
) -> Result<(Vec<Candidate>, Overdue)> {
    if overdue.is_empty() {
        return Ok((found, Overdue::default()));
    }
    let row = tx.query_opt("select v from virtual_clock where market = $1", p![&balance(market)])?;
    let owed: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    let ids: BTreeSet<String> = overdue.iter().map(|one| one.id.clone()).collect();
    found.retain(|one| !ids.contains(&one.id));
    Ok((mixed(found, overdue, owed), Overdue { ids, balance: 0 }))
}

fn mixed<T>(first: Vec<T>, overdue: Vec<T>, owed: i64) -> Vec<T> {
    let mut first = first.into_iter();
    let mut order = Vec::with_capacity(first.len() + overdue.len());
    // How many go before the next overdue one.
    let mut before = (EVERY - 1 - owed).clamp(0, EVERY - 1);
    for one in overdue {
        order.extend(first.by_ref().take(usize::try_from(before).unwrap_or(0)));
        order.push(one);
        before = EVERY - 1;
    }
    order.extend(first);
    order
}

#[cfg(test)]
mod tests {
    use super::mixed;

    #[test]
    fn one_of_eight_is_overdue_work() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let order = |owed| {
            mixed(letters("ffffffffffffffffffff"), letters("abc"), owed).into_iter().collect::<String>()
        };
        assert_eq!(order(0), "fffffffafffffffbffffffc");
        assert_eq!(order(5), "ffafffffffbfffffffcffff");
        assert_eq!(order(7), "afffffffbfffffffcffffff");
        assert_eq!(order(100), order(7));
        assert_eq!(order(-14), order(0));
    }
}
