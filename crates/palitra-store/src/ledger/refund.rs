//! Reversing entries: what was charged goes back to the account, what was topped up goes back to where it came from.
//!
//! A movement is never changed or deleted: another one goes the other way and names it. The movement itself says how
//! much of it has gone back, so that it is never more than it moved.

use super::{
    credit::{New, change, insert, receive},
    post, reward,
};
use crate::{Error, Result, Row, Sql, Tx, p, sql};
use palitra_domain::{AccountId, ErrorCode, GenerationId, Livemode, Timestamp, TransferId, money::Split};

/// A charge that goes back, or a part of it.
pub struct Refund {
    /// The new movement.
    pub transfer: TransferId,
    pub generation: GenerationId,
    /// Minor units; `None` is all that is left of the charge.
    pub amount: Option<i64>,
    pub note: String,
}

/// What went back to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    pub account: AccountId,
    pub livemode: Livemode,
    pub back: Split,
    /// Of the charge, what can still go back.
    pub left: i64,
}

/// Gives back what was charged for a generation, cash before bonus (see [`Split::refunded`]). Refused with
/// `refund_too_large` (its value: how much can go back, minor units) and `not_found`.
pub fn refund(tx: &mut Tx, refund: &Refund, now: Timestamp) -> Result<Refunded> {
    const CHARGE: Sql = sql!(
        "select id, account_id, livemode, charged_cash, charged_bonus, refunded_cash + refunded_bonus from transfer where id = $1",
        FOR_UPDATE
    );
    let row = tx.query_opt(CHARGE, p![TransferId::of_generation(&refund.generation).as_str()])?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, refund.generation.as_str()))?;
    let (hold, account, livemode): (String, AccountId, Livemode) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let charged = Split { cash: row.get(3)?, bonus: row.get(4)? };
    let before: i64 = row.get(5)?;
    let left = charged.total() - before;
    let back = charged.refunded(before, refund.amount.unwrap_or(left));
    let back = back.ok_or_else(|| Error::rule(ErrorCode::RefundTooLarge, left.to_string()))?;
    reversed(tx, &hold, back)?;
    let new = New {
        id: &refund.transfer,
        account: account.as_str(),
        livemode: livemode.as_str(),
        kind: "refund",
        reverses: Some(&hold),
        note: &refund.note,
    };
    insert(tx, &new, back, now)?;
    post(tx, refund.transfer.as_str(), "revenue", livemode.as_str(), -back.total())?;
    receive(tx, &new, back)?;
    Ok(Refunded { account, livemode, back, left: left - back.total() })
}

/// So much of a movement has gone back; the checks of the table refuse more than it moved.
pub(super) fn reversed(tx: &mut Tx, movement: &str, back: Split) -> Result<()> {
    tx.must(
        1,
        "update transfer set refunded_cash = refunded_cash + $2, refunded_bonus = refunded_bonus + $3 where id = $1 and state = 'posted'",
        p![movement, back.cash, back.bonus],
    )
}

/// The book that the money of a movement came from.
pub(super) fn source_of(tx: &mut Tx, movement: &str) -> Result<String> {
    tx.query_one("select min(book) from entry where transfer_id = $1 and amount < 0", p![movement])?.get(0)
}

/// A top-up that its source took back: a payment system gave the money back to the payer.
pub struct TakeBack {
    /// The new movement.
    pub transfer: TransferId,
    pub top_up: TransferId,
    /// Minor units; `None` is all that is left of the top-up.
    pub amount: Option<i64>,
    pub note: String,
}

/// Takes a top-up back: what is free of the account's cash, and what has been spent of it, or is held, becomes a debt. A
/// referrer's share of it goes back with it. These are the only ways into debt. Answers how much is newly owed by the
/// account. Refused with `refund_too_large` and `not_found`.
pub fn take_back(tx: &mut Tx, take: &TakeBack, now: Timestamp) -> Result<i64> {
    const TOP_UP: Sql = sql!(
        "select account_id, livemode, cash, refunded_cash,
                (select min(book) from entry where transfer_id = transfer.id and amount < 0)
         from transfer where id = $1 and kind = 'topup' and cash > 0",
        FOR_UPDATE
    );
    const FREE: Sql = sql!(
        "select cash - cash_held, postpaid from book where account_id = $1 and livemode = $2",
        FOR_UPDATE
    );
    let row = tx.query_opt(TOP_UP, p![take.top_up.as_str()])?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, take.top_up.as_str()))?;
    let (account, livemode): (String, String) = (row.get(0)?, row.get(1)?);
    let left = row.get::<i64>(2)? - row.get::<i64>(3)?;
    let source: String = row.get(4)?;
    let amount = take.amount.unwrap_or(left);
    if !(1..=left).contains(&amount) {
        return Err(Error::rule(ErrorCode::RefundTooLarge, left.to_string()));
    }
    reversed(tx, take.top_up.as_str(), Split { bonus: 0, cash: amount })?;
    let new = New {
        id: &take.transfer,
        account: &account,
        livemode: &livemode,
        kind: "refund",
        reverses: Some(take.top_up.as_str()),
        note: &take.note,
    };
    let gone = Split { bonus: 0, cash: -amount };
    insert(tx, &new, gone, now)?;
    post(tx, take.transfer.as_str(), &source, &livemode, amount)?;
    let free: Row = tx.query_one(FREE, p![&account, &livemode])?;
    let owed = if free.get(1)? { 0 } else { amount - amount.min(free.get::<i64>(0)?.max(0)) };
    change(tx, &new, gone, -owed)?;
    reward::take_back(tx, take, left - amount, now)?;
    Ok(owed)
}
