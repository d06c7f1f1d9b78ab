//! Accounts and the house.

use crate::{
    Constraint, Error, MIGRATIONS, accounts,
    ledger::{self, Balance},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{anna, at, boris, commit, house, id, refused},
    },
};
use palitra_domain::{AccountId, Currency, ErrorCode, Livemode};

on_every_database!(MIGRATIONS =>
    the_house_is_made_once_and_its_currency_stays,
    a_name_is_taken_once,
);

async fn the_house_is_made_once_and_its_currency_stays(fresh: Fresh) {
    let ensure = |n: u64, currency| {
        move |tx: &mut crate::Tx<'_>| accounts::ensure_house(tx, &id(n), (currency, &[7; 32]), at(1))
    };
    let first = commit(&fresh, ensure(3, Currency::RUB)).await;
    assert_eq!((first.id, first.name.as_str()), (house(), accounts::HOUSE));
    assert_eq!(commit(&fresh, ensure(4, Currency::RUB)).await.id, house());
    let error = refused(&fresh, ensure(5, Currency::USD)).await;
    assert_eq!(error, Error::Rule { code: ErrorCode::BadSetting, value: "RUB".to_owned() });
}

async fn a_name_is_taken_once(fresh: Fresh) {
    let create = |account: AccountId, name| {
        move |tx: &mut crate::Tx<'_>| accounts::create(tx, &account, name, false, at(1))
    };
    commit(&fresh, create(anna(), "anna")).await;
    let error = refused(&fresh, create(boris(), "anna")).await;
    assert!(matches!(error, Error::Constraint { kind: Constraint::Unique, .. }));
    commit(&fresh, create(boris(), "Анна")).await;
    let listed = fresh.store.read(accounts::list).await.unwrap();
    assert_eq!(listed.iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["anna", "Анна"]);
    assert_eq!(
        fresh.store.read(|tx| accounts::find(tx, "Анна")).await.unwrap().map(|it| it.id),
        Some(boris())
    );
    assert_eq!(fresh.store.read(|tx| accounts::find(tx, "nobody")).await, Ok(None));
    for livemode in [Livemode::Live, Livemode::Test] {
        let empty = fresh.store.read(move |tx| ledger::balance(tx, &anna(), livemode)).await;
        assert_eq!(empty, Ok(Balance { cash: 0, bonus: 0, held: 0, debt: 0 }));
    }
}
