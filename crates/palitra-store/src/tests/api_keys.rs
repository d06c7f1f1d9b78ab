//! API keys: listed without themselves, found by their secrets as long as these work.

use crate::{
    Constraint, Error, MIGRATIONS, accounts,
    api_keys::{self, ApiKey, Budgets, NewApiKey, Working},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{anna, at, commit, id, refused},
    },
};
use palitra_domain::{Livemode, Scope, Scopes, Timestamp};

on_every_database!(MIGRATIONS =>
    a_key_is_listed_without_itself_and_revoked_once,
    s1_15_a_key_works_until_it_is_revoked_or_expires,
    s1_15_after_a_rotation_the_old_secret_works_for_its_time,
    the_last_use_never_goes_back,
);

pub(super) fn new_key(n: u8) -> NewApiKey {
    NewApiKey {
        id: id(n.into()),
        account: anna(),
        livemode: Livemode::Test,
        name: format!("key {n}"),
        scopes: Scopes::NONE.with(Scope::Read),
        hash: [n; 32],
        hint: format!("sk_test_…{n}"),
        budgets: Budgets { day: None, month: Some(10), total: None },
        expires_at: None,
    }
}

async fn made(fresh: &Fresh, key: NewApiKey) {
    commit(fresh, move |tx| {
        if accounts::find(tx, "anna")?.is_none() {
            accounts::create(tx, &anna(), "anna", false, at(1))?;
        }
        api_keys::insert(tx, &key, at(2))
    })
    .await;
}

async fn working(fresh: &Fresh, n: u8, now: Timestamp) -> Option<Working> {
    fresh.store.read(move |tx| api_keys::working(tx, &[n; 32], now)).await.unwrap()
}

async fn a_key_is_listed_without_itself_and_revoked_once(fresh: Fresh) {
    made(&fresh, new_key(1)).await;
    let same = NewApiKey { hash: [1; 32], ..new_key(2) };
    let same = refused(&fresh, move |tx| api_keys::insert(tx, &same, at(2))).await;
    assert!(matches!(same, Error::Constraint { kind: Constraint::Unique, .. }), "{same:?}");
    let revoke = |n| commit(&fresh, move |tx| api_keys::revoke(tx, &id(n), at(3)));
    assert!(revoke(1).await && !revoke(1).await && !revoke(9).await);
    let all = api_keys::Filter { limit: 10, ..api_keys::Filter::default() };
    let of_anna =
        api_keys::Filter { account: Some(anna()), livemode: Some(new_key(1).livemode), ..all.clone() };
    let nobody = api_keys::Filter { account: Some(id(9)), ..all.clone() };
    let older = api_keys::Filter { before: Some(id(1)), ..all.clone() };
    let listed = fresh.store.read(move |tx| api_keys::list(tx, &all)).await.unwrap();
    let NewApiKey { id, livemode, name, scopes, hint, budgets, .. } = new_key(1);
    let wanted = ApiKey {
        id: id.clone(),
        account_id: anna(),
        account: "anna".to_owned(),
        livemode,
        name,
        scopes,
        hint,
        budgets,
        created_at: at(2),
        expires_at: None,
        revoked_at: Some(at(3)),
        used_at: None,
        old_until: None,
    };
    assert_eq!(listed, [wanted]);
    assert_eq!(fresh.store.read(move |tx| api_keys::list(tx, &of_anna)).await.unwrap(), listed);
    for none in [nobody, older] {
        assert_eq!(fresh.store.read(move |tx| api_keys::list(tx, &none)).await, Ok(vec![]));
    }
    assert_eq!(fresh.store.read(move |tx| api_keys::find(tx, &id)).await.unwrap().as_ref(), listed.first());
}

async fn s1_15_a_key_works_until_it_is_revoked_or_expires(fresh: Fresh) {
    made(&fresh, NewApiKey { expires_at: Some(at(10)), ..new_key(1) }).await;
    made(&fresh, NewApiKey { budgets: Budgets::default(), ..new_key(2) }).await;
    let wanted = Working {
        id: id(1),
        account: anna(),
        livemode: Livemode::Test,
        scopes: Scopes::NONE.with(Scope::Read),
        has_budget: true,
        used_at: None,
        until: Some(at(10)),
    };
    assert_eq!(working(&fresh, 1, at(9)).await, Some(wanted.clone()));
    assert_eq!(working(&fresh, 1, at(10)).await, None);
    assert_eq!(
        working(&fresh, 2, at(10)).await,
        Some(Working { id: id(2), has_budget: false, until: None, ..wanted })
    );
    assert_eq!(working(&fresh, 3, at(10)).await, None);
    commit(&fresh, |tx| api_keys::revoke(tx, &id(2), at(11))).await;
    assert_eq!(working(&fresh, 2, at(11)).await, None);
}

async fn s1_15_after_a_rotation_the_old_secret_works_for_its_time(fresh: Fresh) {
    made(&fresh, new_key(1)).await;
    let rotate = |to: u8, until, now| {
        commit(&fresh, move |tx| api_keys::rotate(tx, &id(1), (&[to; 32], "sk_test_…new"), until, now))
    };
    assert!(rotate(2, at(20), at(10)).await);
    assert_eq!(working(&fresh, 1, at(19)).await.map(|it| it.until), Some(Some(at(20))));
    assert_eq!(working(&fresh, 1, at(20)).await, None);
    assert_eq!(working(&fresh, 2, at(20)).await.map(|it| (it.id, it.until)), Some((id(1), None)));
    // The one before the last is over with the next.
    assert!(rotate(3, at(40), at(15)).await);
    let found = [
        working(&fresh, 1, at(19)).await,
        working(&fresh, 2, at(19)).await,
        working(&fresh, 3, at(19)).await,
    ];
    assert_eq!(found.map(|it| it.is_some()), [false, true, true]);
    commit(&fresh, |tx| api_keys::revoke(tx, &id(1), at(16))).await;
    assert_eq!((working(&fresh, 2, at(17)).await, working(&fresh, 3, at(17)).await), (None, None));
    assert!(!rotate(4, at(40), at(18)).await, "a revoked key gets no new secret");
}

async fn the_last_use_never_goes_back(fresh: Fresh) {
    made(&fresh, new_key(1)).await;
    for (now, wanted) in [(5, 5), (4, 5), (9, 9)] {
        commit(&fresh, move |tx| api_keys::used(tx, &id(1), at(now))).await;
        assert_eq!(working(&fresh, 1, at(10)).await.unwrap().used_at, Some(at(wanted)));
    }
}
