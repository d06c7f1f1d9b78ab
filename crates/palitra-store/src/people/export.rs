//! What an account is handed out of itself: sections of rows, each read a page at a time in an order of its own.

use crate::{Result, Row, Tx, Value, p};
use palitra_domain::AccountId;

/// How a column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it is: text, number or null.
    Plain,
    Time,
    Flag,
    /// A document of its own; words where it is none.
    Json,
}

use Kind::{Flag, Json, Plain, Time};

/// A list in the document. Its statement reads the rows of account `$1` behind position `$2`, `$3` at most; the first column is the
/// position.
pub struct Section {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    sql: &'static str,
    first: &'static str,
}

/// A page: the rows, and where the next one begins.
pub struct Page {
    pub rows: Vec<Vec<Value>>,
    /// `None`: this was the last one.
    pub next: Option<String>,
}

impl Section {
    pub fn page(&self, tx: &mut Tx, account: &AccountId, after: Option<&str>, limit: u32) -> Result<Page> {
        let rows = tx.query(self.sql, p![account.as_str(), after.unwrap_or(self.first), limit])?;
        let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let next = rows.last().filter(|_| is_full).map(|row| row.get(0)).transpose()?;
        let values = |row: &Row| row.values().iter().skip(1).cloned().collect();
        Ok(Page { rows: rows.iter().map(values).collect(), next })
    }
}

/// Every section, in the order of the document.
pub const SECTIONS: &[Section] = &[
    Section {
        name: "identities",
        columns: &[("kind", Plain), ("realm", Plain), ("external_id", Plain), ("created_at", Time)],
        sql: "select kind || '/' || realm || '/' || external_id, kind, realm, external_id, created_at from identity
              where account_id = $1 and kind || '/' || realm || '/' || external_id > $2
              order by kind || '/' || realm || '/' || external_id limit $3",
        first: "",
    },
    Section {
        name: "keys",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("name", Plain),
            ("scopes", Plain),
            ("key", Plain),
            ("budget_day_minor", Plain),
            ("budget_month_minor", Plain),
            ("budget_total_minor", Plain),
            ("created_at", Time),
            ("expires_at", Time),
            ("revoked_at", Time),
            ("used_at", Time),
        ],
        sql: "select id, id, livemode, name, scopes, hint, budget_day, budget_month, budget_total, created_at, expires_at, revoked_at, used_at
              from api_key where account_id = $1 and id > $2 order by id limit $3",
        first: "",
    },
    Section {
        name: "balances",
        columns: &[
            ("mode", Plain),
            ("cash_minor", Plain),
            ("bonus_minor", Plain),
            ("held_minor", Plain),
            ("debt_minor", Plain),
        ],
        sql: "select livemode, livemode, cash, bonus, cash_held + bonus_held, debt from book
              where account_id = $1 and livemode > $2 order by livemode limit $3",
        first: "",
    },
    Section {
        name: "movements",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("kind", Plain),
            ("state", Plain),
            ("generation", Plain),
            ("reverses", Plain),
            ("cash_minor", Plain),
            ("bonus_minor", Plain),
            ("charged_cash_minor", Plain),
            ("charged_bonus_minor", Plain),
            ("refunded_cash_minor", Plain),
            ("refunded_bonus_minor", Plain),
            ("note", Plain),
            ("created_at", Time),
            ("closed_at", Time),
        ],
        sql: "select id, id, livemode, kind, state, generation_id, reverses, cash, bonus, charged_cash, charged_bonus, refunded_cash,
                refunded_bonus, note, created_at, closed_at
              from transfer where account_id = $1 and id > $2 order by id limit $3",
        first: "",
    },
    Section {
        name: "vouchers",
        columns: &[("voucher", Plain), ("movement", Plain), ("at", Time)],
        sql: "select voucher_id, voucher_id, transfer_id, at from redemption where account_id = $1 and voucher_id > $2
              order by voucher_id limit $3",
        first: "",
    },
    Section {
        name: "bonus_grants",
        columns: &[("movement", Plain), ("mode", Plain), ("remains_minor", Plain), ("expires_at", Time)],
        sql: "select t.id, t.id, b.livemode, b.remains, b.expires_at from transfer t join bonus_grant b on b.transfer_id = t.id
              where t.account_id = $1 and t.id > $2 order by t.id limit $3",
        first: "",
    },
    // Without their secrets, as keys are.
    Section {
        name: "webhooks",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("url", Plain),
            ("events", Plain),
            ("only", Plain),
            ("description", Plain),
            ("created_at", Time),
            ("updated_at", Time),
            ("disabled_at", Time),
            ("disabled_why", Plain),
            ("deleted_at", Time),
        ],
        sql: "select id, id, livemode, url, events, only_of, description, created_at, updated_at, disabled_at, disabled_why, deleted_at
              from webhook where account_id = $1 and id > $2 order by id limit $3",
        first: "",
    },
    Section {
        name: "generations",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("batch", Plain),
            ("model", Plain),
            ("does", Plain),
            ("state", Plain),
            ("price_minor", Plain),
            ("input", Json),
            ("output", Json),
            ("error", Plain),
            ("created_at", Time),
            ("finished_at", Time),
        ],
        sql: "select t.id, g.id, g.livemode, g.batch_id, g.model, g.mode, g.state, g.price, g.input, g.output, g.error_code, g.created_at,
                g.finished_at
              from transfer t join generation g on g.id = t.generation_id
              where t.account_id = $1 and t.id > $2 and t.kind = 'hold' order by t.id limit $3",
        first: "",
    },
    // What was said with a request.
    Section {
        name: "requests",
        columns: &[("generation", Plain), ("metadata", Json), ("parent", Plain), ("quote", Plain)],
        sql: "select t.id, r.generation_id, r.metadata, r.parent_id, r.quote_id
              from transfer t join request r on r.generation_id = t.generation_id
              where t.account_id = $1 and t.id > $2 and t.kind = 'hold' order by t.id limit $3",
        first: "",
    },
    Section {
        name: "feedback",
        columns: &[("generation", Plain), ("rating", Plain), ("comment", Plain), ("created_at", Time)],
        sql: "select t.id, f.generation_id, f.rating, f.comment, f.created_at
              from transfer t join feedback f on f.generation_id = t.generation_id
              where t.account_id = $1 and t.id > $2 and t.kind = 'hold' order by t.id limit $3",
        first: "",
    },
    Section {
        name: "past_generations",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("model", Plain),
            ("does", Plain),
            ("state", Plain),
            ("price_minor", Plain),
            ("error", Plain),
            ("created_at", Time),
            ("finished_at", Time),
        ],
        sql: "select t.id, g.id, g.livemode, g.model, g.mode, g.state, g.price, g.error_code, g.created_at, g.finished_at
              from transfer t join generation_past g on g.id = t.generation_id
              where t.account_id = $1 and t.id > $2 and t.kind = 'hold' order by t.id limit $3",
        first: "",
    },
    Section {
        name: "batches",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("kind", Plain),
            ("state", Plain),
            ("title", Plain),
            ("source", Plain),
            ("options", Json),
            ("created_at", Time),
            ("finished_at", Time),
        ],
        sql: "select id, id, livemode, kind, state, title, source, options, created_at, finished_at from batch
              where account_id = $1 and id > $2 order by id limit $3",
        first: "",
    },
    Section {
        name: "items",
        columns: &[("batch", Plain), ("number", Plain), ("title", Plain), ("content", Json)],
        // Batch, `:` and the place in it.
        sql: "select i.batch_id || ':' || cast(i.n as text), i.batch_id, i.number, i.title, i.content
              from batch b join item i on i.batch_id = b.id
              where b.account_id = $1 and b.id >= substr($2, 1, 30)
                and (b.id > substr($2, 1, 30) or i.n > cast(substr($2, 32) as bigint)) order by b.id, i.n limit $3",
        first: "                              :0",
    },
    Section {
        name: "files",
        columns: &[
            ("id", Plain),
            ("mode", Plain),
            ("generation", Plain),
            ("kind", Plain),
            ("mime", Plain),
            ("bytes", Plain),
            ("width", Plain),
            ("height", Plain),
            ("duration_ms", Plain),
            ("sha256", Plain),
            ("is_face", Flag),
            ("created_at", Time),
            ("deleted_at", Time),
        ],
        sql: "select id, id, livemode, generation_id, kind, mime, bytes, width, height, duration_ms, sha256, is_face, created_at, deleted_at
              from asset where account_id = $1 and id > $2 order by id limit $3",
        first: "",
    },
];
