//! People: everything of an account handed out as one document, and an account deleted for good.
//!
//! The document is written page by page, so it may be longer than memory. A deletion begins with a mark and goes on as a chore of the
//! leader, in parts that may be broken off anywhere.

use crate::{Caller, Context, Engine, Error, Result, deliveries, scheduler::Machine};
use futures_util::{Stream, stream};
use palitra_domain::{AccountId, ErrorCode, Timestamp, audit::Action};
use palitra_store::{
    Value as Cell, audit,
    people::{
        self as rows,
        erase::{self, STEPS},
        export::{Kind, Page, SECTIONS},
    },
    profiles,
};
use serde_json::{Map, Value, json};

pub use rows::Holdings;

#[cfg(test)]
mod tests;

/// Rows of one page: each may have a text of a hundred thousand letters.
const PAGE: u32 = 50;

/// Rows of one part of a deletion.
const PART: u32 = 100;

/// Accounts that one run of the chore looks at.
const ACCOUNTS: u32 = 100;

/// An account on its way out: ask for the next piece until there is none.
pub struct AccountExport {
    engine: Engine,
    account: AccountId,
    /// The piece before the first list.
    head: Option<String>,
    section: usize,
    after: Option<String>,
    is_first: bool,
}

impl Engine {
    /// Everything of the account as one JSON document. `not_found` when there is no such account.
    pub async fn export_account(&self, account: &AccountId) -> Result<AccountExport> {
        let wanted = account.clone();
        let profile = self.store.read(move |tx| profiles::of(tx, &wanted)).await?;
        let it = profile.ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", account))?;
        let head = json!({
            "id": it.id, "name": it.name, "kind": if it.is_house { "house" } else { "customer" }, "group": it.group,
            "free_access": it.terms.has_free_access, "referral_code": it.referral_code, "referred_by": it.referred_by,
            "referred": it.referred, "created_at": it.created_at.rfc3339(),
        });
        let currency = self.settings.prices.currency.as_str();
        let head = format!(
            "{{\"format\":\"palitra-account/1\",\"exported_at\":\"{}\",\"currency\":\"{currency}\",\"account\":{head}",
            self.now().rfc3339()
        );
        self.audit(Action::AccountExport, account, "").await?;
        let (engine, account) = (self.clone(), account.clone());
        Ok(AccountExport { engine, account, head: Some(head), section: 0, after: None, is_first: true })
    }

    /// What an account would lose.
    pub async fn holdings(&self, account: &AccountId) -> Result<Holdings> {
        let account = account.clone();
        Ok(self.store.read(move |tx| rows::holdings(tx, &account)).await?)
    }

    /// From now on nobody finds it: no name, no key, no login, nothing new. What it has goes after that, part by part, its work, its
    /// media, its rows, wherever the chores are done; the books keep what was paid, without its name. `not_found` when there is no such
    /// account any more. Not for the house; `forbidden` by a test key: what it plays with is not the live money that would be lost.
    pub async fn delete_account(&self, account: &AccountId, by: &Caller) -> Result<()> {
        if by.has_test_key() {
            return Err(Error::new(ErrorCode::Forbidden).with("value", "`live`"));
        }
        let (wanted, now) = (account.clone(), self.now());
        let entry = self.acting_for(by).entry(Action::AccountDelete, account, "");
        let write = self.store.write(move |tx| {
            let is_new = erase::begin(tx, &wanted, now)?;
            if is_new {
                audit::insert(tx, &entry)?;
            }
            Ok(is_new)
        });
        let is_new = write.await?;
        self.callers.forget(|caller| caller.account == *account);
        if !is_new {
            return Err(Error::new(ErrorCode::NotFound).with("value", account));
        }
        tracing::info!(account.id = %account, "an account is being deleted");
        Ok(())
    }

    /// For a command, which no service may follow: goes on with a deletion as far as it goes now, files and all. Answers whether it is
    /// over.
    pub async fn go_on_deleting(&self, account: &AccountId) -> Result<bool> {
        let is_over = self.erase_account(account).await?;
        deliveries::erase_now(self).await?;
        Ok(is_over)
    }
}

impl Context {
    /// Goes on with a deletion that was begun, as far as it goes now. Answers whether it is over.
    async fn erase_account(&self, account: &AccountId) -> Result<bool> {
        for step in STEPS {
            loop {
                let (wanted, now) = (account.clone(), self.now());
                let part = self.store.write(move |tx| (step.run)(tx, &wanted, PART, now)).await?;
                if part.gone > 0 {
                    continue;
                }
                if part.waits {
                    self.housekeeping_is_due();
                    tracing::debug!(account.id = %account, step = step.name, "a deletion waits");
                    return Ok(false);
                }
                break;
            }
        }
        // Files wait to be deleted, and what is at markets to be cancelled.
        self.posted.notify_waiters();
        let (wanted, now) = (account.clone(), self.now());
        let is_over = self.store.write(move |tx| erase::finish(tx, &wanted, now)).await?;
        if is_over {
            tracing::info!(account.id = %account, "an account is deleted");
        }
        Ok(is_over)
    }
}

/// The chore: deletions that wait for work, or whose process died. None holds up those after it.
pub(crate) async fn go_on(machine: Machine) -> Result<()> {
    let begun = machine.store.read(|tx| erase::begun(tx, ACCOUNTS)).await?;
    let mut failed = None;
    for account in &begun {
        if let Err(error) = machine.erase_account(account).await {
            tracing::warn!(account.id = %account, %error, "a deletion cannot go on");
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

impl AccountExport {
    /// The next piece of the document; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<String>> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        let Some(section) = SECTIONS.get(self.section) else {
            let is_over = self.section > SECTIONS.len();
            self.section = SECTIONS.len() + 1;
            return Ok((!is_over).then(|| "}\n".to_owned()));
        };
        let (account, after) = (self.account.clone(), self.after.take());
        let begins = after.is_none();
        let read = self.engine.store.read(move |tx| section.page(tx, &account, after.as_deref(), PAGE));
        let Page { rows, next } = read.await?;
        let mut piece = String::new();
        if begins {
            piece.push_str(&format!(",\n\"{}\":[", section.name));
            self.is_first = true;
        }
        for row in rows {
            let fields: Map<String, Value> = section
                .columns
                .iter()
                .zip(row)
                .map(|((name, kind), cell)| ((*name).to_owned(), shown(*kind, cell)))
                .collect();
            piece.push_str(if self.is_first { "\n" } else { ",\n" });
            piece.push_str(&Value::Object(fields).to_string());
            self.is_first = false;
        }
        if next.is_none() {
            piece.push(']');
            self.section += 1;
        }
        self.after = next;
        Ok(Some(piece))
    }

    /// The pieces one after another, for a body.
    pub fn pieces(self) -> impl Stream<Item = Result<String>> + Send + 'static {
        stream::try_unfold(self, |mut export| async move {
            let piece = export.next().await?;
            Ok(piece.map(|piece| (piece, export)))
        })
    }
}

fn shown(kind: Kind, cell: Cell) -> Value {
    match (kind, cell) {
        (Kind::Time, Cell::Int(micros)) => Value::from(Timestamp::from_micros(micros).rfc3339()),
        (Kind::Flag, Cell::Int(flag)) => Value::from(flag != 0),
        (Kind::Json, Cell::Text(text)) => serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text)),
        (_, Cell::Int(number)) => Value::from(number),
        (_, Cell::Text(text)) => Value::from(text),
        (_, Cell::Null | Cell::Blob(_)) => Value::Null,
    }
}
