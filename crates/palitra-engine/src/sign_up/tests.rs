//! Who may sign up, how many, and what they have then.

use super::*;
use crate::{Caller, generations::Once, town::Town};
use std::sync::Arc;

async fn open(town: &Town, a_day: u32, credit: i64) -> Engine {
    let mut engine = town.alone().await;
    let settings = &mut Arc::get_mut(&mut engine.0).unwrap().settings;
    settings.sign_up = Some(SignUp { a_day, credit });
    settings.gifts = Gifts { welcome: 3_000, ..Gifts::default() };
    engine
}

fn code<T>(answer: Result<T>) -> Option<ErrorCode> {
    answer.err().map(|error| error.code)
}

#[tokio::test]
async fn nobody_signs_up_where_the_operator_makes_accounts() {
    let town = Town::new();
    assert_eq!(code(town.alone().await.sign_up(None).await), Some(ErrorCode::SignUpClosed));
}

#[tokio::test]
async fn so_many_sign_up_in_a_day_however_many_try_at_once() {
    let town = Town::new();
    let engine = open(&town, 3, 0).await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let engine = engine.clone();
        tries.spawn(async move { engine.sign_up(None).await });
    }
    let tries = tries.join_all().await;
    assert_eq!(tries.iter().filter(|tried| tried.is_ok()).count(), 3);
    let refused = tries.into_iter().find_map(std::result::Result::err).unwrap();
    assert_eq!(refused.code, ErrorCode::SignUpsFull);
    // Tomorrow there is room again.
    let after = refused.retry_after.unwrap();
    town.clock.turn(after.as_secs() - 1);
    assert_eq!(code(engine.sign_up(None).await), Some(ErrorCode::SignUpsFull));
    town.clock.turn(1);
    assert_eq!(code(engine.sign_up(None).await), None);
    assert_eq!(engine.all_problems().await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn who_signs_up_has_a_key_and_what_the_operator_gives_to_strangers() {
    let town = Town::new();
    let engine = open(&town, 100, 500).await;
    let made = engine.sign_up(None).await.unwrap().fresh().unwrap();
    let caller = engine.caller(&made.key).await.unwrap();
    assert_eq!(
        (&caller.account, caller.scopes, caller.livemode),
        (&made.account, Scopes::USUAL, Livemode::Live)
    );
    let view = engine.account_view(&made.account, Livemode::Live).await.unwrap();
    assert_eq!((view.has.cash, view.has.bonus), (0, 500), "and no welcome beside it");
    assert!(view.profile.name.starts_with("guest-"), "{}", view.profile.name);
    // Once under a key of the stranger's.
    let asked = || {
        let once = Once { key: "mine".to_owned(), fingerprint: [1; 32], repeats: None };
        OnceOf::caller(&Caller::operator(engine.house.id.clone()), Some(once))
    };
    let first = engine.sign_up(asked()).await.unwrap().fresh().unwrap();
    let Made::Before(id) = engine.sign_up(asked()).await.unwrap() else { panic!("made twice") };
    assert_eq!(id, first.id.as_str());
    assert_eq!(engine.account_views(Livemode::Live, "", 10).await.unwrap().len(), 3, "the house and two");
}
