//! Our side of the story: what the database of a desk says after a run, and whether it agrees with itself.

use crate::harness::Desk;
use palitra_domain::secret::Secret;
use palitra_store::{PgSettings, Row, Store, Tx, p};
use std::sync::Arc;

/// Everything a judge needs.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) generations: Vec<Generation>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) assets: Vec<Asset>,
    /// Slots that somebody holds and that are not kept for a ghost.
    pub(crate) slots_taken: i64,
    pub(crate) batches_open: i64,
    pub(crate) fal_slots: i64,
    /// Posted balance of the house, and what is held.
    pub(crate) cash: i64,
    pub(crate) held: i64,
    /// What `doctor` would complain about.
    pub(crate) problems: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) id: String,
    pub(crate) batch: Option<String>,
    pub(crate) model: String,
    pub(crate) state: String,
    pub(crate) error: String,
    pub(crate) prompt: String,
    /// State of its hold, and what was charged.
    pub(crate) hold: String,
    pub(crate) charged: i64,
    pub(crate) price: i64,
}

#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) generation: String,
    pub(crate) reason: String,
    pub(crate) paid_by: String,
    pub(crate) state: String,
    pub(crate) reference: String,
    /// Its result came after the generation had ended: a gift.
    pub(crate) is_late: bool,
}

#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) generation: String,
    pub(crate) object_key: String,
    pub(crate) sha256: String,
    /// Sides of its smaller copies.
    pub(crate) thumbnails: String,
}

impl Generation {
    /// `succeeded`, or how it ended and why: `failed invalid_input`.
    pub(crate) fn ending(&self) -> String {
        format!("{} {}", self.state, self.error).trim_end().to_owned()
    }
}

impl Attempt {
    /// Nobody knows what became of it, or nobody knew for long enough.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.state.as_str(), "unknown" | "lost") || self.is_late
    }

    /// Its result is the one that was charged.
    pub(crate) fn is_good(&self) -> bool {
        self.state == "succeeded" && !self.is_late
    }
}

impl Books {
    /// Reads beside whoever works there, or after a process that was killed.
    pub(crate) fn read(desk: &Desk) -> Books {
        look(desk, read)
    }

    /// What `doctor` would complain about now. A database that is still being made has no books; with a journal beside it, it cannot
    /// even be read before somebody writes.
    pub(crate) fn problems(desk: &Desk) -> Vec<String> {
        let journal = desk.path(&format!("{DATABASE}-journal"));
        if desk.database_url().is_none() && (!desk.path(DATABASE).exists() || journal.exists()) {
            return Vec::new();
        }
        look(desk, |tx| {
            let made = number(tx, "select count(*) from sqlite_master where name = 'entry'")?;
            if made == 0 { Ok(Vec::new()) } else { palitra_store::ledger::problems(tx) }
        })
    }
}

const DATABASE: &str = "palitra-data/palitra.db";

/// One look, by a connection of its own.
pub(crate) fn look<T: Send + 'static>(
    desk: &Desk,
    reads: impl Fn(&mut Tx<'_>) -> palitra_store::Result<T> + Send + 'static,
) -> T {
    let store = match desk.database_url() {
        None => Store::sqlite_read_only(&desk.path(DATABASE), 1).unwrap(),
        Some(url) => {
            let clock = Arc::new(palitra::clock::SystemClock::new(1));
            let settings = PgSettings::new(Secret::new(url), clock, Arc::new(palitra::clock::random));
            Store::postgres(&PgSettings { writers: 1, readers: 1, ..settings }).unwrap()
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(store.read(reads)).unwrap();
    store.close();
    answer
}

fn read(tx: &mut Tx<'_>) -> palitra_store::Result<Books> {
    let generations = rows(
        tx,
        "select g.id, g.batch_id, g.model, g.state, coalesce(g.error_code, ''), g.input, t.state,
                t.charged_cash + t.charged_bonus, g.price
         from generation g join transfer t on t.generation_id = g.id and t.kind = 'hold' order by g.id",
        |row| {
            let input: serde_json::Value = serde_json::from_str(&row.get::<String>(5)?).unwrap();
            Ok(Generation {
                id: row.get(0)?,
                batch: row.get(1)?,
                model: row.get(2)?,
                state: row.get(3)?,
                error: row.get(4)?,
                prompt: input["prompt"].as_str().unwrap_or_default().to_owned(),
                hold: row.get(6)?,
                charged: row.get(7)?,
                price: row.get(8)?,
            })
        },
    )?;
    let attempts = rows(
        tx,
        "select generation_id, reason, paid_by, state, coalesce(reference, ''), late_at is not null from attempt order by generation_id, n",
        |row| {
            Ok(Attempt {
                generation: row.get(0)?,
                reason: row.get(1)?,
                paid_by: row.get(2)?,
                state: row.get(3)?,
                reference: row.get(4)?,
                is_late: row.get(5)?,
            })
        },
    )?;
    let assets = rows(
        tx,
        "select generation_id, object_key, sha256, thumbnails from asset where generation_id is not null order by id",
        |row| {
            Ok(Asset {
                generation: row.get(0)?,
                object_key: row.get(1)?,
                sha256: row.get(2)?,
                thumbnails: row.get(3)?,
            })
        },
    )?;
    let taken = "select count(*) from slot where generation_id is not null and kept_until is null";
    let open = "select count(*) from batch where state = 'processing'";
    Ok(Books {
        generations,
        attempts,
        assets,
        slots_taken: number(tx, taken)?,
        batches_open: number(tx, open)?,
        fal_slots: number(tx, "select count(*) from slot where market = 'fal' and kind = 'key'")?,
        cash: number(tx, "select coalesce(sum(cash + bonus), 0) from book")?,
        held: number(tx, "select coalesce(sum(cash_held + bonus_held), 0) from book")?,
        problems: palitra_store::ledger::problems(tx)?,
    })
}

fn rows<T>(
    tx: &mut Tx<'_>,
    sql: &str,
    of: fn(&Row) -> palitra_store::Result<T>,
) -> palitra_store::Result<Vec<T>> {
    tx.query(sql, p![])?.iter().map(of).collect()
}

fn number(tx: &mut Tx<'_>, sql: &str) -> palitra_store::Result<i64> {
    tx.query_one(sql, p![])?.get(0)
}
