//! What the house gives by itself: the welcome of a new account. And the chore that takes bonuses back whose time is over.

use crate::{Engine, Result, scheduler::Machine};
use palitra_domain::{AccountId, Livemode, Timestamp, TransferId};
use palitra_store::{
    Tx, accounts as rows,
    ledger::{self, Due, Gift, GiftKind, Purse},
};
use std::time::Duration;

pub use ledger::Grant;

#[cfg(test)]
mod tests;

/// The `[money]` settings about money from the house.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gifts {
    /// Minor units; 0 is none.
    pub welcome: i64,
    /// `None` is for ever.
    pub welcome_lasts: Option<Duration>,
    /// Of a payment, for the referrer of whoever pays; 0 is none.
    pub referral_percent: u32,
}

/// The account of this name; a new one has its welcome. In one transaction, so that it is given once however many ask at the same time.
pub(crate) fn find_or_welcome(
    tx: &mut Tx<'_>,
    new: &AccountId,
    name: &str,
    gifts: &Gifts,
    now: Timestamp,
) -> palitra_store::Result<AccountId> {
    let (account, is_new) = rows::find_or_create(tx, new, name, now)?;
    if is_new && gifts.welcome > 0 {
        let welcome = Gift {
            transfer: TransferId::of_welcome(&account),
            account: account.clone(),
            livemode: Livemode::Live,
            kind: GiftKind::Welcome,
            purse: Purse::Bonus,
            amount: gifts.welcome,
            note: String::new(),
            expires_at: gifts.welcome_lasts.map(|lasts| now.plus(lasts)),
        };
        ledger::give(tx, &welcome, now)?;
    }
    Ok(account)
}

impl Engine {
    /// What of an account's bonus will expire, soonest first.
    pub async fn expiring(&self, account: &AccountId, livemode: Livemode) -> Result<Vec<Grant>> {
        let account = account.clone();
        Ok(self.store.read(move |tx| ledger::grants(tx, &account, livemode)).await?)
    }
}

/// Grants that are read at once.
const PAGE: u32 = 100;

/// The chore: each grant whose time is over in a transaction of its own. What is held of one stays due, and is looked at again next time.
pub(crate) async fn expire(machine: Machine) -> Result<()> {
    let now = machine.now();
    let mut last: Option<Due> = None;
    loop {
        let after = last.clone();
        let due = machine.store.read(move |tx| ledger::due(tx, after.as_ref(), PAGE, now)).await?;
        for Due { grant, .. } in &due {
            let (grant, transfer) = (grant.clone(), TransferId::new(now, machine.random()));
            let expired = grant.clone();
            let gone = machine.store.write(move |tx| ledger::expire(tx, &expired, &transfer, now)).await?;
            if gone > 0 {
                tracing::info!(transfer.id = %grant, amount_minor = gone, "a bonus has expired");
            }
        }
        last = due.last().cloned();
        if last.is_none() {
            return Ok(());
        }
    }
}
