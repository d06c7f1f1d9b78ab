//! Money: holds, charges, releases and top-ups, and the check that the books balance.
//!
//! Double entry: the posted side is `entry`, whose rows of one transfer sum to zero; the pending side is the
//! hold itself. `book` keeps the sums of both, changed in the same transaction, so a balance is never worked
//! out twice in two ways.

use crate::{Error, Result, SqlText, Tx, budgets, p, sql};
use palitra_domain::{
    AccountId, ErrorCode, GenerationId, KeyId, Livemode, Timestamp, TransferId,
    money::{Millionths, Split},
    state::TransferState,
    terms::Terms,
};
use std::collections::{BTreeMap, BTreeSet};

mod credit;
mod gift;
mod grants;
mod history;
mod problems;
mod refund;
mod reward;

pub use credit::{Adjustment, Purse, TopUp, adjust, top_up};
pub use gift::{Gift, GiftKind, give};
pub use grants::{Due, Grant, due, expire, grants};
pub use history::{Movement, history};
pub use problems::problems;
pub(crate) use problems::problems_between;
pub use refund::{Refund, Refunded, TakeBack, refund, take_back};
pub use reward::top_up_rewarded;

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Posted, minor units.
    pub cash: i64,
    pub bonus: i64,
    /// Held by work under way, both purses together.
    pub held: i64,
    /// Owed: spent of a top-up that was taken back. Nothing new is held before it is paid.
    pub debt: i64,
}

impl Balance {
    /// What a new hold can take of an account that pays before: both purses without what is held and owed. Never below zero.
    pub fn available(&self) -> i64 {
        let spent = self.held.saturating_add(self.debt);
        self.cash.saturating_add(self.bonus).saturating_sub(spent).max(0)
    }
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
        "select cash, bonus, cash_held + bonus_held, debt from book where account_id = $1 and livemode = $2",
        p![account.as_str(), livemode.as_str()],
    )?;
    Ok(Balance { cash: row.get(0)?, bonus: row.get(1)?, held: row.get(2)?, debt: row.get(3)? })
}

/// One hold to take: which generation, and at most how much.
pub(crate) struct Hold<'a> {
    pub(crate) generation: &'a GenerationId,
    pub(crate) price: i64,
    /// The key it is asked with, where that may have budgets.
    pub(crate) key: Option<&'a KeyId>,
}

/// What an account can hold now, and on which terms it buys. Its book is locked from here on.
pub(crate) struct Purses {
    cash: i64,
    bonus: i64,
    postpaid: bool,
    pub(crate) terms: Terms,
}

/// What stands for the factor of an account that is being deleted.
const LEAVING: i64 = -2;

/// The terms ride on the look at the book: they cost no statement of their own.
pub(crate) fn purses(tx: &mut Tx, account: &AccountId, livemode: Livemode) -> Result<Purses> {
    const BOOK: crate::Sql = sql!(
        "select cash - cash_held - debt, bonus - bonus_held, postpaid,
           (select case when a.deleting_at is not null then -2 when a.has_free_access = 1 then -1 else coalesce(g.factor, 1000000) end
            from account a left join price_group g on g.name = a.price_group where a.id = $1)
         from book where account_id = $1 and livemode = $2",
        FOR_UPDATE
    );
    let row = tx.query_opt(BOOK, p![account.as_str(), livemode.as_str()])?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
    // One look at the account: below zero it pays nothing, or is being deleted.
    let factor: i64 = row.get(3)?;
    let terms = match factor {
        LEAVING => return Err(Error::rule(ErrorCode::NotFound, account.as_str())),
        0.. => Terms { factor: Millionths(factor), has_free_access: false },
        _ => Terms { has_free_access: true, ..Terms::default() },
    };
    Ok(Purses { cash: row.get(0)?, bonus: row.get(1)?, postpaid: row.get(2)?, terms })
}

/// Takes all holds or none, bonus first. Refused when a prepaid account has not enough for all of them
/// together, or is in debt, and when a budget of a key has less left than is held with it.
pub(crate) fn hold(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    purses: &Purses,
    holds: &[Hold<'_>],
    now: Timestamp,
) -> Result<()> {
    let total = holds.iter().try_fold(0i64, |sum, hold| sum.checked_add(hold.price));
    let total = total.ok_or_else(|| Error::rule(ErrorCode::InvalidInput, "price"))?;
    let budgeted = with_budgets(tx, holds, now)?;
    let Purses { mut cash, mut bonus, postpaid, .. } = *purses;
    let mut taken = Split { bonus: 0, cash: 0 };
    for hold in holds {
        let split = Split::hold(hold.price, bonus, cash, postpaid)
            .ok_or_else(|| Error::rule(ErrorCode::InsufficientFunds, total.to_string()))?;
        (cash, bonus) = (cash - split.cash, bonus - split.bonus);
        taken = Split { bonus: taken.bonus + split.bonus, cash: taken.cash + split.cash };
        tx.must(
            1,
            "insert into transfer(id, account_id, livemode, generation_id, kind, state, cash, bonus, created_at, key_id)
             values($1, $2, $3, $4, 'hold', 'pending', $5, $6, $7, $8)",
            p![
                TransferId::of_generation(hold.generation).as_str(),
                account.as_str(),
                livemode.as_str(),
                hold.generation.as_str(),
                split.cash,
                split.bonus,
                now.micros(),
                hold.key.filter(|key| budgeted.contains(*key)).map(KeyId::as_str)
            ],
        )?;
    }
    change_held(tx, account.as_str(), livemode.as_str(), (taken.cash, taken.bonus))
}

/// Counts the holds against the budgets of their keys; answers those that have some.
fn with_budgets<'a>(tx: &mut Tx, holds: &[Hold<'a>], now: Timestamp) -> Result<BTreeSet<&'a KeyId>> {
    let mut sums: BTreeMap<&KeyId, i64> = BTreeMap::new();
    for (key, price) in holds.iter().filter_map(|hold| Some((hold.key?, hold.price))) {
        // The sum of all holds fits.
        *sums.entry(key).or_default() += price;
    }
    let mut budgeted = BTreeSet::new();
    for (key, amount) in sums {
        if budgets::take(tx, key, amount, now)? {
            budgeted.insert(key);
        }
    }
    Ok(budgeted)
}

fn change_held(tx: &mut Tx, account: &str, livemode: &str, (cash, bonus): (i64, i64)) -> Result<()> {
    if (cash, bonus) == (0, 0) {
        return Ok(());
    }
    tx.must(
        1,
        "update book set cash_held = cash_held + $3, bonus_held = bonus_held + $4 where account_id = $1 and livemode = $2",
        p![account, livemode, cash, bonus],
    )
}

/// What a generation that went well is charged.
pub(crate) struct Charge<'a> {
    pub(crate) generation: &'a GenerationId,
    pub(crate) account: &'a str,
    pub(crate) livemode: &'a str,
    /// What is held.
    pub(crate) price: i64,
    pub(crate) amount: i64,
}

/// Charges at most the hold and gives the rest back. A generation without a pending hold is an error: it was charged or voided before.
/// What is posted is read off the movement where it stands, so that nothing has to be asked before.
pub(crate) fn settle(tx: &mut Tx, charge: &Charge<'_>, now: Timestamp) -> Result<()> {
    const PENDING: crate::Sql = sql!(
        "select cash, bonus, key_id, created_at from transfer where id = $1 and state = 'pending'",
        FOR_UPDATE
    );
    let mut back = None;
    let id = TransferId::of_generation(charge.generation);
    let id = id.as_str();
    if charge.amount >= charge.price {
        tx.must(
            1,
            "update transfer set state = 'posted', charged_cash = cash, charged_bonus = bonus, closed_at = $2 where id = $1 and state = 'pending'",
            p![id, now.micros()],
        )?;
    } else {
        let row = tx.query_one(PENDING, p![id])?;
        let held = Split { cash: row.get(0)?, bonus: row.get(1)? };
        let taken = held.charged(charge.amount);
        if let Some(key) = row.get::<Option<String>>(2)? {
            let rest = (held.cash - taken.cash) + (held.bonus - taken.bonus);
            back = Some((key, rest, row.get(3)?));
        }
        tx.must(
            1,
            "update transfer set state = 'posted', charged_cash = $2, charged_bonus = $3, closed_at = $4 where id = $1 and state = 'pending'",
            p![id, taken.cash, taken.bonus, now.micros()],
        )?;
    }
    if charge.price == 0 {
        return Ok(());
    }
    tx.send(
        "insert into entry(transfer_id, book, livemode, amount)
         select id, account_id || ':cash', livemode, -charged_cash from transfer where id = $1 and charged_cash <> 0
         union all select id, account_id || ':bonus', livemode, -charged_bonus from transfer where id = $1 and charged_bonus <> 0
         union all select id, 'revenue', livemode, charged_cash + charged_bonus from transfer where id = $1 and charged_cash + charged_bonus <> 0",
        p![id],
    )?;
    tx.must(
        1,
        "update book set (cash, bonus, cash_held, bonus_held) =
           (select book.cash - t.charged_cash, book.bonus - t.charged_bonus, book.cash_held - t.cash, book.bonus_held - t.bonus
            from transfer t where t.id = $1)
         where account_id = $2 and livemode = $3",
        p![id, charge.account, charge.livemode],
    )?;
    match back {
        Some((key, rest, held_at)) => budgets::give_back(tx, &key, rest, held_at),
        None => Ok(()),
    }
}

/// Gives the whole holds back, all or none of them. After it these generations are never charged.
pub(crate) fn void(tx: &mut Tx, generations: &[GenerationId], now: Timestamp) -> Result<()> {
    const VOID: crate::Sql = sql!(
        "update transfer set state = $2, closed_at = $3 where state = 'pending' and id in (select value from ",
        EACH,
        "$1",
        EACH_END,
        ") returning account_id, livemode, cash, bonus, key_id, created_at"
    );
    if generations.is_empty() {
        return Ok(());
    }
    let ids = sql::list(generations.iter().map(|id| TransferId::of_generation(id).to_string()));
    let rows = tx.query(VOID, p![&ids, TransferState::Voided.as_str(), now.micros()])?;
    if rows.len() != generations.len() {
        let rows_wanted = u64::try_from(generations.len()).unwrap_or(u64::MAX);
        let got = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        return Err(Error::Rows { sql: VOID.text(tx.dialect()).to_owned(), wanted: rows_wanted, got });
    }
    let mut books: BTreeMap<(String, String), Split> = BTreeMap::new();
    let mut back: Vec<(String, i64, Timestamp)> = Vec::new();
    for row in &rows {
        let held = books.entry((row.get(0)?, row.get(1)?)).or_insert(Split { bonus: 0, cash: 0 });
        let (cash, bonus): (i64, i64) = (row.get(2)?, row.get(3)?);
        *held = Split { cash: held.cash + cash, bonus: held.bonus + bonus };
        if let Some(key) = row.get::<Option<String>>(4)? {
            back.push((key, cash + bonus, row.get(5)?));
        }
    }
    for ((account, livemode), held) in books {
        change_held(tx, &account, &livemode, (-held.cash, -held.bonus))?;
    }
    for (key, amount, held_at) in back {
        budgets::give_back(tx, &key, amount, held_at)?;
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
