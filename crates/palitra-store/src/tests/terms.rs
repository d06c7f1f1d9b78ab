//! Price groups, free access, and what the operator is told of an account.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, balance, boris, commit, house, id, is_rule, number, open, refused, wanted},
};
use crate::{
    MIGRATIONS, Result, Tx, accounts,
    bounds::Bounds,
    generations, ledger, profiles, referrals,
    terms::{self, Change, PriceGroup},
};
use palitra_domain::{AccountId, ErrorCode, Livemode, codes, money::Millionths, terms::Terms};
use tokio::task::JoinSet;

on_every_database!(MIGRATIONS =>
    an_account_buys_on_the_terms_of_its_group,
    a_group_that_is_used_stays,
    an_order_is_priced_on_the_terms_of_its_own_transaction,
    an_account_of_a_name_is_made_once_by_however_many,
    a_profile_says_what_there_is_to_know,
);

const HALF: Millionths = Millionths(500_000);

async fn terms_of(fresh: &Fresh, account: AccountId) -> Terms {
    fresh.store.read(move |tx| terms::of(tx, &account)).await.unwrap()
}

fn into_group(account: AccountId, group: Option<&'static str>) -> impl Fn(&mut Tx<'_>) -> Result<()> + Send {
    move |tx| {
        let change = Change { group: Some(group.map(str::to_owned)), ..Change::default() };
        terms::change(tx, &account, &change)
    }
}

fn free(account: AccountId, has: bool) -> impl Fn(&mut Tx<'_>) -> Result<()> + Send {
    move |tx| terms::change(tx, &account, &Change { has_free_access: Some(has), ..Change::default() })
}

async fn an_account_buys_on_the_terms_of_its_group(fresh: Fresh) {
    open(&fresh, 1).await;
    assert_eq!(terms_of(&fresh, anna()).await, Terms::default());
    commit(&fresh, |tx| terms::set_group(tx, "friends", HALF, at(1))).await;
    commit(&fresh, into_group(anna(), Some("friends"))).await;
    assert_eq!(terms_of(&fresh, anna()).await, Terms { factor: HALF, has_free_access: false });
    assert_eq!(terms_of(&fresh, boris()).await, Terms::default());
    // Another factor is that of everybody in it.
    commit(&fresh, |tx| terms::set_group(tx, "friends", Millionths(0), at(2))).await;
    assert_eq!(terms_of(&fresh, anna()).await.factor, Millionths(0));
    commit(&fresh, free(anna(), true)).await;
    commit(&fresh, into_group(anna(), None)).await;
    assert_eq!(terms_of(&fresh, anna()).await, Terms { has_free_access: true, ..Terms::default() });
    commit(&fresh, free(anna(), false)).await;
    assert_eq!(terms_of(&fresh, anna()).await, Terms::default());
    for error in [
        refused(&fresh, into_group(anna(), Some("nobody"))).await,
        refused(&fresh, into_group(id(9), None)).await,
        refused(&fresh, free(id(9), true)).await,
    ] {
        assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
    }
}

async fn a_group_that_is_used_stays(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| terms::set_group(tx, "friends", HALF, at(1))).await;
    commit(&fresh, |tx| terms::set_group(tx, "wholesale", Millionths(800_000), at(1))).await;
    commit(&fresh, into_group(anna(), Some("friends"))).await;
    let groups = fresh.store.read(terms::groups).await.unwrap();
    let group = |name: &str, factor, accounts| PriceGroup { name: name.to_owned(), factor, accounts };
    assert_eq!(groups, [group("friends", HALF, 1), group("wholesale", Millionths(800_000), 0)]);
    let error = refused(&fresh, |tx| terms::remove_group(tx, "friends")).await;
    assert!(is_rule(&error, ErrorCode::GroupInUse), "{error}");
    commit(&fresh, into_group(anna(), None)).await;
    commit(&fresh, |tx| terms::remove_group(tx, "friends")).await;
    let error = refused(&fresh, |tx| terms::remove_group(tx, "friends")).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
}

async fn an_order_is_priced_on_the_terms_of_its_own_transaction(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| terms::set_group(tx, "friends", HALF, at(1))).await;
    let order = |n: u64| {
        move |tx: &mut Tx<'_>| {
            let priced =
                |_: &_, terms: &Terms| Ok(if terms.has_free_access { 0 } else { terms.factor.0 / 10_000 });
            let account = (&anna(), Livemode::Live);
            generations::create_on_terms(tx, account, vec![wanted(n)], &priced, &Bounds::default(), at(2))
        }
    };
    commit(&fresh, order(1)).await;
    assert_eq!(balance(&fresh, anna()).await.held, 100);
    commit(&fresh, into_group(anna(), Some("friends"))).await;
    commit(&fresh, order(2)).await;
    assert_eq!(balance(&fresh, anna()).await.held, 150);
    commit(&fresh, free(anna(), true)).await;
    commit(&fresh, order(3)).await;
    assert_eq!(balance(&fresh, anna()).await.held, 150);
    // What it costs is counted all the same.
    let cost = "select cost from generation where price = 0";
    assert_eq!(number(&fresh, cost).await, wanted(3).cost);
}

async fn an_account_of_a_name_is_made_once_by_however_many(fresh: Fresh) {
    open(&fresh, 1).await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        // On PostgreSQL they are processes of their own.
        let store = if n % 10 == 0 { fresh.again() } else { fresh.store.clone() };
        let store = if fresh.store.dialect() == crate::Dialect::Pg { store } else { fresh.store.clone() };
        tasks.spawn(async move {
            store.write(move |tx| accounts::find_or_create(tx, &id(100 + n), "vera", at(1))).await.unwrap()
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|(_, is_new)| *is_new).count(), 1);
    assert!(answers.iter().all(|(account, _)| *account == answers[0].0));
    assert_eq!(number(&fresh, "select count(*) from account where name = 'vera'").await, 1);
    assert_eq!(number(&fresh, "select count(*) from book").await, 8);
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
}

async fn a_profile_says_what_there_is_to_know(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| terms::set_group(tx, "friends", HALF, at(1))).await;
    commit(&fresh, into_group(anna(), Some("friends"))).await;
    commit(&fresh, |tx| referrals::refer(tx, &anna(), &codes::referral_code(&boris())).map(drop)).await;
    let names: Vec<_> = fresh.store.read(|tx| profiles::list(tx, "", 3)).await.unwrap();
    let names: Vec<_> = names.iter().map(|it| (it.name.as_str(), it.is_house)).collect();
    assert_eq!(names, [("anna", false), ("boris", false), ("local", true)]);
    let rest = fresh.store.read(|tx| profiles::list(tx, "anna", 1)).await.unwrap();
    assert_eq!(rest.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["boris"]);
    let found = fresh.store.read(|tx| profiles::of(tx, &anna())).await.unwrap().unwrap();
    assert_eq!((found.group.as_deref(), found.terms.factor), (Some("friends"), HALF));
    assert_eq!((found.referred_by.as_deref(), found.referred, found.weight), (Some("boris"), 0, 1));
    assert_eq!(found.referral_code, codes::referral_code(&anna()));
    let boris = fresh.store.read(|tx| profiles::of(tx, &boris())).await.unwrap().unwrap();
    assert_eq!((boris.referred, boris.group, boris.terms), (1, None, Terms::default()));
    let house = fresh.store.read(|tx| profiles::of(tx, &house())).await.unwrap().unwrap();
    assert!(house.is_house && house.name == "local", "{house:?}");
    assert_eq!(fresh.store.read(|tx| profiles::of(tx, &id(99))).await, Ok(None));
}
