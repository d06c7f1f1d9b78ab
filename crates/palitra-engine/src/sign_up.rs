//! Accounts that strangers make for themselves, where the operator lets them: a name of ours, one key, no more than so many a day.

use crate::{
    Engine, Error, IssuedKey, Result, gifts,
    gifts::Gifts,
    once::{Made, OnceOf, claimed},
};
use palitra_domain::{AccountId, ErrorCode, KeyId, Livemode, Scopes, Timestamp, audit::Action, time};
use palitra_store::{
    api_keys::{self as rows, Budgets, NewApiKey},
    audit,
};
use std::time::Duration;

/// The settings of sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignUp {
    /// Accounts that all strangers together may make in a day (UTC).
    pub a_day: u32,
    /// What each of them begins with in the place of the welcome, as a bonus, minor units.
    pub credit: i64,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Engine {
    /// A new account with a usual key. Refused with `sign_up_closed` where the operator makes accounts himself, and with `sign_ups_full`.
    pub async fn sign_up(&self, once: Option<OnceOf>) -> Result<Made<IssuedKey>> {
        let sign_up = self.settings.sign_up.ok_or_else(|| Error::new(ErrorCode::SignUpClosed))?;
        let now = self.now();
        let (account, id) = (AccountId::new(now, self.random()), KeyId::new(now, self.random()));
        let secret = self.secret(Livemode::Live);
        let gifts = Gifts { welcome: sign_up.credit, ..self.settings.gifts };
        let entry = Engine(self.0.clone(), Some(id.clone())).entry(Action::SignUp, &account, "");
        let issued = IssuedKey { id: id.clone(), account: account.clone(), key: secret.key };
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), id.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            let today = midnight(now);
            if audit::count_since(tx, Action::SignUp, today)? >= i64::from(sign_up.a_day) {
                let after = today.plus(DAY).since(now);
                let code = ErrorCode::SignUpsFull;
                return Err(palitra_store::Error::Later { code, limit: i64::from(sign_up.a_day), after });
            }
            // Nobody has this name: it is the id's.
            let name = account.as_str().replacen("acc_", "guest-", 1);
            let made = gifts::find_or_welcome(tx, &account, &name, &gifts, now)?;
            let key = NewApiKey {
                id: id.clone(),
                account: made,
                livemode: Livemode::Live,
                name: String::new(),
                scopes: Scopes::USUAL,
                hash: secret.hash,
                hint: secret.hint.clone(),
                budgets: Budgets::default(),
                expires_at: None,
            };
            rows::insert(tx, &key, now)?;
            audit::insert(tx, &entry)?;
            Ok(Made::New(()))
        });
        Ok(match write.await? {
            Made::New(()) => {
                tracing::info!(account.id = %issued.account, "somebody has signed up");
                Made::New(issued)
            }
            Made::Before(id) => Made::Before(id),
        })
    }
}

fn midnight(now: Timestamp) -> Timestamp {
    let day = time::micros(DAY);
    Timestamp::from_micros(now.micros().div_euclid(day) * day)
}

#[cfg(test)]
mod tests;
