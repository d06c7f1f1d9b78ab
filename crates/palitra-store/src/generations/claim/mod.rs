//! The claim: free slots meet the next generations in fair order, in one transaction.

mod accounts;
mod gates;
mod queue;
mod share;
mod slots;

#[cfg(test)]
mod tests;

use super::{Facts, turn};
use crate::{Result, Tx, bounds::Bounds, p};
use accounts::Accounts;
use gates::Gates;
use palitra_domain::{
    GenerationId, Timestamp,
    catalogue::Lane,
    state::{AttemptReason, Event, GenerationState, Priority},
};
use queue::Candidate;
use slots::{Excess, Key};
use std::{collections::BTreeMap, time::Duration};

/// Who claims what.
#[derive(Debug, Clone)]
pub struct Claim {
    pub market: String,
    /// The claiming process.
    pub owner: String,
    /// Labels of the market's keys that the claiming process has; others may have been told of more.
    pub keys: Vec<String>,
    /// At most this many at once.
    pub max: u32,
    /// Only this batch or this generation, with what it waits for: a one-shot command does not start other people's work.
    pub focus: Option<String>,
    /// Random, one for each attempt whose market is asked to call back: `max` of them, or none.
    pub tokens: Vec<String>,
    pub bounds: Bounds,
}

/// A generation with its slots, ready to be submitted. `submitting` is committed.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: GenerationId,
    pub epoch: i64,
    pub attempt: i64,
    pub reason: AttemptReason,
    pub key: String,
    /// Something is known against the key, so a success is news.
    pub is_key_unwell: bool,
    pub claimed_at: Timestamp,
    pub market_model: String,
    pub mode: String,
    pub input: String,
    pub longest_run: Duration,
    /// How often it was refused unbilled before.
    pub refusals: i64,
    /// The batch worker that does it: its number.
    pub worker: Option<i64>,
    /// Part of the address the market may call.
    pub token: Option<String>,
    /// Public id.
    pub model: String,
    pub lane: Lane,
    pub asked_at: Timestamp,
    pub facts: Facts,
}

/// What a claim found.
#[derive(Debug, Default)]
pub struct Claims {
    pub claimed: Vec<Claimed>,
    /// When something becomes claimable by time alone.
    pub next_at: Option<Timestamp>,
    /// Something was left to another claim that held its account just then.
    pub has_taken: bool,
}

/// Takes free slots of the market's keys and gives them to the next generations by (priority, virtual time).
/// Generations with worker or model slots are looked at only where such a slot is free, so a batch of
/// thousands that waits for its own two workers costs nothing; those of an account that has as much at work as it may
/// are looked at only when it has room. Standard work that has waited for too long gets a share of the starts.
pub fn claim(tx: &mut Tx, claim: &Claim, now: Timestamp) -> Result<Claims> {
    queue::wake(tx, now)?;
    let excess = Excess::of(tx)?;
    let keys = slots::free_keys(tx, claim, &excess, now)?;
    let mut claims = Claims::default();
    if !keys.is_empty() {
        let mut accounts = Accounts::new(&claim.market, &claim.bounds);
        claims.claimed = fill(tx, claim, &mut accounts, (keys, &excess), now)?;
        claims.has_taken = accounts.has_taken();
    }
    let soon = claims.has_taken.then(|| now.plus(SOON));
    claims.next_at = [queue::next_at(tx, &claim.market, now)?, soon].into_iter().flatten().min();
    Ok(claims)
}

/// When to look again for what another process was claiming.
const SOON: Duration = Duration::from_millis(20);

/// Each round after the first follows one that has parked everything of an account.
const ROUNDS_MAX: usize = 32;

fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn fill(
    tx: &mut Tx,
    claim: &Claim,
    accounts: &mut Accounts<'_>,
    (keys, excess): (Vec<Key>, &Excess),
    now: Timestamp,
) -> Result<Vec<Claimed>> {
    let mut gates = Gates::of(tx, &keys, now)?;
    let mut keys: Vec<Key> = keys.into_iter().filter(|key| gates.is_open(key)).collect();
    let (mut claimed, mut clocks) = (Vec::new(), BTreeMap::new());
    for _ in 0..ROUNDS_MAX {
        if place(&keys, &gates, None).is_none() {
            break;
        }
        let (candidates, mut overdue) = queue::candidates(tx, claim, accounts, keys.len(), now)?;
        let mut has_parked = false;
        for candidate in candidates {
            let Some(at) = place(&keys, &gates, candidate.not_key.as_deref()) else { break };
            if accounts.room(&candidate.account) == 0 {
                has_parked |= accounts.park(tx, &candidate)?;
                continue;
            }
            let Some(worker) = slots::take_scopes(tx, &candidate, excess, now)? else { continue };
            let key = keys.remove(at);
            gates.pass(&key);
            let token = claim.tokens.get(claimed.len());
            accounts.started(&candidate.account);
            overdue.started(&candidate);
            let line = turn::line(&claim.market, Priority::of_rank(candidate.order.0));
            let clock = clocks.entry(line).or_insert(i64::MIN);
            *clock = candidate.order.1.max(*clock);
            claimed.push(open_attempt(tx, claim, candidate, &key, (worker, token), now)?);
        }
        overdue.close(tx, &claim.market)?;
        if !has_parked {
            break;
        }
    }
    gates.close(tx, now)?;
    for (line, v) in clocks {
        turn::raise_clock(tx, &line, v)?;
    }
    Ok(claimed)
}

/// The next free slot, of another key than the one that has just refused the generation where there is one.
fn place(keys: &[Key], gates: &Gates, not: Option<&str>) -> Option<usize> {
    let another = |key: &Key| gates.is_open(key) && Some(key.scope.as_str()) != not;
    keys.iter().position(another).or_else(|| keys.iter().position(|key| gates.is_open(key)))
}

fn open_attempt(
    tx: &mut Tx,
    claim: &Claim,
    candidate: Candidate,
    key: &Key,
    (worker, token): (Option<i64>, Option<&String>),
    now: Timestamp,
) -> Result<Claimed> {
    let to = super::target(GenerationState::Queued, Event::Claim)?;
    let (epoch, attempt) = (candidate.epoch + 1, candidate.attempts + 1);
    // The state is asked for in words that are those of no index: PostgreSQL, which has planned this while the queue was empty, would
    // look for the row among all that is queued.
    tx.must(
        1,
        "update generation set state = $2, epoch = $5, owner = $3, attempts = $6, updated_at = $4, started_at = coalesce(started_at, $4)
         where id = $1 and coalesce(state, '') = 'queued' and epoch = $5 - 1",
        p![&candidate.id, to.as_str(), &claim.owner, now.micros(), epoch, attempt],
    )?;
    tx.must(
        1,
        "update slot set generation_id = $3, attempt = $4, taken_at = $5 where scope = $1 and n = $2 and generation_id is null",
        p![&key.scope, key.n, &candidate.id, attempt, now.micros()],
    )?;
    tx.must(
        1,
        "insert into attempt(generation_id, n, key_id, reason, paid_by, state, opened_at, token) values($1, $2, $3, $4, $5, 'submitting', $6, $7)",
        p![
            &candidate.id,
            attempt,
            &key.scope,
            candidate.reason.as_str(),
            candidate.reason.paid_by(),
            now.micros(),
            token
        ],
    )?;
    Ok(Claimed {
        id: parse_id(&candidate.id)?,
        epoch,
        attempt,
        reason: candidate.reason,
        key: key.label.clone(),
        is_key_unwell: key.is_unwell,
        claimed_at: now,
        market_model: candidate.market_model,
        mode: candidate.mode,
        input: candidate.input,
        longest_run: Duration::from_micros(candidate.longest_run_us.unsigned_abs()),
        refusals: candidate.refusals,
        worker,
        token: token.cloned(),
        model: candidate.model,
        lane: candidate.lane,
        asked_at: candidate.asked_at,
        facts: candidate.facts,
    })
}

fn parse_id(text: &str) -> Result<GenerationId> {
    GenerationId::parse(text).map_err(|error| crate::Error::Corrupt(error.to_string()))
}
