//! Money that comes in or goes out by somebody's decision: top-ups and adjustments. What is owed is paid first.

use super::{grants, post};
use crate::{Error, Result, Sql, Tx, p, sql};
use palitra_domain::{AccountId, ErrorCode, Livemode, Timestamp, TransferId, money::Split};

/// A purse of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purse {
    Cash,
    Bonus,
}

impl Purse {
    pub const ALL: [Purse; 2] = [Purse::Cash, Purse::Bonus];

    pub const fn as_str(self) -> &'static str {
        match self {
            Purse::Cash => "cash",
            Purse::Bonus => "bonus",
        }
    }

    pub fn parse(text: &str) -> Option<Purse> {
        Purse::ALL.into_iter().find(|purse| purse.as_str() == text)
    }

    pub(super) fn of(self, amount: i64) -> Split {
        match self {
            Purse::Cash => Split { bonus: 0, cash: amount },
            Purse::Bonus => Split { bonus: amount, cash: 0 },
        }
    }
}

/// Money that comes in: the operator's credit, a payment. `source` is the book on the other side, such as
/// `topup:operator`.
pub struct TopUp {
    pub transfer: TransferId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub purse: Purse,
    /// Minor units, above zero.
    pub amount: i64,
    pub source: String,
    pub note: String,
}

pub fn top_up(tx: &mut Tx, top_up: &TopUp, now: Timestamp) -> Result<()> {
    if top_up.amount <= 0 {
        return Err(Error::rule(ErrorCode::InvalidInput, "amount"));
    }
    let (account, livemode) = (top_up.account.as_str(), top_up.livemode.as_str());
    let amount = top_up.purse.of(top_up.amount);
    let new =
        New { id: &top_up.transfer, account, livemode, kind: "topup", reverses: None, note: &top_up.note };
    insert(tx, &new, amount, now)?;
    post(tx, top_up.transfer.as_str(), &top_up.source, livemode, -top_up.amount)?;
    receive(tx, &new, amount)
}

/// A correction by the operator, on account of the house: above zero it gives, below zero it takes.
pub struct Adjustment {
    pub transfer: TransferId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub purse: Purse,
    /// Minor units, not zero.
    pub amount: i64,
    pub note: String,
}

/// The book on the other side of adjustments.
const HOUSE_BOOK: &str = "house";

/// Takes only what is neither held nor owed; more is refused with `insufficient_funds`. (A postpaid account has no
/// bound.)
pub fn adjust(tx: &mut Tx, adjustment: &Adjustment, now: Timestamp) -> Result<()> {
    const FREE: Sql = sql!(
        "select cash - cash_held - debt, bonus - bonus_held, postpaid from book where account_id = $1 and livemode = $2",
        FOR_UPDATE
    );
    if adjustment.amount == 0 {
        return Err(Error::rule(ErrorCode::InvalidInput, "amount"));
    }
    let (account, livemode) = (adjustment.account.as_str(), adjustment.livemode.as_str());
    let amount = adjustment.purse.of(adjustment.amount);
    let new = New {
        id: &adjustment.transfer,
        account,
        livemode,
        kind: "adjustment",
        reverses: None,
        note: &adjustment.note,
    };
    if adjustment.amount < 0 {
        let row = tx.query_one(FREE, p![account, livemode])?;
        let (cash, bonus, postpaid): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_there = match adjustment.purse {
            Purse::Cash => postpaid || cash >= -amount.cash,
            Purse::Bonus => bonus >= -amount.bonus,
        };
        if !is_there {
            return Err(Error::rule(ErrorCode::InsufficientFunds, amount.total().unsigned_abs().to_string()));
        }
    }
    insert(tx, &new, amount, now)?;
    post(tx, adjustment.transfer.as_str(), HOUSE_BOOK, livemode, -adjustment.amount)?;
    receive(tx, &new, amount)
}

/// A movement that is posted as it is written.
pub(super) struct New<'a> {
    pub(super) id: &'a TransferId,
    pub(super) account: &'a str,
    pub(super) livemode: &'a str,
    pub(super) kind: &'a str,
    /// The movement that it takes back.
    pub(super) reverses: Option<&'a str>,
    pub(super) note: &'a str,
}

/// `amount` is what it does to the purses of the account.
pub(super) fn insert(tx: &mut Tx, new: &New<'_>, amount: Split, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "insert into transfer(id, account_id, livemode, kind, state, cash, bonus, reverses, note, created_at, closed_at)
         values($1, $2, $3, $4, 'posted', $5, $6, $7, $8, $9, $9)",
        p![
            new.id.as_str(),
            new.account,
            new.livemode,
            new.kind,
            amount.cash,
            amount.bonus,
            new.reverses,
            new.note,
            now.micros()
        ],
    )
}

/// The account's side of a movement. What comes into the cash purse pays the debt first; what comes into the bonus purse was not there
/// when something was spent before.
pub(super) fn receive(tx: &mut Tx, new: &New<'_>, amount: Split) -> Result<()> {
    const BOOK: Sql =
        sql!("select debt, bonus_seen - bonus from book where account_id = $1 and livemode = $2", FOR_UPDATE);
    let row = tx.query_one(BOOK, p![new.account, new.livemode])?;
    let (debt, spent): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
    if let Some(spent) = spent.filter(|_| amount.bonus > 0) {
        grants::settle(tx, (new.account, new.livemode), spent)?;
    }
    change(tx, new, amount, amount.cash.clamp(0, debt))
}

/// Posts and carries: `paid` of the cash goes against the debt, or below zero onto it.
pub(super) fn change(tx: &mut Tx, new: &New<'_>, amount: Split, paid: i64) -> Result<()> {
    let (id, account) = (new.id.as_str(), new.account);
    post(tx, id, &format!("{account}:cash"), new.livemode, amount.cash - paid)?;
    post(tx, id, &format!("{account}:bonus"), new.livemode, amount.bonus)?;
    post(tx, id, &format!("{account}:debt"), new.livemode, paid)?;
    tx.must(
        1,
        "update book set cash = cash + $3, bonus = bonus + $4, debt = debt - $5,
           bonus_seen = case when $4 > 0 and bonus_seen is not null then bonus + $4 else bonus_seen end
         where account_id = $1 and livemode = $2",
        p![account, new.livemode, amount.cash - paid, amount.bonus, paid],
    )
}
