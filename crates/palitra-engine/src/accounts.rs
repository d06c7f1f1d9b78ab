//! Use cases of accounts: finding or making one, keys, credit, balance.

use crate::{Engine, Error, Result, gifts};
use palitra_domain::{AccountId, ErrorCode, KeyId, Livemode, Money, TransferId};
use palitra_store::{
    accounts::{self as rows, NewApiKey},
    ledger::{self, Purse, TopUp},
};
use sha2::{Digest, Sha256};

pub use ledger::Balance;
pub use rows::{Account, ApiKey, HOUSE};

/// A new key; the only time it is seen.
#[derive(Debug)]
pub struct IssuedKey {
    pub account: AccountId,
    pub key: String,
}

/// The longest account name, in characters.
const NAME_CHARS_MAX: usize = 100;

impl Engine {
    pub async fn account(&self, name: &str) -> Result<Account> {
        let wanted = name.to_owned();
        let found = self.store.read(move |tx| rows::find(tx, &wanted)).await?;
        found.ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", format!("`{name}`")))
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

    /// A random key of 256 bits for an account, made and welcomed if it is new, and credit for it, in one transaction. Only the key's
    /// SHA-256 is kept.
    pub async fn issue_key(
        &self,
        name: &str,
        livemode: Livemode,
        credit: Option<Money>,
    ) -> Result<IssuedKey> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(Error::new(ErrorCode::InvalidInput)
                .with("value", "`--account`")
                .with("limit", NAME_CHARS_MAX));
        }
        let now = self.now();
        let key = format!("sk_{}_{:032x}{:032x}", livemode.as_str(), self.random(), self.random());
        let hash: [u8; 32] = Sha256::digest(&key).into();
        let hint = format!("sk_{}_…{}", livemode.as_str(), &key[key.len() - 4..]);
        let (new_account, id) = (AccountId::new(now, self.random()), KeyId::new(now, self.random()));
        let (transfer, gifts) = (TransferId::new(now, self.random()), self.settings.gifts);
        let write = self.store.write(move |tx| {
            let account = gifts::find_or_welcome(tx, &new_account, &name, &gifts, now)?;
            let key =
                NewApiKey { id: id.clone(), account: account.clone(), livemode, hash, hint: hint.clone() };
            rows::api_key_insert(tx, &key, now)?;
            if let Some(credit) = credit.filter(|credit| credit.amount > 0) {
                ledger::top_up(tx, &operator_credit(&transfer, &account, livemode, credit), now)?;
            }
            Ok(account)
        });
        Ok(IssuedKey { account: write.await?, key })
    }

    pub async fn keys(&self) -> Result<Vec<ApiKey>> {
        Ok(self.store.read(rows::api_keys).await?)
    }

    pub async fn revoke_key(&self, id: &KeyId) -> Result<()> {
        let (wanted, now) = (id.clone(), self.now());
        let revoked = self.store.write(move |tx| rows::api_key_revoke(tx, &wanted, now)).await?;
        if revoked { Ok(()) } else { Err(Error::new(ErrorCode::NotFound).with("value", id)) }
    }

    /// Money from the operator.
    pub async fn credit(&self, account: &AccountId, livemode: Livemode, amount: Money) -> Result<Balance> {
        let (account, now) = (account.clone(), self.now());
        let transfer = TransferId::new(now, self.random());
        let write = self.store.write(move |tx| {
            ledger::top_up(tx, &operator_credit(&transfer, &account, livemode, amount), now)?;
            ledger::balance(tx, &account, livemode)
        });
        Ok(write.await?)
    }

    /// What is wrong with the books; empty when they balance.
    pub async fn book_problems(&self) -> Result<Vec<String>> {
        Ok(self.store.read(ledger::problems).await?)
    }
}

fn operator_credit(transfer: &TransferId, account: &AccountId, livemode: Livemode, amount: Money) -> TopUp {
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
