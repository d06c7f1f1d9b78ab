//! Use cases of referrals: who has brought whom, and payments, of which the referrer has its share.

use crate::{Engine, Error, Result};
use palitra_domain::{AccountId, ErrorCode, Livemode, Money, TransferId, codes};
use palitra_store::{
    accounts::Account,
    ledger::{self, Balance, Purse, TopUp},
    referrals as rows,
};

/// Money that somebody has paid.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Of the movement; the same for the same payment, so that it comes in once.
    pub transfer: TransferId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub amount: Money,
    /// Who took it: `stars`, `yookassa`.
    pub source: &'static str,
    pub note: String,
}

/// A text that cannot be a code is one that nobody has.
pub(crate) fn checked_code(typed: &str) -> Result<String> {
    let shown = || typed.chars().take(*codes::CHOSEN_LETTERS.end()).collect::<String>();
    codes::normal_code(typed).ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", shown()))
}

impl Engine {
    /// The account with this referral code has brought `account`: once, and never round in a circle. Answers who that is.
    pub async fn refer(&self, account: &AccountId, code: &str) -> Result<Account> {
        let (account, code) = (account.clone(), checked_code(code)?);
        Ok(self.store.write(move |tx| rows::refer(tx, &account, &code)).await?)
    }

    /// A payment comes in, and the share of whoever has brought the account (`money.referral_percent`), in one transaction.
    pub async fn receive_payment(&self, payment: &Payment) -> Result<Balance> {
        let (now, percent) = (self.now(), self.settings.gifts.referral_percent);
        let top_up = TopUp {
            transfer: payment.transfer.clone(),
            account: payment.account.clone(),
            livemode: payment.livemode,
            purse: Purse::Cash,
            amount: payment.amount.amount,
            source: format!("topup:{}", payment.source),
            note: payment.note.clone(),
        };
        let write = self.store.write(move |tx| {
            ledger::top_up_rewarded(tx, &top_up, percent, now)?;
            ledger::balance(tx, &top_up.account, top_up.livemode)
        });
        Ok(write.await?)
    }
}
