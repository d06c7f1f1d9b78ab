//! Keys as the doors make them, what they may give each other, and their budgets around real wishes.

use super::*;
use crate::{
    AuditFilter,
    generations::{Once, Wish},
    town::{Town, wish},
};
use palitra_domain::Currency;

fn by(engine: &Engine) -> Caller {
    Caller::operator(engine.house.id.clone())
}

fn named(name: &str) -> KeyWish {
    KeyWish::usual(KeyOwner::Named(name.to_owned()), Livemode::Live)
}

async fn made(engine: &Engine, wish: KeyWish) -> (IssuedKey, Caller) {
    let issued = engine.create_key(wish, &by(engine), None).await.unwrap().fresh().unwrap();
    let caller = engine.caller(&issued.key).await.unwrap();
    (issued, caller)
}

fn code<T>(answer: Result<T>) -> Option<ErrorCode> {
    answer.err().map(|error| error.code)
}

#[tokio::test]
async fn s1_15_a_new_secret_works_at_once_and_the_old_one_for_its_time() {
    let town = Town::new();
    let engine = town.process().await;
    let (first, caller) = made(&engine, named("ann")).await;
    let second = engine.rotate_key(&first.id, KEPT, &caller, None).await.unwrap().fresh().unwrap();
    assert_eq!((&second.id, &second.account), (&first.id, &first.account));
    assert_eq!(engine.caller(&second.key).await.unwrap(), caller);
    town.clock.turn(24 * 3600 - 1);
    assert_eq!(engine.caller(&first.key).await.unwrap(), caller);
    town.clock.turn(1);
    assert_eq!(code(engine.caller(&first.key).await), Some(ErrorCode::Unauthorized));
    assert!(engine.caller(&second.key).await.is_ok());
    // At once, when it is not to be kept.
    let third = engine.rotate_key(&first.id, Duration::ZERO, &caller, None).await.unwrap().fresh().unwrap();
    assert_eq!(code(engine.caller(&second.key).await), Some(ErrorCode::Unauthorized));
    assert!(engine.caller(&third.key).await.is_ok());
    let long = KEPT_MAX + Duration::from_secs(1);
    assert_eq!(code(engine.rotate_key(&first.id, long, &caller, None).await), Some(ErrorCode::InvalidInput));
}

#[tokio::test]
async fn a_key_gives_no_other_key_more_than_it_has() {
    let town = Town::new();
    let engine = town.process().await;
    let (_, ann) = made(&engine, named("ann")).await;
    let own = || KeyWish::usual(KeyOwner::Account(ann.account.clone()), Livemode::Live);
    assert_eq!(code(engine.create_key(own(), &ann, None).await), None);
    let (other, bob) = made(&engine, named("bob")).await;
    let (powerful, _) = made(&engine, KeyWish { scopes: Scopes::ALL, ..named("ann") }).await;
    let budgets = Budgets { day: Some(100), ..Budgets::default() };
    let (poor_key, poor) = made(&engine, KeyWish { budgets, ..named("ann") }).await;
    for wish in [
        named("ann"),
        KeyWish::usual(KeyOwner::Account(bob.account.clone()), Livemode::Live),
        KeyWish { scopes: Scopes::ALL, ..own() },
        KeyWish { livemode: Livemode::Test, ..own() },
        KeyWish { credit: Some(Money::new(1, Currency::RUB)), ..own() },
    ] {
        assert_eq!(
            code(engine.create_key(wish.clone(), &ann, None).await),
            Some(ErrorCode::Forbidden),
            "{wish:?}"
        );
    }
    // A budget cannot be left behind by a key without one, old or new.
    assert_eq!(code(engine.create_key(own(), &poor, None).await), Some(ErrorCode::Forbidden));
    let old = ann.key.clone().unwrap();
    assert_eq!(code(engine.rotate_key(&old, KEPT, &poor, None).await), Some(ErrorCode::Forbidden));
    assert_eq!(code(engine.rotate_key(&poor_key.id, KEPT, &poor, None).await), None);
    // Nor is the secret of a key that may do more anybody's.
    assert_eq!(code(engine.rotate_key(&powerful.id, KEPT, &ann, None).await), Some(ErrorCode::Forbidden));
    // Of keys of others nobody hears.
    assert_eq!(code(engine.rotate_key(&other.id, KEPT, &ann, None).await), Some(ErrorCode::NotFound));
    assert_eq!(code(engine.revoke_key_by(&other.id, &ann).await), Some(ErrorCode::NotFound));
    assert_eq!(code(engine.revoke_key_by(&poor_key.id, &ann).await), None);
}

/// Another process remembers a key for five seconds.
#[tokio::test]
async fn a_key_that_has_stopped_makes_no_keys_where_it_is_remembered() {
    let town = Town::new();
    let (here, there) = (town.process().await, town.process().await);
    for stop in ["revoked", "expired", "deleted"] {
        let expires_at = (stop == "expired").then(|| here.now().plus(Duration::from_secs(1)));
        let (issued, caller) = made(&here, KeyWish { expires_at, ..named(stop) }).await;
        let (other, _) = made(&here, named(stop)).await;
        assert_eq!(there.caller(&issued.key).await.unwrap(), caller);
        match stop {
            "revoked" => here.revoke_key(&issued.id).await.unwrap(),
            "expired" => town.clock.turn(1),
            _ => here.delete_account(&issued.account, &by(&here)).await.unwrap(),
        }
        let own = KeyWish::usual(KeyOwner::Account(issued.account.clone()), Livemode::Live);
        assert_eq!(code(there.create_key(own, &caller, None).await), Some(ErrorCode::Unauthorized), "{stop}");
        let rotated = there.rotate_key(&other.id, KEPT, &caller, None).await;
        assert_eq!(code(rotated), Some(ErrorCode::Unauthorized), "{stop}");
        let renewed = there.rotate_key(&issued.id, KEPT, &caller, None).await;
        assert_eq!(code(renewed), Some(ErrorCode::NotFound), "{stop}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    let town = Town::new();
    let engine = town.process().await;
    let long = "x".repeat(NAME_CHARS_MAX + 1);
    for (wish, flag) in [
        (named(" "), "`account`"),
        (named(&long), "`account`"),
        (KeyWish { name: "a\nb".to_owned(), ..named("ann") }, "`name`"),
        (KeyWish { scopes: Scopes::NONE, ..named("ann") }, "`scopes`"),
        (KeyWish { expires_at: Some(engine.now()), ..named("ann") }, "`expires_at`"),
        (
            KeyWish { budgets: Budgets { month: Some(-1), ..Budgets::default() }, ..named("ann") },
            "`budgets.month`",
        ),
    ] {
        let error = engine.create_key(wish, &by(&engine), None).await.unwrap_err();
        assert_eq!((error.code, error.args[0].1.as_str()), (ErrorCode::InvalidInput, flag));
    }
}

#[tokio::test]
async fn s2_57_what_is_asked_with_a_key_counts_against_its_budgets() {
    let town = Town::new();
    let engine = town.process().await;
    // A picture of this size costs 4.75.
    let budgets = Budgets { day: Some(1_000), month: Some(100_000), total: None };
    let credit = Some(Money::new(100_000, Currency::RUB));
    let (_, caller) = made(&engine, KeyWish { budgets, credit, ..named("ann") }).await;
    let asked = |prompt: &str| Wish {
        account: caller.account.clone(),
        key: caller.key.clone(),
        ..wish(&engine, prompt)
    };
    let first = engine.create(asked("a lake"), None).await.unwrap();
    engine.create(asked("a hill"), None).await.unwrap();
    let error = engine.create(asked("a sea"), None).await.unwrap_err();
    let said: Vec<_> = error.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(error.code, ErrorCode::OverBudget);
    assert_eq!(said[..3], [("budget", "day"), ("value", "4.75 ₽"), ("left", "0.50 ₽")], "{said:?}");
    assert_eq!(said[3], ("time", "2023-11-15T00:00:00.000Z"));
    assert_eq!(error.retry_after, Some(Duration::from_secs(6_400)));
    let spent = async || engine.key_shown(caller.key.as_ref().unwrap(), &caller).await.unwrap().spent;
    assert_eq!(spent().await, Spent { day: 950, month: 950, total: 950 });
    engine.cancel(&first).await.unwrap();
    assert_eq!(spent().await, Spent { day: 475, month: 475, total: 475 });
    engine.create(asked("a sea"), None).await.unwrap();
    town.clock.turn(6_400);
    engine.create(asked("a moon"), None).await.unwrap();
    assert_eq!(spent().await, Spent { day: 475, month: 1_425, total: 1_425 });
    assert_eq!(engine.book_problems().await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn what_is_done_with_keys_and_money_is_written_down_with_who_did_it() {
    let town = Town::new();
    let engine = town.process().await;
    let (issued, caller) = made(&engine, KeyWish { scopes: Scopes::ALL, ..named("ann") }).await;
    engine.rotate_key(&issued.id, KEPT, &caller, None).await.unwrap();
    let money = Money::new(500, Currency::RUB);
    engine.acting_for(&caller).credit((&issued.account, Livemode::Live), money, None).await.unwrap();
    engine.set_price_group("friends", palitra_domain::money::Millionths(500_000)).await.unwrap();
    engine.revoke_key(&issued.id).await.unwrap();
    let filter = AuditFilter { limit: 10, ..AuditFilter::default() };
    let entries = engine.audited(filter.clone()).await.unwrap();
    let told: Vec<_> = entries.iter().map(|it| (it.action, it.who.as_str(), it.subject.as_str())).collect();
    let key = issued.id.as_str();
    assert_eq!(
        told,
        [
            (Action::KeyRevoke, "operator", key),
            (Action::GroupSet, "operator", "friends"),
            (Action::Credit, key, issued.account.as_str()),
            (Action::KeyRotate, key, key),
            (Action::KeyCreate, "operator", key),
        ]
    );
    assert!(entries.iter().all(|it| !it.about.contains("sk_")));
    let only = AuditFilter { subject: Some("friends".to_owned()), ..filter };
    assert_eq!(engine.audited(only).await.unwrap(), [entries[1].clone()]);
}

#[tokio::test]
async fn no_operators_key_renews_anothers() {
    let town = Town::new();
    let engine = town.process().await;
    let (mine, me) = made(&engine, KeyWish { scopes: Scopes::ALL, ..named("me") }).await;
    let (other, _) = made(&engine, KeyWish { scopes: Scopes::ALL, ..named("other") }).await;
    // Whoever could, would keep the operator's rights after its own key is revoked.
    assert_eq!(code(engine.rotate_key(&other.id, KEPT, &me, None).await), Some(ErrorCode::Forbidden));
    assert_eq!(code(engine.rotate_key(&mine.id, KEPT, &me, None).await), None);
    assert_eq!(code(engine.rotate_key(&other.id, KEPT, &by(&engine), None).await), None);
}

#[tokio::test]
async fn a_key_with_an_end_leaves_none_behind_that_works_longer() {
    let town = Town::new();
    let engine = town.process().await;
    let end = engine.now().plus(Duration::from_secs(3_600));
    let (_, ends) = made(&engine, KeyWish { expires_at: Some(end), ..named("ann") }).await;
    let (endless, _) = made(&engine, named("ann")).await;
    let own = |expires_at| KeyWish {
        expires_at,
        ..KeyWish::usual(KeyOwner::Account(ends.account.clone()), Livemode::Live)
    };
    for (until, wanted) in [
        (None, Some(ErrorCode::Forbidden)),
        (Some(end.plus(Duration::from_secs(1))), Some(ErrorCode::Forbidden)),
        (Some(end), None),
    ] {
        assert_eq!(code(engine.create_key(own(until), &ends, None).await), wanted, "{until:?}");
    }
    assert_eq!(code(engine.rotate_key(&endless.id, KEPT, &ends, None).await), Some(ErrorCode::Forbidden));
}

#[tokio::test]
async fn an_operators_test_key_makes_and_renews_test_keys_only() {
    let town = Town::new();
    let engine = town.process().await;
    let in_test = |name: &str| KeyWish::usual(KeyOwner::Named(name.to_owned()), Livemode::Test);
    let (_, operator) = made(&engine, KeyWish { scopes: Scopes::ALL, ..in_test("ops") }).await;
    let (live, _) = made(&engine, named("ann")).await;
    let (test, _) = made(&engine, in_test("ann")).await;
    let credit = Some(Money::new(1_000, Currency::RUB));
    let rich = KeyWish { credit, ..named("bob") };
    assert_eq!(code(engine.create_key(rich, &operator, None).await), Some(ErrorCode::Forbidden));
    assert_eq!(code(engine.create_key(in_test("bob"), &operator, None).await), None);
    let rotated = engine.rotate_key(&live.id, KEPT, &operator, None).await;
    assert_eq!(code(rotated), Some(ErrorCode::Forbidden));
    assert_eq!(code(engine.revoke_key_by(&live.id, &operator).await), Some(ErrorCode::Forbidden));
    assert_eq!(code(engine.rotate_key(&test.id, KEPT, &operator, None).await), None);
}

#[tokio::test]
async fn an_id_is_whose_it_is_and_no_name() {
    let town = Town::new();
    let engine = town.process().await;
    let (first, _) = made(&engine, named("ann")).await;
    let (second, _) = made(&engine, named(first.account.as_str())).await;
    assert_eq!(second.account, first.account);
    let nobody = AccountId::new(engine.now(), 12_345);
    let refused = engine.create_key(named(nobody.as_str()), &by(&engine), None).await;
    assert_eq!(code(refused), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn an_account_has_so_many_keys_that_work() {
    let town = Town::new();
    let engine = town.process().await;
    let (first, _) = made(&engine, named("ann")).await;
    for _ in 1..rows::KEYS_MAX {
        made(&engine, named("ann")).await;
    }
    let operator = by(&engine);
    let one_more = || engine.create_key(named("ann"), &operator, None);
    assert_eq!(code(one_more().await), Some(ErrorCode::TooManyKeys));
    made(&engine, named("bob")).await;
    engine.revoke_key(&first.id).await.unwrap();
    assert_eq!(code(one_more().await), None);
}

#[tokio::test]
async fn a_rotation_that_is_repeated_makes_no_third_secret() {
    let town = Town::new();
    let engine = town.process().await;
    let (first, caller) = made(&engine, named("ann")).await;
    let rotate = || {
        let once = Once { key: "mine".to_owned(), fingerprint: [1; 32], repeats: None };
        engine.rotate_key(&first.id, KEPT, &caller, OnceOf::caller(&caller, Some(once)))
    };
    let second = rotate().await.unwrap().fresh().unwrap();
    assert!(!rotate().await.unwrap().is_new());
    assert!(engine.caller(&first.key).await.is_ok() && engine.caller(&second.key).await.is_ok());
}

#[tokio::test]
async fn money_that_comes_with_a_key_is_written_down_as_money() {
    let town = Town::new();
    let engine = town.process().await;
    let credit = Some(Money::new(700, Currency::RUB));
    let (issued, _) = made(&engine, KeyWish { credit, ..named("ann") }).await;
    let filter = AuditFilter { action: Some(Action::Credit), limit: 10, ..AuditFilter::default() };
    let entries = engine.audited(filter).await.unwrap();
    let told: Vec<_> = entries.iter().map(|it| (it.subject.as_str(), it.about.as_str())).collect();
    assert_eq!(told, [(issued.account.as_str(), "live 7 ₽")]);
}
