//! A referrer's share in what an account pays: given with the top-up, taken back with it.

use super::{
    Gift, GiftKind, Purse, TakeBack, TopUp,
    credit::{New, change, insert},
    give, post,
    refund::reversed,
    top_up,
};
use crate::{Error, Result, Sql, Tx, p, sql};
use palitra_domain::{
    AccountId, ErrorCode, Timestamp, TransferId,
    money::{Overflow, Split, percent_down},
};

/// Books that paid money comes from begin so; the operator's credit is not paid.
const PAID: &str = "topup:";
const OPERATOR: &str = "topup:operator";

/// A top-up, and so many percent of it as a bonus for whoever has referred the account: rounded down, and only of money that was paid.
/// Answers what was given.
pub fn top_up_rewarded(tx: &mut Tx, new: &TopUp, percent: u32, now: Timestamp) -> Result<i64> {
    top_up(tx, new, now)?;
    if percent == 0 || new.purse != Purse::Cash || new.source == OPERATOR || !new.source.starts_with(PAID) {
        return Ok(0);
    }
    let row = tx.query_opt("select referred_by from account where id = $1", p![new.account.as_str()])?;
    let referrer: Option<AccountId> = row.map(|row| row.get(0)).transpose()?.flatten();
    let share = percent_down(new.amount, percent).map_err(too_large)?;
    let Some(referrer) = referrer.filter(|_| share > 0) else { return Ok(0) };
    let gift = Gift {
        transfer: TransferId::following(&new.transfer, "referral", now),
        account: referrer,
        livemode: new.livemode,
        kind: GiftKind::Referral,
        purse: Purse::Bonus,
        amount: share,
        note: String::new(),
        expires_at: None,
    };
    give(tx, &gift, now)?;
    tx.must(
        1,
        "insert into referral_reward(top_up_id, transfer_id, percent) values($1, $2, $3)",
        p![new.transfer.as_str(), gift.transfer.as_str(), percent],
    )?;
    Ok(share)
}

/// After a top-up was taken back and `left` of it stays, the referrer's share is that of what stays. What of the rest is not free of the
/// referrer's bonus any more is taken from its cash, or owed.
pub(super) fn take_back(tx: &mut Tx, take: &TakeBack, left: i64, now: Timestamp) -> Result<()> {
    const REWARD: Sql = sql!(
        "select t.id, t.account_id, t.livemode, t.bonus - t.refunded_bonus - w.owed, w.percent
         from referral_reward w join transfer t on t.id = w.transfer_id where w.top_up_id = $1",
        FOR_UPDATE
    );
    const FREE: Sql = sql!(
        "select bonus - bonus_held, cash - cash_held, postpaid from book where account_id = $1 and livemode = $2",
        FOR_UPDATE
    );
    let Some(row) = tx.query_opt(REWARD, p![take.top_up.as_str()])? else { return Ok(()) };
    let (reward, account, livemode): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (share, percent): (i64, u32) = (row.get(3)?, row.get(4)?);
    let back = share - percent_down(left, percent).map_err(too_large)?;
    if back <= 0 {
        return Ok(());
    }
    let row = tx.query_one(FREE, p![&account, &livemode])?;
    let (bonus, cash, postpaid): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let unspent = back.min(bonus.max(0));
    let spent = back - unspent;
    let book = (account.as_str(), livemode.as_str());
    if unspent > 0 {
        reversed(tx, &reward, Split { bonus: unspent, cash: 0 })?;
        let id = TransferId::following(&take.transfer, "referral", now);
        let amount = Split { bonus: -unspent, cash: 0 };
        move_out(tx, book, (&id, "refund", Some(&reward)), amount, 0, now)?;
    }
    if spent > 0 {
        tx.must(
            1,
            "update referral_reward set owed = owed + $2 where top_up_id = $1",
            p![take.top_up.as_str(), spent],
        )?;
        let id = TransferId::following(&take.transfer, "referral owed", now);
        let owed = if postpaid { 0 } else { spent - spent.min(cash.max(0)) };
        let amount = Split { bonus: 0, cash: -spent };
        move_out(tx, book, (&id, "adjustment", None), amount, owed, now)?;
    }
    Ok(())
}

fn move_out(
    tx: &mut Tx,
    (account, livemode): (&str, &str),
    (id, kind, reverses): (&TransferId, &str, Option<&str>),
    amount: Split,
    owed: i64,
    now: Timestamp,
) -> Result<()> {
    let note = "a top-up of a referred account was taken back";
    let new = New { id, account, livemode, kind, reverses, note };
    insert(tx, &new, amount, now)?;
    post(tx, id.as_str(), GiftKind::Referral.as_str(), livemode, -amount.total())?;
    change(tx, &new, amount, -owed)
}

fn too_large(_: Overflow) -> Error {
    Error::rule(ErrorCode::InvalidInput, "amount")
}
