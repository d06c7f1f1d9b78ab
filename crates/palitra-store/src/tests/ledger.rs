//! Money: what is held, charged and given back, and that the check of the books sees every way in which they
//! can be wrong.

use super::{
    harness::{Fresh, on_every_database},
    property,
    shop::{
        CASH, PRICE, anna, at, balance, boris, charge, commit, create, house, id, is_rule, make, open,
        refused, settlement, standing, top_up, wanted,
    },
};
use crate::{
    Error, MIGRATIONS, Tx, accounts,
    generations::{self, NewGeneration},
    ledger::{self, Balance, Purse},
    p,
};
use palitra_domain::{ErrorCode, GenerationId, Livemode, state::GenerationState};

on_every_database!(MIGRATIONS =>
    a_hold_takes_bonus_first_and_remembers_the_split,
    a_settlement_may_be_partial_and_takes_bonus_first,
    a_settlement_never_takes_more_than_the_hold,
    a_void_gives_both_purses_back,
    too_little_money_refuses_every_hold_of_the_call,
    a_postpaid_account_goes_below_zero,
    a_hold_ends_once,
    test_money_and_live_money_never_meet,
    a_top_up_is_above_zero,
    free_work_has_a_hold_too,
    the_check_finds_what_is_wrong,
    money_is_conserved,
);

/// Anna with a bonus of 30 and `cash`, and one generation at `price`.
async fn anna_with(fresh: &Fresh, cash: i64, price: i64) {
    commit(fresh, move |tx| {
        accounts::create(tx, &anna(), "anna", false, at(0))?;
        top_up(tx, 1_000, &anna(), Purse::Bonus, 30)?;
        top_up(tx, 1_001, &anna(), Purse::Cash, cash)?;
        create(tx, &anna(), &[NewGeneration { price, ..wanted(1) }])
    })
    .await;
}

/// The ledger alone: the generation's row is brought along by hand.
fn settle(tx: &mut Tx, amount: i64) -> crate::Result<()> {
    tx.must(1, "update generation set state = 'succeeded' where price >= 0", p![])?;
    charge(tx, 1, amount, at(1))
}

fn void(tx: &mut Tx) -> crate::Result<()> {
    tx.must(1, "update generation set state = 'failed' where price >= 0", p![])?;
    ledger::void(tx, &[id(1)], at(1))
}

async fn a_hold_takes_bonus_first_and_remembers_the_split(fresh: Fresh) {
    anna_with(&fresh, 200, 100).await;
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 200, bonus: 30, held: 100, debt: 0 });
    let split = fresh.store.read(|tx| {
        let row = tx.query_one("select bonus, cash from transfer where kind = 'hold'", p![])?;
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
    });
    assert_eq!(split.await, Ok((30, 70)));
}

async fn a_settlement_may_be_partial_and_takes_bonus_first(fresh: Fresh) {
    anna_with(&fresh, 200, 100).await;
    commit(&fresh, |tx| settle(tx, 45)).await;
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 185, bonus: 0, held: 0, debt: 0 });
}

async fn a_settlement_never_takes_more_than_the_hold(fresh: Fresh) {
    anna_with(&fresh, 200, 100).await;
    commit(&fresh, |tx| settle(tx, 1_000)).await;
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 130, bonus: 0, held: 0, debt: 0 });
}

async fn a_void_gives_both_purses_back(fresh: Fresh) {
    anna_with(&fresh, 200, 100).await;
    commit(&fresh, void).await;
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 200, bonus: 30, held: 0, debt: 0 });
}

async fn too_little_money_refuses_every_hold_of_the_call(fresh: Fresh) {
    anna_with(&fresh, 250, 100).await;
    let error = refused(&fresh, |tx| create(tx, &anna(), &[wanted(2), wanted(3)])).await;
    assert_eq!(error, Error::Rule { code: ErrorCode::InsufficientFunds, value: "200".to_owned() });
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(2)])).await;
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 250, bonus: 30, held: 200, debt: 0 });
}

async fn a_postpaid_account_goes_below_zero(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &house(), &[wanted(1), wanted(2)])).await;
    commit(&fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))
    })
    .await;
    assert_eq!(balance(&fresh, house()).await, Balance { cash: -PRICE, bonus: 0, held: PRICE, debt: 0 });
}

async fn a_hold_ends_once(fresh: Fresh) {
    anna_with(&fresh, 200, 100).await;
    let pending = refused(&fresh, |tx| charge(tx, 9, 1, at(1))).await;
    assert!(matches!(pending, Error::Rows { wanted: 1, got: 0, .. }), "{pending:?}");
    commit(&fresh, |tx| settle(tx, 100)).await;
    for again in [|tx: &mut Tx<'_>| charge(tx, 1, 1, at(2)), |tx: &mut Tx<'_>| void(tx)] {
        let error = refused(&fresh, again).await;
        assert!(matches!(error, Error::Rows { wanted: 1, got: 0, .. }), "{error:?}");
    }
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(2)])).await;
    commit(&fresh, |tx| {
        tx.must(1, "update generation set state = 'failed' where state = 'queued'", p![])?;
        ledger::void(tx, &[id(2)], at(2))
    })
    .await;
    let two: [GenerationId; 2] = [id(1), id(2)];
    let error = refused(&fresh, move |tx| ledger::void(tx, &two, at(3))).await;
    assert!(matches!(error, Error::Rows { wanted: 2, got: 0, .. }), "{error:?}");
    let error = refused(&fresh, |tx| charge(tx, 2, 1, at(3))).await;
    assert!(matches!(error, Error::Rows { wanted: 1, got: 0, .. }), "{error:?}");
}

async fn test_money_and_live_money_never_meet(fresh: Fresh) {
    open(&fresh, 1).await;
    let test = |tx: &mut Tx<'_>| {
        generations::create(tx, &anna(), Livemode::Test, &[wanted(1)], &Default::default(), at(0))
    };
    let error = refused(&fresh, test).await;
    assert!(is_rule(&error, ErrorCode::InsufficientFunds), "{error:?}");
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: CASH, bonus: 0, held: 0, debt: 0 });
}

async fn a_top_up_is_above_zero(fresh: Fresh) {
    open(&fresh, 1).await;
    for amount in [0, -1, i64::MIN] {
        let error = refused(&fresh, move |tx| top_up(tx, 1, &boris(), Purse::Cash, amount)).await;
        assert!(is_rule(&error, ErrorCode::InvalidInput), "{error:?}");
    }
}

async fn free_work_has_a_hold_too(fresh: Fresh) {
    anna_with(&fresh, 1, 0).await;
    assert_eq!(standing(&fresh, 1).await, (GenerationState::Queued, 0, "pending".to_owned()));
    commit(&fresh, |tx| settle(tx, 0)).await;
    assert_eq!(standing(&fresh, 1).await.2, "posted");
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 1, bonus: 30, held: 0, debt: 0 });
}

async fn the_check_finds_what_is_wrong(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2), wanted(3)])?;
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        generations::cancel(tx, &id(2), at(2))
    })
    .await;
    let hold = "kind = 'hold' and state";
    let cases = [
        ("update entry set amount = amount + 1 where book = 'revenue'", "do not sum to zero"),
        ("update entry set livemode = 'test' where amount < 0 and book <> 'topup:operator'", "not its own"),
        (
            "update entry set amount = amount * 2 where book in (select account_id || ':cash' from book)",
            "not what was posted",
        ),
        ("update transfer set charged_cash = 99 where charged_cash > 0", "not what was posted"),
        ("update book set cash = cash + 1 where cash > 0", "not the sum of its postings"),
        ("update book set bonus = bonus + 1", "not the sum of its postings"),
        ("update book set cash_held = cash_held - 1 where cash_held > 0", "not the sum of its postings"),
        ("update book set bonus = 1, bonus_held = 1", "not the sum of its postings"),
        ("update book set debt = debt + 1", "not the sum of its postings"),
        ("update transfer set refunded_cash = 1 where charged_cash > 0", "more or less went back"),
        ("update transfer set reverses = id where kind = 'topup'", "not of a movement"),
        ("delete from transfer where {hold} = 'pending'", "its hold is missing"),
        (
            "update transfer set state = 'pending', charged_cash = 0 where {hold} = 'posted'",
            "succeeded and its hold is pending",
        ),
        ("update transfer set state = 'posted' where {hold} = 'voided'", "cancelled and its hold is posted"),
        ("update transfer set state = 'voided' where {hold} = 'pending'", "queued and its hold is voided"),
        ("update generation set state = 'failed' where state = 'queued'", "failed and its hold is pending"),
        ("update transfer set cash = cash + 1 where {hold} = 'voided'", "not the price of a generation"),
        (
            "update generation set account_id = (select id from account where name = 'boris')",
            "of its account",
        ),
        (
            "update transfer set generation_id = 'gen_0', id = 'trf_0' where {hold} = 'voided'",
            "not the price of a generation",
        ),
    ];
    for (wrong, words) in cases {
        let wrong = wrong.replace("{hold}", hold);
        let sql = wrong.clone();
        let found = fresh.store.write(move |tx| {
            assert!(tx.execute(&sql, p![])? > 0, "{sql}");
            // Nothing of it stays.
            Err::<(), _>(Error::Refused(ledger::problems(tx)?.join("\n")))
        });
        let found = found.await.unwrap_err().to_string();
        assert!(found.contains(words), "{wrong}: {found}");
    }
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
}

/// Whatever is held and charged, nothing is made or lost, and a void is as if nothing had been.
async fn money_is_conserved(fresh: Fresh) {
    // A price, and what is charged of it: `None` is a void.
    let work = (0i64..150, proptest::option::of(0i64..200));
    let cases = (1i64..200, 1i64..200, proptest::collection::vec(work, 1..8));
    property::check(&fresh, 24, cases, async |(bonus, cash, works)| {
        commit(&fresh, move |tx| {
            accounts::create(tx, &anna(), "anna", false, at(0))?;
            top_up(tx, 1_000, &anna(), Purse::Bonus, bonus)?;
            top_up(tx, 1_001, &anna(), Purse::Cash, cash)
        })
        .await;
        let mut charged = 0;
        for (n, (price, amount)) in (1..).zip(works) {
            charged += work_once(&fresh, n, price, amount).await;
        }
        let left = balance(&fresh, anna()).await;
        assert_eq!((left.cash + left.bonus + charged, left.held), (cash + bonus, 0));
    });
}

/// Answers what was charged; nothing when there was not enough.
async fn work_once(fresh: &Fresh, n: u64, price: i64, amount: Option<i64>) -> i64 {
    let before = balance(fresh, anna()).await;
    let create = move |tx: &mut Tx<'_>| create(tx, &anna(), &[NewGeneration { price, ..wanted(n) }]);
    if let Err(error) = fresh.store.write(create).await {
        assert!(is_rule(&error, ErrorCode::InsufficientFunds), "{error:?}");
        assert!(price > before.cash + before.bonus);
        return 0;
    }
    assert_eq!(balance(fresh, anna()).await, Balance { held: price, ..before });
    commit(fresh, move |tx| {
        let to = if amount.is_some() { "succeeded" } else { "failed" };
        tx.must(1, "update generation set state = $1 where state = 'queued'", p![to])?;
        match amount {
            Some(amount) => charge(tx, n, amount, at(1)),
            None => ledger::void(tx, &[id(n)], at(1)),
        }
    })
    .await;
    amount.map_or(0, |amount| amount.min(price))
}
