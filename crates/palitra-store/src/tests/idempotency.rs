//! Keys of requests: one thing for each, whoever repeats them, and in whatever way.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, boris, commit, is_rule, open},
};
use crate::{
    MIGRATIONS,
    idempotency::{self, Once, Repeats},
};
use palitra_domain::{AccountId, ErrorCode, Livemode, Timestamp};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    a_key_makes_one_thing_of_its_account_and_only_of_the_same_request,
    of_two_at_once_one_makes_it_and_both_hear_of_it,
    a_request_that_is_its_own_key_joins_what_did_not_get_through,
    keys_leave_when_their_time_is_over,
);

fn once(key: &str, fingerprint: u8) -> Once {
    Once { key: key.to_owned(), fingerprint: [fingerprint; 32], repeats: None }
}

async fn claimed(
    fresh: &Fresh,
    of: AccountId,
    once: Once,
    answer: &'static str,
    now: Timestamp,
) -> crate::Result<Option<String>> {
    fresh.store.write(move |tx| idempotency::claim(tx, (&of, Livemode::Live), &once, answer, now)).await
}

async fn a_key_makes_one_thing_of_its_account_and_only_of_the_same_request(fresh: Fresh) {
    open(&fresh, 1).await;
    assert_eq!(claimed(&fresh, anna(), once("k", 1), "one", at(1)).await, Ok(None));
    assert_eq!(claimed(&fresh, anna(), once("k", 1), "two", at(2)).await, Ok(Some("one".to_owned())));
    let other = claimed(&fresh, anna(), once("k", 2), "three", at(3)).await.unwrap_err();
    assert!(is_rule(&other, ErrorCode::IdempotencyConflict), "{other}");
    assert_eq!(
        claimed(&fresh, boris(), once("k", 2), "four", at(4)).await,
        Ok(None),
        "another account's own"
    );
    let test = fresh
        .store
        .write(|tx| idempotency::claim(tx, (&anna(), Livemode::Test), &once("k", 2), "five", at(5)));
    assert_eq!(test.await, Ok(None), "and test money's");
    // What was made may be known only after the key is taken.
    commit(&fresh, |tx| {
        let (account, once) = (anna(), once("late", 1));
        idempotency::claim(tx, (&account, Livemode::Live), &once, "", at(6))?;
        idempotency::answer(tx, (&account, Livemode::Live), &once, "six")
    })
    .await;
    assert_eq!(claimed(&fresh, anna(), once("late", 1), "seven", at(7)).await, Ok(Some("six".to_owned())));
}

async fn of_two_at_once_one_makes_it_and_both_hear_of_it(fresh: Fresh) {
    open(&fresh, 1).await;
    for repeats in [None, Some(Repeats { is_marked: false, since: at(0) })] {
        let key = if repeats.is_some() { "auto" } else { "own" };
        let once = Once { repeats, ..once(key, 1) };
        let (one, two) = tokio::join!(
            claimed(&fresh, anna(), once.clone(), "one", at(1)),
            claimed(&fresh, anna(), once.clone(), "two", at(1))
        );
        let heard = match (one.unwrap(), two.unwrap()) {
            (None, Some(heard)) => heard == "one",
            (Some(heard), None) => heard == "two",
            both => panic!("{both:?}"),
        };
        assert!(heard);
    }
}

async fn a_request_that_is_its_own_key_joins_what_did_not_get_through(fresh: Fresh) {
    open(&fresh, 1).await;
    let of = |is_marked: bool, since: Timestamp| Once {
        repeats: Some(Repeats { is_marked, since }),
        ..once("auto", 1)
    };
    let joined = |answer: &str| Ok(Some(answer.to_owned()));
    assert_eq!(claimed(&fresh, anna(), of(false, at(0)), "one", at(1)).await, Ok(None));
    assert_eq!(claimed(&fresh, anna(), of(false, at(0)), "two", at(2)).await, joined("one"), "no answer yet");
    commit(&fresh, |tx| idempotency::delivered(tx, (&anna(), Livemode::Live), "auto", "one")).await;
    assert_eq!(claimed(&fresh, anna(), of(true, at(0)), "three", at(3)).await, joined("one"), "it says so");
    assert_eq!(claimed(&fresh, anna(), of(false, at(0)), "four", at(4)).await, Ok(None), "another wish");
    assert_eq!(claimed(&fresh, anna(), of(false, at(0)), "five", at(5)).await, joined("four"));
    // What an older answer says of itself does not count for the newer.
    commit(&fresh, |tx| idempotency::delivered(tx, (&anna(), Livemode::Live), "auto", "one")).await;
    assert_eq!(claimed(&fresh, anna(), of(false, at(0)), "six", at(6)).await, joined("four"));
    assert_eq!(claimed(&fresh, anna(), of(true, at(5)), "seven", at(7)).await, Ok(None), "too long ago");
    // Nothing came of it; of an older one that is said in vain.
    commit(&fresh, |tx| idempotency::release(tx, (&anna(), Livemode::Live), "auto", "four")).await;
    assert_eq!(claimed(&fresh, anna(), of(true, at(0)), "eight", at(8)).await, joined("seven"));
    commit(&fresh, |tx| idempotency::release(tx, (&anna(), Livemode::Live), "auto", "seven")).await;
    assert_eq!(claimed(&fresh, anna(), of(true, at(0)), "nine", at(9)).await, Ok(None), "a new try");
}

async fn keys_leave_when_their_time_is_over(fresh: Fresh) {
    open(&fresh, 1).await;
    let repeats = Some(Repeats { is_marked: false, since: at(0) });
    assert_eq!(claimed(&fresh, anna(), once("own", 1), "one", at(1)).await, Ok(None));
    assert_eq!(claimed(&fresh, anna(), Once { repeats, ..once("auto", 1) }, "two", at(1)).await, Ok(None));
    let forget = |after: u64| {
        let now = at(2).plus(Duration::from_secs(after));
        fresh.store.write(move |tx| idempotency::forget(tx, now, 9))
    };
    assert_eq!(forget(0).await, Ok(0));
    assert_eq!(forget(1_200).await, Ok(1), "what nobody repeats any more");
    assert_eq!(forget(86_400).await, Ok(1));
    assert_eq!(claimed(&fresh, anna(), once("own", 2), "three", at(9)).await, Ok(None));
}
