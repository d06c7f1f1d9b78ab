//! Accounts, the house and API keys.

use crate::{
    Constraint, Error, MIGRATIONS,
    accounts::{self, ApiKey, NewApiKey},
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
    a_key_is_listed_without_itself_and_revoked_once,
);

async fn the_house_is_made_once_and_its_currency_stays(fresh: Fresh) {
    let ensure =
        |n: u64, currency| move |tx: &mut crate::Tx<'_>| accounts::ensure_house(tx, &id(n), currency, at(1));
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

async fn a_key_is_listed_without_itself_and_revoked_once(fresh: Fresh) {
    let key = |n: u8| NewApiKey {
        id: id(n.into()),
        account: anna(),
        livemode: Livemode::Test,
        hash: [n; 32],
        hint: format!("sk_test_…{n}"),
    };
    commit(&fresh, move |tx| {
        accounts::create(tx, &anna(), "anna", false, at(1))?;
        accounts::api_key_insert(tx, &key(1), at(2))
    })
    .await;
    let same = refused(&fresh, move |tx| {
        accounts::api_key_insert(tx, &NewApiKey { hash: [1; 32], ..key(2) }, at(2))
    })
    .await;
    assert!(matches!(same, Error::Constraint { kind: Constraint::Unique, .. }), "{same:?}");
    let revoke = |n| commit(&fresh, move |tx| accounts::api_key_revoke(tx, &id(n), at(3)));
    assert!(revoke(1).await && !revoke(1).await && !revoke(9).await);
    let listed = fresh.store.read(accounts::api_keys).await.unwrap();
    let (account, hint, livemode) = ("anna".to_owned(), "sk_test_…1".to_owned(), Livemode::Test);
    let wanted = ApiKey { id: id(1), account, livemode, hint, created_at: at(2), revoked_at: Some(at(3)) };
    assert_eq!(listed, [wanted]);
}
