//! What is under way: its holds, its slots, its attempts. As much as is live is read, through indexes that hold nothing
//! else.

use super::{Check, FOUND_MAX, run, text};
use crate::{Result, Tx, p};

/// What is wrong with what is under way, and by how much the held sides of the books differ from their holds.
pub(super) fn look(tx: &mut Tx) -> Result<(Vec<String>, i64)> {
    let mut found = Vec::new();
    let mut drift = 0i64;
    for row in tx.query(HELD, p![FOUND_MAX])? {
        let (books, holds): (i64, i64) = (row.get(2)?, row.get(3)?);
        drift = drift.saturating_add(books.abs_diff(holds).try_into().unwrap_or(i64::MAX));
        found.push(format!(
            "the {} book of {} has {books} held, and what is under way holds {holds}",
            text(&row, 1)?,
            text(&row, 0)?
        ));
    }
    run(tx, CHECKS, &mut found)?;
    Ok((found, drift))
}

/// Every live generation stands in one of these two indexes, and nothing else does.
macro_rules! live {
    () => {
        "(select id from generation where owner is not null and state in ('submitting', 'running', 'storing')
          union all select id from generation where state = 'queued')"
    };
}

const HELD: &str = concat!(
    "select b.account_id, b.livemode, b.cash_held + b.bonus_held, coalesce(h.cash + h.bonus, 0)
     from book b left join
       (select t.account_id, t.livemode, cast(sum(t.cash) as bigint) as cash, cast(sum(t.bonus) as bigint) as bonus
        from ",
    live!(),
    " live join transfer t on t.id = 'trf_' || substr(live.id, 5) and t.state = 'pending'
        group by t.account_id, t.livemode) h
       on h.account_id = b.account_id and h.livemode = b.livemode
     where b.cash_held <> coalesce(h.cash, 0) or b.bonus_held <> coalesce(h.bonus, 0)
     order by b.account_id, b.livemode limit $1"
);

/// In the order of an expression: an order of ids alone would be taken from the index of everything there ever was.
const CHECKS: &[Check] = &[
    (
        concat!(
            "select live.id, coalesce(t.state, 'missing') from ",
            live!(),
            " live left join transfer t on t.id = 'trf_' || substr(live.id, 5) where coalesce(t.state, '') <> 'pending'
             order by live.id || '' limit $1"
        ),
        |row| Ok(format!("generation {} is under way and its hold is {}", text(row, 0)?, text(row, 1)?)),
    ),
    (
        "select s.scope, s.n, s.generation_id, coalesce(g.state, 'missing') from slot s left join generation g on g.id = s.generation_id
         where s.generation_id is not null and s.kept_until is null
           and coalesce(g.state, '') not in ('submitting', 'running', 'storing') order by s.scope, s.n limit $1",
        |row| {
            let n: i64 = row.get(1)?;
            Ok(format!(
                "slot {n} of {} is taken by generation {}, which is {}",
                text(row, 0)?,
                text(row, 2)?,
                text(row, 3)?
            ))
        },
    ),
    (
        "select g.id, g.state from generation g where g.owner is not null and g.adopted is null and g.state in ('submitting', 'running', 'storing') and not exists
           (select 1 from slot s where s.generation_id = g.id and s.kind = 'key' and s.attempt = g.attempts) order by g.id || '' limit $1",
        |row| Ok(format!("generation {} is {} without a slot of a key", text(row, 0)?, text(row, 1)?)),
    ),
    (
        "select g.id, g.state from generation g where g.owner is not null and g.state in ('submitting', 'running', 'storing') and not exists
           (select 1 from attempt a where a.generation_id = g.id and a.n = coalesce(g.adopted, g.attempts)
              and a.state in ('submitting', 'accepted', 'unknown')) order by g.id || '' limit $1",
        |row| Ok(format!("generation {} is {} and its attempt has ended", text(row, 0)?, text(row, 1)?)),
    ),
    (
        "select g.id from generation g where g.state = 'queued' and g.parents_left > 0 and not exists
           (select 1 from edge e join generation q on q.id = e.parent_id where e.child_id = g.id
              and q.state in ('queued', 'submitting', 'running', 'storing'))
           and not exists (select 1 from batch b where b.id = g.batch_id and b.barrier = 1) order by g.id || '' limit $1",
        |row| Ok(format!("generation {} waits for a step, and none is left", text(row, 0)?)),
    ),
    (
        "select b.id from batch b where b.state = 'processing' and not exists
           (select 1 from generation g where g.batch_id = b.id and g.state in ('queued', 'submitting', 'running', 'storing'))
         order by b.id limit $1",
        |row| Ok(format!("batch {} is open and nothing of it is left to be done", text(row, 0)?)),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MIGRATIONS, tests::harness::Fresh};

    #[tokio::test]
    async fn what_is_live_is_found_without_reading_what_has_ended() {
        let fresh = Fresh::sqlite(MIGRATIONS).await;
        for sql in CHECKS.iter().map(|(sql, _)| *sql).chain([HELD]) {
            let explained = format!("explain query plan {sql}");
            let read = move |tx: &mut Tx<'_>| {
                tx.query(&explained, p![FOUND_MAX])?
                    .iter()
                    .map(|row| row.get::<String>(3))
                    .collect::<Result<Vec<_>>>()
            };
            for step in fresh.store.read(read).await.unwrap() {
                let reads_all =
                    ["SCAN generation", "SCAN g", "SCAN t", "SCAN a", "SCAN transfer", "SCAN attempt"]
                        .iter()
                        .any(|scan| {
                            step == *scan || step.starts_with(&format!("{scan} USING INDEX sqlite_autoindex"))
                        });
                assert!(!reads_all, "{sql}: {step}");
            }
        }
    }
}
