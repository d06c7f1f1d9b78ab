//! Use cases of accounts: finding one, credit, balance. Keys are `api_keys`.

use crate::{
    Engine, Error, Result,
    once::{Made, OnceOf, claimed},
};
use palitra_domain::{AccountId, ErrorCode, Livemode, Money, TransferId, audit::Action};
use palitra_store::{
    accounts as rows, audit,
    ledger::{self, Purse, TopUp},
    profiles,
};

pub use crate::api_keys::{ApiKey, IssuedKey};
pub use ledger::Balance;
pub use rows::{Account, HOUSE};

impl Engine {
    /// By its name, or by its id.
    pub async fn account(&self, name: &str) -> Result<Account> {
        let not_found = || Error::new(ErrorCode::NotFound).with("value", format!("`{name}`"));
        // No name has such letters, and no database takes all of them.
        if name.contains(char::is_control) {
            return Err(not_found());
        }
        let wanted = name.to_owned();
        let read = self.store.read(move |tx| {
            if let Some(account) = rows::find(tx, &wanted)? {
                return Ok(Some(account));
            }
            let Ok(id) = AccountId::parse(&wanted) else { return Ok(None) };
            let profile = profiles::of(tx, &id)?;
            Ok(profile.map(|it| Account { id: it.id, name: it.name }))
        });
        read.await?.ok_or_else(not_found)
    }

    pub async fn balance(&self, account: &AccountId, livemode: Livemode) -> Result<Balance> {
        let account = account.clone();
        Ok(self.store.read(move |tx| ledger::balance(tx, &account, livemode)).await?)
    }

    /// Every account with its balance.
    pub async fn balances(&self, livemode: Livemode) -> Result<Vec<(Account, Balance)>> {
        let read = self.store.read(move |tx| {
            let accounts = rows::list(tx)?;
            accounts
                .into_iter()
                .map(|account| Ok((account.clone(), ledger::balance(tx, &account.id, livemode)?)))
                .collect()
        });
        Ok(read.await?)
    }

    /// Money from the operator, above zero.
    pub async fn credit(
        &self,
        (account, livemode): (&AccountId, Livemode),
        amount: Money,
        once: Option<OnceOf>,
    ) -> Result<Made<()>> {
        if amount.amount <= 0 {
            return Err(Error::new(ErrorCode::InvalidInput).with("value", "`amount`"));
        }
        let (account, now) = (account.clone(), self.now());
        let transfer = TransferId::new(now, self.random());
        let entry = self.entry(Action::Credit, &account, format!("{} {amount}", livemode.as_str()));
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), transfer.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            ledger::top_up(tx, &operator_credit(&transfer, &account, livemode, amount), now)?;
            audit::insert(tx, &entry)?;
            Ok(Made::New(()))
        });
        Ok(write.await?)
    }

    /// What is wrong with the books; empty when they balance.
    pub async fn book_problems(&self) -> Result<Vec<String>> {
        Ok(self.store.read(ledger::problems).await?)
    }
}

pub(crate) fn operator_credit(
    transfer: &TransferId,
    account: &AccountId,
    livemode: Livemode,
    amount: Money,
) -> TopUp {
    TopUp {
        transfer: transfer.clone(),
        account: account.clone(),
        livemode,
        purse: Purse::Cash,
        amount: amount.amount,
        source: "topup:operator".to_owned(),
        note: "credit by the operator".to_owned(),
    }
}
