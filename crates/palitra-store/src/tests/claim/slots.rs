//! Slots of keys: never more at once than the limit, evenly over the keys, more and fewer of them while they
//! are taken (invariant 4).

use crate::{
    MIGRATIONS,
    generations::{self, Claim, Claimed},
    markets,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{anna, at, claim, claiming, commit, create, failure, fence, key, number, open, wanted},
    },
};
use palitra_domain::state::{AttemptState, Event, GenerationState};

on_every_database!(MIGRATIONS =>
    a_limit_is_never_exceeded,
    a_claim_takes_no_more_than_asked,
    keys_are_used_evenly,
    a_process_takes_no_slot_of_a_key_that_it_does_not_have,
    a_raised_limit_holds_at_once,
    a_lowered_limit_counts_what_is_under_way,
    a_removed_key_is_not_used_and_goes_when_free,
    a_key_that_comes_back_has_its_slots_again,
);

const TAKEN: &str = "select count(*) from slot where generation_id is not null";

async fn queue(fresh: &Fresh, count: u64) {
    commit(fresh, move |tx| create(tx, &anna(), &(1..=count).map(wanted).collect::<Vec<_>>())).await;
}

async fn claims(fresh: &Fresh, now: i64) -> Vec<Claimed> {
    commit(fresh, move |tx| claim(tx, 64, at(now))).await
}

async fn configure(fresh: &Fresh, keys: &'static [(&'static str, u64, u32)]) {
    commit(fresh, move |tx| {
        let keys: Vec<_> = keys.iter().map(|(label, n, slots)| key(label, *n, *slots)).collect();
        markets::configure_keys(tx, &keys)
    })
    .await;
}

async fn end(fresh: &Fresh, claimed: &Claimed, n: u64, attempt: AttemptState) {
    let fence = fence(claimed, GenerationState::Submitting);
    commit(fresh, move |tx| generations::fail(tx, &failure(&fence, n, Event::Fail, attempt), at(2))).await;
}

async fn a_limit_is_never_exceeded(fresh: Fresh) {
    open(&fresh, 3).await;
    queue(&fresh, 9).await;
    let first = claims(&fresh, 1).await;
    assert_eq!((first.len(), claims(&fresh, 1).await.len()), (3, 0));
    end(&fresh, &first[0], 1, AttemptState::Failed).await;
    // A ghost keeps its slot.
    end(&fresh, &first[1], 2, AttemptState::Unknown).await;
    assert_eq!(claims(&fresh, 2).await.len(), 1);
    assert_eq!((claims(&fresh, 2).await.len(), number(&fresh, TAKEN).await), (0, 3));
}

async fn a_claim_takes_no_more_than_asked(fresh: Fresh) {
    open(&fresh, 5).await;
    queue(&fresh, 9).await;
    for wanted in [0, 2, 1] {
        let claimed = commit(&fresh, move |tx| claim(tx, wanted, at(1))).await;
        assert_eq!(claimed.len(), usize::try_from(wanted).unwrap());
    }
}

async fn keys_are_used_evenly(fresh: Fresh) {
    open(&fresh, 3).await;
    configure(&fresh, &[("main", 1, 3), ("second", 2, 3), ("third", 3, 1)]).await;
    queue(&fresh, 99).await;
    let of = |claimed: &[Claimed], key: &str| claimed.iter().filter(|claimed| claimed.key == key).count();
    let four = commit(&fresh, |tx| claim(tx, 4, at(1))).await;
    assert_eq!((of(&four, "main"), of(&four, "second"), of(&four, "third")), (2, 1, 1));
    for (n, claimed) in (1..).zip(&four) {
        end(&fresh, claimed, n, AttemptState::Failed).await;
    }
    // One at a time they take turns as well.
    let mut one_by_one = Vec::new();
    for n in 0..9 {
        let claimed = commit(&fresh, move |tx| claim(tx, 1, at(10 + n))).await;
        end(&fresh, &claimed[0], 10 + u64::try_from(n).unwrap(), AttemptState::Failed).await;
        one_by_one.extend(claimed);
    }
    for key in ["main", "second", "third"] {
        assert_eq!(of(&one_by_one, key), 3, "{key}");
    }
}

/// As when processes are restarted one by one with a new key: the old ones know nothing of it.
async fn a_process_takes_no_slot_of_a_key_that_it_does_not_have(fresh: Fresh) {
    open(&fresh, 1).await;
    configure(&fresh, &[("two", 12, 2), ("a \"new\" one", 11, 9)]).await;
    queue(&fresh, 20).await;
    let claims_with = |labels: &'static [&'static str]| {
        commit(&fresh, move |tx| {
            let keys = labels.iter().map(|label| (*label).to_owned()).collect();
            // More slots of the new key are free, and longer, than it may take.
            let claimed = generations::claim(tx, &Claim { keys, max: 4, ..claiming() }, at(1))?.claimed;
            Ok(claimed.into_iter().map(|claimed| claimed.key).collect::<Vec<_>>())
        })
    };
    assert_eq!(claims_with(&["two"]).await, ["two"; 2]);
    assert!(claims_with(&["two"]).await.is_empty());
    assert!(claims_with(&[]).await.is_empty());
    assert_eq!(claims_with(&["two", "a \"new\" one"]).await, ["a \"new\" one"; 4]);
}

async fn a_raised_limit_holds_at_once(fresh: Fresh) {
    open(&fresh, 2).await;
    queue(&fresh, 9).await;
    assert_eq!(claims(&fresh, 1).await.len(), 2);
    configure(&fresh, &[("main", 1, 5)]).await;
    assert_eq!((claims(&fresh, 1).await.len(), number(&fresh, TAKEN).await), (3, 5));
}

async fn a_lowered_limit_counts_what_is_under_way(fresh: Fresh) {
    open(&fresh, 4).await;
    queue(&fresh, 9).await;
    let first = claims(&fresh, 1).await;
    assert_eq!(first.len(), 4);
    configure(&fresh, &[("main", 1, 2)]).await;
    // Work goes on in all four slots; those of the first two come free, but four minus two is no room.
    for (n, claimed) in (1..).zip(&first[..2]) {
        end(&fresh, claimed, n, AttemptState::Failed).await;
        assert_eq!(claims(&fresh, 3).await.len(), 0, "after {n} of 4 there is no room in a limit of 2");
    }
    end(&fresh, &first[2], 3, AttemptState::Failed).await;
    assert_eq!((claims(&fresh, 3).await.len(), number(&fresh, TAKEN).await), (1, 2));
    end(&fresh, &first[3], 4, AttemptState::Failed).await;
    assert_eq!((claims(&fresh, 3).await.len(), number(&fresh, TAKEN).await), (1, 2));
    commit(&fresh, |tx| generations::expire_ghosts(tx, at(3))).await;
    assert_eq!(number(&fresh, "select count(*) from slot").await, 2, "retired slots are gone");
    configure(&fresh, &[("main", 1, 3)]).await;
    assert_eq!((claims(&fresh, 4).await.len(), number(&fresh, TAKEN).await), (1, 3));
}

async fn a_removed_key_is_not_used_and_goes_when_free(fresh: Fresh) {
    open(&fresh, 1).await;
    configure(&fresh, &[("main", 1, 1), ("second", 2, 2)]).await;
    queue(&fresh, 9).await;
    let first = claims(&fresh, 1).await;
    assert_eq!(first.len(), 3);
    configure(&fresh, &[("second", 2, 2)]).await;
    for (n, claimed) in (1..).zip(&first) {
        end(&fresh, claimed, n, AttemptState::Failed).await;
    }
    let next = claims(&fresh, 2).await;
    assert!(next.len() == 2 && next.iter().all(|claimed| claimed.key == "second"), "{next:?}");
    commit(&fresh, |tx| generations::expire_ghosts(tx, at(3))).await;
    assert_eq!(number(&fresh, "select count(*) from slot").await, 2);
}

async fn a_key_that_comes_back_has_its_slots_again(fresh: Fresh) {
    open(&fresh, 2).await;
    queue(&fresh, 9).await;
    let first = claims(&fresh, 1).await;
    configure(&fresh, &[]).await;
    configure(&fresh, &[("main", 77, 2)]).await;
    assert_eq!(claims(&fresh, 1).await.len(), 0, "its work is still under way");
    end(&fresh, &first[0], 1, AttemptState::Failed).await;
    assert_eq!(claims(&fresh, 2).await.len(), 1);
    assert_eq!(number(&fresh, "select count(*) from slot").await, 2);
    assert_eq!(number(&fresh, "select count(*) from market_key").await, 1);
}
