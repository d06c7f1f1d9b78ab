//! The welcome, bonuses that expire, vouchers, payments and terms, as the doors call them.

use super::*;
use crate::{
    Gifts, Payment, Purse, TermsChange, VoucherWish,
    generations::Wish,
    town::{Town, service},
};
use palitra_domain::{AccountId, Currency, ErrorCode, Money, money::Millionths, state::Priority};
use std::sync::Arc;

const DAY: Duration = Duration::from_secs(86_400);

const GIFTS: Gifts =
    Gifts { welcome: 3_000, welcome_lasts: Some(Duration::from_secs(30 * 86_400)), referral_percent: 10 };

async fn engine(town: &Town) -> Engine {
    let mut engine = town.alone().await;
    Arc::get_mut(&mut engine.0).unwrap().settings.gifts = GIFTS;
    engine
}

fn roubles(minor: i64) -> Money {
    Money::new(minor, Currency::RUB)
}

async fn account(engine: &Engine, name: &str) -> AccountId {
    engine.issue_key(name, Livemode::Live, None).await.unwrap().account
}

/// Cash and bonus.
async fn has(engine: &Engine, account: &AccountId) -> (i64, i64) {
    let balances = engine.balances(Livemode::Live).await.unwrap();
    let found = balances.into_iter().find(|(known, _)| known.id == *account).unwrap().1;
    (found.cash, found.bonus)
}

#[tokio::test]
async fn s2_104_r_28_a_new_account_is_welcomed_once_and_the_house_never() {
    let town = Town::new();
    let engine = engine(&town).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let engine = engine.clone();
        tasks.spawn(async move { account(&engine, "ann").await });
    }
    let accounts = tasks.join_all().await;
    assert!(accounts.iter().all(|it| *it == accounts[0]));
    assert_eq!(has(&engine, &accounts[0]).await, (0, 3_000));
    assert_eq!(account(&engine, "local").await, engine.house.id);
    assert_eq!(has(&engine, &engine.house.id).await, (0, 0));
    let movements = engine.movements(&accounts[0], Livemode::Live, None, 10).await.unwrap();
    assert_eq!(movements.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(), ["welcome"]);
    assert_eq!(engine.all_problems().await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn s3_29_what_is_left_of_a_bonus_goes_with_its_day() {
    let town = Town::new();
    let engine = engine(&town).await;
    let machine = service(&engine);
    let ann = account(&engine, "ann").await;
    town.clock.turn(29 * DAY.as_secs());
    expire(machine.clone()).await.unwrap();
    assert_eq!(has(&engine, &ann).await, (0, 3_000));
    let expiring = engine.expiring(&ann, Livemode::Live).await.unwrap();
    assert_eq!((expiring.len(), expiring[0].remains), (1, 3_000));
    // More than one page of accounts.
    for n in 0..u64::from(PAGE) + 1 {
        account(&engine, &format!("guest {n}")).await;
    }
    town.clock.turn(DAY.as_secs());
    expire(machine.clone()).await.unwrap();
    assert_eq!(has(&engine, &ann).await, (0, 0));
    town.clock.turn(29 * DAY.as_secs());
    expire(machine.clone()).await.unwrap();
    let balances = engine.balances(Livemode::Live).await.unwrap();
    assert!(balances.iter().all(|(_, balance)| balance.bonus == 0));
    assert_eq!(engine.all_problems().await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn a_voucher_is_redeemed_however_its_code_is_typed() {
    let town = Town::new();
    let engine = engine(&town).await;
    let ann = account(&engine, "ann").await;
    let wish = |code: Option<&str>| VoucherWish {
        amount: roubles(10_000),
        purse: Purse::Cash,
        lasts: None,
        uses_max: 5,
        expires_at: Some(engine.now().plus(DAY)),
        code: code.map(str::to_owned),
    };
    let issued = engine.create_voucher(wish(None), None).await.unwrap().fresh().unwrap();
    engine.redeem(&ann, &format!(" {} ", issued.code.to_lowercase().replace('-', " "))).await.unwrap();
    assert_eq!(has(&engine, &ann).await, (10_000, 3_000));
    engine.create_voucher(wish(Some("Весна-27")), None).await.unwrap();
    engine.redeem(&ann, "весна27").await.unwrap();
    let refused = |error: crate::Error| error.code;
    for (code, wanted) in [("ВЕСНА27", ErrorCode::VoucherUsed), ("nothing", ErrorCode::VoucherUnknown)] {
        assert_eq!(engine.redeem(&ann, code).await.map_err(refused), Err(wanted), "{code}");
    }
    for (code, wanted) in [("весна 27", ErrorCode::VoucherExists), ("abc", ErrorCode::InvalidInput)] {
        let made = engine.create_voucher(wish(Some(code)), None).await;
        assert_eq!(made.map(drop).map_err(refused), Err(wanted), "{code}");
    }
    let past = VoucherWish { expires_at: Some(engine.now()), ..wish(None) };
    assert_eq!(
        engine.create_voucher(past, None).await.map(drop).map_err(refused),
        Err(ErrorCode::InvalidInput)
    );
    engine.revoke_voucher(&issued.id).await.unwrap();
    assert!(engine.revoke_voucher(&issued.id).await.is_err());
    let other = account(&engine, "boris").await;
    let over = engine.redeem(&other, &issued.code).await.map_err(refused);
    assert_eq!(over, Err(ErrorCode::VoucherOver));
    // A text that is no code at all counts as a try, too.
    for _ in 0..palitra_domain::codes::GUESSES_MAX {
        assert_eq!(engine.redeem(&other, "'; --").await.map_err(refused), Err(ErrorCode::VoucherUnknown));
    }
    let error = engine.redeem(&other, "весна27").await.unwrap_err();
    assert_eq!((error.code, error.retry_after), (ErrorCode::VoucherTries, Some(Duration::from_secs(3_600))));
    assert_eq!(engine.all_problems().await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn a_payment_has_its_share_and_the_operators_credit_has_none() {
    let town = Town::new();
    let engine = engine(&town).await;
    let (ann, bob) = (account(&engine, "ann").await, account(&engine, "bob").await);
    let code = engine
        .account_view(&account(&engine, "bob").await, Livemode::Live)
        .await
        .unwrap()
        .profile
        .referral_code;
    assert_eq!(engine.refer(&ann, &code.to_lowercase()).await.unwrap().name, "bob");
    let payment = Payment {
        transfer: TransferId::new(engine.now(), engine.random()),
        account: ann.clone(),
        livemode: Livemode::Live,
        amount: roubles(1_009),
        source: "stars",
        note: String::new(),
    };
    assert_eq!(engine.receive_payment(&payment).await.unwrap().cash, 1_009);
    assert!(engine.receive_payment(&payment).await.is_err(), "it comes in once");
    engine.credit((&ann, Livemode::Live), roubles(5_000), None).await.unwrap();
    assert_eq!(has(&engine, &bob).await, (0, 3_100));
    engine.take_back(&payment.transfer, None, "").await.unwrap();
    assert_eq!((has(&engine, &ann).await, has(&engine, &bob).await), ((5_000, 3_000), (0, 3_000)));
    assert_eq!(engine.all_problems().await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn an_account_pays_on_its_terms_and_a_quote_keeps_those_it_was_made_on() {
    let town = Town::new();
    let engine = engine(&town).await;
    let ann = account(&engine, "ann").await;
    engine.set_price_group("friends", Millionths(500_000)).await.unwrap();
    let wish = || Wish {
        account: ann.clone(),
        livemode: Livemode::Live,
        model: "fal-ai/flux/dev".to_owned(),
        mode: "create".to_owned(),
        input: serde_json::json!({ "prompt": "a cat", "width": 1000, "height": 1000, "seed": 1 }),
        priority: Priority::Standard,
        key: None,
        webhook: None,
        is_own: false,
    };
    let change = |group: Option<&str>, free: bool| {
        let change = TermsChange { group: Some(group.map(str::to_owned)), has_free_access: Some(free) };
        engine.change_account(&ann, change, None)
    };
    let price = async |quote| {
        let id = engine.create(wish(), quote).await.unwrap();
        let found = engine.generation(&id).await.unwrap();
        found.price
    };
    let before = engine.quote(&wish()).await.unwrap();
    assert_eq!((before.price, price(None).await), (475, 475));
    change(Some("friends"), false).await.unwrap();
    // 237.5 kopecks are 238.
    let half = engine.quote(&wish()).await.unwrap();
    assert_eq!((half.price, price(None).await), (238, 238));
    change(None, true).await.unwrap();
    assert_eq!((engine.quote(&wish()).await.unwrap().price, price(None).await), (0, 0));
    // The promise stands, whichever way the terms have gone.
    assert_eq!((price(Some(half.id)).await, price(Some(before.id)).await), (238, 475));
    let costs = engine
        .store
        .read(|tx| tx.query_one("select min(cost), max(cost) from generation", palitra_store::p![]));
    let costs = costs.await.unwrap();
    assert_eq!(
        (costs.get(0), costs.get(1)),
        (Ok(238i64), Ok(238i64)),
        "what it costs is counted all the same"
    );
    let error = engine.remove_price_group("nobody").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    engine.remove_price_group("friends").await.unwrap();
}
