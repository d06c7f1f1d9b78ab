//! Money: holds, charges, releases and top-ups, and the check that the books balance.
//!
//! Double entry: the posted side is `entry`, whose rows of one transfer sum to zero; the pending side is the hold itself. `book`
//! keeps the sums of both, changed in the same transaction, so a balance is never worked out twice in two ways.

use crate::{Error, Result, Row, Tx, p, sql};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, Livemode, Timestamp, TransferId, money::Split, state::TransferState,
};

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Posted, minor units.
    pub cash: i64,
    pub bonus: i64,
    /// Held by work under way, both purses together.
    pub held: i64,
}

/// What a new account starts with.
pub fn open_book(tx: &mut Tx, account: &AccountId, livemode: Livemode, postpaid: bool) -> Result<()> {
    tx.must(
        1,
        "insert into book(account_id, livemode, postpaid) values($1, $2, $3)",
        p![account.as_str(), livemode.as_str(), postpaid],
    )
}

pub fn balance(tx: &mut Tx, account: &AccountId, livemode: Livemode) -> Result<Balance> {
    let row = tx.query_one(
        "select cash, bonus, cash_held + bonus_held from book where account_id = $1 and livemode = $2",
        p![account.as_str(), livemode.as_str()],
    )?;
    Ok(Balance { cash: row.get(0)?, bonus: row.get(1)?, held: row.get(2)? })
}

/// One hold to take: which generation, and at most how much.
pub(crate) struct Hold<'a> {
    pub(crate) transfer: &'a TransferId,
    pub(crate) generation: &'a GenerationId,
    pub(crate) price: i64,
}

/// Takes all holds or none, bonus first. Refused when a prepaid account has not enough for all of them together.
pub(crate) fn hold(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    holds: &[Hold<'_>],
    now: Timestamp,
) -> Result<()> {
    const BOOK: crate::Sql = sql!(
        "select cash - cash_held, bonus - bonus_held, postpaid from book where account_id = $1 and livemode = $2",
        FOR_UPDATE
    );
    let total = holds.iter().try_fold(0i64, |sum, hold| sum.checked_add(hold.price));
    let total = total.ok_or_else(|| Error::rule(ErrorCode::InvalidInput, "price"))?;
    let row = tx.query_one(BOOK, p![account.as_str(), livemode.as_str()])?;
    let (mut cash, mut bonus, postpaid): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let mut taken = Split { bonus: 0, cash: 0 };
    for hold in holds {
        let split = Split::hold(hold.price, bonus, cash, postpaid)
            .ok_or_else(|| Error::rule(ErrorCode::InsufficientFunds, total.to_string()))?;
        (cash, bonus) = (cash - split.cash, bonus - split.bonus);
        taken = Split { bonus: taken.bonus + split.bonus, cash: taken.cash + split.cash };
        tx.must(
            1,
            "insert into transfer(id, account_id, livemode, generation_id, kind, state, cash, bonus, created_at)
             values($1, $2, $3, $4, 'hold', 'pending', $5, $6, $7)",
            p![
                hold.transfer.as_str(),
                account.as_str(),
                livemode.as_str(),
                hold.generation.as_str(),
                split.cash,
                split.bonus,
                now.micros()
            ],
        )?;
    }
    change_held(tx, account, livemode, taken)
}

fn change_held(tx: &mut Tx, account: &AccountId, livemode: Livemode, by: Split) -> Result<()> {
    if by.total() == 0 {
        return Ok(());
    }
    tx.must(
        1,
        "update book set cash_held = cash_held + $3, bonus_held = bonus_held + $4 where account_id = $1 and livemode = $2",
        p![account.as_str(), livemode.as_str(), by.cash, by.bonus],
    )
}

fn close_hold(
    tx: &mut Tx,
    generation: &GenerationId,
    to: TransferState,
    charged: i64,
    now: Timestamp,
) -> Result<(Row, Split, Split)> {
    let row = tx.query_one(
        "select id, account_id, livemode, cash, bonus from transfer where generation_id = $1 and kind = 'hold' and state = 'pending'",
        p![generation.as_str()],
    )?;
    let held = Split { cash: row.get(3)?, bonus: row.get(4)? };
    let taken = held.charged(charged);
    tx.must(
        1,
        "update transfer set state = $2, charged_cash = $3, charged_bonus = $4, closed_at = $5 where id = $1 and state = 'pending'",
        p![&row.get::<String>(0)?, to.as_str(), taken.cash, taken.bonus, now.micros()],
    )?;
    Ok((row, held, taken))
}

/// Charges at most the hold and gives the rest back. A generation without a pending hold is an error: it was charged or voided before.
pub(crate) fn settle(tx: &mut Tx, generation: &GenerationId, amount: i64, now: Timestamp) -> Result<()> {
    let (row, held, taken) = close_hold(tx, generation, TransferState::Posted, amount, now)?;
    let (id, account, livemode): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    if taken.total() > 0 {
        for (book, value) in [
            (format!("{account}:cash"), -taken.cash),
            (format!("{account}:bonus"), -taken.bonus),
            ("revenue".to_owned(), taken.total()),
        ] {
            post(tx, &id, &book, &livemode, value)?;
        }
    }
    if held.total() > 0 {
        tx.must(
            1,
            "update book set cash = cash - $3, bonus = bonus - $4, cash_held = cash_held - $5, bonus_held = bonus_held - $6
             where account_id = $1 and livemode = $2",
            p![&account, &livemode, taken.cash, taken.bonus, held.cash, held.bonus],
        )?;
    }
    Ok(())
}

/// Gives the whole hold back. After it the generation is never charged.
pub(crate) fn void(tx: &mut Tx, generation: &GenerationId, now: Timestamp) -> Result<()> {
    let (row, held, _) = close_hold(tx, generation, TransferState::Voided, 0, now)?;
    let account: String = row.get(1)?;
    let livemode: String = row.get(2)?;
    if held.total() > 0 {
        tx.must(
            1,
            "update book set cash_held = cash_held - $3, bonus_held = bonus_held - $4 where account_id = $1 and livemode = $2",
            p![&account, &livemode, held.cash, held.bonus],
        )?;
    }
    Ok(())
}

fn post(tx: &mut Tx, transfer: &str, book: &str, livemode: &str, amount: i64) -> Result<()> {
    if amount == 0 {
        return Ok(());
    }
    tx.must(
        1,
        "insert into entry(transfer_id, book, livemode, amount) values($1, $2, $3, $4)",
        p![transfer, book, livemode, amount],
    )
}

/// A purse of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purse {
    Cash,
    Bonus,
}

/// Money that comes in: the operator's credit, a welcome. `source` is the book on the other side, such as `topup:operator`.
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
    let (cash, bonus, purse) = match top_up.purse {
        Purse::Cash => (top_up.amount, 0, "cash"),
        Purse::Bonus => (0, top_up.amount, "bonus"),
    };
    let (account, livemode) = (top_up.account.as_str(), top_up.livemode.as_str());
    tx.must(
        1,
        "insert into transfer(id, account_id, livemode, kind, state, cash, bonus, charged_cash, charged_bonus, note, created_at, closed_at)
         values($1, $2, $3, 'topup', 'posted', $4, $5, 0, 0, $6, $7, $7)",
        p![top_up.transfer.as_str(), account, livemode, cash, bonus, &top_up.note, now.micros()],
    )?;
    post(tx, top_up.transfer.as_str(), &format!("{account}:{purse}"), livemode, top_up.amount)?;
    post(tx, top_up.transfer.as_str(), &top_up.source, livemode, -top_up.amount)?;
    tx.must(
        1,
        "update book set cash = cash + $3, bonus = bonus + $4 where account_id = $1 and livemode = $2",
        p![account, livemode, cash, bonus],
    )
}

/// What is wrong with the books, in words; empty when they balance. Every commit must leave it empty.
pub fn problems(tx: &mut Tx) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let unbalanced = tx
        .query("select transfer_id from entry group by transfer_id having sum(amount) <> 0 limit 20", p![])?;
    for row in unbalanced {
        found.push(format!("entries of transfer {} do not sum to zero", row.get::<String>(0)?));
    }
    let drifted = tx.query(
        "select account_id, livemode from book where
           cash <> (select coalesce(sum(amount), 0) from entry where book = account_id || ':cash' and livemode = book.livemode)
           or bonus <> (select coalesce(sum(amount), 0) from entry where book = account_id || ':bonus' and livemode = book.livemode)
           or cash_held <> (select coalesce(sum(cash), 0) from transfer
                            where account_id = book.account_id and livemode = book.livemode and state = 'pending')
           or bonus_held <> (select coalesce(sum(bonus), 0) from transfer
                             where account_id = book.account_id and livemode = book.livemode and state = 'pending')
         limit 20",
        p![],
    )?;
    for row in drifted {
        found.push(format!(
            "the {} balance of {} is not the sum of its postings",
            row.get::<String>(1)?,
            row.get::<String>(0)?
        ));
    }
    let stray = tx.query(
        "select g.id, g.state, t.state from generation g left join transfer t on t.generation_id = g.id and t.kind = 'hold'
         where t.state is null
            or t.state = 'pending' and g.state in ('succeeded', 'failed', 'cancelled', 'timed_out')
            or t.state = 'posted' and g.state <> 'succeeded'
            or t.state = 'voided' and g.state not in ('failed', 'cancelled', 'timed_out')
         limit 20",
        p![],
    )?;
    for row in stray {
        let hold: Option<String> = row.get(2)?;
        let hold = hold.unwrap_or_else(|| "missing".to_owned());
        found.push(format!(
            "generation {} is {} and its hold is {hold}",
            row.get::<String>(0)?,
            row.get::<String>(1)?
        ));
    }
    Ok(found)
}
