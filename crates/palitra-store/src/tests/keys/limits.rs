//! Limits that the operator changes while work is under way (R-18, S2-126).

use super::{claims, queue, taken, two_keys};
use crate::{
    MIGRATIONS,
    generations::{self, Claimed},
    markets::{self, Limits},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{MARKET, at, commit, failure, fence, number, open},
    },
};
use palitra_domain::state::{AttemptState, Event, GenerationState};

on_every_database!(MIGRATIONS =>
    a_limit_of_the_operator_survives_a_new_start_until_it_is_reset,
    s2_126_a_lower_limit_holds_as_slots_come_free_and_is_never_exceeded,
    a_limit_of_a_market_is_that_of_each_of_its_keys,
    what_there_is_not_is_not_limited,
);

const TAKEN: &str = "select count(*) from slot where generation_id is not null";

async fn limit(fresh: &Fresh, label: Option<&'static str>, slots: u32) -> Vec<String> {
    let limits = Limits { slots: Some(slots), ..Limits::default() };
    commit(fresh, move |tx| markets::limit(tx, MARKET, label, limits)).await
}

async fn end(fresh: &Fresh, claimed: &Claimed, n: u64, state: AttemptState) {
    let fence = fence(claimed, GenerationState::Submitting);
    commit(fresh, move |tx| generations::fail(tx, &failure(&fence, n, Event::Fail, state), at(2))).await;
}

async fn a_limit_of_the_operator_survives_a_new_start_until_it_is_reset(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [2, 2]).await;
    queue(&fresh, 1..=30).await;
    assert_eq!(limit(&fresh, Some("one"), 5).await, ["one"]);
    two_keys(&fresh, [3, 3]).await;
    let mut keys = taken(&fresh, 1).await;
    keys.sort_unstable();
    assert_eq!(keys, ["one", "one", "one", "one", "one", "two", "two", "two"]);
    let shown = commit(&fresh, markets::list).await.remove(0).keys;
    assert_eq!((shown[0].slots, shown[0].slots_here, shown[0].taken), (3, Some(5), 5));
    commit(&fresh, |tx| markets::reset(tx, MARKET, None)).await;
    assert!(taken(&fresh, 1).await.is_empty());
    let shown = commit(&fresh, markets::list).await.remove(0).keys;
    assert_eq!((shown[0].slots, shown[0].slots_here, shown[0].taken), (3, None, 5));
}

async fn s2_126_a_lower_limit_holds_as_slots_come_free_and_is_never_exceeded(fresh: Fresh) {
    open(&fresh, 4).await;
    queue(&fresh, 1..=30).await;
    let first = claims(&fresh, 1).await;
    assert_eq!(first.len(), 4);
    limit(&fresh, None, 2).await;
    // Two beyond the limit: one of them is a ghost, which counts.
    end(&fresh, &first[0], 1, AttemptState::Unknown).await;
    for (n, claimed) in (2..).zip(&first[1..3]) {
        end(&fresh, claimed, n, AttemptState::Failed).await;
        assert!(claims(&fresh, 2).await.is_empty());
    }
    end(&fresh, &first[3], 4, AttemptState::Failed).await;
    assert_eq!((claims(&fresh, 2).await.len(), number(&fresh, TAKEN).await), (1, 2));
    limit(&fresh, None, 3).await;
    assert_eq!((claims(&fresh, 3).await.len(), number(&fresh, TAKEN).await), (1, 3));
    let key = commit(&fresh, markets::list).await.remove(0).keys.remove(0);
    assert_eq!((key.taken, key.ghosts), (3, 1));
}

async fn a_limit_of_a_market_is_that_of_each_of_its_keys(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [1, 1]).await;
    queue(&fresh, 1..=30).await;
    assert_eq!(limit(&fresh, None, 4).await, ["one", "two"]);
    let keys = taken(&fresh, 1).await;
    let of = |label: &str| keys.iter().filter(|key| *key == label).count();
    assert_eq!((of("one"), of("two")), (4, 4));
}

async fn what_there_is_not_is_not_limited(fresh: Fresh) {
    open(&fresh, 1).await;
    assert!(limit(&fresh, Some("none"), 4).await.is_empty());
    two_keys(&fresh, [1, 1]).await;
    // A key that the configuration no longer has keeps nothing open.
    assert!(limit(&fresh, Some("main"), 4).await.is_empty());
    assert_eq!(number(&fresh, "select count(*) from slot where retiring = 0").await, 2);
}
