//! What an event of the outbox becomes: one delivery for each endpoint of its account that wants to hear of it, and one for the address
//! that came with the generation.
//!
//! Ids of deliveries are made of the event and the address, so telling twice writes once. An event that nobody hears of costs a look by
//! its account and its generation, and is closed together with a thousand others.

use super::events;
use crate::{Result, Row, Sql, Tx, outbox, p, sql};
use palitra_domain::{
    AccountId, DeliveryId, Livemode, Timestamp, WebhookId,
    state::{BatchState, GenerationState},
    webhook::{EventType, Events, Form},
};
use std::collections::{BTreeMap, BTreeSet};

/// Events that somebody hears of in one transaction: each may become as many deliveries as its account has endpoints.
const HEARD_MAX: usize = 100;

/// What one transaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FanOut {
    pub closed: u64,
    /// How many of them somebody hears of.
    pub told: u64,
    /// There may be more.
    pub is_full: bool,
}

/// Whether anybody at all hears of anything: an open endpoint, or an address that came with a generation.
pub fn is_heard(tx: &mut Tx) -> Result<bool> {
    let row = tx.query_one(
        "select (select count(*) from (select 1 as one from webhook where disabled_at is null and deleted_at is null limit 1) w)
              + (select count(*) from (select 1 as one from callback limit 1) c)",
        p![],
    )?;
    Ok(row.get::<i64>(0)? > 0)
}

/// Takes up to `max` events of a kind, writes what follows from them and closes them, all in this transaction.
pub fn close_and_tell(tx: &mut Tx, kind: &str, max: u32, now: Timestamp) -> Result<FanOut> {
    let mut ids = outbox::due(tx, kind, max, now)?;
    if ids.is_empty() {
        return Ok(FanOut::default());
    }
    let mut is_full = ids.len() == usize::try_from(max).unwrap_or(usize::MAX);
    let mut heard = if is_heard(tx)? { heard(tx, &ids)? } else { Vec::new() };
    if heard.len() > HEARD_MAX {
        let later: BTreeSet<DeliveryId> = heard.split_off(HEARD_MAX).into_iter().collect();
        ids.retain(|id| !later.contains(id));
        is_full = true;
    }
    write(tx, &heard, now)?;
    let closed = outbox::close_all(tx, &ids, now)?;
    Ok(FanOut { closed, told: u64::try_from(heard.len()).unwrap_or(u64::MAX), is_full })
}

/// The same for events that somebody else closes.
pub fn tell(tx: &mut Tx, events: &[DeliveryId], now: Timestamp) -> Result<()> {
    if events.is_empty() || !is_heard(tx)? {
        return Ok(());
    }
    let heard = heard(tx, events)?;
    write(tx, &heard, now)
}

/// Those that somebody may hear of.
fn heard(tx: &mut Tx, ids: &[DeliveryId]) -> Result<Vec<DeliveryId>> {
    const HEARD: Sql = sql!(
        "select o.id from outbox o where o.id in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ") and (exists (select 1 from webhook w where w.account_id = o.account_id and w.disabled_at is null and w.deleted_at is null)
           or exists (select 1 from callback c where c.generation_id = o.generation_id))
         order by o.id"
    );
    tx.query(HEARD, p![&list(ids)])?.iter().map(|row| row.get(0)).collect()
}

fn list(ids: &[DeliveryId]) -> String {
    sql::list(ids.iter().map(DeliveryId::as_str))
}

/// An event with what decides who hears of it.
struct Event {
    id: DeliveryId,
    account: AccountId,
    livemode: Livemode,
    what: EventType,
    /// The generation or the batch.
    subject: String,
    in_batch: bool,
    created_at: Timestamp,
    callback: Option<(String, Form)>,
}

const EVENTS: Sql = sql!(
    "select o.id, o.kind, o.account_id, o.created_at, o.generation_id, g.livemode, g.state, g.batch_id, o.batch_id, b.livemode, b.state,
       c.url, c.form
     from outbox o left join generation g on g.id = o.generation_id left join batch b on b.id = o.batch_id
       left join callback c on c.generation_id = o.generation_id and o.kind = 'generation'
     where o.id in (select value from ",
    EACH,
    "$1",
    EACH_END,
    ") order by o.id"
);

/// `None` when what it tells of is not there any more.
fn event(row: &Row) -> Result<Option<Event>> {
    let kind: String = row.get(1)?;
    let (livemode, what, subject, in_batch) = if kind == outbox::BATCH {
        let state: Option<BatchState> = row.get(10)?;
        (row.get(9)?, state.and_then(EventType::of_batch), row.get::<Option<String>>(8)?, true)
    } else {
        let state: Option<GenerationState> = row.get(6)?;
        let what = match kind.as_str() {
            outbox::LATE => state.map(|_| EventType::GenerationLateResult),
            _ => state.and_then(EventType::of_generation),
        };
        (row.get(5)?, what, row.get(4)?, row.get::<Option<String>>(7)?.is_some())
    };
    let livemode: Option<Livemode> = livemode;
    let Some(((livemode, what), subject)) = livemode.zip(what).zip(subject) else { return Ok(None) };
    let callback: (Option<String>, Option<Form>) = (row.get(11)?, row.get(12)?);
    Ok(Some(Event {
        id: row.get(0)?,
        account: row.get(2)?,
        livemode,
        what,
        subject,
        in_batch,
        created_at: row.get(3)?,
        callback: callback.0.zip(callback.1),
    }))
}

/// Whoever may hear of it.
struct Ear {
    id: WebhookId,
    livemode: Livemode,
    events: Events,
}

fn ears(tx: &mut Tx, told: &[Event]) -> Result<BTreeMap<AccountId, Vec<Ear>>> {
    const EARS: Sql = sql!(
        "select account_id, id, livemode, events, only_of from webhook
         where disabled_at is null and deleted_at is null and account_id in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ") order by id"
    );
    let accounts: BTreeSet<&str> = told.iter().map(|event| event.account.as_str()).collect();
    let mut ears: BTreeMap<AccountId, Vec<Ear>> = BTreeMap::new();
    for row in tx.query(EARS, p![&sql::list(accounts)])? {
        let ear = Ear { id: row.get(1)?, livemode: row.get(2)?, events: events(&row, 3)? };
        ears.entry(row.get(0)?).or_default().push(ear);
    }
    Ok(ears)
}

fn write(tx: &mut Tx, heard: &[DeliveryId], now: Timestamp) -> Result<()> {
    if heard.is_empty() {
        return Ok(());
    }
    let rows = tx.query(EVENTS, p![&list(heard)])?;
    let told = rows.iter().filter_map(|row| event(row).transpose()).collect::<Result<Vec<Event>>>()?;
    let ears = ears(tx, &told)?;
    for event in &told {
        for ear in ears.get(&event.account).into_iter().flatten() {
            if ear.livemode == event.livemode && ear.events.hear(event.what, event.in_batch) {
                let id = DeliveryId::of_text(ear.id.as_str(), event.created_at, event.id.as_str());
                insert(tx, event, (&id, Some(&ear.id)), None, now)?;
            }
        }
        if let Some((url, form)) = &event.callback {
            let id = DeliveryId::of_text("callback", event.created_at, event.id.as_str());
            insert(tx, event, (&id, None), Some((url, *form)), now)?;
            tx.must(1, "delete from callback where generation_id = $1", p![&event.subject])?;
        }
    }
    Ok(())
}

fn insert(
    tx: &mut Tx,
    event: &Event,
    (id, webhook): (&DeliveryId, Option<&WebhookId>),
    callback: Option<(&String, Form)>,
    now: Timestamp,
) -> Result<()> {
    let form = callback.map_or(Form::Standard, |(_, form)| form);
    tx.send(
        "insert into webhook_delivery(id, webhook_id, account_id, livemode, lane, url, form, event, subject, next_at, created_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict(id) do nothing",
        p![
            id.as_str(),
            webhook.map(WebhookId::as_str),
            event.account.as_str(),
            event.livemode.as_str(),
            webhook.map_or(event.account.as_str(), WebhookId::as_str),
            callback.map(|(url, _)| url),
            form.as_str(),
            event.what.as_str(),
            &event.subject,
            now.micros(),
            event.created_at.micros()
        ],
    )
}
