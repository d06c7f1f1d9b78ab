//! How a key of a market fares, and what its answers change: a circuit breaker for trouble that passes, and states for trouble that
//! somebody has to end. Rules only: who writes it down and when a key may be claimed is elsewhere.

use crate::{
    ErrorCode, Timestamp,
    market::{ErrorClass, MarketError},
    state::words,
};
use std::time::Duration;

words! {
    /// How a key fares.
    KeyHealth {
        Ok = "ok",
        /// It failed again and again, or was told when to come back: nobody uses it until then.
        Cooling = "cooling",
        /// The market has locked the account.
        Locked = "locked",
        /// The account has no credit left.
        NoCredit = "no_credit",
        /// The market does not accept the key.
        BadKey = "bad_key",
    }
}

impl KeyHealth {
    /// Nothing succeeds with it until somebody has done something at the market or in the settings.
    pub const fn is_out(self) -> bool {
        matches!(self, KeyHealth::Locked | KeyHealth::NoCredit | KeyHealth::BadKey)
    }

    /// What work of a market is told that has no other key.
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            KeyHealth::Ok | KeyHealth::Cooling => None,
            KeyHealth::Locked | KeyHealth::NoCredit => Some(ErrorCode::MarketCredits),
            KeyHealth::BadKey => Some(ErrorCode::MarketAuth),
        }
    }
}

/// What is recorded of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    pub health: KeyHealth,
    /// When the present health began, or was last confirmed.
    pub since: Timestamp,
    /// Until then nobody uses it; afterwards, unless it is `ok`, one generation tries.
    pub usable_at: Timestamp,
    /// Failures in a row that pass by themselves.
    pub failures: i64,
    /// How often the circuit has opened since a generation last got through.
    pub rounds: i64,
}

impl Condition {
    /// Nothing is known against it.
    pub const FRESH: Condition = Condition {
        health: KeyHealth::Ok,
        since: Timestamp::from_micros(0),
        usable_at: Timestamp::from_micros(0),
        failures: 0,
        rounds: 0,
    };
}

/// So many passing failures in a row open the circuit.
pub const FAILURES_MAX: i64 = 5;

/// The longest a circuit stays open before one generation tries again, and the first ceiling of its growth.
pub const COOLING_MAX: Duration = Duration::from_secs(300);
const COOLING_FIRST_MS: u64 = 5_000;

/// The least time between openings: full jitter alone could be none.
const COOLING_LEAST_MS: u64 = 1_000;

/// A key that is locked or out of credit is tried again after this, doubling up to a quarter of a day: a refusal costs nothing.
const OUT_FIRST: Duration = Duration::from_secs(15 * 60);
const OUT_MAX: Duration = Duration::from_secs(6 * 3600);

/// How long one generation has to find out whether a key works again; then another may try.
pub const TRIAL: Duration = Duration::from_secs(60);

/// A wrong key does not become right by waiting.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

impl Condition {
    /// After a submission that failed, made with what was claimed at `claimed_at`. `None`: it changes nothing, because it says nothing
    /// about the key, or nothing new: submissions that began before the circuit opened come in for a while.
    #[must_use]
    pub fn after_failure(
        &self,
        error: &MarketError,
        claimed_at: Timestamp,
        random: u128,
        now: Timestamp,
    ) -> Option<Condition> {
        let is_late = claimed_at < self.since;
        if let Some(health) = health_of(error) {
            if self.health == health && is_late {
                return None;
            }
            let rounds = if self.health.is_out() { self.rounds.saturating_add(1) } else { 0 };
            let usable_at = if health == KeyHealth::BadKey { NEVER } else { now.plus(out_for(rounds)) };
            return Some(Condition { health, since: now, usable_at, failures: self.failures, rounds });
        }
        let is_passing = error.class.is_retried();
        if !is_passing || self.health.is_out() {
            return None;
        }
        let failures = self.failures.saturating_add(1);
        // The market says when: nobody knows better, however many say so at once.
        if let (ErrorClass::RateLimited | ErrorClass::ConcurrencyLimited, Some(after)) =
            (error.class, error.retry_after)
        {
            let usable_at = self.usable_at.max(now.plus(after));
            return Some(Condition {
                health: KeyHealth::Cooling,
                since: now,
                usable_at,
                failures,
                rounds: self.rounds,
            });
        }
        match self.health {
            KeyHealth::Cooling if is_late => None,
            KeyHealth::Ok if failures < FAILURES_MAX => Some(Condition { failures, ..*self }),
            _ => {
                let usable_at = now.plus(cooling_for(self.rounds, random));
                let rounds = self.rounds.saturating_add(1);
                Some(Condition { health: KeyHealth::Cooling, since: now, usable_at, failures, rounds })
            }
        }
    }

    /// After a submission that the market took, made with what was claimed at `claimed_at`. `None`: nothing was known against the key,
    /// or what is known came later than this submission.
    #[must_use]
    pub fn after_success(&self, claimed_at: Timestamp, now: Timestamp) -> Option<Condition> {
        let is_clean = self.health == KeyHealth::Ok && self.failures == 0;
        (!is_clean && claimed_at >= self.since).then_some(Condition { since: now, ..Condition::FRESH })
    }

    /// Somebody says it may work again: one generation tries at once.
    #[must_use]
    pub fn tried_again(&self, now: Timestamp) -> Condition {
        let health = if self.health == KeyHealth::Ok { KeyHealth::Ok } else { KeyHealth::Cooling };
        Condition { health, since: now, ..Condition::FRESH }
    }
}

/// The trouble that ends only when somebody does something.
fn health_of(error: &MarketError) -> Option<KeyHealth> {
    match error.class {
        ErrorClass::Auth => Some(KeyHealth::BadKey),
        // A lock is a refusal, a missing credit is not: 402 and 429 ask for money, 403 forbids.
        ErrorClass::Credits if error.status == Some(403) => Some(KeyHealth::Locked),
        ErrorClass::Credits => Some(KeyHealth::NoCredit),
        ErrorClass::Permission
        | ErrorClass::InvalidInput
        | ErrorClass::UnknownModel
        | ErrorClass::InputFetch
        | ErrorClass::ContentRejected
        | ErrorClass::RateLimited
        | ErrorClass::ConcurrencyLimited
        | ErrorClass::Unavailable
        | ErrorClass::GenerationFailed
        | ErrorClass::Timeout
        | ErrorClass::ResultExpired
        | ErrorClass::Protocol => None,
    }
}

fn doubled(first: Duration, rounds: i64, most: Duration) -> Duration {
    let exponent = u32::try_from(rounds.clamp(0, 20)).unwrap_or(20);
    first.saturating_mul(2u32.saturating_pow(exponent)).min(most)
}

fn out_for(rounds: i64) -> Duration {
    doubled(OUT_FIRST, rounds, OUT_MAX)
}

/// Growing, with full jitter, so that processes and keys do not come back together.
fn cooling_for(rounds: i64, random: u128) -> Duration {
    let ceiling = doubled(Duration::from_millis(COOLING_FIRST_MS), rounds, COOLING_MAX);
    let jitter_ms = u64::try_from(random % ceiling.as_millis().max(1)).unwrap_or(0);
    Duration::from_millis(jitter_ms.max(COOLING_LEAST_MS))
}

#[cfg(test)]
mod tests;
