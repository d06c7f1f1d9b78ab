//! What there is, as numbers for an operator: one bounded look at queue, slots, ghosts, processes and outbox. And what the database
//! threads of this process count about themselves.

use crate::{Result, Sql, Tx, p, sql};
use palitra_domain::{
    Timestamp,
    catalogue::Lane,
    figures::{Counter, Histogram},
};

/// Rows of a kind that are counted; more are said to be as many.
pub const COUNTED_MAX: i64 = 100_000;

const TOOK_US: &[u64] =
    &[500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// Transactions of one commit.
const GROUP: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// What the threads behind a line count.
#[derive(Debug)]
pub struct Line {
    /// A transaction, or a group with one commit, from its beginning to its answers.
    pub took_us: Histogram,
    /// Transactions of one commit; always 1 for reads and on PostgreSQL.
    pub group: Histogram,
    /// Turned away because the line was full.
    pub turned_away: Counter,
}

impl Default for Line {
    fn default() -> Line {
        Line {
            took_us: Histogram::new(TOOK_US),
            group: Histogram::new(GROUP),
            turned_away: Counter::default(),
        }
    }
}

/// A line of an open database, at work.
pub struct AtWork<'a> {
    /// `write` or `read`.
    pub name: &'static str,
    pub line: &'a Line,
    /// Transactions that wait.
    pub waiting: usize,
}

/// Queued work of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    pub market: String,
    pub lane: Lane,
    pub priority: i64,
    pub count: i64,
    /// When the oldest of them was asked for.
    pub oldest: Timestamp,
}

/// Slots of a market key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySlots {
    pub market: String,
    pub key: String,
    /// The limit: rows that do not retire.
    pub limit: i64,
    /// Taken, ghosts included.
    pub taken: i64,
    pub ghosts: i64,
}

/// What a look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Claimable now.
    pub queued: Vec<Depth>,
    /// Waiting for their next try.
    pub delayed: i64,
    /// Claimed and not ended, by state.
    pub under_way: Vec<(String, i64)>,
    pub keys: Vec<KeySlots>,
    pub workers_alive: i64,
    pub workers_dead: i64,
    pub outbox: Vec<Outbox>,
}

/// Deliveries of a kind that are still to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    pub kind: String,
    pub count: i64,
    /// When the first of them is, or was, due.
    pub due: Timestamp,
}

/// Work of a batch and work without one have indexes of their own.
const QUEUED: [&str; 2] = [
    "select market, lane, priority, count(*), min(created_at) from
       (select market, lane, priority, created_at from generation where state = 'queued' and ready = 1 and scope is null limit $1) line
     group by market, lane, priority order by market, lane, priority",
    "select market, lane, priority, count(*), min(created_at) from
       (select market, lane, priority, created_at from generation where state = 'queued' and ready = 1 and scope is not null limit $1) line
     group by market, lane, priority order by market, lane, priority",
];

const DELAYED: &str = "select count(*) from
       (select 1 as one from generation where state = 'queued' and ready = 0 and parents_left = 0 limit $1) line";

const UNDER_WAY: &str = "select state, count(*) from
       (select state from generation where state in ('submitting', 'running', 'storing') limit $1) line
     group by state order by state";

const KEYS: &str = "select k.market, k.label, count(case when s.retiring = 0 then 1 end), count(s.generation_id), count(s.kept_until)
     from market_key k join slot s on s.scope = k.id and s.kind = 'key' group by k.market, k.label order by k.market, k.label";

const WORKERS: Sql = sql!(
    "select count(case when lease_until > ",
    NOW_US,
    " then 1 end), count(case when lease_until <= ",
    NOW_US,
    " then 1 end) from worker"
);

const OUTBOX: &str = "select kind, count(*), min(next_at) from
       (select kind, next_at from outbox where state = 'new' limit $1) line group by kind
     union all select 'webhook_delivery', count(*), min(next_at) from
       (select next_at from webhook_delivery where state = 'waiting' limit $1) waiting having count(*) > 0
     order by 1";

/// A look at all of it. What is counted is bounded by [`COUNTED_MAX`], and found by the indexes of the work itself.
pub fn look(tx: &mut Tx) -> Result<Figures> {
    let mut queued: Vec<Depth> = Vec::new();
    for sql in QUEUED {
        for row in tx.query(sql, p![COUNTED_MAX])? {
            let more = Depth {
                market: row.get(0)?,
                lane: row.get(1)?,
                priority: row.get(2)?,
                count: row.get(3)?,
                oldest: row.get(4)?,
            };
            let same = |depth: &&mut Depth| {
                (&depth.market, depth.lane, depth.priority) == (&more.market, more.lane, more.priority)
            };
            match queued.iter_mut().find(same) {
                Some(depth) => {
                    depth.count += more.count;
                    depth.oldest = depth.oldest.min(more.oldest);
                }
                None => queued.push(more),
            }
        }
    }
    let keys = tx.query(KEYS, p![])?;
    let keys = keys.iter().map(|row| {
        Ok(KeySlots {
            market: row.get(0)?,
            key: row.get(1)?,
            limit: row.get(2)?,
            taken: row.get(3)?,
            ghosts: row.get(4)?,
        })
    });
    let keys = keys.collect::<Result<_>>()?;
    let under_way = tx.query(UNDER_WAY, p![COUNTED_MAX])?;
    let under_way = under_way.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_>>()?;
    let workers = tx.query_one(WORKERS, p![])?;
    let outbox = tx.query(OUTBOX, p![COUNTED_MAX])?;
    let outbox =
        outbox.iter().map(|row| Ok(Outbox { kind: row.get(0)?, count: row.get(1)?, due: row.get(2)? }));
    let outbox = outbox.collect::<Result<_>>()?;
    Ok(Figures {
        queued,
        delayed: tx.query_one(DELAYED, p![COUNTED_MAX])?.get(0)?,
        under_way,
        keys,
        workers_alive: workers.get(0)?,
        workers_dead: workers.get(1)?,
        outbox,
    })
}
