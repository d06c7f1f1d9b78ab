//! Rows that belong together, looked for in all there is.

use super::{Check, text};

pub(super) const CHECKS: &[Check] = &[
    (
        "select a.generation_id, a.n, a.state, g.state from attempt a join generation g on g.id = a.generation_id
         where a.state in ('submitting', 'accepted') and g.state not in ('submitting', 'running', 'storing')
         order by a.generation_id, a.n limit $1",
        |row| {
            let n: i64 = row.get(1)?;
            Ok(format!(
                "attempt {n} of generation {} is {}, and its generation {}",
                text(row, 0)?,
                text(row, 2)?,
                text(row, 3)?
            ))
        },
    ),
    (
        "select g.id from generation g where g.attempts <>
           (select count(*) from attempt a where a.generation_id = g.id) order by g.id limit $1",
        |row| Ok(format!("the attempts of generation {} are not as many as it counts", text(row, 0)?)),
    ),
    (
        "select e.parent_id, e.child_id from edge e left join generation g on g.id = e.child_id
         where g.id is null order by e.parent_id, e.child_id limit $1",
        |row| Ok(format!("generation {} is followed by {}, which is missing", text(row, 0)?, text(row, 1)?)),
    ),
    (
        "select s.batch_id, s.generation_id from step s left join generation g on g.id = s.generation_id
         where s.generation_id is not null and g.id is null order by s.batch_id, s.generation_id limit $1",
        |row| Ok(format!("a step of batch {} names generation {}, which is missing", text(row, 0)?, text(row, 1)?)),
    ),
    (
        "select o.id, o.generation_id from outbox o left join generation g on g.id = o.generation_id
         left join generation_past q on q.id = o.generation_id
         where o.generation_id is not null and g.id is null and q.id is null order by o.id limit $1",
        |row| Ok(format!("delivery {} tells of generation {}, which is missing", text(row, 0)?, text(row, 1)?)),
    ),
    (
        "select f.id, f.generation_id from asset f left join generation g on g.id = f.generation_id
         where f.generation_id is not null and g.id is null and f.deleted_at is null order by f.id limit $1",
        |row| Ok(format!("asset {} is of generation {}, which is missing", text(row, 0)?, text(row, 1)?)),
    ),
];
