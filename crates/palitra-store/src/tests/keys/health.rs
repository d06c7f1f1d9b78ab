//! The circuit of a key in its row, and the claim that reads it.

use super::{away, claims, error, locked, queue, say, taken, two_keys};
use crate::{
    MIGRATIONS,
    generations::{self, Claim},
    markets,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{MARKET, at, claim_only, claiming, commit, fence, key, open, trouble},
    },
};
use palitra_domain::{
    health::{FAILURES_MAX, KeyHealth},
    market::{ErrorClass, MarketError},
    state::GenerationState,
};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    a_key_that_fails_is_left_alone_then_tried_by_one_generation,
    a_success_closes_the_circuit_and_costs_nothing_when_all_is_well,
    a_trial_that_is_never_heard_of_is_followed_by_another,
    a_key_that_is_told_when_to_come_back_cools_for_so_long,
    work_moves_to_another_key_after_a_refusal_and_not_after_the_unknown,
    a_key_that_is_out_is_passed_over_and_tried_again_later,
    what_is_not_of_this_market_changes_nothing,
    slots_that_a_key_may_not_use_hide_no_others,
);

/// A claim of three, a key that is tried or may start one, and another with four free slots: two of those it has to take.
async fn slots_that_a_key_may_not_use_hide_no_others(fresh: Fresh) {
    open(&fresh, 1).await;
    queue(&fresh, 1..=9).await;
    let three = |now| {
        commit(&fresh, move |tx| {
            let claimed = generations::claim(tx, &Claim { max: 3, ..claiming() }, at(now))?.claimed;
            let mut keys: Vec<String> = claimed.into_iter().map(|claimed| claimed.key).collect();
            keys.sort_unstable();
            Ok(keys)
        })
    };
    two_keys(&fresh, [4, 4]).await;
    open_circuit(&fresh, "one", 1).await;
    assert_eq!(three(11).await, ["one", "two", "two"]);
    say(&fresh, "one", None, 12).await;
    commit(&fresh, |tx| markets::configure_keys(tx, &[super::rated("one", 11, 4, 1, 1), key("two", 12, 8)]))
        .await;
    assert_eq!(three(100).await, ["one", "two", "two"]);
}

async fn next_at(fresh: &Fresh, now: i64) -> Option<palitra_domain::Timestamp> {
    commit(fresh, move |tx| {
        let claim = Claim { max: 0, ..claiming() };
        generations::claim(tx, &claim, at(now))
    })
    .await
    .next_at
}

async fn open_circuit(fresh: &Fresh, label: &'static str, now: i64) {
    for _ in 0..FAILURES_MAX {
        say(fresh, label, Some(away()), now).await;
    }
}

async fn a_key_that_fails_is_left_alone_then_tried_by_one_generation(fresh: Fresh) {
    open(&fresh, 8).await;
    queue(&fresh, 1..=9).await;
    for _ in 1..FAILURES_MAX {
        assert_eq!(say(&fresh, "main", Some(away()), 10).await.changed, None);
    }
    assert_eq!(say(&fresh, "main", Some(away()), 10).await.changed, Some(KeyHealth::Cooling));
    assert_eq!(claims(&fresh, 10).await.len(), 0);
    assert_eq!(next_at(&fresh, 10).await, Some(at(11)), "it says when to come back");
    let trial = claims(&fresh, 11).await;
    assert_eq!((trial.len(), trial[0].is_key_unwell), (1, true));
    assert_eq!(claims(&fresh, 12).await.len(), 0, "one generation at a time tries");
    // It fails: the circuit stays open, for longer.
    say(&fresh, "main", Some(away()), 13).await;
    assert_eq!(claims(&fresh, 13).await.len(), 0);
}

async fn a_success_closes_the_circuit_and_costs_nothing_when_all_is_well(fresh: Fresh) {
    open(&fresh, 8).await;
    queue(&fresh, 1..=9).await;
    open_circuit(&fresh, "main", 10).await;
    assert_eq!(claims(&fresh, 11).await.len(), 1);
    assert_eq!(say(&fresh, "main", None, 9).await.changed, None, "sent before the trouble");
    assert_eq!(say(&fresh, "main", None, 11).await.changed, Some(KeyHealth::Ok));
    let rest = claims(&fresh, 12).await;
    assert_eq!(rest.len(), 7);
    assert!(rest.iter().all(|claimed| !claimed.is_key_unwell));
}

async fn a_trial_that_is_never_heard_of_is_followed_by_another(fresh: Fresh) {
    open(&fresh, 8).await;
    queue(&fresh, 1..=9).await;
    open_circuit(&fresh, "main", 10).await;
    assert_eq!(claims(&fresh, 11).await.len(), 1);
    assert_eq!((claims(&fresh, 70).await.len(), claims(&fresh, 71).await.len()), (0, 1));
}

async fn a_key_that_is_told_when_to_come_back_cools_for_so_long(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [4, 4]).await;
    queue(&fresh, 1..=20).await;
    let told = MarketError {
        retry_after: Some(Duration::from_secs(30)),
        ..error(ErrorClass::ConcurrencyLimited, 429)
    };
    let stopped = say(&fresh, "one", Some(told), 10).await;
    assert_eq!((stopped.changed, stopped.others, stopped.code), (Some(KeyHealth::Cooling), 1, None));
    assert_eq!(taken(&fresh, 39).await, ["two"; 4]);
    assert_eq!(taken(&fresh, 40).await, ["one"], "one of it tries");
}

async fn work_moves_to_another_key_after_a_refusal_and_not_after_the_unknown(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [4, 4]).await;
    queue(&fresh, 1..=1).await;
    // Whichever comes first by itself: the other one follows, again and again.
    let mut keys = Vec::new();
    for now in 1..=4 {
        let claimed = claims(&fresh, now).await.remove(0);
        keys.push(claimed.key.clone());
        let fence = fence(&claimed, GenerationState::Submitting);
        commit(&fresh, move |tx| generations::refuse(tx, &fence, &trouble(), at(now), at(now))).await;
    }
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
    // With nothing else free it goes back.
    commit(&fresh, |tx| markets::pause_key(tx, MARKET, "one", Some(at(5)))).await;
    assert_eq!(taken(&fresh, 5).await, ["two"]);
    // An unknown outcome leaves no wish for another key.
    let fresh_one = "select count(*) from generation where not_key is not null";
    queue(&fresh, 2..=2).await;
    let fence = commit(&fresh, |tx| claim_only(tx, 2, at(6))).await;
    commit(&fresh, move |tx| generations::refuse(tx, &fence, &trouble(), at(6), at(6))).await;
    let fence = commit(&fresh, |tx| claim_only(tx, 2, at(7))).await;
    commit(&fresh, move |tx| generations::resubmit(tx, &fence, &trouble(), at(60), at(7))).await;
    let left = commit(&fresh, move |tx| tx.query_one(fresh_one, &[])?.get::<i64>(0)).await;
    assert_eq!(left, 1, "only the one that was refused last");
}

async fn a_key_that_is_out_is_passed_over_and_tried_again_later(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [2, 2]).await;
    queue(&fresh, 1..=20).await;
    let stopped = say(&fresh, "one", Some(locked()), 10).await;
    assert_eq!((stopped.changed, stopped.others, stopped.code), (Some(KeyHealth::Locked), 1, None));
    assert_eq!(taken(&fresh, 11).await, ["two"; 2]);
    let quarter = 10 + 15 * 60;
    assert_eq!(
        (taken(&fresh, quarter - 1).await.len(), taken(&fresh, quarter).await),
        (0, vec!["one".to_owned()])
    );
    // Still locked: twice as long. Then it works: all of it is back.
    say(&fresh, "one", Some(locked()), quarter).await;
    let half = quarter + 30 * 60;
    assert_eq!(taken(&fresh, half - 1).await.len(), 0);
    assert_eq!(taken(&fresh, half).await, ["one"]);
    assert_eq!(commit(&fresh, crate::alerts::list).await.len(), 1);
    assert_eq!(say(&fresh, "one", None, half).await.changed, Some(KeyHealth::Ok));
    assert_eq!(commit(&fresh, crate::alerts::list).await, []);
}

async fn what_is_not_of_this_market_changes_nothing(fresh: Fresh) {
    open(&fresh, 1).await;
    queue(&fresh, 1..=1).await;
    let stopped = say(&fresh, "nobody", Some(locked()), 10).await;
    assert_eq!((stopped.changed, stopped.code), (None, None));
    assert_eq!(taken(&fresh, 11).await, ["main"]);
}
