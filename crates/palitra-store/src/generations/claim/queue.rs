//! The next generations in fair order, as far as there are slots for them.

use super::{Claim, Facts, accounts::Accounts, limit, share};
use crate::{Result, Row, Sql, Tx, p, sql};
use palitra_domain::{
    AccountId, Timestamp,
    catalogue::Lane,
    state::{AttemptReason, Priority},
};
use std::collections::{BTreeMap, BTreeSet};

/// A queued generation that may be claimed when its slots are free.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) scope: Option<String>,
    pub(super) also_scope: Option<String>,
    /// Priority, virtual time.
    pub(super) order: (i64, i64),
    pub(super) reason: AttemptReason,
    /// The key that has just refused it.
    pub(super) not_key: Option<String>,
    pub(super) account: String,
    /// How many its account may have at work at once; 0: as many as there are slots; the house's is below.
    pub(super) running_max: i64,
    /// When it became claimable.
    waits_since: Timestamp,
    /// Claims pass it by unless its account is known to have room.
    pub(super) is_parked: bool,
    /// What its claim tells: read with the row, which is ours from here on, so that taking it asks for nothing.
    pub(super) epoch: i64,
    pub(super) attempts: i64,
    pub(super) refusals: i64,
    pub(super) market_model: String,
    pub(super) mode: String,
    pub(super) input: String,
    pub(super) longest_run_us: i64,
    pub(super) model: String,
    pub(super) lane: Lane,
    pub(super) asked_at: Timestamp,
    pub(super) facts: Facts,
}

impl Candidate {
    pub(super) fn is_fast(&self) -> bool {
        Priority::of_rank(self.order.0) == Priority::Fast
    }
}

fn candidate(row: &Row) -> Result<Candidate> {
    Ok(Candidate {
        id: row.get(0)?,
        scope: row.get(1)?,
        also_scope: row.get(2)?,
        order: (row.get(3)?, row.get(4)?),
        reason: row.get(5)?,
        account: row.get(6)?,
        waits_since: row.get(7)?,
        is_parked: row.get::<i64>(8)? == 2,
        running_max: row.get(9)?,
        not_key: row.get(10)?,
        epoch: row.get(11)?,
        attempts: row.get(12)?,
        refusals: row.get(13)?,
        market_model: row.get(14)?,
        mode: row.get(15)?,
        input: row.get(16)?,
        longest_run_us: row.get(17)?,
        model: row.get(18)?,
        lane: row.get(19)?,
        asked_at: row.get(20)?,
        facts: Facts::of(row, 21, row.get(26)?)?,
    })
}

pub(super) const WAKE: Sql = sql!(
    "update generation set ready = 1 where id in
       (select id from generation where state = 'queued' and ready = 0 and parents_left = 0 and next_at <= $1",
    SKIP_LOCKED,
    ")"
);

/// Delayed generations whose time has come become claimable; who is locked is being woken, or ended.
pub(super) fn wake(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.send(WAKE, p![now.micros()])?;
    Ok(())
}

/// The next `$2` of one list, from priority `$4` on.
macro_rules! next_of {
    ($list:literal) => {
        sql!(
            "select id, scope, also_scope, priority, vstart, next_reason, account_id, updated_at, ready,
               (select case when kind = 'house' then -1 else coalesce(running_max, $5) end from account where id = account_id), not_key,
               epoch, attempts, refusals, market_model, mode, input, longest_run_us, model, lane, created_at,
               account_id, livemode, price, batch_id, step, exists(select 1 from edge where parent_id = generation.id)
             from generation where market = $1 and state = 'queued' and ",
            $list,
            " and priority >= $4 and lane not in (select name from pause where kind = 'lane')
               and ($3 = '' or id = $3 or batch_id = $3 or id in (select parent_id from edge where child_id = $3)) order by priority, vstart, id limit $2",
            SKIP_LOCKED
        )
    };
}

pub(super) const UNSCOPED: Sql = next_of!("ready = 1 and scope is null");

/// Scopes with free slots. Their number is that of open batches and of models with limits. One without a name says
/// that something is parked.
pub(super) const SCOPES: &str = "select scope, count(*) from slot
     where market in ($1, '') and kind in ('model', 'batch') and generation_id is null and retiring = 0 and ready_at <= $2
       and scope not in (select scope from bucket where full_at > $2 + (burst - 1) * interval_us)
     group by scope
     union all select '', 1 where exists (select 1 from generation where market = $1 and state = 'queued' and ready = 2)";

pub(super) const SCOPED: Sql = next_of!("ready = 1 and scope = $6");

/// The parked are kept in lots: by account, and by scope where they have one, so that those who wait for the workers
/// of a batch do not hide the account's others. One step of the index a lot.
pub(super) const LOTS: &str = "with recursive parked(lot) as (
       select (select account_id || coalesce(scope, '') from generation where market = $1 and state = 'queued' and ready = 2
               order by account_id || coalesce(scope, '') limit 1)
       union all
       select (select account_id || coalesce(scope, '') from generation where market = $1 and state = 'queued' and ready = 2
                 and account_id || coalesce(scope, '') > lot order by account_id || coalesce(scope, '') limit 1)
       from parked where lot is not null)
     select lot from parked where lot is not null";

pub(super) const PARKED: Sql = next_of!("ready = 2 and account_id || coalesce(scope, '') = $6");

/// What one claim reads from.
struct Lists<'a> {
    claim: &'a Claim,
    scopes: BTreeMap<String, i64>,
    lots: Vec<String>,
    now: Timestamp,
}

impl Lists<'_> {
    fn of<'a>(tx: &mut Tx, claim: &'a Claim, now: Timestamp) -> Result<Lists<'a>> {
        let mut scopes = BTreeMap::new();
        for row in tx.query(SCOPES, p![&claim.market, now.micros()])? {
            scopes.insert(row.get(0)?, row.get(1)?);
        }
        let mut lots = Vec::new();
        if scopes.remove("").is_some() {
            let rows = tx.query(LOTS, p![&claim.market])?;
            lots = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
        }
        Ok(Lists { claim, scopes, lots, now })
    }

    /// At most `max` of each list, in the order of (priority, virtual time).
    fn next(&self, tx: &mut Tx, accounts: &mut Accounts, max: i64, from: i64) -> Result<Vec<Candidate>> {
        let Claim { market, focus, bounds, .. } = self.claim;
        let (focus, running_max) = (focus.as_deref().unwrap_or_default(), bounds.running_max);
        let mut rows = tx.query(UNSCOPED, p![market, max, focus, from, running_max])?;
        for (scope, count) in &self.scopes {
            let max = max.min(*count);
            rows.extend(tx.query(SCOPED, p![market, max, focus, from, running_max, scope])?);
        }
        let mut found = rows.iter().map(candidate).collect::<Result<Vec<_>>>()?;
        let of_lots = self.lots.iter().filter_map(|lot| lot.get(..AccountId::BYTES));
        let bounded: BTreeSet<&str> =
            found.iter().filter(|one| accounts.is_bounded(one)).map(|one| one.account.as_str()).collect();
        accounts.look(tx, bounded.into_iter().chain(of_lots), self.now)?;
        for lot in &self.lots {
            let Some((account, scope)) = lot.split_at_checked(AccountId::BYTES) else { continue };
            let room = max.min(accounts.room(account));
            if room > 0 && (scope.is_empty() || self.scopes.contains_key(scope)) {
                let rows = tx.query(PARKED, p![market, room, focus, from, running_max, lot])?;
                found.extend(rows.iter().map(candidate).collect::<Result<Vec<_>>>()?);
            }
        }
        found.sort_unstable_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
        Ok(found)
    }
}

/// Enough for `keys` free slots, in the order in which they come, and how many of them are overdue.
pub(super) fn candidates(
    tx: &mut Tx,
    claim: &Claim,
    accounts: &mut Accounts,
    keys: usize,
    now: Timestamp,
) -> Result<(Vec<Candidate>, share::Overdue)> {
    let lists = Lists::of(tx, claim, now)?;
    let found = lists.next(tx, accounts, limit(keys), i64::MIN)?;
    if found.iter().filter(|one| one.is_fast()).count() < keys {
        return Ok((found, share::Overdue::default()));
    }
    // Fast work takes everything: who of the others has waited for too long?
    let max = limit(share::most(keys));
    let mut overdue = lists.next(tx, accounts, max, Priority::Standard.rank())?;
    overdue.retain(|one| now.since(one.waits_since) >= claim.bounds.standard_wait);
    share::mix(tx, &claim.market, found, overdue)
}

/// Beside it, when a key is cool again and when a start rate allows the next start.
pub(super) const NEXT_DELAYED: &str =
    "select min(next_at), (select min(usable_at) from market_key where market = $1 and usable_at > $2),
            (select min(full_at - (burst - 1) * interval_us) from bucket where full_at > $2 + (burst - 1) * interval_us)
     from generation where state = 'queued' and ready = 0 and parents_left = 0";

pub(super) const NEXT_RESTING: &str = "select min(ready_at) from slot
     where market in ($1, '') and kind in ('model', 'batch') and generation_id is null and retiring = 0 and ready_at > $2";

/// The earliest time at which a delayed generation or a resting slot is free again.
pub(super) fn next_at(tx: &mut Tx, market: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let row = tx.query_one(NEXT_DELAYED, p![market, now.micros()])?;
    let (delayed, cool, allowed): (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let resting: Option<Timestamp> = tx.query_one(NEXT_RESTING, p![market, now.micros()])?.get(0)?;
    Ok([delayed, cool, allowed, resting].into_iter().flatten().min())
}
