//! Who has lost a generation writes nothing: another epoch, another state or another attempt is no row, and
//! nothing changes.

use crate::{
    Error, MIGRATIONS, Tx,
    generations::{self, Adoption, Facts, Fence},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            PRICE, anna, at, claim_only, commit, create, failure, moved, open, refused, settlement, standing,
            trouble, wanted,
        },
    },
};
use palitra_domain::{
    Livemode,
    state::{AttemptReason, AttemptState, Event, GenerationState},
};

on_every_database!(MIGRATIONS =>
    a_stale_fence_changes_nothing,
    what_has_happened_does_not_happen_again,
    the_old_owner_writes_nothing_after_an_adoption,
    an_adoption_tells_where_the_work_stands,
    a_later_attempt_is_not_an_earlier_one,
);

type Step = (&'static str, GenerationState, fn(&mut Tx<'_>, &Fence) -> crate::Result<()>);

/// Every function that moves a claimed generation on.
const STEPS: &[Step] = &[
    ("accept", GenerationState::Submitting, |tx, fence| generations::accept(tx, fence, "ref", at(2))),
    ("answer", GenerationState::Submitting, |tx, fence| generations::answer(tx, fence, None, at(2))),
    ("refuse", GenerationState::Submitting, |tx, fence| {
        generations::refuse(tx, fence, &trouble(), at(3), at(2)).map(drop)
    }),
    ("resubmit", GenerationState::Submitting, |tx, fence| {
        generations::resubmit(tx, fence, &trouble(), at(3), at(2)).map(drop)
    }),
    ("restart", GenerationState::Submitting, |tx, fence| generations::restart(tx, fence, at(2)).map(drop)),
    ("restart", GenerationState::Storing, |tx, fence| generations::restart(tx, fence, at(2)).map(drop)),
    ("finish", GenerationState::Running, |tx, fence| generations::finish(tx, fence, "{}", at(2))),
    ("settle", GenerationState::Storing, |tx, fence| {
        generations::settle(tx, &settlement(fence, 1), at(2)).map(drop)
    }),
    ("settle an answer", GenerationState::Submitting, |tx, fence| {
        let facts =
            Facts { account: anna(), livemode: Livemode::Live, price: PRICE, step: None, is_parent: false };
        generations::settle_answer(tx, &settlement(fence, 1), &facts, at(2)).map(drop)
    }),
    ("fail", GenerationState::Submitting, |tx, fence| fail(tx, fence, Event::Fail)),
    ("fail", GenerationState::Running, |tx, fence| fail(tx, fence, Event::Fail)),
    ("fail", GenerationState::Storing, |tx, fence| fail(tx, fence, Event::Fail)),
    ("cancel", GenerationState::Submitting, |tx, fence| fail(tx, fence, Event::Cancel)),
    ("cancel", GenerationState::Running, |tx, fence| fail(tx, fence, Event::Cancel)),
    ("time out", GenerationState::Running, |tx, fence| fail(tx, fence, Event::TimeOut)),
];

fn fail(tx: &mut Tx<'_>, fence: &Fence, event: Event) -> crate::Result<()> {
    generations::fail(tx, &failure(fence, 1, event, AttemptState::Failed), at(2)).map(drop)
}

/// Generation 1 in `state`, claimed once, by `one`.
async fn bring(fresh: &Fresh, state: GenerationState) -> Fence {
    open(fresh, 2).await;
    commit(fresh, move |tx| {
        create(tx, &anna(), &[wanted(1)])?;
        let fence = claim_only(tx, 1, at(1))?;
        match state {
            GenerationState::Running => generations::accept(tx, &fence, "ref", at(1))?,
            GenerationState::Storing => generations::answer(tx, &fence, None, at(1))?,
            _ => {}
        }
        Ok(moved(&fence, state))
    })
    .await
}

/// At boot, by the second worker.
fn take_over(tx: &mut Tx<'_>, second: i64) -> crate::Result<Vec<generations::Adopted>> {
    generations::adopt(tx, &crate::tests::shop::id(2), &Adoption::EveryoneElse, at(second))
}

fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Rows { wanted: 1, got: 0, .. })
}

async fn a_stale_fence_changes_nothing(fresh: Fresh) {
    for state in [GenerationState::Submitting, GenerationState::Running, GenerationState::Storing] {
        fresh.store.write(crate::tests::property::empty).await.unwrap();
        let fence = bring(&fresh, state).await;
        for (name, from, step) in STEPS {
            let stale = [
                Fence { epoch: fence.epoch + 1, ..moved(&fence, *from) },
                Fence { epoch: fence.epoch - 1, ..moved(&fence, *from) },
                Fence { attempt: fence.attempt + 1, ..moved(&fence, *from) },
                Fence { attempt: 0, ..moved(&fence, *from) },
            ];
            // In another state the right epoch is as good as none.
            let elsewhere = (*from != state).then(|| moved(&fence, *from));
            for fence in stale.into_iter().chain(elsewhere) {
                let error = refused(&fresh, move |tx| step(tx, &fence)).await;
                assert!(is_lost(&error), "{name} in {state}: {error:?}");
            }
        }
    }
}

async fn what_has_happened_does_not_happen_again(fresh: Fresh) {
    for (name, from, step) in STEPS {
        fresh.store.write(crate::tests::property::empty).await.unwrap();
        let fence = bring(&fresh, *from).await;
        let again = fence.clone();
        commit(&fresh, move |tx| step(tx, &fence)).await;
        let error = refused(&fresh, move |tx| step(tx, &again)).await;
        assert!(is_lost(&error), "{name} twice: {error:?}");
    }
}

async fn the_old_owner_writes_nothing_after_an_adoption(fresh: Fresh) {
    for (name, from, step) in STEPS {
        fresh.store.write(crate::tests::property::empty).await.unwrap();
        let old = bring(&fresh, *from).await;
        let adopted = commit(&fresh, |tx| take_over(tx, 2)).await;
        let new = adopted[0].fence.clone();
        assert_eq!((new.epoch, new.attempt, new.from), (old.epoch + 1, old.attempt, *from));
        let error = refused(&fresh, move |tx| step(tx, &old)).await;
        assert!(is_lost(&error), "{name}: {error:?}");
        commit(&fresh, move |tx| step(tx, &new)).await;
        assert!(commit(&fresh, |tx| take_over(tx, 3)).await.len() <= 1);
    }
}

async fn an_adoption_tells_where_the_work_stands(fresh: Fresh) {
    bring(&fresh, GenerationState::Running).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(2), wanted(3)])?;
        generations::cancel(tx, &crate::tests::shop::id(1), at(2))?;
        claim_only(tx, 2, at(2))
    })
    .await;
    let adopted = commit(&fresh, |tx| take_over(tx, 3)).await;
    let [running, submitting] = adopted.as_slice() else { panic!("{adopted:?}") };
    assert_eq!(running.reference.as_deref(), Some("ref"));
    assert_eq!((running.market.as_str(), running.key.as_str()), ("fal", "main"));
    assert_eq!((running.accepted_at, running.cancel_requested), (Some(at(1)), true));
    assert_eq!((submitting.fence.from, submitting.cancel_requested), (GenerationState::Submitting, false));
    assert_eq!(
        (submitting.reason, submitting.longest_run),
        (AttemptReason::First, crate::tests::shop::LONGEST_RUN)
    );
    // Its own work is not taken from itself: the epochs stay.
    let again = commit(&fresh, |tx| take_over(tx, 4)).await;
    let epochs = |of: &[generations::Adopted]| of.iter().map(|work| work.fence.epoch).collect::<Vec<_>>();
    assert_eq!(epochs(&again), epochs(&adopted));
}

async fn a_later_attempt_is_not_an_earlier_one(fresh: Fresh) {
    let first = bring(&fresh, GenerationState::Submitting).await;
    let second = commit(&fresh, {
        let first = first.clone();
        move |tx| {
            generations::refuse(tx, &first, &trouble(), at(2), at(2))?;
            claim_only(tx, 1, at(3))
        }
    })
    .await;
    assert_eq!((second.epoch, second.attempt), (2, 2));
    for (name, from, step) in STEPS.iter().filter(|(_, from, _)| *from == GenerationState::Submitting) {
        let mixed = Fence { attempt: 1, ..moved(&second, *from) };
        for fence in [first.clone(), mixed] {
            let error = refused(&fresh, move |tx| step(tx, &fence)).await;
            assert!(is_lost(&error), "{name}: {error:?}");
        }
    }
    assert_eq!(standing(&fresh, 1).await, (GenerationState::Submitting, 2, "pending".to_owned()));
}
