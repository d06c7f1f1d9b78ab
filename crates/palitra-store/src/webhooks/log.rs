//! The log of webhook deliveries: pages of it, and sending again.

use super::{Owner, find};
use crate::{Error, Result, Row, Tx, p};
use palitra_domain::{
    DeliveryId, ErrorCode, Livemode, Timestamp, WebhookId,
    webhook::{DeliveryState, EventType, Form},
};

/// A delivery as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    /// `None`: it went to an address that came with the generation.
    pub webhook: Option<WebhookId>,
    pub livemode: Livemode,
    pub url: Option<String>,
    pub form: Form,
    pub event: EventType,
    /// The generation or the batch.
    pub subject: Option<String>,
    /// `None` as long as nothing was tried.
    pub body: Option<String>,
    pub state: DeliveryState,
    pub attempts: i64,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// Of the last try: what was answered, and why that was no success.
    pub status: Option<u32>,
    pub answer: Option<String>,
    pub error: Option<String>,
    pub duration_ms: Option<i64>,
    pub tried_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select id, webhook_id, livemode, url, form, event, subject, body, state, attempts, next_at, status, answer, error, duration_ms,
               tried_at, created_at, closed_at from webhook_delivery ",
            $tail
        )
    };
}

fn read(row: &Row) -> Result<Delivery> {
    let state: DeliveryState = row.get(8)?;
    Ok(Delivery {
        id: row.get(0)?,
        webhook: row.get(1)?,
        livemode: row.get(2)?,
        url: row.get(3)?,
        form: row.get(4)?,
        event: row.get(5)?,
        subject: row.get(6)?,
        body: row.get(7)?,
        state,
        attempts: row.get(9)?,
        next_at: Some(row.get(10)?).filter(|_| state == DeliveryState::Waiting),
        status: row.get(11)?,
        answer: row.get(12)?,
        error: row.get(13)?,
        duration_ms: row.get(14)?,
        tried_at: row.get(15)?,
        created_at: row.get(16)?,
        closed_at: row.get(17)?,
    })
}

/// Which deliveries, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Of this endpoint; `None`: those to addresses that came with generations.
    pub webhook: Option<WebhookId>,
    pub state: Option<DeliveryState>,
    /// Older than this one: the last of the page before.
    pub after: Option<DeliveryId>,
    pub limit: u32,
}

pub fn list(tx: &mut Tx, owner: Owner<'_>, page: &Page) -> Result<Vec<Delivery>> {
    if let Some(webhook) = &page.webhook {
        find(tx, owner, webhook)?;
    }
    let lane = page.webhook.as_ref().map_or(owner.0.as_str(), WebhookId::as_str);
    let after = page.after.as_ref().map_or("dlv_~", DeliveryId::as_str);
    let rows = tx.query(
        select!(
            "where lane = $1 and livemode = $2 and id < $3 and ($4 = '' or state = $4) order by id desc limit $5"
        ),
        p![
            lane,
            owner.1.as_str(),
            after,
            page.state.map_or("", DeliveryState::as_str),
            page.limit.clamp(1, 1_000)
        ],
    )?;
    rows.iter().map(read).collect()
}

/// Another account's delivery does not exist for it.
pub fn delivery(tx: &mut Tx, (account, livemode): Owner<'_>, id: &DeliveryId) -> Result<Delivery> {
    let row = tx.query_opt(
        select!("where id = $1 and account_id = $2 and livemode = $3"),
        p![id.as_str(), account.as_str(), livemode.as_str()],
    )?;
    read(&row.ok_or_else(|| Error::rule(ErrorCode::NotFound, id.as_str()))?)
}

/// Refused with `webhook_disabled` when nothing is sent there.
fn open(tx: &mut Tx, owner: Owner<'_>, webhook: &WebhookId) -> Result<()> {
    match find(tx, owner, webhook)?.disabled {
        Some(_) => Err(Error::rule(ErrorCode::WebhookDisabled, webhook.as_str())),
        None => Ok(()),
    }
}

/// Sends a test to the endpoint, whatever it wants to hear of.
pub fn test(
    tx: &mut Tx,
    (account, livemode): Owner<'_>,
    webhook: &WebhookId,
    (id, body): (&DeliveryId, &str),
    now: Timestamp,
) -> Result<()> {
    open(tx, (account, livemode), webhook)?;
    tx.must(
        1,
        "insert into webhook_delivery(id, webhook_id, account_id, livemode, lane, form, event, body, next_at, created_at)
         values($1, $2, $3, $4, $2, $5, $6, $7, $8, $8)",
        p![
            id.as_str(),
            webhook.as_str(),
            account.as_str(),
            livemode.as_str(),
            Form::Standard.as_str(),
            EventType::WebhookTest.as_str(),
            body,
            now.micros()
        ],
    )
}

macro_rules! again {
    ($which:literal) => {
        concat!(
            "update webhook_delivery set state = 'waiting', earlier = attempts, next_at = $1, closed_at = null where owner is null and ",
            $which
        )
    };
}

/// Sends it again, under its id and with its body, from the beginning of the schedule. One that is being tried just now is left alone.
pub fn replay(tx: &mut Tx, owner: Owner<'_>, id: &DeliveryId, now: Timestamp) -> Result<()> {
    if let Some(webhook) = delivery(tx, owner, id)?.webhook {
        open(tx, owner, &webhook)?;
    }
    tx.send(again!("id = $2"), p![now.micros(), id.as_str()])
}

/// What happened in a time, to be sent again.
#[derive(Debug, Clone)]
pub struct Range {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Also what was delivered; else only what was given up.
    pub is_all: bool,
    /// Where the part before ended.
    pub after: Option<DeliveryId>,
    pub limit: u32,
}

/// One part of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    pub count: u64,
    /// Where the next part begins; `None`: that was all.
    pub next: Option<DeliveryId>,
}

/// Oldest first, a bounded part at a time. What waits is not touched.
pub fn replay_range(
    tx: &mut Tx,
    owner: Owner<'_>,
    webhook: &WebhookId,
    range: &Range,
    now: Timestamp,
) -> Result<Replayed> {
    const EACH_OF: crate::Sql = crate::sql!(
        "update webhook_delivery set state = 'waiting', earlier = attempts, next_at = $1, closed_at = null
         where owner is null and state <> 'waiting' and id in (select value from ",
        EACH,
        "$2",
        EACH_END,
        ")"
    );
    open(tx, owner, webhook)?;
    let (since, until) = (DeliveryId::new(range.since, 0), DeliveryId::new(range.until, 0));
    let from = range.after.as_ref().filter(|after| **after >= since);
    let limit = range.limit.clamp(1, 1_000);
    let rows = tx.query(
        "select id from webhook_delivery where lane = $1 and id >= $2 and id > $3 and id < $4 and state <> 'waiting'
           and (state = 'failed' or $5 = 1) order by id limit $6",
        p![
            webhook.as_str(),
            since.as_str(),
            from.map_or("", DeliveryId::as_str),
            until.as_str(),
            range.is_all,
            limit
        ],
    )?;
    let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
    if ids.is_empty() {
        return Ok(Replayed { count: 0, next: None });
    }
    let count = tx.execute(EACH_OF, p![now.micros(), &crate::sql::list(&ids)])?;
    let is_full = ids.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let last = rows.last().filter(|_| is_full).map(|row| row.get(0)).transpose()?;
    Ok(Replayed { count, next: last })
}
