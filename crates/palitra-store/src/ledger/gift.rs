//! Money that the house gives: a welcome, a voucher, a referrer's share. A bonus may expire (`grants`).

use super::{
    Purse,
    credit::{New, insert, receive},
    grants, post,
};
use crate::{Error, Result, Tx};
use palitra_domain::{AccountId, ErrorCode, Livemode, Timestamp, TransferId};

/// Why money is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiftKind {
    Welcome,
    Voucher,
    Referral,
}

impl GiftKind {
    /// The kind of the movement, and the book on the other side.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            GiftKind::Welcome => "welcome",
            GiftKind::Voucher => "voucher",
            GiftKind::Referral => "referral",
        }
    }
}

/// Money from the house.
#[derive(Debug, Clone)]
pub struct Gift {
    pub transfer: TransferId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub kind: GiftKind,
    pub purse: Purse,
    /// Minor units, above zero.
    pub amount: i64,
    pub note: String,
    /// What of it is a bonus then and has not been spent goes back. Cash never expires.
    pub expires_at: Option<Timestamp>,
}

/// Gives it. The same movement again is refused by its id.
pub fn give(tx: &mut Tx, gift: &Gift, now: Timestamp) -> Result<()> {
    if gift.amount <= 0 {
        return Err(Error::rule(ErrorCode::InvalidInput, "amount"));
    }
    let (account, livemode) = (gift.account.as_str(), gift.livemode.as_str());
    let amount = gift.purse.of(gift.amount);
    let new = New {
        id: &gift.transfer,
        account,
        livemode,
        kind: gift.kind.as_str(),
        reverses: None,
        note: &gift.note,
    };
    insert(tx, &new, amount, now)?;
    post(tx, gift.transfer.as_str(), gift.kind.as_str(), livemode, -gift.amount)?;
    receive(tx, &new, amount)?;
    match gift.expires_at.filter(|_| gift.purse == Purse::Bonus) {
        Some(expires_at) => {
            grants::open(tx, (account, livemode), (gift.transfer.as_str(), gift.amount), expires_at)
        }
        None => Ok(()),
    }
}
