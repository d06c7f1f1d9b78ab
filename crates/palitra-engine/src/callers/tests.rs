//! Keys as the doors ask for them.

use super::*;
use crate::town::Town;
use palitra_domain::Clock;

async fn refused(engine: &Engine, key: &str) -> bool {
    let error = engine.caller(key).await.err();
    assert!(
        error.as_ref().is_none_or(|error| error.code == ErrorCode::Unauthorized && error.args.is_empty())
    );
    error.is_some()
}

#[tokio::test]
async fn s1_15_a_key_stands_for_its_account_and_others_for_nobody() {
    let town = Town::new();
    let engine = town.process().await;
    let issued = engine.issue_key("ann", Livemode::Test, None).await.unwrap();
    let caller = engine.caller(&issued.key).await.unwrap();
    assert_eq!(
        (&caller.account, caller.livemode, caller.scopes),
        (&issued.account, Livemode::Test, Scopes::USUAL)
    );
    assert!(caller.need(Scope::Account).is_ok());
    assert_eq!(caller.need(Scope::Operator).unwrap_err().code, ErrorCode::Forbidden);
    let operator = Caller::operator(issued.account);
    assert!(Scope::ALL.into_iter().all(|scope| operator.need(scope).is_ok()));
    let other = format!("{}0", &issued.key[..issued.key.len() - 1]);
    let other = if other == issued.key { format!("{}1", &issued.key[..issued.key.len() - 1]) } else { other };
    for wrong in ["", "sk_", &issued.key[1..], &format!("{} ", issued.key), &other] {
        assert!(refused(&engine, wrong).await, "{wrong}");
    }
}

#[tokio::test]
async fn s1_15_a_revoked_key_stops_at_once_here_and_within_five_seconds_elsewhere() {
    let town = Town::new();
    let (here, there) = (town.process().await, town.process().await);
    let issued = here.issue_key("ann", Livemode::Live, None).await.unwrap();
    let caller = here.caller(&issued.key).await.unwrap();
    assert_eq!(there.caller(&issued.key).await.unwrap(), caller);
    here.revoke_key(caller.key.as_ref().unwrap()).await.unwrap();
    assert!(refused(&here, &issued.key).await);
    town.clock.turn(4);
    assert!(!refused(&there, &issued.key).await);
    town.clock.turn(1);
    assert!(refused(&there, &issued.key).await);
}

#[tokio::test]
async fn a_known_key_is_answered_without_the_database() {
    let town = Town::new();
    let engine = town.process().await;
    let issued = engine.issue_key("ann", Livemode::Live, None).await.unwrap();
    let caller = engine.caller(&issued.key).await.unwrap();
    engine.store.close();
    assert_eq!(engine.caller(&issued.key).await.unwrap(), caller);
    town.clock.turn(5);
    assert_eq!(engine.caller(&issued.key).await.unwrap_err().code, ErrorCode::Interrupted);
}

#[tokio::test]
async fn an_answer_from_before_a_revocation_is_not_remembered() {
    let town = Town::new();
    let engine = town.process().await;
    let issued = engine.issue_key("ann", Livemode::Live, None).await.unwrap();
    let caller = engine.caller(&issued.key).await.unwrap();
    let hash: [u8; 32] = Sha256::digest(&issued.key).into();
    let now = engine.now();
    let working = engine.store.read(move |tx| rows::working(tx, &hash, now)).await.unwrap().unwrap();
    let before = engine.callers.known().forgotten;
    engine.revoke_key(&working.id).await.unwrap();
    engine.callers.remember(hash, &caller, &working, before, now);
    assert!(refused(&engine, &issued.key).await);
}

#[tokio::test]
async fn what_is_remembered_is_bounded_and_ends_with_the_key() {
    let callers = Callers::default();
    let now = Town::new().clock.now();
    let working = |n: u64, until| Working {
        id: KeyId::new(now, u128::from(n)),
        account: AccountId::new(now, 1),
        livemode: Livemode::Live,
        scopes: Scopes::USUAL,
        has_budget: false,
        used_at: None,
        until,
    };
    let caller = Caller::operator(AccountId::new(now, 1));
    let hash = |n: u64| -> [u8; 32] { Sha256::digest(n.to_string()).into() };
    for n in 0..10_000 {
        callers.remember(hash(n), &caller, &working(n, None), 0, now);
    }
    let known = callers.known();
    assert!(known.by_hash.len() <= REMEMBERED_MAX && known.unbounded.len() <= REMEMBERED_MAX);
    drop(known);
    let soon = now.plus(Duration::from_secs(2));
    callers.remember(hash(0), &caller, &working(0, Some(soon)), 0, now);
    assert!(callers.get(&hash(0), now).is_ok());
    assert_eq!(callers.get(&hash(0), soon), Err(0));
}

#[tokio::test]
async fn s1_15_the_last_use_is_written_down_once_a_minute() {
    let town = Town::new();
    let engine = town.process().await;
    let issued = engine.issue_key("ann", Livemode::Live, None).await.unwrap();
    let (first, operator) = (engine.now(), Caller::operator(engine.house.id.clone()));
    let used = async || {
        engine.caller(&issued.key).await.unwrap();
        // Behind whatever is in line.
        engine.store.write(|_| Ok(())).await.unwrap();
        engine.key_shown(&issued.id, &operator).await.unwrap().key.used_at
    };
    assert_eq!(used().await, Some(first));
    town.clock.turn(59);
    assert_eq!(used().await, Some(first));
    town.clock.turn(5);
    assert_eq!(used().await, Some(first.plus(Duration::from_secs(64))));
}
