//! What has happened, in its order: ends of generations and batches, and late results, for those who follow an account.

use crate::{Result, Row, Tx, outbox, p};
use palitra_domain::{
    AccountId, BatchId, GenerationId, Livemode, Timestamp,
    state::{BatchState, GenerationState},
};

/// Where somebody is: everything up to this was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub at: Timestamp,
    /// Of the event.
    pub id: String,
}

impl Position {
    /// Before everything that happens from then on.
    pub fn at(at: Timestamp) -> Position {
        Position { at, id: String::new() }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// In which state it ended, and whether it is part of a batch.
    Generation {
        id: GenerationId,
        state: GenerationState,
        in_batch: bool,
    },
    Batch {
        id: BatchId,
        state: BatchState,
    },
    /// A result that came after its generation had ended.
    Late(GenerationId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub position: Position,
    pub account: AccountId,
    pub livemode: Livemode,
    pub what: What,
}

/// `whose` bounds it to an account, or does not.
macro_rules! after {
    ($whose:literal) => {
        concat!(
            "select o.id, o.kind, o.account_id, o.generation_id, o.batch_id, o.created_at,
               coalesce(g.livemode, b.livemode), coalesce(g.state, b.state), case when g.batch_id is null then 0 else 1 end
             from outbox o left join generation g on g.id = o.generation_id left join batch b on b.id = o.batch_id
             where ",
            $whose,
            "(o.created_at, o.id) > ($1, $2) and o.kind in ('generation', 'batch', 'late') order by o.created_at, o.id limit $3"
        )
    };
}

/// What one reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub news: Vec<News>,
    /// Where the reading has got to.
    pub reached: Position,
    /// There may be more from there on.
    pub is_full: bool,
}

/// What came after the position to everybody, oldest first. What is about something that has left is passed over.
pub fn after(tx: &mut Tx, position: &Position, max: u32) -> Result<Page> {
    let rows = tx.query(after!(""), p![position.at.micros(), &position.id, max])?;
    page(&rows, position, max)
}

/// The same of one account.
pub fn after_of(tx: &mut Tx, account: &AccountId, position: &Position, max: u32) -> Result<Page> {
    let of = p![position.at.micros(), &position.id, max, account.as_str()];
    let rows = tx.query(after!("o.account_id = $4 and "), of)?;
    page(&rows, position, max)
}

/// How many came after the one position and before the other: an index tells.
pub fn between(tx: &mut Tx, after: &Position, before: &Position) -> Result<usize> {
    let count: i64 = tx
        .query_one(
            "select count(*) from outbox o where (o.created_at, o.id) > ($1, $2) and (o.created_at, o.id) < ($3, $4)
             and o.kind in ('generation', 'batch', 'late')",
            p![after.at.micros(), &after.id, before.at.micros(), &before.id],
        )?
        .get(0)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

fn page(rows: &[Row], position: &Position, max: u32) -> Result<Page> {
    let mut reached = position.clone();
    let mut news = Vec::with_capacity(rows.len());
    for row in rows {
        reached = Position { at: row.get(5)?, id: row.get(0)? };
        if row.get::<Option<String>>(6)?.is_some() {
            news.push(read(row, reached.clone())?);
        }
    }
    Ok(Page { news, reached, is_full: u32::try_from(rows.len()).is_ok_and(|read| read >= max) })
}

fn read(row: &Row, position: Position) -> Result<News> {
    let kind: String = row.get(1)?;
    let what = match kind.as_str() {
        outbox::BATCH => What::Batch { id: row.get(4)?, state: row.get(7)? },
        outbox::LATE => What::Late(row.get(3)?),
        _ => What::Generation { id: row.get(3)?, state: row.get(7)?, in_batch: row.get(8)? },
    };
    Ok(News { position, account: row.get(2)?, livemode: row.get(6)?, what })
}

/// A step of a batch that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub position: Position,
    pub number: u32,
    pub title: String,
    pub step: String,
    pub generation: GenerationId,
    pub state: GenerationState,
    pub error: Option<String>,
}

/// Steps of a batch that have ended after the position, oldest first.
pub fn ended_in(tx: &mut Tx, batch: &BatchId, position: &Position, max: u32) -> Result<Vec<Ended>> {
    let rows = tx.query(
        "select g.finished_at, g.id, i.number, i.title, g.step, g.state, g.error_code from generation g join item i on i.id = g.item_id
         where g.batch_id = $1 and g.finished_at is not null and (g.finished_at, g.id) > ($2, $3)
         order by g.finished_at, g.id limit $4",
        p![batch.as_str(), position.at.micros(), &position.id, max],
    )?;
    let ended = |row: &Row| {
        Ok(Ended {
            position: Position { at: row.get(0)?, id: row.get(1)? },
            generation: row.get(1)?,
            number: row.get(2)?,
            title: row.get(3)?,
            step: row.get(4)?,
            state: row.get(5)?,
            error: row.get(6)?,
        })
    };
    rows.iter().map(ended).collect()
}

/// How many steps of a batch have ended up to the position: more than were told where one was committed late.
pub fn ended_up_to(tx: &mut Tx, batch: &BatchId, position: &Position) -> Result<u32> {
    tx.query_one(
        "select count(*) from generation g
         where g.batch_id = $1 and g.finished_at is not null and (g.finished_at, g.id) <= ($2, $3)",
        p![batch.as_str(), position.at.micros(), &position.id],
    )?
    .get(0)
}
