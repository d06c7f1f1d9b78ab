//! The check that the books balance: what would have to be true in another way is asked in that way.

use crate::{Result, Row, Tx, p};

/// Found of each kind at most.
const FOUND_MAX: i64 = 20;

/// What is wrong with the books, in words; empty when they balance. Every commit must leave it empty.
pub fn problems(tx: &mut Tx) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (_, sql, words) in CHECKS {
        for row in tx.query(&asked(sql, "1 = 1"), p![FOUND_MAX])? {
            found.push(words(&row)?);
        }
    }
    Ok(found)
}

/// The same of the rows of `table` (`transfer`, `generation` or `api_key`) whose ids are above `from` and up to `to`.
pub(crate) fn problems_between(tx: &mut Tx, table: &str, from: &str, to: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (_, sql, words) in CHECKS.iter().filter(|(of, ..)| *of == table) {
        for row in tx.query(&asked(sql, "<id> > $2 and <id> <= $3"), p![FOUND_MAX, from, to])? {
            found.push(words(&row)?);
        }
    }
    Ok(found)
}

/// `{t.id}` stands where a check asks which rows it is about, with the column that says it.
fn asked(sql: &str, which: &str) -> String {
    let mut asked = String::with_capacity(sql.len() + which.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('{') {
        let (column, after) = after.split_once('}').unwrap_or((after, ""));
        asked.push_str(before);
        asked.push_str(&which.replace("<id>", column));
        rest = after;
    }
    asked.push_str(rest);
    asked
}

/// Whose ids it goes through, where it can be asked of a part of them.
type Check = (&'static str, &'static str, fn(&Row) -> Result<String>);

const CHECKS: &[Check] = &[
    (
        "transfer",
        "select transfer_id from entry where {transfer_id} group by transfer_id having sum(amount) <> 0 order by transfer_id limit $1",
        |row| Ok(format!("entries of transfer {} do not sum to zero", text(row, 0)?)),
    ),
    (
        "transfer",
        "select t.id from entry e join transfer t on t.id = e.transfer_id
         where {t.id} and (e.livemode <> t.livemode
            or e.book in (t.account_id || ':cash', t.account_id || ':bonus', t.account_id || ':debt') and t.state <> 'posted')
         order by t.id limit $1",
        |row| Ok(format!("transfer {} has postings that are not its own", text(row, 0)?)),
    ),
    (
        "transfer",
        "select t.id from transfer t where {t.id} and t.state = 'posted' and (
           coalesce((select cast(sum(e.amount) as bigint) from entry e
                     where e.transfer_id = t.id and e.book in (t.account_id || ':cash', t.account_id || ':debt')), 0)
             <> case when t.kind = 'hold' then -t.charged_cash else t.cash end
           or coalesce((select e.amount from entry e where e.transfer_id = t.id and e.book = t.account_id || ':bonus'), 0)
             <> case when t.kind = 'hold' then -t.charged_bonus else t.bonus end)
         order by t.id limit $1",
        |row| Ok(format!("transfer {} is not what was posted for it", text(row, 0)?)),
    ),
    (
        "book",
        "with posted as (select book, livemode, sum(amount) as amount from entry group by book, livemode),
              held as (select account_id, livemode, sum(cash) as cash, sum(bonus) as bonus from transfer where state = 'pending'
                       group by account_id, livemode)
         select b.account_id, b.livemode from book b
         left join posted c on c.book = b.account_id || ':cash' and c.livemode = b.livemode
         left join posted f on f.book = b.account_id || ':bonus' and f.livemode = b.livemode
         left join posted d on d.book = b.account_id || ':debt' and d.livemode = b.livemode
         left join held h on h.account_id = b.account_id and h.livemode = b.livemode
         where b.cash <> coalesce(c.amount, 0) or b.bonus <> coalesce(f.amount, 0) or -b.debt <> coalesce(d.amount, 0)
            or b.cash_held <> coalesce(h.cash, 0) or b.bonus_held <> coalesce(h.bonus, 0)
         order by b.account_id, b.livemode limit $1",
        |row| Ok(format!("the {} balance of {} is not the sum of its postings", text(row, 1)?, text(row, 0)?)),
    ),
    (
        "api_key",
        "select u.key_id from key_budget_use u where {u.key_id} and u.period = 'total' and u.spent <>
           (select coalesce(sum(case t.state when 'pending' then t.cash + t.bonus when 'posted' then t.charged_cash + t.charged_bonus else 0 end), 0)
            from transfer t where t.key_id = u.key_id) order by u.key_id limit $1",
        |row| Ok(format!("what key {} has spent is not the sum of its holds", text(row, 0)?)),
    ),
    (
        "api_key",
        "select u.key_id from key_budget_use u where {u.key_id} group by u.key_id
         having sum(case when length(u.period) = 7 then u.spent else 0 end) <> sum(case when u.period = 'total' then u.spent else 0 end)
            or sum(case when length(u.period) = 10 then u.spent else 0 end) <> sum(case when u.period = 'total' then u.spent else 0 end)
         order by u.key_id limit $1",
        |row| Ok(format!("what key {} has spent by day, by month and in all is not the same", text(row, 0)?)),
    ),
    (
        "generation",
        "select g.id, g.state, coalesce(t.state, 'missing')
         from generation g left join transfer t on t.id = 'trf_' || substr(g.id, 5)
         where {g.id} and (t.state is null
            or t.state = 'pending' and g.state in ('succeeded', 'failed', 'cancelled', 'timed_out')
            or t.state = 'posted' and g.state <> 'succeeded'
            or t.state = 'voided' and g.state not in ('failed', 'cancelled', 'timed_out'))
         order by g.id limit $1",
        |row| Ok(format!("generation {} is {} and its hold is {}", text(row, 0)?, text(row, 1)?, text(row, 2)?)),
    ),
    (
        "transfer",
        "select t.id from transfer t left join generation g on g.id = t.generation_id left join generation_past q on q.id = t.generation_id
         where {t.id} and t.kind = 'hold' and (coalesce(g.id, q.id) is null or t.account_id <> coalesce(g.account_id, q.account_id)
           or t.livemode <> coalesce(g.livemode, q.livemode) or t.cash + t.bonus <> coalesce(g.price, q.price)
           or g.id is null and t.state <> case when q.state = 'succeeded' then 'posted' else 'voided' end) order by t.id limit $1",
        |row| Ok(format!("hold {} is not the price of a generation of its account", text(row, 0)?)),
    ),
    (
        "transfer",
        "select t.id from transfer t where {t.id} and (t.refunded_cash <> 0 or t.refunded_bonus <> 0) and (
           (select coalesce(sum(case when t.kind = 'hold' then r.cash else -r.cash end), 0) from transfer r where r.reverses = t.id)
             <> t.refunded_cash
           or (select coalesce(sum(case when t.kind = 'hold' then r.bonus else -r.bonus end), 0) from transfer r where r.reverses = t.id)
             <> t.refunded_bonus) order by t.id limit $1",
        |row| Ok(format!("of transfer {} more or less went back than stands on it", text(row, 0)?)),
    ),
    (
        "transfer",
        "select r.id from transfer r left join transfer t on t.id = r.reverses
         where {r.id} and r.reverses is not null and (t.id is null or t.account_id <> r.account_id or t.livemode <> r.livemode
           or t.refunded_cash = 0 and t.refunded_bonus = 0) order by r.id limit $1",
        |row| Ok(format!("refund {} is not of a movement of its account", text(row, 0)?)),
    ),
    (
        "transfer",
        "select t.id from bonus_grant g join transfer t on t.id = g.transfer_id
         where {t.id} and (t.account_id <> g.account_id or t.livemode <> g.livemode
           or t.kind not in ('welcome', 'voucher', 'referral') or g.remains + t.refunded_bonus > t.bonus) order by t.id limit $1",
        |row| Ok(format!("more is left of the bonus of transfer {} than it brought", text(row, 0)?)),
    ),
    (
        "transfer",
        "select r.id from transfer r where {r.id} and r.kind = 'expiry' and (r.cash <> 0 or r.bonus >= 0
           or not exists (select 1 from bonus_grant g where g.transfer_id = r.reverses)) order by r.id limit $1",
        |row| Ok(format!("expiry {} is not of a bonus that expires", text(row, 0)?)),
    ),
    (
        "book",
        "select b.account_id, b.livemode from book b left join
           (select account_id, livemode, sum(remains) as remains from bonus_grant where remains > 0 group by account_id, livemode) g
           on g.account_id = b.account_id and g.livemode = b.livemode
         where (b.bonus_seen is null) <> (g.remains is null) or g.remains > b.bonus_seen or b.bonus > b.bonus_seen
         order by b.account_id, b.livemode limit $1",
        |row| Ok(format!("the {} bonus of {} is not where its grants are", text(row, 1)?, text(row, 0)?)),
    ),
    (
        "transfer",
        "select t.id from transfer t left join redemption r on r.transfer_id = t.id left join voucher v on v.id = r.voucher_id
         where {t.id} and t.kind = 'voucher' and (v.id is null or r.account_id <> t.account_id
           or t.cash <> case when v.purse = 'cash' then v.amount else 0 end
           or t.bonus <> case when v.purse = 'bonus' then v.amount else 0 end) order by t.id limit $1",
        |row| Ok(format!("transfer {} is not what a voucher gives", text(row, 0)?)),
    ),
    (
        "book",
        "select v.id from voucher v where v.uses <> (select count(*) from redemption r where r.voucher_id = v.id)
         order by v.id limit $1",
        |row| Ok(format!("voucher {} was not used as often as it counts", text(row, 0)?)),
    ),
    (
        "transfer",
        "select t.id from transfer t left join referral_reward w on w.transfer_id = t.id left join transfer u on u.id = w.top_up_id
         where {t.id} and t.kind = 'referral' and (u.id is null or u.account_id = t.account_id or u.livemode <> t.livemode
           or t.bonus - t.refunded_bonus - w.owed <> (u.cash - u.refunded_cash) * w.percent / 100) order by t.id limit $1",
        |row| Ok(format!("transfer {} is not a referrer's share of a top-up", text(row, 0)?)),
    ),
];

fn text(row: &Row, column: usize) -> Result<String> {
    row.get(column)
}
