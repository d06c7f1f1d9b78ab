//! The check that the books balance: what would have to be true in another way is asked in that way.

use crate::{Result, Row, Tx, p};

/// Found of each kind at most.
const FOUND_MAX: i64 = 20;

/// What is wrong with the books, in words; empty when they balance. Every commit must leave it empty.
pub fn problems(tx: &mut Tx) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (sql, words) in CHECKS {
        for row in tx.query(*sql, p![FOUND_MAX])? {
            found.push(words(&row)?);
        }
    }
    Ok(found)
}

type Check = (&'static str, fn(&Row) -> Result<String>);

const CHECKS: &[Check] = &[
    (
        "select transfer_id from entry group by transfer_id having sum(amount) <> 0 order by transfer_id limit $1",
        |row| Ok(format!("entries of transfer {} do not sum to zero", text(row, 0)?)),
    ),
    (
        "select t.id from entry e join transfer t on t.id = e.transfer_id
         where e.livemode <> t.livemode
            or e.book in (t.account_id || ':cash', t.account_id || ':bonus', t.account_id || ':debt') and t.state <> 'posted'
         order by t.id limit $1",
        |row| Ok(format!("transfer {} has postings that are not its own", text(row, 0)?)),
    ),
    (
        "select t.id from transfer t where t.state = 'posted' and (
           coalesce((select cast(sum(e.amount) as bigint) from entry e
                     where e.transfer_id = t.id and e.book in (t.account_id || ':cash', t.account_id || ':debt')), 0)
             <> case when t.kind = 'hold' then -t.charged_cash else t.cash end
           or coalesce((select e.amount from entry e where e.transfer_id = t.id and e.book = t.account_id || ':bonus'), 0)
             <> case when t.kind = 'hold' then -t.charged_bonus else t.bonus end)
         order by t.id limit $1",
        |row| Ok(format!("transfer {} is not what was posted for it", text(row, 0)?)),
    ),
    (
        "select account_id, livemode from book where
           cash <> (select coalesce(sum(amount), 0) from entry where book = account_id || ':cash' and livemode = book.livemode)
           or bonus <> (select coalesce(sum(amount), 0) from entry where book = account_id || ':bonus' and livemode = book.livemode)
           or -debt <> (select coalesce(sum(amount), 0) from entry where book = account_id || ':debt' and livemode = book.livemode)
           or cash_held <> (select coalesce(sum(cash), 0) from transfer
                            where account_id = book.account_id and livemode = book.livemode and state = 'pending')
           or bonus_held <> (select coalesce(sum(bonus), 0) from transfer
                             where account_id = book.account_id and livemode = book.livemode and state = 'pending')
         order by account_id, livemode limit $1",
        |row| Ok(format!("the {} balance of {} is not the sum of its postings", text(row, 1)?, text(row, 0)?)),
    ),
    (
        "select g.id, g.state, coalesce(t.state, 'missing')
         from generation g left join transfer t on t.generation_id = g.id and t.kind = 'hold'
         where t.state is null
            or t.state = 'pending' and g.state in ('succeeded', 'failed', 'cancelled', 'timed_out')
            or t.state = 'posted' and g.state <> 'succeeded'
            or t.state = 'voided' and g.state not in ('failed', 'cancelled', 'timed_out')
         order by g.id limit $1",
        |row| Ok(format!("generation {} is {} and its hold is {}", text(row, 0)?, text(row, 1)?, text(row, 2)?)),
    ),
    (
        "select t.id from transfer t left join generation g on g.id = t.generation_id
         where t.kind = 'hold' and (g.id is null or t.account_id <> g.account_id or t.livemode <> g.livemode
           or t.cash + t.bonus <> g.price) order by t.id limit $1",
        |row| Ok(format!("hold {} is not the price of a generation of its account", text(row, 0)?)),
    ),
    (
        "select t.id from transfer t where (t.refunded_cash <> 0 or t.refunded_bonus <> 0) and (
           (select coalesce(sum(case when t.kind = 'hold' then r.cash else -r.cash end), 0) from transfer r where r.reverses = t.id)
             <> t.refunded_cash
           or (select coalesce(sum(case when t.kind = 'hold' then r.bonus else -r.bonus end), 0) from transfer r where r.reverses = t.id)
             <> t.refunded_bonus) order by t.id limit $1",
        |row| Ok(format!("of transfer {} more or less went back than stands on it", text(row, 0)?)),
    ),
    (
        "select r.id from transfer r left join transfer t on t.id = r.reverses
         where r.reverses is not null and (t.id is null or t.account_id <> r.account_id or t.livemode <> r.livemode
           or t.refunded_cash = 0 and t.refunded_bonus = 0) order by r.id limit $1",
        |row| Ok(format!("refund {} is not of a movement of its account", text(row, 0)?)),
    ),
];

fn text(row: &Row, column: usize) -> Result<String> {
    row.get(column)
}
