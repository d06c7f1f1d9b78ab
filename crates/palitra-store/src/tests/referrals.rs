//! Who has brought whom, and the share of it: of paid money, once for each top-up, and back with it.

use super::{
    harness::{Fresh, on_every_database},
    shop::{
        anna, at, balance, boris, charge, commit, create, house, id, number, open, refused, top_up, wanted,
    },
};
use crate::{
    Dialect, Error, MIGRATIONS, Result, Tx, accounts,
    generations::NewGeneration,
    ledger::{self, Balance, Purse, TakeBack, TopUp},
    p, referrals,
};
use palitra_domain::{AccountId, ErrorCode, GenerationId, Livemode, codes};
use tokio::task::JoinSet;

on_every_database!(MIGRATIONS =>
    a_referral_is_said_once_and_never_round_in_a_circle,
    no_two_at_once_close_a_circle,
    a_referrer_has_its_share_of_what_is_paid,
    a_share_goes_back_with_its_top_up,
    a_share_that_is_spent_is_owed,
    the_check_knows_shares,
);

fn refer(who: AccountId, by: AccountId) -> impl Fn(&mut Tx<'_>) -> Result<accounts::Account> + Send + Clone {
    move |tx| referrals::refer(tx, &who, &codes::referral_code(&by))
}

fn paid(n: u64, amount: i64, source: &'static str) -> impl Fn(&mut Tx<'_>) -> Result<i64> + Send + Clone {
    move |tx| {
        let top_up = TopUp {
            transfer: id(n),
            account: anna(),
            livemode: Livemode::Live,
            purse: Purse::Cash,
            amount,
            source: source.to_owned(),
            note: String::new(),
        };
        ledger::top_up_rewarded(tx, &top_up, 10, at(1))
    }
}

fn take_back(n: u64, top_up: u64, amount: Option<i64>) -> impl Fn(&mut Tx<'_>) -> Result<i64> + Send + Clone {
    move |tx| {
        let take = TakeBack { transfer: id(n), top_up: id(top_up), amount, note: String::new() };
        ledger::take_back(tx, &take, at(3))
    }
}

async fn a_referral_is_said_once_and_never_round_in_a_circle(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| accounts::create(tx, &id(7), "vera", false, at(0))).await;
    assert_eq!(commit(&fresh, refer(anna(), boris())).await.name, "boris");
    commit(&fresh, refer(boris(), id(7))).await;
    for (who, by, why) in [
        (id(7), id(7), "own"),
        (id(7), anna(), "circle"),
        (id(7), boris(), "circle"),
        (anna(), id(7), "again"),
        (anna(), boris(), "again"),
        (house(), anna(), "house"),
        (id(7), house(), "house"),
    ] {
        let error = refused(&fresh, refer(who, by)).await;
        let wanted = Error::Rule { code: ErrorCode::ReferralRefused, value: why.to_owned() };
        assert_eq!(error, wanted);
    }
    let unknown = refused(&fresh, |tx| referrals::refer(tx, &id(7), "NOBODY")).await;
    assert_eq!(unknown, Error::Rule { code: ErrorCode::NotFound, value: "NOBODY".to_owned() });
    let unknown = refused(&fresh, refer(id(99), anna())).await;
    assert!(super::shop::is_rule(&unknown, ErrorCode::NotFound), "{unknown}");
}

async fn no_two_at_once_close_a_circle(fresh: Fresh) {
    open(&fresh, 1).await;
    let guest = |n: u64| id::<AccountId>(10 + n % 4);
    commit(&fresh, move |tx| {
        (0..4).try_for_each(|n| accounts::create(tx, &guest(n), &format!("guest {n}"), false, at(0)))
    })
    .await;
    let mut tasks = JoinSet::new();
    for n in 0..4 {
        let is_process = fresh.store.dialect() == Dialect::Pg;
        let store = if is_process { fresh.again() } else { fresh.store.clone() };
        tasks.spawn(async move { store.write(refer(guest(n), guest(n + 1))).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.iter().filter(|done| **done).count(), 3);
}

async fn a_referrer_has_its_share_of_what_is_paid(fresh: Fresh) {
    open(&fresh, 1).await;
    assert_eq!(commit(&fresh, paid(10, 1_000, "topup:stars")).await, 0, "nobody has brought it");
    commit(&fresh, refer(anna(), boris())).await;
    // Rounded down; the operator's credit and money from elsewhere are not paid.
    for (n, amount, source, share) in [
        (11, 1_009, "topup:stars", 100),
        (12, 9, "topup:stars", 0),
        (13, 1_000, "topup:operator", 0),
        (14, 1_000, "house", 0),
    ] {
        assert_eq!(commit(&fresh, paid(n, amount, source)).await, share, "{source}");
    }
    let bonus = balance(&fresh, boris()).await.bonus;
    assert_eq!(bonus, 100);
    let again = refused(&fresh, paid(11, 1_009, "topup:stars")).await;
    assert!(matches!(again, Error::Constraint { .. }), "{again}");
    assert_eq!(balance(&fresh, anna()).await.bonus, 0);
}

async fn a_share_goes_back_with_its_top_up(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, refer(anna(), boris())).await;
    commit(&fresh, paid(11, 1_009, "topup:stars")).await;
    commit(&fresh, paid(12, 1_000, "topup:stars")).await;
    // Of the 109 that stay it is 10.
    commit(&fresh, take_back(20, 11, Some(900))).await;
    assert_eq!(balance(&fresh, boris()).await.bonus, 110);
    commit(&fresh, take_back(21, 11, Some(5))).await;
    assert_eq!(balance(&fresh, boris()).await.bonus, 110);
    commit(&fresh, take_back(22, 11, None)).await;
    assert_eq!(balance(&fresh, boris()).await, Balance { bonus: 100, ..balance(&fresh, boris()).await });
    assert_eq!(number(&fresh, "select count(*) from referral_reward where owed > 0").await, 0);
}

async fn a_share_that_is_spent_is_owed(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| accounts::create(tx, &id(7), "vera", false, at(0))).await;
    commit(&fresh, refer(anna(), id(7))).await;
    commit(&fresh, paid(11, 1_000, "topup:stars")).await;
    commit(&fresh, |tx| top_up(tx, 12, &id(7), Purse::Cash, 5)).await;
    // 60 of the 100 are spent, and 30 are held.
    commit(&fresh, |tx| create(tx, &id(7), &[NewGeneration { price: 60, ..wanted(1) }])).await;
    commit(&fresh, |tx| {
        let generation: GenerationId = id(1);
        tx.must(1, "update generation set state = 'succeeded' where id = $1", p![generation.as_str()])?;
        charge(tx, 1, 60, at(1))?;
        create(tx, &id(7), &[NewGeneration { price: 30, ..wanted(2) }])
    })
    .await;
    commit(&fresh, take_back(20, 11, Some(500))).await;
    // 10 were free of the bonus, 5 of the cash, and 35 are owed.
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 0, bonus: 30, held: 30, debt: 35 });
    commit(&fresh, take_back(21, 11, None)).await;
    assert_eq!(balance(&fresh, id(7)).await, Balance { cash: 0, bonus: 30, held: 30, debt: 85 });
    assert_eq!(number(&fresh, "select owed from referral_reward").await, 90);
    let given = "select cast(coalesce(sum(amount), 0) as bigint) from entry where book = 'referral'";
    assert_eq!(number(&fresh, given).await, 0);
}

async fn the_check_knows_shares(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, refer(anna(), boris())).await;
    commit(&fresh, paid(11, 1_000, "topup:stars")).await;
    for wrong in [
        "update referral_reward set percent = 11",
        "update referral_reward set owed = 1",
        "delete from referral_reward",
        "update referral_reward set top_up_id = transfer_id",
    ] {
        let found = fresh.store.write(move |tx| {
            assert!(tx.execute(wrong, p![])? > 0, "{wrong}");
            // Nothing of it stays.
            Err::<(), _>(Error::Refused(ledger::problems(tx)?.join("\n")))
        });
        let found = found.await.unwrap_err().to_string();
        assert!(found.contains("not a referrer's share"), "{wrong}: {found}");
    }
}
