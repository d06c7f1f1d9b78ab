//! Use cases of vouchers: made by the operator, redeemed by an account.

use crate::{
    Engine, Error, Result,
    once::{Made, OnceOf, claimed},
};
use palitra_domain::{AccountId, ErrorCode, Money, Timestamp, TransferId, VoucherId, audit::Action, codes};
use palitra_store::{
    audit,
    vouchers::{self as rows, NewVoucher, Redeem},
};
use std::time::Duration;

pub use palitra_store::ledger::Purse;
pub use rows::{Redeemed, Voucher};

/// What a voucher is to be.
#[derive(Debug, Clone)]
pub struct VoucherWish {
    pub amount: Money,
    pub purse: Purse,
    /// How long its bonus lasts; `None` is for ever.
    pub lasts: Option<Duration>,
    /// By so many accounts, each once.
    pub uses_max: u32,
    pub expires_at: Option<Timestamp>,
    /// Without it a random one.
    pub code: Option<String>,
}

/// A new voucher; the only time its code is seen.
#[derive(Debug)]
pub struct IssuedVoucher {
    pub id: VoucherId,
    pub code: String,
}

impl Engine {
    pub async fn create_voucher(
        &self,
        wish: VoucherWish,
        once: Option<OnceOf>,
    ) -> Result<Made<IssuedVoucher>> {
        let now = self.now();
        if wish.amount.amount <= 0 || wish.uses_max == 0 {
            return Err(Error::new(ErrorCode::InvalidInput).with("value", "`amount`"));
        }
        if wish.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::new(ErrorCode::InvalidInput).with("value", "`expires_at`"));
        }
        let code = wish.code.unwrap_or_else(|| codes::voucher_code(self.random()));
        let normal = codes::normal_code(&code);
        let normal = normal.filter(|code| codes::CHOSEN_LETTERS.contains(&code.chars().count()));
        let normal = normal.ok_or_else(|| Error::new(ErrorCode::InvalidInput).with("value", "`code`"))?;
        let id = VoucherId::new(now, self.random());
        let new = NewVoucher {
            id: id.clone(),
            hash: codes::code_hash(&normal),
            hint: codes::code_hint(&normal),
            purse: wish.purse,
            amount: wish.amount.amount,
            lasts: wish.lasts.filter(|_| wish.purse == Purse::Bonus),
            uses_max: wish.uses_max,
            expires_at: wish.expires_at,
        };
        let what = format!("{} {}, {} uses", wish.amount, wish.purse.as_str(), wish.uses_max);
        let entry = self.entry(Action::VoucherCreate, &id, what);
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), new.id.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            rows::insert(tx, &new, now)?;
            audit::insert(tx, &entry)?;
            Ok(Made::New(()))
        });
        Ok(match write.await.map_err(|error| about(error, &code))? {
            Made::New(()) => Made::New(IssuedVoucher { id, code }),
            Made::Before(id) => Made::Before(id),
        })
    }

    /// Newest first, older than `before`.
    pub async fn vouchers(&self, before: Option<VoucherId>, limit: u32) -> Result<Vec<Voucher>> {
        Ok(self.store.read(move |tx| rows::list(tx, before.as_ref(), limit)).await?)
    }

    /// What it has given stays given.
    pub async fn revoke_voucher(&self, id: &VoucherId) -> Result<()> {
        let (wanted, now) = (id.clone(), self.now());
        let entry = self.entry(Action::VoucherRevoke, id, "");
        let write = self.store.write(move |tx| {
            let is_new = rows::revoke(tx, &wanted, now)?;
            if is_new {
                audit::insert(tx, &entry)?;
            }
            Ok(is_new)
        });
        let revoked = write.await?;
        if revoked { Ok(()) } else { Err(Error::new(ErrorCode::NotFound).with("value", id)) }
    }

    /// Live money for a code, once for each account. After too many codes that there are not the account is refused for a while.
    pub async fn redeem(&self, account: &AccountId, code: &str) -> Result<Redeemed> {
        self.redeemed(account, code, None).await
    }

    /// The same by the operator, for somebody: that is written down.
    pub async fn redeem_for(&self, account: &AccountId, code: &str) -> Result<Redeemed> {
        let entry = self.entry(Action::VoucherRedeem, account, "");
        self.redeemed(account, code, Some(entry)).await
    }

    async fn redeemed(
        &self,
        account: &AccountId,
        code: &str,
        entry: Option<audit::Entry>,
    ) -> Result<Redeemed> {
        let now = self.now();
        // A text that cannot be a code is one that there is not.
        let normal = codes::normal_code(code).unwrap_or_default();
        let redeem = Redeem {
            account: account.clone(),
            hash: codes::code_hash(&normal),
            transfer: TransferId::new(now, self.random()),
        };
        let currency = self.settings.prices.currency;
        let write = self.store.write(move |tx| {
            let redeemed = rows::redeem(tx, &redeem, now)?;
            if let Some((given, entry)) = redeemed.as_ref().zip(entry.as_ref()) {
                let about = Money::new(given.amount, currency).to_string();
                audit::insert(tx, &audit::Entry { about, ..entry.clone() })?;
            }
            Ok(redeemed)
        });
        let redeemed = write.await;
        let unknown = || {
            about(palitra_store::Error::Rule { code: ErrorCode::VoucherUnknown, value: String::new() }, code)
        };
        redeemed.map_err(|error| about(error, code))?.ok_or_else(unknown)
    }
}

/// Rules know hashes; people read what they have typed.
fn about(error: palitra_store::Error, code: &str) -> Error {
    use ErrorCode::{VoucherExists, VoucherOver, VoucherUnknown, VoucherUsed};
    match error {
        palitra_store::Error::Rule {
            code: found @ (VoucherExists | VoucherOver | VoucherUnknown | VoucherUsed),
            ..
        } => {
            let shown: String = code.trim().chars().take(*codes::CHOSEN_LETTERS.end() + 8).collect();
            Error::new(found).with("value", format!("`{shown}`"))
        }
        other => other.into(),
    }
}
