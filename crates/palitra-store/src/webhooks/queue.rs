//! The queue of webhook deliveries: taken for a while by a process, lane by lane, tried, and recorded.
//!
//! A lane is an endpoint, or an account for addresses that came with its generations. Lanes are looked at one after another, so that none
//! waits behind the backlog of another one, and each has few tries under way at once: one when it is failing.

use super::{Secrets, micros, secrets};
use crate::{Result, Row, Sql, Tx, outbox, p, sql};
use palitra_domain::{
    AccountId, DeliveryId, Livemode, Timestamp, WebhookId,
    deliver::NewDelivery,
    webhook::{Disabled, EventType, Form},
};

/// What is locked by whoever takes, so that two processes do not both see the same room in a lane.
const KIND: &str = "webhook";

/// Lanes that one transaction looks at.
const LANES: u32 = 500;

/// Deliveries to an endpoint that is disabled which one transaction closes.
const CLOSED_AT_ONCE: u32 = 500;

/// What a process takes.
#[derive(Debug, Clone)]
pub struct Take {
    /// The process.
    pub owner: String,
    pub max: u32,
    /// Tries of one lane under way at once, of all processes.
    pub lane_max: u32,
    /// When others may take them again.
    pub until: Timestamp,
    /// The lane after which to begin: that of the last look, `` for the first.
    pub after: String,
}

/// What was taken.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    pub letters: Vec<Letter>,
    /// Where the next look begins.
    pub after: String,
    /// More may be due in lanes that have no room just now, or behind what was taken.
    pub is_held_back: bool,
}

/// One delivery to be tried.
#[derive(Debug, Clone)]
pub struct Letter {
    pub id: DeliveryId,
    pub webhook: Option<WebhookId>,
    pub account: AccountId,
    pub livemode: Livemode,
    pub url: String,
    pub form: Form,
    pub event: EventType,
    /// The generation or the batch.
    pub subject: Option<String>,
    /// `None` until it has been made, before the first try.
    pub body: Option<String>,
    /// The fence.
    pub attempt: i64,
    /// The number of this try in its round, from 1.
    pub tries: i64,
    pub created_at: Timestamp,
    /// What signs it.
    pub secrets: Option<Secrets>,
}

/// One try of one delivery: what its outcome is recorded against.
#[derive(Debug, Clone)]
pub struct Try {
    pub id: DeliveryId,
    pub owner: String,
    pub attempt: i64,
}

const LOOK: &str = "with recursive lanes(lane, n) as (
       select min(lane), cast(1 as bigint) from webhook_delivery where state = 'waiting' and lane > $1
       union all
       select (select min(d.lane) from webhook_delivery d where d.state = 'waiting' and d.lane > l.lane), l.n + 1
       from lanes l where l.lane is not null and l.n < $3)
     select l.lane,
       case when exists (select 1 from webhook_delivery d where d.state = 'waiting' and d.lane = l.lane and d.next_at <= $2) then 1 else 0 end,
       (select count(*) from webhook_delivery d where d.lane = l.lane and d.owner is not null and d.next_at > $2),
       case when w.failing_since is null then 0 else 1 end,
       case when w.disabled_at is null and w.deleted_at is null then 0 else 1 end
     from lanes l left join webhook w on w.id = l.lane where l.lane is not null order by l.lane";

struct Lane {
    name: String,
    is_due: bool,
    busy: i64,
    is_failing: bool,
    is_disabled: bool,
}

fn lane(row: &Row) -> Result<Lane> {
    Ok(Lane {
        name: row.get(0)?,
        is_due: row.get(1)?,
        busy: row.get(2)?,
        is_failing: row.get(3)?,
        is_disabled: row.get(4)?,
    })
}

/// Takes what is due, a little of each lane. A try is counted before it is made, so that what kills its process is not tried for ever.
pub fn take(tx: &mut Tx, take: &Take, now: Timestamp) -> Result<Taken> {
    if !lock(tx)? {
        return Ok(Taken { after: take.after.clone(), ..Taken::default() });
    }
    let lanes = tx.query(LOOK, p![&take.after, now.micros(), LANES])?;
    let is_full = lanes.len() == usize::try_from(LANES).unwrap_or(usize::MAX);
    let mut ids: Vec<String> = Vec::new();
    let (mut after, mut is_held_back) = (String::new(), false);
    for row in &lanes {
        let lane = lane(row)?;
        let left = i64::from(take.max) - i64::try_from(ids.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            is_held_back = true;
            break;
        }
        after.clone_from(&lane.name);
        if lane.is_disabled {
            close_lane(tx, &lane.name, now)?;
        } else if lane.is_due {
            let most = if lane.is_failing { 1 } else { i64::from(take.lane_max) };
            let room = (most - lane.busy).min(left).max(0);
            let found = due(tx, &lane.name, room, now)?;
            is_held_back |= i64::try_from(found.len()).is_ok_and(|found| found == room);
            ids.extend(found);
        }
        if !is_full && lanes.last().is_some_and(|last| last.get(0).is_ok_and(|name: String| name == after)) {
            after.clear();
        }
    }
    Ok(Taken { letters: claim(tx, take, &ids)?, after, is_held_back })
}

/// Whether nobody else is taking just now.
fn lock(tx: &mut Tx) -> Result<bool> {
    if outbox::lock_kind(tx, KIND)? {
        return Ok(true);
    }
    // Somebody has it, or this is the first time of all.
    if tx.query_opt("select 1 from outbox_kind where kind = $1", p![KIND])?.is_some() {
        return Ok(false);
    }
    outbox::know_kind(tx, KIND)?;
    outbox::lock_kind(tx, KIND)
}

fn due(tx: &mut Tx, lane: &str, max: i64, now: Timestamp) -> Result<Vec<String>> {
    const DUE: Sql = sql!(
        "select id from webhook_delivery where state = 'waiting' and lane = $1 and next_at <= $2 order by next_at, id limit $3",
        SKIP_LOCKED
    );
    if max == 0 {
        return Ok(Vec::new());
    }
    tx.query(DUE, p![lane, now.micros(), max])?.iter().map(|row| row.get(0)).collect()
}

/// What waits for an endpoint that is disabled or deleted is not sent; it can be replayed when it is enabled again.
fn close_lane(tx: &mut Tx, lane: &str, now: Timestamp) -> Result<()> {
    tx.send(
        "update webhook_delivery set state = 'failed', error = 'the endpoint is disabled', closed_at = $2, owner = null
         where state = 'waiting' and id in (select id from webhook_delivery
           where state = 'waiting' and lane = $1 and (owner is null or next_at <= $2) order by next_at, id limit $3)",
        p![lane, now.micros(), CLOSED_AT_ONCE],
    )
}

const CLAIM: Sql = sql!(
    "update webhook_delivery set owner = $1, attempts = attempts + 1, next_at = $2 where state = 'waiting' and id in (select value from ",
    EACH,
    "$3",
    EACH_END,
    ")"
);

const READ: Sql = sql!(
    "select d.id, d.webhook_id, d.account_id, d.livemode, coalesce(d.url, w.url), d.form, d.event, d.subject, d.body, d.attempts,
       d.attempts - d.earlier, d.created_at, coalesce(w.secret, s.secret),
       case when w.id is null then s.old_secret else w.old_secret end, case when w.id is null then s.old_until else w.old_until end
     from webhook_delivery d left join webhook w on w.id = d.webhook_id
       left join webhook_secret s on s.account_id = d.account_id and s.livemode = d.livemode
     where d.owner = $1 and d.id in (select value from ",
    EACH,
    "$2",
    EACH_END,
    ") order by d.created_at, d.id"
);

fn claim(tx: &mut Tx, take: &Take, ids: &[String]) -> Result<Vec<Letter>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let list = sql::list(ids);
    tx.send(CLAIM, p![&take.owner, take.until.micros(), &list])?;
    tx.query(READ, p![&take.owner, &list])?.iter().map(letter).collect()
}

fn letter(row: &Row) -> Result<Letter> {
    let is_signed = row.get::<Option<String>>(12)?.is_some();
    Ok(Letter {
        id: row.get(0)?,
        webhook: row.get(1)?,
        account: row.get(2)?,
        livemode: row.get(3)?,
        url: row.get::<Option<String>>(4)?.unwrap_or_default(),
        form: row.get(5)?,
        event: row.get(6)?,
        subject: row.get(7)?,
        body: row.get(8)?,
        attempt: row.get(9)?,
        tries: row.get(10)?,
        created_at: row.get(11)?,
        secrets: if is_signed { Some(secrets(row, 12)?) } else { None },
    })
}

/// Where nobody else can be there, whatever is claimed was claimed by the dead. Answers how many are free again.
pub fn release_all(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute(
        "update webhook_delivery set next_at = $1, owner = null where state = 'waiting' and owner is not null",
        p![now.micros()],
    )
}

/// Before the first try: what every try sends. Here and in the next three: `false` when this try does not count any more, because its
/// time was over and somebody else has taken it.
pub fn keep_body(tx: &mut Tx, of: &Try, body: &str) -> Result<bool> {
    let rows = tx.execute(
        "update webhook_delivery set body = $4 where id = $1 and owner = $2 and attempts = $3 and state = 'waiting' and body is null",
        p![of.id.as_str(), &of.owner, of.attempt, body],
    )?;
    Ok(rows == 1)
}

/// What one try came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    pub answer: Option<String>,
    /// Why that is no success.
    pub error: Option<String>,
    pub duration_ms: i64,
}

fn record(
    tx: &mut Tx,
    of: &Try,
    report: &Report,
    (state, next_at): (&str, Option<Timestamp>),
    now: Timestamp,
) -> Result<bool> {
    let closed_at = if state == "waiting" { None } else { Some(now) };
    let status = report.status.map(u32::from);
    let rows = tx.execute(
        "update webhook_delivery set state = $4, status = $5, answer = $6, error = $7, duration_ms = $8, tried_at = $9,
           next_at = coalesce($10, next_at), closed_at = $11, owner = null
         where id = $1 and owner = $2 and attempts = $3 and state = 'waiting'",
        &[
            of.id.as_str().into(),
            (&of.owner).into(),
            of.attempt.into(),
            state.into(),
            status.into(),
            (&report.answer).into(),
            (&report.error).into(),
            report.duration_ms.into(),
            now.micros().into(),
            micros(next_at),
            micros(closed_at),
        ],
    )?;
    Ok(rows == 1)
}

/// The receiver has it.
pub fn delivered(
    tx: &mut Tx,
    of: &Try,
    webhook: Option<&WebhookId>,
    report: &Report,
    now: Timestamp,
) -> Result<bool> {
    if !record(tx, of, report, ("delivered", None), now)? {
        return Ok(false);
    }
    if let Some(webhook) = webhook {
        tx.send(
            "update webhook set failing_since = null where id = $1 and failing_since is not null",
            p![webhook.as_str()],
        )?;
    }
    Ok(true)
}

/// What a failed try means for its endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub id: WebhookId,
    /// It answered that nobody is there any more.
    pub is_gone: bool,
    /// It is disabled when it has failed since then, or longer.
    pub failing_before: Timestamp,
    /// What is told when it is disabled.
    pub notices: Vec<NewDelivery>,
}

/// It did not get there, and is tried again at `next_at`, or not at all. Answers why its endpoint was disabled by this, if it was.
pub fn failed(
    tx: &mut Tx,
    of: &Try,
    report: &Report,
    next_at: Option<Timestamp>,
    endpoint: Option<&Endpoint>,
    now: Timestamp,
) -> Result<(bool, Option<Disabled>)> {
    let state = if next_at.is_some() { "waiting" } else { "failed" };
    if !record(tx, of, report, (state, next_at), now)? {
        return Ok((false, None));
    }
    let Some(endpoint) = endpoint else { return Ok((true, None)) };
    let id = endpoint.id.as_str();
    tx.send(
        "update webhook set failing_since = $2 where id = $1 and failing_since is null",
        p![id, now.micros()],
    )?;
    let why = if endpoint.is_gone { Disabled::Gone } else { Disabled::Failing };
    let disabled = tx.execute(
        "update webhook set disabled_at = $2, disabled_why = $3
         where id = $1 and disabled_at is null and deleted_at is null and (failing_since <= $4 or $5 = 1)",
        p![id, now.micros(), why.as_str(), endpoint.failing_before.micros(), endpoint.is_gone],
    )?;
    if disabled == 0 {
        return Ok((true, None));
    }
    endpoint.notices.iter().try_for_each(|notice| outbox::insert(tx, notice, now).map(drop))?;
    Ok((true, Some(why)))
}

/// It was not and will not be sent, through no fault of its receiver.
pub fn give_up(tx: &mut Tx, of: &Try, why: &str, now: Timestamp) -> Result<bool> {
    let report = Report { error: Some(why.to_owned()), ..Report::default() };
    record(tx, of, &report, ("failed", None), now)
}
