//! Who calls: from a key to its account and what it may do, without the database where it was asked a moment ago.
//!
//! The way that every request passes. What is remembered lives for [`LIFE`] by the engine's clock, so a key that was revoked elsewhere
//! stops within that time; one that was revoked here stops at once. Only keys that work are remembered, so nobody can push them out with
//! keys that do not.

use crate::{Engine, Error, Result};
use palitra_domain::{AccountId, ErrorCode, KeyId, Livemode, Money, Scope, Scopes, Timestamp};
use palitra_store::api_keys::{self as rows, Working};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Who asks, and what they may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub account: AccountId,
    pub livemode: Livemode,
    /// `None`: the operator, on the machine itself.
    pub key: Option<KeyId>,
    pub scopes: Scopes,
}

impl Caller {
    /// Whoever may use the control socket may do everything.
    pub fn operator(account: AccountId) -> Caller {
        Caller { account, livemode: Livemode::Live, key: None, scopes: Scopes::ALL }
    }

    /// Refused with `forbidden` where its key was not made for this.
    pub fn need(&self, scope: Scope) -> Result<()> {
        if self.scopes.has(scope) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Forbidden).with("value", format!("`{}`", scope.as_str())))
    }

    /// Whether it came with a test key: whatever else that may do, it does to test things. Whoever is on the machine itself has none.
    pub fn has_test_key(&self) -> bool {
        self.key.is_some() && self.livemode == Livemode::Test
    }

    /// Refused with `forbidden` where it has a test key and this is live.
    pub fn reach(&self, livemode: Livemode) -> Result<()> {
        if self.has_test_key() && livemode == Livemode::Live {
            return Err(Error::new(ErrorCode::Forbidden).with("value", "`live`"));
        }
        Ok(())
    }
}

/// How long a key is taken to work after it was looked up.
const LIFE: Duration = Duration::from_secs(5);

/// How often the last use of a key is written down at most.
const USE_RECORDED: Duration = Duration::from_secs(60);

/// Secrets that are remembered: well under a megabyte.
const REMEMBERED_MAX: usize = 4096;

/// `sk_live_` or `sk_test_` and 256 bits.
const KEY_BYTES: usize = 8 + 64;

#[derive(Default)]
pub(crate) struct Callers(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_hash: HashMap<[u8; 32], (Caller, Timestamp)>,
    /// Keys without a budget: that never changes, so their work need not be looked at for one.
    unbounded: HashSet<KeyId>,
    /// Goes up when keys are forgotten: an answer that was asked for before is not remembered.
    forgotten: u64,
}

impl Callers {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered, or else since when something must not have been forgotten to be.
    fn get(&self, hash: &[u8; 32], now: Timestamp) -> std::result::Result<Caller, u64> {
        let known = self.known();
        match known.by_hash.get(hash) {
            Some((caller, until)) if *until > now => Ok(caller.clone()),
            _ => Err(known.forgotten),
        }
    }

    fn remember(&self, hash: [u8; 32], caller: &Caller, working: &Working, forgotten: u64, now: Timestamp) {
        let mut known = self.known();
        if known.forgotten != forgotten {
            return;
        }
        if known.by_hash.len() >= REMEMBERED_MAX {
            known.by_hash.retain(|_, (_, until)| *until > now);
        }
        if known.by_hash.len() >= REMEMBERED_MAX {
            known.by_hash.clear();
        }
        let life = now.plus(LIFE);
        let until = working.until.map_or(life, |until| until.min(life));
        known.by_hash.insert(hash, (caller.clone(), until));
        if !working.has_budget {
            if known.unbounded.len() >= REMEMBERED_MAX {
                known.unbounded.clear();
            }
            known.unbounded.insert(working.id.clone());
        }
    }

    /// From now on these have to be looked up again.
    pub(crate) fn forget(&self, which: impl Fn(&Caller) -> bool) {
        let mut known = self.known();
        known.forgotten += 1;
        known.by_hash.retain(|_, (caller, _)| !which(caller));
    }
}

impl Engine {
    /// Whoever is on the machine itself: the operator for the house, in the money that this process works with.
    pub fn operator(&self) -> Caller {
        let livemode = if self.settings.test_mode { Livemode::Test } else { Livemode::Live };
        Caller { livemode, ..Caller::operator(self.house.id.clone()) }
    }

    /// Whose key this is. Unknown, revoked, expired: one and the same `unauthorized`.
    pub async fn caller(&self, key: &str) -> Result<Caller> {
        let unauthorized = || Error::new(ErrorCode::Unauthorized);
        if key.len() != KEY_BYTES || !key.starts_with("sk_") {
            return Err(unauthorized());
        }
        let hash: [u8; 32] = Sha256::digest(key).into();
        let now = self.now();
        let forgotten = match self.callers.get(&hash, now) {
            Ok(caller) => return Ok(caller),
            Err(forgotten) => forgotten,
        };
        let working = self.store.look(move |tx| rows::working(tx, &hash, now)).await?;
        let working = working.ok_or_else(unauthorized)?;
        let caller = Caller {
            account: working.account.clone(),
            livemode: working.livemode,
            key: Some(working.id.clone()),
            scopes: working.scopes,
        };
        self.callers.remember(hash, &caller, &working, forgotten, now);
        if working.used_at.is_none_or(|at| now.since(at) >= USE_RECORDED) {
            // In line already; nobody waits for it, and the next one makes up for one that fails.
            drop(self.store.post(move |tx| rows::used(tx, &working.id, now)));
        }
        Ok(caller)
    }

    /// Whether a key still works, for what was permitted in its name before.
    pub async fn still_works(&self, key: &KeyId, scope: Scope) -> Result<bool> {
        let (id, now) = (key.clone(), self.now());
        let found = self.store.read(move |tx| rows::find(tx, &id)).await?;
        Ok(found.is_some_and(|key| {
            let is_over = key.expires_at.is_some_and(|at| at <= now);
            key.revoked_at.is_none() && !is_over && key.scopes.has(scope)
        }))
    }

    /// Why new work was not taken, with amounts in the wallet's currency.
    pub(crate) fn refused(&self, error: palitra_store::Error) -> Error {
        let palitra_store::Error::OverBudget { budget, needed, left, anew_at } = error else {
            return error.into();
        };
        let money = |amount| Money::new(amount, self.settings.prices.currency);
        let refused = Error::new(ErrorCode::OverBudget)
            .with("budget", budget)
            .with("value", money(needed))
            .with("left", money(left));
        let Some(anew_at) = anew_at else { return refused };
        let after = Some(anew_at.since(self.now()));
        Error { retry_after: after, ..refused.with("time", anew_at.rfc3339()) }
    }

    /// The key, where it may have a budget: only then it costs its work something.
    pub(crate) fn bounded_key(&self, key: Option<&KeyId>) -> Option<KeyId> {
        key.filter(|key| !self.callers.known().unbounded.contains(*key)).cloned()
    }
}

#[cfg(test)]
mod tests;
