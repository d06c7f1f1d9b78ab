//! Money that goes back: refunds of charges, top-ups that are taken back, corrections. Nothing goes back twice, and
//! debts are seen and paid first.

use super::{
    harness::{Fresh, on_every_database},
    shop::{
        CASH, PRICE, anna, at, balance, boris, commit, create, house, id, is_rule, make, open, refused,
        settlement, top_up, wanted,
    },
};
use crate::{
    Error, MIGRATIONS, Result, Tx, accounts,
    generations::{self, NewGeneration},
    ledger::{self, Adjustment, Balance, Movement, Purse, Refund, Refunded, TakeBack},
};
use palitra_domain::{ErrorCode, Livemode, money::Split, state::TransferState};

on_every_database!(MIGRATIONS =>
    a_refund_gives_each_purse_its_own_cash_first,
    nothing_goes_back_twice,
    what_was_not_charged_cannot_go_back,
    a_top_up_that_is_taken_back_leaves_a_debt,
    who_is_in_debt_starts_nothing_but_free_work,
    what_comes_in_pays_the_debt_first,
    a_top_up_is_taken_back_once,
    a_correction_takes_no_more_than_is_free,
    the_history_says_what_every_movement_did,
);

/// Anna with a bonus of 30 and 200 in cash, charged 100 for a generation.
async fn charged(fresh: &Fresh) {
    open(fresh, 1).await;
    commit(fresh, |tx| {
        accounts::create(tx, &id(7), "vera", false, at(0))?;
        top_up(tx, 1_000, &id(7), Purse::Bonus, 30)?;
        top_up(tx, 1_001, &id(7), Purse::Cash, 200)?;
        create(tx, &id(7), &[wanted(1)])
    })
    .await;
    commit(fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))
    })
    .await;
}

fn refund(
    n: u64,
    generation: u64,
    amount: Option<i64>,
) -> impl Fn(&mut Tx<'_>) -> Result<Refunded> + Send + Clone {
    move |tx| {
        let refund = Refund { transfer: id(n), generation: id(generation), amount, note: "sorry".to_owned() };
        ledger::refund(tx, &refund, at(3))
    }
}

fn take_back(n: u64, top_up: u64, amount: Option<i64>) -> impl Fn(&mut Tx<'_>) -> Result<i64> + Send + Clone {
    move |tx| {
        let take = TakeBack { transfer: id(n), top_up: id(top_up), amount, note: String::new() };
        ledger::take_back(tx, &take, at(3))
    }
}

fn adjust(n: u64, purse: Purse, amount: i64) -> impl Fn(&mut Tx<'_>) -> Result<()> + Send + Clone {
    move |tx| {
        let (transfer, account, note) = (id(n), anna(), "counted wrongly".to_owned());
        ledger::adjust(
            tx,
            &Adjustment { transfer, account, livemode: Livemode::Live, purse, amount, note },
            at(3),
        )
    }
}

async fn a_refund_gives_each_purse_its_own_cash_first(fresh: Fresh) {
    charged(&fresh).await;
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 130, bonus: 0, held: 0, debt: 0 });
    let back = commit(&fresh, refund(10, 1, Some(60))).await;
    let wanted = Split { cash: 60, bonus: 0 };
    assert_eq!(back, Refunded { account: id(7), livemode: Livemode::Live, back: wanted, left: 40 });
    let rest = commit(&fresh, refund(11, 1, None)).await;
    assert_eq!((rest.back, rest.left), (Split { cash: 10, bonus: 30 }, 0));
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 200, bonus: 30, held: 0, debt: 0 });
}

async fn nothing_goes_back_twice(fresh: Fresh) {
    charged(&fresh).await;
    for (amount, left) in [(Some(101), "100"), (Some(0), "100"), (Some(-1), "100"), (Some(i64::MIN), "100")] {
        let error = refused(&fresh, refund(10, 1, amount)).await;
        assert_eq!(error, Error::Rule { code: ErrorCode::RefundTooLarge, value: left.to_owned() });
    }
    commit(&fresh, refund(10, 1, Some(99))).await;
    // The same movement again, whoever repeats it.
    assert!(matches!(refused(&fresh, refund(10, 1, Some(1))).await, Error::Constraint { .. }));
    assert!(is_rule(&refused(&fresh, refund(11, 1, Some(2))).await, ErrorCode::RefundTooLarge));
    commit(&fresh, refund(11, 1, Some(1))).await;
    assert!(is_rule(&refused(&fresh, refund(12, 1, None)).await, ErrorCode::RefundTooLarge));
    // Even a mistake of ours could not: the table says no.
    let error = refused(&fresh, |tx| {
        tx.must(
            1,
            "update transfer set refunded_cash = refunded_cash + 1 where refunded_cash > 0",
            crate::p![],
        )
    });
    assert!(matches!(error.await, Error::Constraint { .. }));
}

async fn what_was_not_charged_cannot_go_back(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), NewGeneration { price: 0, ..wanted(2) }])).await;
    assert!(is_rule(&refused(&fresh, refund(10, 1, None)).await, ErrorCode::RefundTooLarge), "held");
    commit(&fresh, |tx| generations::cancel(tx, &id(1), at(2))).await;
    assert!(is_rule(&refused(&fresh, refund(10, 1, None)).await, ErrorCode::RefundTooLarge), "voided");
    assert!(is_rule(&refused(&fresh, refund(10, 2, None)).await, ErrorCode::RefundTooLarge), "free");
    assert!(is_rule(&refused(&fresh, refund(10, 9, None)).await, ErrorCode::NotFound));
}

async fn a_top_up_that_is_taken_back_leaves_a_debt(fresh: Fresh) {
    charged(&fresh).await;
    // 130 of the 200 are there, 100 of them held.
    commit(&fresh, |tx| create(tx, &id(7), &[wanted(2)])).await;
    assert_eq!(commit(&fresh, take_back(10, 1_001, None)).await, 170);
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 100, bonus: 0, held: 100, debt: 170 });
    // What is held is charged all the same, or given back.
    commit(&fresh, |tx| generations::cancel(tx, &id(2), at(4))).await;
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 100, bonus: 0, held: 0, debt: 170 });
    // The house has no bound below.
    commit(&fresh, |tx| top_up(tx, 1_002, &house(), Purse::Cash, 5)).await;
    commit(&fresh, |tx| create(tx, &house(), &[wanted(3)])).await;
    assert_eq!(commit(&fresh, take_back(11, 1_002, None)).await, 0);
    assert_eq!(balance(&fresh, house()).await, Balance { cash: 0, bonus: 0, held: PRICE, debt: 0 });
}

async fn who_is_in_debt_starts_nothing_but_free_work(fresh: Fresh) {
    charged(&fresh).await;
    commit(&fresh, take_back(10, 1_001, None)).await;
    commit(&fresh, |tx| top_up(tx, 1_002, &id(7), Purse::Bonus, 500)).await;
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 0, bonus: 500, held: 0, debt: 70 });
    let error = refused(&fresh, |tx| create(tx, &id(7), &[wanted(2)])).await;
    assert!(is_rule(&error, ErrorCode::InsufficientFunds));
    commit(&fresh, |tx| create(tx, &id(7), &[NewGeneration { price: 0, ..wanted(2) }])).await;
    commit(&fresh, |tx| top_up(tx, 1_003, &id(7), Purse::Cash, 70)).await;
    commit(&fresh, |tx| create(tx, &id(7), &[wanted(3)])).await;
}

async fn what_comes_in_pays_the_debt_first(fresh: Fresh) {
    charged(&fresh).await;
    commit(&fresh, take_back(10, 1_001, None)).await;
    commit(&fresh, |tx| top_up(tx, 1_002, &id(7), Purse::Cash, 20)).await;
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 0, bonus: 0, held: 0, debt: 50 });
    // A refund too; its bonus stays a bonus.
    commit(&fresh, refund(11, 1, None)).await;
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 20, bonus: 30, held: 0, debt: 0 });
}

async fn a_top_up_is_taken_back_once(fresh: Fresh) {
    charged(&fresh).await;
    for amount in [Some(0), Some(-5), Some(201)] {
        assert!(is_rule(&refused(&fresh, take_back(10, 1_001, amount)).await, ErrorCode::RefundTooLarge));
    }
    commit(&fresh, take_back(10, 1_001, Some(150))).await;
    assert!(is_rule(&refused(&fresh, take_back(11, 1_001, Some(51))).await, ErrorCode::RefundTooLarge));
    commit(&fresh, take_back(11, 1_001, None)).await;
    assert!(is_rule(&refused(&fresh, take_back(12, 1_001, None)).await, ErrorCode::RefundTooLarge));
    // A bonus is the house's own, and a charge is no top-up.
    for other in [1_000, 1, 99] {
        assert!(is_rule(&refused(&fresh, take_back(12, other, None)).await, ErrorCode::NotFound));
    }
}

async fn a_correction_takes_no_more_than_is_free(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    assert!(is_rule(&refused(&fresh, adjust(10, Purse::Cash, 0)).await, ErrorCode::InvalidInput));
    let most = CASH - PRICE;
    assert!(is_rule(
        &refused(&fresh, adjust(10, Purse::Cash, -most - 1)).await,
        ErrorCode::InsufficientFunds
    ));
    assert!(is_rule(&refused(&fresh, adjust(10, Purse::Bonus, -1)).await, ErrorCode::InsufficientFunds));
    commit(&fresh, adjust(10, Purse::Cash, -most)).await;
    commit(&fresh, adjust(11, Purse::Bonus, 7)).await;
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: PRICE, bonus: 7, held: PRICE, debt: 0 });
    assert_eq!(balance(&fresh, boris()).await, Balance { cash: CASH, bonus: 0, held: 0, debt: 0 });
}

async fn the_history_says_what_every_movement_did(fresh: Fresh) {
    charged(&fresh).await;
    commit(&fresh, |tx| create(tx, &id(7), &[wanted(2), NewGeneration { price: 20, ..wanted(3) }])).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(3), at(2))).await;
    commit(&fresh, refund(2_000, 1, Some(75))).await;
    commit(&fresh, take_back(2_001, 1_001, Some(50))).await;
    let read = |before: Option<u64>| {
        fresh.store.read(move |tx| ledger::history(tx, &id(7), Livemode::Live, before.map(id).as_ref(), 4))
    };
    let words = |rows: &[Movement]| -> Vec<_> {
        rows.iter().map(|it| (it.kind.clone(), it.state, it.cash, it.bonus)).collect()
    };
    use TransferState::{Pending, Posted, Voided};
    let of = |kind: &str, state, cash, bonus| (kind.to_owned(), state, cash, bonus);
    let newest = read(None).await.unwrap();
    assert_eq!(
        words(&newest),
        [
            of("refund", Posted, -50, 0),
            of("refund", Posted, 70, 5),
            of("topup", Posted, 200, 0),
            of("topup", Posted, 0, 30)
        ]
    );
    assert_eq!((newest[1].generation.clone(), newest[1].reverses.clone()), (Some(id(1)), Some(id(1))));
    let oldest = read(Some(1_000)).await.unwrap();
    assert_eq!(
        words(&oldest),
        [of("hold", Voided, 0, 0), of("hold", Pending, -100, 0), of("hold", Posted, -70, -30)]
    );
}
