//! Use cases of API keys: made, listed, given a new secret, revoked. A key that makes keys gives none of them more than it has.

use crate::{
    AuditEntry, Caller, Engine, Error, Result, gifts,
    once::{Made, OnceOf, claimed},
};
use palitra_domain::{
    AccountId, ErrorCode, KeyId, Livemode, Money, Scope, Scopes, Timestamp, TransferId, audit::Action,
};
use palitra_store::{
    Tx,
    api_keys::{self as rows, NewApiKey},
    audit, budgets, ledger,
};
use sha2::{Digest, Sha256};
use std::time::Duration;

pub use budgets::Spent;
pub use rows::{ApiKey, Budgets, Filter as KeyFilter};

#[cfg(test)]
mod tests;

/// The longest name of an account or of a key, in characters.
const NAME_CHARS_MAX: usize = 100;

/// How long the secret before a rotation works when nobody says.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// And at most.
pub const KEPT_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// Whose key it will be.
#[derive(Debug, Clone)]
pub enum KeyOwner {
    /// Made and welcomed when there is none of this name: the operator's way.
    Named(String),
    Account(AccountId),
}

/// What somebody wants a key for.
#[derive(Debug, Clone)]
pub struct KeyWish {
    pub owner: KeyOwner,
    pub livemode: Livemode,
    /// What it is for, in a few words; may be empty.
    pub name: String,
    pub scopes: Scopes,
    pub budgets: Budgets,
    pub expires_at: Option<Timestamp>,
    /// Money for the account.
    pub credit: Option<Money>,
}

impl KeyWish {
    /// A key as most are.
    pub fn usual(owner: KeyOwner, livemode: Livemode) -> KeyWish {
        KeyWish {
            owner,
            livemode,
            name: String::new(),
            scopes: Scopes::USUAL,
            budgets: Budgets::default(),
            expires_at: None,
            credit: None,
        }
    }
}

/// A new secret; the only time it is seen.
#[derive(Debug)]
pub struct IssuedKey {
    pub id: KeyId,
    pub account: AccountId,
    pub key: String,
}

/// A key with what of its budgets is used.
#[derive(Debug, Clone)]
pub struct KeyShown {
    pub key: ApiKey,
    pub spent: Spent,
}

/// A random secret of 256 bits. Only its SHA-256 is kept.
pub(crate) struct Secret {
    pub(crate) key: String,
    pub(crate) hash: [u8; 32],
    pub(crate) hint: String,
}

impl Engine {
    pub(crate) fn secret(&self, livemode: Livemode) -> Secret {
        let key = format!("sk_{}_{:032x}{:032x}", livemode.as_str(), self.random(), self.random());
        let hint = format!("sk_{}_…{}", livemode.as_str(), &key[key.len() - 4..]);
        Secret { hash: Sha256::digest(&key).into(), key, hint }
    }

    /// A usual key, from the operator.
    pub async fn issue_key(
        &self,
        name: &str,
        livemode: Livemode,
        credit: Option<Money>,
    ) -> Result<IssuedKey> {
        let wish = KeyWish { credit, ..KeyWish::usual(KeyOwner::Named(name.to_owned()), livemode) };
        let made = self.create_key(wish, &Caller::operator(self.house.id.clone()), None).await?;
        made.fresh().ok_or_else(|| Error::new(ErrorCode::Internal))
    }

    /// A key for an account, made and welcomed if it is new, and credit for it, in one transaction. Refused with `forbidden` where the
    /// key of the caller does not reach so far itself, and with `unauthorized` where it does not work any more.
    pub async fn create_key(
        &self,
        wish: KeyWish,
        by: &Caller,
        once: Option<OnceOf>,
    ) -> Result<Made<IssuedKey>> {
        let now = self.now();
        let (name, owner) = checked(&wish, by, now)?;
        let Secret { key, hash, hint } = self.secret(wish.livemode);
        let (new_account, id) = (AccountId::new(now, self.random()), KeyId::new(now, self.random()));
        let (transfer, gifts) = (TransferId::new(now, self.random()), self.settings.gifts);
        let about = format!("{} {}{}", wish.livemode.as_str(), wish.scopes, told(&wish.budgets));
        let entry = self.acting_for(by).entry(Action::KeyCreate, &id, about);
        let credit = wish.credit.filter(|credit| credit.amount > 0);
        let credit = credit.map(|credit| {
            let about = format!("{} {credit}", wish.livemode.as_str());
            (credit, self.acting_for(by).entry(Action::Credit, "", about))
        });
        let (made, by) = (id.clone(), by.clone());
        let write = self.store.write(move |tx| {
            must_make_keys(tx, &by, wish.expires_at, now)?;
            if let Some(before) = claimed(tx, once.as_ref(), made.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            let account = match &owner {
                KeyOwner::Named(name) => gifts::find_or_welcome(tx, &new_account, name, &gifts, now)?,
                KeyOwner::Account(account) => account.clone(),
            };
            let key = NewApiKey {
                id: made.clone(),
                account: account.clone(),
                livemode: wish.livemode,
                name: name.clone(),
                scopes: wish.scopes,
                hash,
                hint: hint.clone(),
                budgets: wish.budgets,
                expires_at: wish.expires_at,
            };
            rows::insert(tx, &key, now)?;
            audit::insert(tx, &entry)?;
            if let Some((credit, entry)) = &credit {
                let credit = crate::accounts::operator_credit(&transfer, &account, wish.livemode, *credit);
                ledger::top_up(tx, &credit, now)?;
                audit::insert(tx, &AuditEntry { subject: account.to_string(), ..entry.clone() })?;
            }
            Ok(Made::New(account))
        });
        Ok(match write.await? {
            Made::New(account) => Made::New(IssuedKey { id, account, key }),
            Made::Before(id) => Made::Before(id),
        })
    }

    /// Keys with what of their budgets is used now, newest first.
    pub async fn keys_shown(&self, filter: KeyFilter) -> Result<Vec<KeyShown>> {
        let now = self.now();
        let read = self.store.read(move |tx| {
            let keys = rows::list(tx, &filter)?;
            keys.into_iter().map(|key| shown(tx, key, now)).collect()
        });
        Ok(read.await?)
    }

    /// `not_found` where it is not the caller's.
    pub async fn key_shown(&self, id: &KeyId, by: &Caller) -> Result<KeyShown> {
        let (key, now) = (self.key_of(id, by).await?, self.now());
        Ok(self.store.read(move |tx| shown(tx, key.clone(), now)).await?)
    }

    /// A new secret at once; the one before works for `kept` from now on. `not_found` where it is not the caller's, or does not work. Only
    /// the machine itself gives an operator's key another secret, and that key itself.
    pub async fn rotate_key(
        &self,
        id: &KeyId,
        kept: Duration,
        by: &Caller,
        once: Option<OnceOf>,
    ) -> Result<Made<IssuedKey>> {
        if kept > KEPT_MAX {
            return Err(Error::new(ErrorCode::InvalidInput)
                .with("value", "`keep_s`")
                .with("hint", format!("0 ≤ `keep_s` ≤ {}", KEPT_MAX.as_secs())));
        }
        let now = self.now();
        let found = self.key_of(id, by).await?;
        // A key may always renew itself.
        let is_itself = by.key.as_ref() == Some(id);
        let is_another_operators = by.key.is_some() && !is_itself && found.scopes.has(Scope::Operator);
        if !found.scopes.is_within(by.scopes) || is_another_operators {
            return Err(
                Error::new(ErrorCode::Forbidden).with("value", format!("`{}`", Scope::Operator.as_str()))
            );
        }
        let Secret { key, hash, hint } = self.secret(found.livemode);
        let about = format!("the secret before is kept for {} s", kept.as_secs());
        let entry = self.acting_for(by).entry(Action::KeyRotate, id, about);
        let (wanted, account, by) = (id.clone(), found.account_id.clone(), by.clone());
        let write = self.store.write(move |tx| {
            if !is_itself {
                must_make_keys(tx, &by, found.expires_at, now)?;
            }
            if let Some(before) = claimed(tx, once.as_ref(), wanted.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            if !rows::rotate(tx, &wanted, (&hash, &hint), now.plus(kept), now)? {
                let code = ErrorCode::NotFound;
                return Err(palitra_store::Error::Rule { code, value: wanted.to_string() });
            }
            audit::insert(tx, &entry)?;
            Ok(Made::New(()))
        });
        let made = write.await?;
        self.callers.forget(|caller| caller.key.as_ref() == Some(id));
        Ok(match made {
            Made::New(()) => Made::New(IssuedKey { id: id.clone(), account, key }),
            Made::Before(id) => Made::Before(id),
        })
    }

    /// By the operator.
    pub async fn revoke_key(&self, id: &KeyId) -> Result<()> {
        self.revoke_key_by(id, &Caller::operator(self.house.id.clone())).await
    }

    /// It stops at once in this process, and within five seconds in others. `not_found` where it is not the caller's, or is revoked.
    pub async fn revoke_key_by(&self, id: &KeyId, by: &Caller) -> Result<()> {
        self.key_of(id, by).await?;
        let (wanted, now) = (id.clone(), self.now());
        let entry = self.acting_for(by).entry(Action::KeyRevoke, id, "");
        let write = self.store.write(move |tx| {
            let done = rows::revoke(tx, &wanted, now)?;
            if done {
                audit::insert(tx, &entry)?;
            }
            Ok(done)
        });
        let revoked = write.await?;
        self.callers.forget(|caller| caller.key.as_ref() == Some(id));
        if revoked { Ok(()) } else { Err(Error::new(ErrorCode::NotFound).with("value", id)) }
    }

    /// A key that the caller may speak of: one of the same account and kind of money, or any for the operator. `forbidden` where it is a
    /// live one and the operator's is a test key.
    async fn key_of(&self, id: &KeyId, by: &Caller) -> Result<ApiKey> {
        let wanted = id.clone();
        let found = self.store.read(move |tx| rows::find(tx, &wanted)).await?;
        let is_theirs = |key: &ApiKey| {
            by.scopes.has(Scope::Operator) || key.account_id == by.account && key.livemode == by.livemode
        };
        let found =
            found.filter(is_theirs).ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", id))?;
        by.reach(found.livemode)?;
        Ok(found)
    }
}

/// A name and an owner as they will be.
fn checked(wish: &KeyWish, by: &Caller, now: Timestamp) -> Result<(String, KeyOwner)> {
    let invalid = |value: &str| Error::new(ErrorCode::InvalidInput).with("value", value);
    let is_bad = |name: &str| name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control);
    let name = wish.name.trim().to_owned();
    if is_bad(&name) {
        return Err(invalid("`name`").with("limit", NAME_CHARS_MAX));
    }
    if wish.scopes == Scopes::NONE {
        let known = Scope::ALL.map(|scope| format!("`{}`", scope.as_str())).join(", ");
        return Err(invalid("`scopes`").with("hint", known));
    }
    if wish.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(invalid("`expires_at`").with("hint", format!("`expires_at` > {}", &now.rfc3339()[..10])));
    }
    let Budgets { day, month, total } = wish.budgets;
    for (budget, flag) in [(day, "`budgets.day`"), (month, "`budgets.month`"), (total, "`budgets.total`")] {
        if budget.is_some_and(|budget| budget < 0) {
            return Err(invalid(flag).with("hint", format!("{flag} ≥ 0")));
        }
    }
    by.reach(wish.livemode)?;
    let owner = match &wish.owner {
        KeyOwner::Named(name) => {
            let name = name.trim().to_owned();
            if name.is_empty() || is_bad(&name) {
                return Err(invalid("`account`").with("limit", NAME_CHARS_MAX));
            }
            // Whoever says an id means the account that has it: none is made of that name.
            AccountId::parse(&name).map_or(KeyOwner::Named(name), KeyOwner::Account)
        }
        KeyOwner::Account(account) => KeyOwner::Account(account.clone()),
    };
    if by.scopes.has(Scope::Operator) {
        // Whoever has such a key cannot leave another one behind.
        if by.key.is_some() && wish.scopes.has(Scope::Operator) {
            return Err(
                Error::new(ErrorCode::Forbidden).with("value", format!("`{}`", Scope::Operator.as_str()))
            );
        }
        return Ok((name, owner));
    }
    let is_own = matches!(&owner, KeyOwner::Account(account) if *account == by.account);
    if !is_own || wish.livemode != by.livemode || wish.credit.is_some() || !wish.scopes.is_within(by.scopes) {
        let missing = wish.scopes.iter().find(|scope| !by.scopes.has(*scope)).unwrap_or(Scope::Operator);
        return Err(Error::new(ErrorCode::Forbidden).with("value", format!("`{}`", missing.as_str())));
    }
    Ok((name, owner))
}

fn shown(tx: &mut Tx<'_>, key: ApiKey, now: Timestamp) -> palitra_store::Result<KeyShown> {
    let spent = if key.budgets.has_any() { budgets::spent(tx, &key.id, now)? } else { Spent::default() };
    Ok(KeyShown { key, spent })
}

/// A key with budgets makes no keys: another one would not be held to them. One with an end makes none that works longer, until
/// `expires_at`. Nor does one that has stopped working and is remembered here.
fn must_make_keys(
    tx: &mut Tx<'_>,
    by: &Caller,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> palitra_store::Result<()> {
    let Some(key) = &by.key else { return Ok(()) };
    let (code, value) = match rows::maker(tx, key, now)? {
        None => (ErrorCode::Unauthorized, ""),
        Some(maker) if maker.has_budget => (ErrorCode::Forbidden, "`account`"),
        Some(maker) => match maker.expires_at {
            Some(end) if expires_at.is_none_or(|wanted| wanted > end) => {
                (ErrorCode::Forbidden, "`expires_at`")
            }
            _ => return Ok(()),
        },
    };
    Err(palitra_store::Error::Rule { code, value: value.to_owned() })
}

/// Budgets in a few words, minor units.
fn told(budgets: &Budgets) -> String {
    let all = [("day", budgets.day), ("month", budgets.month), ("total", budgets.total)];
    let told = all.iter().filter_map(|(name, budget)| Some(format!(", {} a {name}", (*budget)?)));
    told.collect::<String>().replace(" a total", " in all")
}
