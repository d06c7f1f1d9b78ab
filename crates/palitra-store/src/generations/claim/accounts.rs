//! Accounts that may not have everything at work at once, or have cost the house too much: how much room each has, exactly, although several processes
//! claim at the same time.
//!
//! What is at work is counted, never kept in a counter. Who counts an account holds it until its claim is
//! committed; others leave its work to the next claim. Work of an account without room is parked, all at once, so
//! that no claim walks past it again; whenever there is room a claim looks for it by account (`queue::LOTS`). Nothing
//! has to be told to anybody, so nothing can be forgotten between two transactions.

use super::queue::Candidate;
use crate::{Result, Sql, Tx, bounds::Bounds, losses, p, sql};
use palitra_domain::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Accounts that were looked at, with what they may still start.
pub(super) struct Accounts<'a> {
    market: &'a str,
    bounds: &'a Bounds,
    room: BTreeMap<String, i64>,
    /// Somebody else is claiming for them just now.
    taken: BTreeSet<String>,
    parked: BTreeSet<String>,
}

pub(super) const HOLD: Sql = sql!(
    "select id from account where id in (select value from ",
    EACH,
    "$1",
    EACH_END,
    ") and kind <> 'house' and coalesce(running_max, $2) > 0",
    MINE_SKIP_LOCKED
);

/// A statement of its own: it has to see what was committed before the accounts were held.
pub(super) const ROOM: Sql = sql!(
    "select id, coalesce(running_max, $2),
       (select count(*) from generation where account_id = account.id and owner is not null),
       (select cast(coalesce(sum(amount), 0) as bigint) from loss where account_id = account.id and livemode = 'live' and at > $3),
       (select cast(coalesce(sum(amount), 0) as bigint) from loss where account_id = account.id and livemode = 'live' and at > $4)
     from account where id in (select value from ",
    EACH,
    "$1",
    EACH_END,
    ") and kind <> 'house'"
);

pub(super) const PARK: Sql = sql!(
    "update generation set ready = 2 where id in
       (select id from generation where account_id = $1 and state = 'queued' and ready = 1 and market = $2 limit 1000",
    SKIP_LOCKED,
    ")"
);

impl Accounts<'_> {
    pub(super) fn new<'a>(market: &'a str, bounds: &'a Bounds) -> Accounts<'a> {
        let (room, taken, parked) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Accounts { market, bounds, room, taken, parked }
    }

    /// Holds those that have not been looked at, and counts what they have at work.
    pub(super) fn look<'i>(
        &mut self,
        tx: &mut Tx,
        ids: impl Iterator<Item = &'i str>,
        now: Timestamp,
    ) -> Result<()> {
        let new: BTreeSet<&str> = ids.filter(|id| !self.room.contains_key(*id)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let ids = sql::list(&new);
        let held = tx.query(HOLD, p![&ids, self.bounds.running_max])?;
        let held: BTreeSet<String> = held.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
        // Who is not found here has no limit (any more).
        self.room.extend(new.into_iter().map(|id| (id.to_owned(), i64::MAX)));
        let (hour, day) = losses::windows(self.bounds, now);
        for row in tx.query(ROOM, p![&ids, self.bounds.running_max, hour, day])? {
            let (id, most, running): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let room = if self.has_spent(row.get(3)?, row.get(4)?) {
                0
            } else if most == 0 {
                i64::MAX
            } else if held.contains(&id) {
                most.saturating_sub(running).max(0)
            } else {
                self.taken.insert(id.clone());
                0
            };
            self.room.insert(id, room);
        }
        Ok(())
    }

    /// What it has queued waits until the house can bear it again.
    fn has_spent(&self, hour: i64, day: i64) -> bool {
        let of = |lost: i64, budget: i64| budget > 0 && lost >= budget;
        of(hour, self.bounds.loss_hour) || of(day, self.bounds.loss_day)
    }

    /// Whether how much the account may start has to be looked at.
    pub(super) fn is_bounded(&self, candidate: &Candidate) -> bool {
        let has_budget = self.bounds.loss_hour > 0 || self.bounds.loss_day > 0;
        candidate.running_max > 0 || candidate.running_max == 0 && has_budget
    }

    /// How many the account may start now.
    pub(super) fn room(&self, account: &str) -> i64 {
        self.room.get(account).copied().unwrap_or(i64::MAX)
    }

    pub(super) fn started(&mut self, account: &str) {
        if let Some(room) = self.room.get_mut(account) {
            *room = room.saturating_sub(1);
        }
    }

    /// Parks what the account has in this market. Answers whether that is news.
    pub(super) fn park(&mut self, tx: &mut Tx, candidate: &Candidate) -> Result<bool> {
        if candidate.is_parked || self.taken.contains(&candidate.account) {
            return Ok(false);
        }
        tx.send(PARK, p![&candidate.account, self.market])?;
        Ok(self.parked.insert(candidate.account.clone()))
    }

    /// Whether something was left to another claim, which may be about to leave it to us.
    pub(super) fn has_taken(&self) -> bool {
        !self.taken.is_empty()
    }
}
