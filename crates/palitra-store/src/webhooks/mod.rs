//! Webhooks out: endpoints and secrets here, what is told to whom in `fan_out`, the queue of deliveries in `queue`, and its log in `log`.

mod fan_out;
mod log;
mod queue;

pub use fan_out::{FanOut, close_and_tell, is_heard, tell};
pub use log::{Delivery, Page, Range, Replayed, delivery, list as deliveries, replay, replay_range, test};
pub use queue::{
    Endpoint, Letter, Report, Take, Try, delivered, failed, give_up, keep_body, release_all, take,
};

use crate::{Error, Param, Result, Row, Tx, accounts, p};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, Livemode, Timestamp, WebhookId,
    webhook::{Callback, Disabled, EventType, Events},
};

/// An address of an account that hears of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub url: String,
    pub events: Events,
    pub description: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub disabled: Option<(Timestamp, Disabled)>,
    /// Since when no try has succeeded.
    pub failing_since: Option<Timestamp>,
    /// Until when the old secret signs, too.
    pub old_secret_until: Option<Timestamp>,
}

/// The secret that signs, and the one before it as long as it does.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    pub secret: String,
    pub old: Option<(String, Timestamp)>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("[redacted]")
    }
}

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub id: WebhookId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub url: String,
    pub events: Events,
    pub description: String,
    pub secret: String,
}

/// Refused with `too_many_webhooks` past `max` endpoints of the account.
pub fn insert(tx: &mut Tx, new: &NewWebhook, max: u32, now: Timestamp) -> Result<()> {
    let account = new.account.as_str();
    // One after another, so that each counts the others.
    accounts::lock(tx, &new.account)?;
    let row = tx.query_one(
        "select count(*) from webhook where account_id = $1 and deleted_at is null",
        p![account],
    )?;
    if row.get::<i64>(0)? >= i64::from(max) {
        return Err(Error::rule(ErrorCode::TooManyWebhooks, max.to_string()));
    }
    tx.must(
        1,
        "insert into webhook(id, account_id, livemode, url, events, only_of, description, secret, created_at, updated_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        p![
            new.id.as_str(),
            account,
            new.livemode.as_str(),
            &new.url,
            &words(&new.events),
            new.events.only.map(palitra_domain::webhook::Only::as_str),
            &new.description,
            &new.secret,
            now.micros()
        ],
    )
}

fn words(events: &Events) -> String {
    events.types.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(" ")
}

fn events(row: &Row, column: usize) -> Result<Events> {
    let words: String = row.get(column)?;
    Ok(Events {
        types: words.split_whitespace().filter_map(EventType::parse).collect(),
        only: row.get(column + 1)?,
    })
}

macro_rules! columns {
    () => {
        "id, account_id, livemode, url, events, only_of, description, created_at, updated_at, disabled_at, disabled_why, failing_since, old_until"
    };
}

fn webhook(row: &Row) -> Result<Webhook> {
    let (at, why): (Option<Timestamp>, Option<Disabled>) = (row.get(9)?, row.get(10)?);
    Ok(Webhook {
        id: row.get(0)?,
        account: row.get(1)?,
        livemode: row.get(2)?,
        url: row.get(3)?,
        events: events(row, 4)?,
        description: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
        disabled: at.zip(why),
        failing_since: row.get(11)?,
        old_secret_until: row.get(12)?,
    })
}

/// Whose endpoints: live and test ones never meet.
pub type Owner<'a> = (&'a AccountId, Livemode);

/// Oldest first; an account has few.
pub fn list(tx: &mut Tx, (account, livemode): Owner<'_>) -> Result<Vec<Webhook>> {
    const LIST: &str = concat!(
        "select ",
        columns!(),
        " from webhook where account_id = $1 and livemode = $2 and deleted_at is null order by id limit 1000"
    );
    tx.query(LIST, p![account.as_str(), livemode.as_str()])?.iter().map(webhook).collect()
}

/// Another account's endpoint does not exist for it.
pub fn find(tx: &mut Tx, (account, livemode): Owner<'_>, id: &WebhookId) -> Result<Webhook> {
    const FIND: &str = concat!(
        "select ",
        columns!(),
        " from webhook where id = $1 and account_id = $2 and livemode = $3 and deleted_at is null"
    );
    let row = tx.query_opt(FIND, p![id.as_str(), account.as_str(), livemode.as_str()])?;
    webhook(&row.ok_or_else(|| Error::rule(ErrorCode::NotFound, id.as_str()))?)
}

/// What is to be different; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub url: Option<String>,
    pub events: Option<Events>,
    pub description: Option<String>,
    /// Enabling begins anew: what it has failed before does not count.
    pub is_enabled: Option<bool>,
}

pub fn update(
    tx: &mut Tx,
    owner: Owner<'_>,
    id: &WebhookId,
    change: &Change,
    now: Timestamp,
) -> Result<Webhook> {
    let is = find(tx, owner, id)?;
    let (url, events) =
        (change.url.as_ref().unwrap_or(&is.url), change.events.as_ref().unwrap_or(&is.events));
    let description = change.description.as_ref().unwrap_or(&is.description);
    let (disabled, failing_since) = match change.is_enabled {
        Some(true) => (None, None),
        Some(false) => (is.disabled.or(Some((now, Disabled::Owner))), is.failing_since),
        None => (is.disabled, is.failing_since),
    };
    tx.must(
        1,
        "update webhook set url = $2, events = $3, only_of = $4, description = $5, disabled_at = $6, disabled_why = $7, failing_since = $8,
           updated_at = $9 where id = $1",
        p![
            id.as_str(),
            url,
            &words(events),
            events.only.map(palitra_domain::webhook::Only::as_str),
            description,
            disabled.map(|(at, _)| at.micros()),
            disabled.map(|(_, why)| why.as_str()),
            failing_since.map(Timestamp::micros),
            now.micros()
        ],
    )?;
    find(tx, owner, id)
}

/// Nothing is sent there any more. What waits is closed, its log stays for its time.
pub fn delete(tx: &mut Tx, (account, livemode): Owner<'_>, id: &WebhookId, now: Timestamp) -> Result<()> {
    let rows = tx.execute(
        "update webhook set deleted_at = $4, secret = '', old_secret = null, old_until = null
         where id = $1 and account_id = $2 and livemode = $3 and deleted_at is null",
        p![id.as_str(), account.as_str(), livemode.as_str(), now.micros()],
    )?;
    if rows == 1 { Ok(()) } else { Err(Error::rule(ErrorCode::NotFound, id.as_str())) }
}

fn secrets(row: &Row, column: usize) -> Result<Secrets> {
    let (old, until): (Option<String>, Option<Timestamp>) = (row.get(column + 1)?, row.get(column + 2)?);
    Ok(Secrets { secret: row.get(column)?, old: old.zip(until) })
}

/// What signs for an endpoint.
pub fn secret(tx: &mut Tx, (account, livemode): Owner<'_>, id: &WebhookId) -> Result<Secrets> {
    let row = tx.query_opt(
        "select secret, old_secret, old_until from webhook where id = $1 and account_id = $2 and livemode = $3 and deleted_at is null",
        p![id.as_str(), account.as_str(), livemode.as_str()],
    )?;
    secrets(&row.ok_or_else(|| Error::rule(ErrorCode::NotFound, id.as_str()))?, 0)
}

/// `new` signs from now on, and what signed before signs beside it `until` then.
pub fn rotate(
    tx: &mut Tx,
    (account, livemode): Owner<'_>,
    id: &WebhookId,
    (new, until): (&str, Timestamp),
    now: Timestamp,
) -> Result<()> {
    let rows = tx.execute(
        "update webhook set old_secret = secret, old_until = $5, secret = $4, updated_at = $6
         where id = $1 and account_id = $2 and livemode = $3 and deleted_at is null",
        p![id.as_str(), account.as_str(), livemode.as_str(), new, until.micros(), now.micros()],
    )?;
    if rows == 1 { Ok(()) } else { Err(Error::rule(ErrorCode::NotFound, id.as_str())) }
}

/// What signs for addresses that come with generations: made of `new` when there is none yet. Refused with `not_found` where the account is
/// being deleted.
pub fn account_secret(
    tx: &mut Tx,
    (account, livemode): Owner<'_>,
    new: &str,
    now: Timestamp,
) -> Result<Secrets> {
    accounts::lock(tx, account)?;
    ensure_account_secret(tx, (account, livemode), new, now)?;
    let row = tx.query_one(
        "select secret, old_secret, old_until from webhook_secret where account_id = $1 and livemode = $2",
        p![account.as_str(), livemode.as_str()],
    )?;
    secrets(&row, 0)
}

fn ensure_account_secret(
    tx: &mut Tx,
    (account, livemode): Owner<'_>,
    new: &str,
    now: Timestamp,
) -> Result<()> {
    tx.send(
        "insert into webhook_secret(account_id, livemode, secret, created_at) values($1, $2, $3, $4)
         on conflict(account_id, livemode) do nothing",
        p![account.as_str(), livemode.as_str(), new, now.micros()],
    )
}

/// As [`rotate`]. Refused with `not_found` where the account is being deleted, as above.
pub fn rotate_account_secret(
    tx: &mut Tx,
    (account, livemode): Owner<'_>,
    (new, until): (&str, Timestamp),
    now: Timestamp,
) -> Result<()> {
    accounts::lock(tx, account)?;
    tx.must(
        1,
        "insert into webhook_secret(account_id, livemode, secret, created_at) values($1, $2, $3, $4)
         on conflict(account_id, livemode) do update set old_secret = webhook_secret.secret, old_until = $5, secret = excluded.secret",
        p![account.as_str(), livemode.as_str(), new, now.micros(), until.micros()],
    )
}

/// In the transaction that creates the generation: its end is told there. `new_secret` is the account's when it has none yet.
pub fn call_back(
    tx: &mut Tx,
    owner: Owner<'_>,
    generation: &GenerationId,
    callback: &Callback,
    new_secret: &str,
    now: Timestamp,
) -> Result<()> {
    ensure_account_secret(tx, owner, new_secret, now)?;
    tx.must(
        1,
        "insert into callback(generation_id, url, form) values($1, $2, $3)",
        p![generation.as_str(), &callback.url, callback.form.as_str()],
    )
}

/// A time that may be missing, as a parameter.
fn micros(time: Option<Timestamp>) -> Param<'static> {
    Param::Int(time.map(Timestamp::micros))
}
