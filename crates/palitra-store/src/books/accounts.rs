//! Balances against their postings, account by account. What the postings of an account come to up to a movement is
//! remembered: below it everything is closed, and what is closed never changes. So a look reads what is new.

use crate::{Result, Row, Tx, p};
use palitra_domain::Timestamp;
use std::collections::BTreeSet;

/// Accounts of one look at most, beside those that moved last.
const ACCOUNTS_MAX: i64 = 500;

/// Movements that are added up in one look, as many times as it reads of the past: an account whose oldest hold is pending for long has
/// a long tail of movements that are not final.
const TAILS: i64 = 10;

/// Accounts of the newest movements are compared each time.
const NEWEST: i64 = 200;

/// What the postings of a book come to up to `position`.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    account: String,
    livemode: String,
    position: String,
    sums: Sums,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    cash: i64,
    bonus: i64,
    debt: i64,
}

impl Sums {
    fn read(row: &Row, at: usize) -> Result<Sums> {
        Ok(Sums { cash: row.get(at)?, bonus: row.get(at + 1)?, debt: row.get(at + 2)? })
    }

    fn plus(self, other: Sums) -> Sums {
        Sums {
            cash: self.cash.saturating_add(other.cash),
            bonus: self.bonus.saturating_add(other.bonus),
            debt: self.debt.saturating_add(other.debt),
        }
    }

    fn distance(self, other: Sums) -> i64 {
        [(self.cash, other.cash), (self.bonus, other.bonus), (self.debt, other.debt)]
            .iter()
            .fold(0, |sum: i64, (a, b)| sum.saturating_add_unsigned(a.abs_diff(*b)))
    }
}

/// What one round came to.
#[derive(Default)]
pub(super) struct Round {
    pub(super) problems: Vec<String>,
    pub(super) drift: i64,
    pub(super) count: u64,
    /// The account at which the next round goes on.
    pub(super) position: String,
    pub(super) checked: Vec<Checked>,
}

/// The accounts after `from`, and those that moved last; at most ten times `max` movements are read. `bound` is the first id that
/// may still be written.
pub(super) fn look(tx: &mut Tx, from: &str, max: u32, bound: &str) -> Result<Round> {
    const BOOKS: &str = "select account_id, livemode, cash, bonus, -debt from book";
    let next = format!("{BOOKS} where account_id > $1 order by account_id, livemode limit $2");
    let newest = format!(
        "{BOOKS} where account_id in (select account_id from (select account_id from transfer order by id desc limit $1) newest)
         order by account_id, livemode"
    );
    let mut round = Round { position: from.to_owned(), ..Round::default() };
    let mut budget = i64::from(max).saturating_mul(TAILS);
    let mut seen = BTreeSet::new();
    for row in tx.query(&newest, p![NEWEST])? {
        compare(tx, &row, &mut round, (&mut budget, max), bound)?;
        seen.insert(row.get::<String>(0)?);
    }
    let rows = tx.query(&next, p![from, ACCOUNTS_MAX])?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < ACCOUNTS_MAX);
    for row in &rows {
        if budget <= 0 {
            return Ok(round);
        }
        round.position = row.get(0)?;
        if !seen.contains(&round.position) {
            compare(tx, row, &mut round, (&mut budget, max), bound)?;
        }
    }
    if is_last {
        round.position.clear();
    }
    Ok(round)
}

/// A book whose new movements are more than the budget is not compared this time and costs the others nothing, but its position moves on,
/// by `step` movements at most.
fn compare(
    tx: &mut Tx,
    book: &Row,
    round: &mut Round,
    (budget, step): (&mut i64, u32),
    bound: &str,
) -> Result<()> {
    let (account, livemode): (String, String) = (book.get(0)?, book.get(1)?);
    let known = tx.query_opt(
        "select position, cash, bonus, debt from checked_book where account_id = $1 and livemode = $2",
        p![&account, &livemode],
    )?;
    let (from, before) = match &known {
        Some(row) => (row.get::<String>(0)?, Sums::read(row, 1)?),
        None => (String::new(), Sums::default()),
    };
    let count = tx.query_one(
        "select count(*) from (select id from transfer where account_id = $1 and livemode = $2 and id > $3 order by id limit $4) tail",
        p![&account, &livemode, &from, *budget + 1],
    )?;
    let count: i64 = count.get(0)?;
    if count <= *budget {
        *budget -= count;
        round.count += 1;
        let wanted = before.plus(sums(tx, (&account, &livemode), &from, "~")?);
        let distance = Sums::read(book, 2)?.distance(wanted);
        if distance > 0 {
            round.drift = round.drift.saturating_add(distance);
            round
                .problems
                .push(format!("the {livemode} balance of {account} is not the sum of its postings"));
        }
    }
    let closed = tx.query(
        "select id, state from transfer where account_id = $1 and livemode = $2 and id > $3 and id < $4 order by id limit $5",
        p![&account, &livemode, &from, bound, step],
    )?;
    let mut position = None;
    for row in &closed {
        if row.get::<String>(1)? == "pending" {
            break;
        }
        position = Some(row.get::<String>(0)?);
    }
    if let Some(position) = position {
        let sums = before.plus(sums(tx, (&account, &livemode), &from, &position)?);
        round.checked.push(Checked { account, livemode, position, sums });
    }
    Ok(())
}

/// What the postings of the movements after `from` and up to `to` come to in the books of the account.
fn sums(tx: &mut Tx, (account, livemode): (&str, &str), from: &str, to: &str) -> Result<Sums> {
    let row = tx.query_one(
        "select cast(coalesce(sum(case when e.book = $1 || ':cash' then e.amount end), 0) as bigint),
                cast(coalesce(sum(case when e.book = $1 || ':bonus' then e.amount end), 0) as bigint),
                cast(coalesce(sum(case when e.book = $1 || ':debt' then e.amount end), 0) as bigint)
         from transfer t join entry e on e.transfer_id = t.id
         where t.account_id = $1 and t.livemode = $2 and t.id > $3 and t.id <= $4",
        p![account, livemode, from, to],
    )?;
    Sums::read(&row, 0)
}

pub(super) fn remember(tx: &mut Tx, checked: &Checked, now: Timestamp) -> Result<()> {
    let Checked { account, livemode, position, sums } = checked;
    tx.send(
        "insert into checked_book(account_id, livemode, position, cash, bonus, debt, checked_at) values($1, $2, $3, $4, $5, $6, $7)
         on conflict(account_id, livemode) do update set position = excluded.position, cash = excluded.cash, bonus = excluded.bonus,
           debt = excluded.debt, checked_at = excluded.checked_at where checked_book.position < excluded.position",
        p![account, livemode, position, sums.cash, sums.bonus, sums.debt, now.micros()],
    )
}
